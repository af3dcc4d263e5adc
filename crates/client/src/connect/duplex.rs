//! Both directions of a connection to a checked peer. What the host does not take at once waits here, bounded.

use std::io;

use futures_util::StreamExt;
use q_proto::{ClientMessage, Codec, FrameError, HostMessage, MAX_FRAME};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::bytes::{Buf, BytesMut};
use tokio_util::codec::{Encoder, FramedRead};

use super::ConnectError;
use super::peer::CheckedPeer;

/// How much may wait for a host that does not read, in bytes.
const MAX_WAITING: usize = 4 * MAX_FRAME;

type Both = Codec<HostMessage, ClientMessage>;

/// Both directions of a connection.
#[derive(Debug)]
pub(super) struct Duplex {
    reading: FramedRead<OwnedReadHalf, Both>,
    writing: OwnedWriteHalf,
    codec: Both,
    /// Frames that the host has not taken yet.
    waiting: BytesMut,
}

impl Duplex {
    /// On a connection to one of ours: to nobody else a byte is written.
    pub(super) fn on(peer: CheckedPeer) -> Self {
        let (reading, writing) = peer.into_stream().into_split();
        let reading = FramedRead::new(reading, Both::default());
        Self { reading, writing, codec: Both::default(), waiting: BytesMut::new() }
    }

    /// Says something. What is not taken at once is written while the next message is waited for.
    pub(super) fn send(&mut self, message: &ClientMessage) -> Result<(), ConnectError> {
        if self.waiting.len() > MAX_WAITING {
            return Err(ConnectError::Behind);
        }
        self.codec.encode(message, &mut self.waiting).map_err(|error| match error {
            FrameError::TooLong { bytes } => ConnectError::TooLong { bytes },
            FrameError::Io(_) | FrameError::Decode(_) | FrameError::Unknown(_) | FrameError::Encode(_) => {
                error.into()
            }
        })?;
        match self.writing.try_write(&self.waiting) {
            Ok(taken) => self.waiting.advance(taken),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_told_by_reading) => self.waiting.clear(),
        }
        Ok(())
    }

    /// What the host says next. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<HostMessage, ConnectError> {
        let Self { reading, writing, waiting, .. } = self;
        loop {
            let some_waits = !waiting.is_empty();
            let heard = tokio::select! {
                heard = reading.next() => heard,
                () = write(writing, waiting), if some_waits => continue,
            };
            return match heard {
                Some(Err(FrameError::Io(error))) if is_gone(&error) => Err(ConnectError::Gone),
                Some(message) => Ok(message?.map_err(FrameError::from)?),
                None => Err(ConnectError::Gone),
            };
        }
    }

    /// Waits until the host has taken what it was told, or is gone. Dropping the future loses nothing.
    pub(super) async fn flush(&mut self) {
        let Self { writing, waiting, .. } = self;
        while !waiting.is_empty() {
            write(writing, waiting).await;
        }
    }
}

/// Writes some of what waits; nothing of it to one who is gone, which is told by reading.
async fn write(to: &mut OwnedWriteHalf, waiting: &mut BytesMut) {
    if to.write_buf(waiting).await.is_err() {
        waiting.clear();
    }
}

/// Whether a failed read or write says that the other side closed.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
