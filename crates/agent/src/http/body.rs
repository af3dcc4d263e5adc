//! The body of a response as bytes: driven by whoever reads it, and unpacked where it comes packed.
//!
//! Nothing is asked for packed, since what packs on the way may hold back words to pack them better; it comes so all the same
//! where a proxy or a server's settings have it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
/// The most that a packed body may be longer than what comes out of it, in bytes: nothing is packed to be longer, and what has
/// no contents costs the time to read it.
const MAX_BARREN: usize = 1 << 20;
/// After this many bytes of a packed body all others have their turn, whatever comes out of them.
const AT_ONCE: usize = 4 << 10;
/// The largest window of zstd, as a power of two: 8 MB, what HTTP allows (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// A body, as it is or unpacked.
pub(super) enum BodyBytes {
    AsIs(WireBody),
    /// What it comes packed in shows in its first bytes, of which so many came; a label says what else it may be.
    Labelled {
        body: WireBody,
        begun: Vec<u8>,
        label: Option<Packing>,
    },
    Unpacked {
        reader: Pin<Box<dyn AsyncRead + Send>>,
        taken: Arc<AtomicUsize>,
    },
    Ended,
}

impl BodyBytes {
    /// The same without what it is packed in, which is taken off once: by this label, if there is one, unless its bytes say otherwise.
    /// Something between may have unpacked it and left the label, or taken the label and left it packed.
    pub(super) fn unpacked(self, label: Option<Packing>) -> Self {
        match self {
            Self::AsIs(body) => Self::Labelled { body, begun: Vec::new(), label },
            Self::Labelled { .. } | Self::Unpacked { .. } | Self::Ended => self,
        }
    }

    /// A body that begins with these bytes, packed so.
    fn packed(body: WireBody, begun: Bytes, packing: Packing) -> Self {
        let out = Arc::new(AtomicUsize::new(0));
        let packed = StreamReader::new(PackedBody { body, rest: begun, came: 0, out: Arc::clone(&out) });
        let reader: Pin<Box<dyn AsyncRead + Send>> = match packing {
            Packing::Gzip => {
                let mut decoder = GzipDecoder::new(packed);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            Packing::Brotli => Box::pin(BrotliDecoder::new(packed)),
            Packing::Zstd => {
                let most = DParameter::window_log_max(ZSTD_WINDOW_LOG);
                let mut decoder = ZstdDecoder::with_params(packed, &[most]);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
        };
        Self::Unpacked { reader, taken: out }
    }

    /// The next piece, at most [`BUFFER`] long; `None` at its end.
    pub(super) async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::AsIs(body) => body.next().await.transpose(),
            Self::Ended => Ok(None),
            Self::Labelled { body, begun, label } => {
                while Packing::is_undecided(*label, begun) {
                    match body.next().await.transpose()? {
                        Some(bytes) => begun.extend_from_slice(&bytes),
                        None => break,
                    }
                }
                let packing = Packing::shown(*label, begun);
                let begun = Bytes::from(std::mem::take(begun));
                let Self::Labelled { body, .. } = std::mem::replace(self, Self::Ended) else {
                    return Ok(None);
                };
                match packing {
                    None => {
                        *self = Self::AsIs(body);
                        Ok((!begun.is_empty()).then_some(begun))
                    }
                    Some(packing) => {
                        *self = Self::packed(body, begun, packing);
                        self.unpacked_piece().await
                    }
                }
            }
            Self::Unpacked { .. } => self.unpacked_piece().await,
        }
    }

    /// The next piece of what is packed; none of what is not.
    async fn unpacked_piece(&mut self) -> io::Result<Option<Bytes>> {
        let Self::Unpacked { reader, taken } = self else { return Ok(None) };
        let mut piece = Vec::with_capacity(BUFFER);
        let read = reader.read_buf(&mut piece).await.map_err(damaged)?;
        if taken.fetch_add(read, Ordering::Relaxed) + read > MAX_UNPACKED {
            let why = format!("it unpacks to more than {} MB", MAX_UNPACKED >> 20);
            return Err(io::Error::other(why));
        }
        Ok((read > 0).then(|| piece.into()))
    }
}

/// What bodies come packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Brotli,
    Zstd,
}

impl Packing {
    /// The one that a label names; nothing where it names none, or one that is not known here.
    pub(super) fn of(label: &str) -> Option<Self> {
        match label.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _other => None,
        }
    }
}

/// What packed bodies begin with, where they begin alike.
const GZIP_MARK: &[u8] = &[0x1f, 0x8b];
const ZSTD_MARK: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// What answers begin with that are not packed.
const PLAIN_MARKS: [&[u8]; 5] = [b"data:", b"event", b"{\"", b"[{\"", b": "];

impl Packing {
    /// Whether more has to come before it is known what a body is packed in.
    fn is_undecided(label: Option<Self>, begun: &[u8]) -> bool {
        let may_be = |mark: &[u8]| begun.len() < mark.len() && mark.starts_with(begun);
        let marks =
            [GZIP_MARK, ZSTD_MARK].into_iter().chain(PLAIN_MARKS.into_iter().filter(|_| label.is_some()));
        begun.is_empty() || marks.into_iter().any(may_be)
    }

    /// What a body is packed in that begins so, whatever its label says; brotli has no beginning of its own, and is believed where no
    /// words stand.
    fn shown(label: Option<Self>, begun: &[u8]) -> Option<Self> {
        let begins = |mark: &[u8]| begun.starts_with(mark);
        if begins(GZIP_MARK) {
            Some(Self::Gzip)
        } else if begins(ZSTD_MARK) {
            Some(Self::Zstd)
        } else {
            label.filter(|_| !PLAIN_MARKS.into_iter().any(begins))
        }
    }
}

/// A packed body as it comes, a little at a time, and no longer than what comes out of it allows.
struct PackedBody {
    body: WireBody,
    /// What came and is not handed on yet.
    rest: Bytes,
    /// Bytes that were handed on.
    came: usize,
    /// Bytes that came out of them.
    out: Arc<AtomicUsize>,
}

impl Stream for PackedBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.rest.is_empty() {
            match std::task::ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(bytes)) => self.rest = bytes,
                end => return Poll::Ready(end),
            }
            if self.came > 0 {
                // Whoever reads goes on until something comes out, which may be never.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        let length = self.rest.len().min(AT_ONCE);
        self.came += length;
        if self.came > self.out.load(Ordering::Relaxed).saturating_add(MAX_BARREN) {
            return Poll::Ready(Some(Err(io::Error::other(Barren))));
        }
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

/// Why a packed body is read no further that has next to nothing in it.
#[derive(Debug)]
struct Barren;

impl fmt::Display for Barren {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what comes compressed has next to nothing in it")
    }
}

impl std::error::Error for Barren {}

/// What the connection says went wrong is said as it is; all else is what does not unpack.
fn damaged(error: io::Error) -> io::Error {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Barren>) {
        return io::Error::other(Barren);
    }
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
