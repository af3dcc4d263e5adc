//! A server that speaks HTTP/2 behind TLS, as `models.test`: what it is asked is kept, what it says is given piece by piece.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, HOST};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::secure::acceptor;

pub(crate) struct Http2Server {
    address: SocketAddr,
    /// What it was asked: address, key, whether a host was named beside the address.
    asked: Arc<Mutex<Vec<(String, String, bool)>>>,
    /// What it says next; an error resets the stream.
    pub(crate) say: mpsc::UnboundedSender<Result<String, &'static str>>,
}

impl Http2Server {
    /// It answers one request, and ends with the test's process.
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (say, said) = mpsc::unbounded_channel();
        let said = Arc::new(Mutex::new(Some(said)));
        let asked = Arc::default();
        let server = Self { address, asked: Arc::clone(&asked), say };
        drop(thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let acceptor = acceptor(&["h2"]);
                while let Ok((client, _)) = listener.accept().await {
                    let (acceptor, asked, said) = (acceptor.clone(), Arc::clone(&asked), Arc::clone(&said));
                    drop(tokio::spawn(async move {
                        let client = acceptor.accept(client).await.unwrap();
                        let service = service_fn(move |request: Request<Incoming>| {
                            let key = request
                                .headers()
                                .get(AUTHORIZATION)
                                .map(|key| key.to_str().unwrap().to_owned());
                            let is_host_named = request.headers().contains_key(HOST);
                            let uri = request.uri().to_string();
                            asked.lock().unwrap().push((uri, key.unwrap_or_default(), is_host_named));
                            let said = said.lock().unwrap().take().unwrap();
                            async { Ok::<_, Infallible>(Response::new(Said(said))) }
                        });
                        drop(
                            Builder::new(TokioExecutor::new())
                                .serve_connection(TokioIo::new(client), service)
                                .await,
                        );
                    }));
                }
            });
        }));
        server
    }

    pub(crate) fn base_url(&self) -> String {
        format!("https://{}/v1", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<(String, String, bool)> {
        self.asked.lock().unwrap().clone()
    }
}

struct Said(mpsc::UnboundedReceiver<Result<String, &'static str>>);

impl Body for Said {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.0.poll_recv(cx).map(|said| said.map(|said| said.map(|text| Frame::data(text.into()))))
    }
}
