//! The two forms in which HTTP is spoken over a connection: which one, TLS settles. Whoever waits for a response drives its
//! connection; nothing of one runs by itself, so that dropping it ends all of it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, Stream as _};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::header::HOST;
use hyper::rt::Executor;
use hyper::{Request, Response, Uri};

use super::byte_stream::BoxedStream;

/// What is read from the network at once, and the longest head of a response, in bytes.
pub(super) const BUFFER: usize = 32 << 10;
/// What a server may send over HTTP/2 before some of it is taken, in bytes: of one response, and one is all there is.
const WINDOW: u32 = 64 << 10;

/// How requests are written on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// What is offered to servers when a connection is secured, the better one first.
    pub(super) const OFFERED: [&'static [u8]; 2] = [b"h2", b"http/1.1"];

    /// What a server chose; one that knows no choosing speaks the older.
    pub(super) fn chosen(by_server: Option<&[u8]>) -> Self {
        if by_server == Some(b"h2") { Self::Http2 } else { Self::Http1 }
    }
}

/// A connection at work. It is polled by whoever waits for what comes over it, and ends when it is dropped.
pub(super) type Driver = BoxFuture<'static, ()>;

/// A response whose body is still to come.
pub(super) struct Begun {
    /// `None` once the connection has done its work.
    pub(super) driver: Option<Driver>,
    /// The connection ends when nobody could send anything more.
    pub(super) sender: Box<dyn Send>,
    pub(super) response: Response<Incoming>,
}

/// Sends a request, and waits for the head of its response. `whole` is its address as servers are told over HTTP/2.
pub(super) async fn send(
    protocol: Protocol,
    link: BoxedStream,
    mut request: Request<String>,
    whole: &Uri,
) -> Result<Begun, hyper::Error> {
    match protocol {
        Protocol::Http1 => {
            let builder = http1::Builder::new().max_buf_size(BUFFER).handshake(link);
            let (mut sender, connection) = builder.await?;
            let driver: Driver = Box::pin(async move { drop(connection.await) });
            let (driver, response) = head(driver, sender.send_request(request)).await?;
            Ok(Begun { driver, sender: Box::new(sender), response })
        }
        Protocol::Http2 => {
            *request.uri_mut() = whole.clone();
            // Said by the address; twice is once too often for some servers.
            let _said_by_the_address = request.headers_mut().remove(HOST);
            let tasks = Tasks::default();
            let handshake = http2::Builder::new(tasks.clone())
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(WINDOW)
                .max_header_list_size(BUFFER as u32)
                .max_send_buf_size(BUFFER)
                .handshake(link);
            let (mut sender, connection) = handshake.await?;
            let connection: Driver = Box::pin(async move { drop(connection.await) });
            let driver = Box::pin(Together { running: FuturesUnordered::from_iter([connection]), tasks });
            let (driver, response) = head(driver, sender.send_request(request)).await?;
            Ok(Begun { driver, sender: Box::new(sender), response })
        }
    }
}

/// Drives a connection until the head of a response is there.
async fn head(
    driver: Driver,
    response: impl Future<Output = Result<Response<Incoming>, hyper::Error>>,
) -> Result<(Option<Driver>, Response<Incoming>), hyper::Error> {
    let mut driver = Some(driver);
    let mut response = std::pin::pin!(response);
    let response = std::future::poll_fn(|cx| {
        // The head may come with the connection's last breath.
        drive(&mut driver, cx);
        response.as_mut().poll(cx)
    })
    .await?;
    Ok((driver, response))
}

/// Lets a connection do what it can now. What goes wrong with it, the body says as well.
pub(super) fn drive(driver: &mut Option<Driver>, cx: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
        *driver = None;
    }
}

/// What a connection over HTTP/2 wants to have done beside, kept for whoever drives it instead of being spawned.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Driver>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(task));
    }
}

/// A connection over HTTP/2 and all that it wants to have done beside.
struct Together {
    running: FuturesUnordered<Driver>,
    tasks: Tasks,
}

impl Future for Together {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let new = std::mem::take(&mut *self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner));
            self.running.extend(new);
            match Pin::new(&mut self.running).poll_next(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => return Poll::Ready(()),
                // One that ran may have left another to be begun.
                Poll::Pending if self.has_new() => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Together {
    fn has_new(&self) -> bool {
        !self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}
