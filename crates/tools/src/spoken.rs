//! What a program that is spoken to says, within bounds: its output by lines and in sum, of its errors the end.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio::net::unix::pipe::Receiver;

/// The longest line, in bytes: one message.
const LINE: u64 = 4 << 20;
/// The most that a program says between two requests, in bytes.
const UNASKED: u64 = 16 << 20;
/// How much of what it says on standard error is kept: the end.
const ERRORS: usize = 2 << 10;

/// What a program says, until a line or all of it is too long: it is at its end then, whatever else comes.
#[derive(Debug)]
pub struct BoundedOutput {
    from: Receiver,
    line: u64,
    said: Said,
}

/// How much was said since something was asked, and whether that was too much.
#[derive(Clone, Debug, Default)]
pub struct Said(Arc<AtomicU64>);

impl Said {
    const TOO_MUCH: u64 = u64::MAX;

    /// Something is asked: the answer may be long.
    pub fn begin(&self) {
        let _too_much = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |said| (said != Self::TOO_MUCH).then_some(0));
    }

    /// Whether it was too much: it is at its end then.
    pub fn is_too_much(&self) -> bool {
        self.0.load(Ordering::Relaxed) == Self::TOO_MUCH
    }

    /// Takes account of so much more, in a line of such a length so far; whether it is too much.
    pub fn take(&self, bytes: u64, line: u64) -> bool {
        let said = self.0.load(Ordering::Relaxed).saturating_add(bytes);
        let is_too_much = line > LINE || said > UNASKED;
        self.0.store(if is_too_much { Self::TOO_MUCH } else { said }, Ordering::Relaxed);
        is_too_much
    }
}

impl BoundedOutput {
    /// What comes from there, counted together with what else is.
    pub const fn new(from: Receiver, said: Said) -> Self {
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

/// The end of what a program says on standard error, for whoever is to know why it ended. Hostile text.
#[derive(Clone, Debug, Default)]
pub struct LastWords(Arc<Mutex<VecDeque<u8>>>);

impl LastWords {
    /// Takes in all that comes, until nothing more can. Meant for a task of its own: a program must never wait for its errors to be
    /// read.
    pub async fn take_in(self, mut from: Receiver) {
        let mut piece = [0; 1 << 10];
        while let Ok(count @ 1..) = from.read(&mut piece).await {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(piece.get(..count).unwrap_or_default());
            let over = kept.len().saturating_sub(ERRORS);
            kept.drain(..over);
        }
    }

    /// What is kept of it, without blanks around; empty where it said nothing.
    pub fn text(&self) -> String {
        let kept: Vec<u8> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        String::from_utf8_lossy(&kept).trim().to_owned()
    }
}
