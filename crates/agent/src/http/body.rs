//! The body of a response as bytes: driven by whoever reads it, and unpacked where it comes packed.
//!
//! Nothing is asked for packed, since what packs on the way may hold back words to pack them better; it comes so all the same
//! where a proxy or a server's settings have it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use futures_util::{Stream, StreamExt as _};
use hyper::body::{Body as _, Bytes, Incoming};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

use super::protocol::{BUFFER, Begun, Driver, drive};

/// The most that a packed body may unpack to, in bytes. A few bytes can be packed to mean any number; what is longer than
/// this is no answer.
const MAX_UNPACKED: usize = 64 << 20;
/// The largest window of zstd, as a power of two: 8 MB, what HTTP allows (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// A body, as it is or unpacked.
pub(super) enum BodyBytes {
    AsIs(WireBody),
    Unpacked {
        reader: Pin<Box<dyn AsyncRead + Send>>,
        taken: usize,
    },
    /// Between two of the others.
    None,
}

impl BodyBytes {
    /// The next piece, at most [`BUFFER`] long; `None` at its end.
    pub(super) async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::AsIs(body) => body.next().await.transpose(),
            Self::Unpacked { reader, taken } => {
                let mut piece = Vec::with_capacity(BUFFER);
                let read = reader.read_buf(&mut piece).await.map_err(damaged)?;
                *taken += read;
                if *taken > MAX_UNPACKED {
                    let why = format!("it unpacks to more than {} MB", MAX_UNPACKED >> 20);
                    return Err(io::Error::other(why));
                }
                Ok((read > 0).then(|| piece.into()))
            }
            Self::None => Ok(None),
        }
    }

    /// Unpacks what comes, which is packed so; whether that can be.
    pub(super) fn unpack(&mut self, encoding: &str) -> bool {
        let is = |name: &str| encoding.eq_ignore_ascii_case(name);
        let Self::AsIs(body) = std::mem::replace(self, Self::None) else { return false };
        let packed = StreamReader::new(body);
        let reader: Pin<Box<dyn AsyncRead + Send>> = if is("gzip") || is("x-gzip") {
            let mut decoder = GzipDecoder::new(packed);
            decoder.multiple_members(true);
            Box::pin(decoder)
        } else if is("br") {
            Box::pin(BrotliDecoder::new(packed))
        } else if is("zstd") {
            let mut decoder =
                ZstdDecoder::with_params(packed, &[DParameter::window_log_max(ZSTD_WINDOW_LOG)]);
            decoder.multiple_members(true);
            Box::pin(decoder)
        } else {
            return false;
        };
        *self = Self::Unpacked { reader, taken: 0 };
        true
    }
}

/// What the connection says went wrong is said as it is; all else is what does not unpack.
fn damaged(error: io::Error) -> io::Error {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<hyper::Error>) {
        return error;
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::other("what comes compressed has no end");
    }
    io::Error::other(format!("what comes compressed is damaged: {error}"))
}

/// A body as it comes over its connection.
pub(super) struct WireBody {
    driver: Option<Driver>,
    _sender: Box<dyn Send>,
    incoming: Incoming,
}

impl WireBody {
    /// The body of a response, and what else there is of it.
    pub(super) fn of(begun: Begun) -> (hyper::http::response::Parts, Self) {
        let (head, incoming) = begun.response.into_parts();
        (head, Self { driver: begun.driver, _sender: begun.sender, incoming })
    }
}

impl Stream for WireBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            drive(&mut self.driver, cx);
            return match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(io::Error::other(error)))),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => Poll::Ready(Some(Ok(data))),
                    Err(_trailers) => continue,
                },
            };
        }
    }
}
