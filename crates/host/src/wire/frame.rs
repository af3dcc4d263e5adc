//! Frames: a four-byte length, then one message as a `MessagePack` map. Whatever bytes come, the cost is bounded.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use super::message::{ClientMessage, HostMessage};

/// The longest frame, in bytes. The longest message is a snapshot: its last entry, what waits and the draft may each have
/// the largest size that limits allow, which is a quarter of this.
pub const MAX_FRAME: usize = 16 << 20;

/// What is wrong with a connection.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The socket failed, or a frame is too long.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// The bytes are no message of this protocol.
    #[error("a message could not be read: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
    /// A message could not be written.
    #[error("a message could not be written: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
}

/// Reads `In`, writes `Out`.
#[derive(Debug)]
pub struct Codec<In, Out> {
    lengths: LengthDelimitedCodec,
    messages: PhantomData<fn(Out) -> In>,
}

impl<In, Out> Default for Codec<In, Out> {
    fn default() -> Self {
        let lengths = LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME).new_codec();
        Self { lengths, messages: PhantomData }
    }
}

impl<In: DeserializeOwned, Out> Decoder for Codec<In, Out> {
    type Item = In;
    type Error = FrameError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<In>, FrameError> {
        let Some(frame) = self.lengths.decode(bytes)? else { return Ok(None) };
        Ok(Some(rmp_serde::from_slice(&frame)?))
    }
}

impl<In, Out: Serialize> Encoder<&Out> for Codec<In, Out> {
    type Error = FrameError;

    fn encode(&mut self, message: &Out, bytes: &mut BytesMut) -> Result<(), FrameError> {
        let frame = rmp_serde::to_vec_named(message)?;
        Ok(self.lengths.encode(Bytes::from(frame), bytes)?)
    }
}

/// A message as it is on the wire.
#[cfg(feature = "simulation")]
pub(crate) fn written<M: Serialize>(message: &M) -> Result<Vec<u8>, FrameError> {
    let mut bytes = BytesMut::new();
    Codec::<(), M>::default().encode(message, &mut bytes)?;
    Ok(bytes.into())
}

/// The message that came over the wire as these bytes.
#[cfg(feature = "simulation")]
pub(crate) fn read<M: DeserializeOwned>(bytes: &[u8]) -> Result<M, FrameError> {
    let arrived = Codec::<M, ()>::default().decode(&mut BytesMut::from(bytes))?;
    arrived.ok_or_else(|| FrameError::Io(std::io::ErrorKind::UnexpectedEof.into()))
}

/// Reads arbitrary bytes as both sides would. What decodes must encode, and decode to the same bytes again.
pub fn fuzz_frame(bytes: &[u8]) {
    both_ways::<ClientMessage, HostMessage>(bytes);
    both_ways::<HostMessage, ClientMessage>(bytes);
}

fn both_ways<In: DeserializeOwned + Serialize, Out: Serialize>(bytes: &[u8]) {
    let mut codec = Codec::<In, Out>::default();
    let mut buffer = BytesMut::from(bytes);
    while let Ok(Some(message)) = codec.decode(&mut buffer) {
        let Ok(written) = rmp_serde::to_vec_named(&message) else { panic!("what was read must be writable") };
        let Ok(again) = rmp_serde::from_slice::<In>(&written) else {
            panic!("what was written must be readable")
        };
        let Ok(written_again) = rmp_serde::to_vec_named(&again) else {
            panic!("what was read must be writable")
        };
        assert!(written == written_again, "a message must survive the wire");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            fuzz_frame(&bytes);
        }
    }
}
