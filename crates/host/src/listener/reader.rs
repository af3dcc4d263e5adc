//! What a client says, frame by frame. An unfinished frame costs what has come of it, and long ones share one allowance:
//! whoever begins one beyond that is not read until another is complete. Short ones wait for nobody.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use q_proto::{ClientMessage, FrameError, MAX_FRAME, Unknown, decode};
use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::events::Allowance;

/// The longest frame before the hello is accepted: a hello, with all that the client was told is acknowledged.
pub(super) const MAX_HELLO: usize = 64 << 10;
/// A frame up to this length counts as short.
const SHORT: usize = 16 << 10;
/// What unfinished and unheard long frames of all clients may have together. At least one of the longest fits.
const LONG_BYTES: usize = 2 * MAX_FRAME;
/// How long a long frame may take once it is being read: others wait for what it holds.
const COMPLETE_WITHIN: Duration = Duration::from_secs(5);
/// How long it may stand still meanwhile. Whoever writes to a socket of this machine does not, unless it was stopped.
const STALLS_AFTER: Duration = Duration::from_secs(1);
/// What is read ahead for short frames.
const AHEAD: usize = 4 << 10;

/// What long frames of all clients may hold, in bytes.
pub(super) fn allowance_for_long_frames() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(LONG_BYTES))
}

/// A frame's content, with what it holds of what long frames may.
type Frame = (Vec<u8>, Option<OwnedSemaphorePermit>);

/// One client's side of a connection.
#[derive(Debug)]
pub(super) struct Reader {
    from: BufReader<OwnedReadHalf>,
    long: Arc<Semaphore>,
}

impl Reader {
    pub(super) fn new(from: OwnedReadHalf, long: Arc<Semaphore>) -> Self {
        Self { from: BufReader::with_capacity(AHEAD, from), long }
    }

    /// The first message, which is short.
    pub(super) async fn first(&mut self) -> Result<Option<ClientMessage>, FrameError> {
        let Some(length) = self.length(MAX_HELLO).await? else { return Ok(None) };
        let frame = self.content(length).await?;
        Ok(decode(&frame)?.ok())
    }

    /// The next message, with what it holds until the host has dealt with it; `None` at the end.
    pub(super) async fn next(
        &mut self,
    ) -> Result<Option<(Result<ClientMessage, Unknown>, Allowance)>, FrameError> {
        let Some((frame, held)) = self.frame().await? else { return Ok(None) };
        Ok(Some((decode(&frame)?, Allowance::for_frame(held))))
    }

    async fn frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some(length) = self.length(MAX_FRAME).await? else { return Ok(None) };
        if length <= SHORT {
            return Ok(Some((self.content(length).await?, None)));
        }
        let bytes = u32::try_from(length).map_err(io::Error::other)?;
        let held = Arc::clone(&self.long).acquire_many_owned(bytes).await.map_err(io::Error::other)?;
        let content = tokio::time::timeout(COMPLETE_WITHIN, self.steady_content(length)).await;
        let content = content.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(Some((content, Some(held))))
    }

    /// The next frame's length; `None` at the end of the connection.
    async fn length(&mut self, most: usize) -> Result<Option<usize>, FrameError> {
        let mut length = [0; size_of::<u32>()];
        match self.from.read_exact(&mut length).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
        if length > most {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long").into());
        }
        Ok(Some(length))
    }

    /// The same, of one that keeps writing.
    async fn steady_content(&mut self, length: usize) -> Result<Vec<u8>, FrameError> {
        let mut content = Vec::with_capacity(length);
        while content.len() < length {
            let mut rest = (&mut self.from).take((length - content.len()) as u64);
            let read = tokio::time::timeout(STALLS_AFTER, rest.read_buf(&mut content)).await;
            if read.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        Ok(content)
    }

    /// So many bytes. Memory that nothing was written to yet costs nothing.
    async fn content(&mut self, length: usize) -> Result<Vec<u8>, FrameError> {
        let mut content = Vec::with_capacity(length);
        (&mut self.from).take(length as u64).read_to_end(&mut content).await?;
        if content.len() < length {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(content)
    }
}
