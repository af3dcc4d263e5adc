//! A server's output, read within bounds, and its input, which can be closed by whoever holds it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};

/// The longest line, in bytes: one message.
const LINE: u64 = 4 << 20;
/// The most that a server says between two requests, in bytes.
const UNASKED: u64 = 16 << 20;

/// What a server says, until a line or all of it is too long: it is at its end then, whatever else comes.
#[derive(Debug)]
pub(crate) struct BoundedOutput {
    from: Receiver,
    line: u64,
    said: Said,
}

/// How much was said since something was asked, and whether that was too much.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said(Arc<AtomicU64>);

impl Said {
    const TOO_MUCH: u64 = u64::MAX;

    /// Something is asked: the answer may be long.
    pub(crate) fn begin(&self) {
        let _too_much = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |said| (said != Self::TOO_MUCH).then_some(0));
    }

    pub(crate) fn is_too_much(&self) -> bool {
        self.0.load(Ordering::Relaxed) == Self::TOO_MUCH
    }

    /// Takes account of so much more; whether it is too much.
    fn take(&self, bytes: u64, line: u64) -> bool {
        let said = self.0.load(Ordering::Relaxed).saturating_add(bytes);
        let is_too_much = line > LINE || said > UNASKED;
        self.0.store(if is_too_much { Self::TOO_MUCH } else { said }, Ordering::Relaxed);
        is_too_much
    }
}

impl BoundedOutput {
    pub(crate) const fn new(from: Receiver, said: Said) -> Self {
        Self { from, line: 0, said }
    }
}

impl AsyncRead for BoundedOutput {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.said.is_too_much() {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let before = into.filled().len();
        let read = Pin::new(&mut self.from).poll_read(context, into);
        let came = into.filled().get(before..).unwrap_or_default();
        // Lines in the middle are shorter than what is read at once.
        self.line = match came.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => (came.len() - end - 1) as u64,
            None => self.line + came.len() as u64,
        };
        if self.said.take(came.len() as u64, self.line) {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        read
    }
}

/// What a server reads. Closed, it is told to end.
#[derive(Clone, Debug)]
pub(crate) struct ClosableInput(Arc<Mutex<Option<Sender>>>);

impl ClosableInput {
    pub(crate) fn new(into: Sender) -> Self {
        Self(Arc::new(Mutex::new(Some(into))))
    }

    pub(crate) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn with<T>(&self, act: impl FnOnce(Pin<&mut Sender>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(into) => act(Pin::new(into)),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

impl AsyncWrite for ClosableInput {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|into| into.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|into| into.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}
