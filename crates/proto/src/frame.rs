//! Frames: a four-byte length, then one message as a `MessagePack` map. Whatever bytes come, the cost is bounded.

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
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
    Decode(#[from] q_msgpack::ReadError),
    /// A request that only a later version knows came where none is answered.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// A message is longer than a frame may be.
    #[error("a message of {bytes} bytes is too long: at most {max} go at once", max = MAX_FRAME)]
    TooLong { bytes: usize },
    /// A message could not be written.
    #[error("a message could not be written: {0}")]
    Encode(#[from] q_msgpack::WriteError),
}

/// A request that only a later version knows. It is no [`FrameError`] when it is read: after one of those the stream of
/// messages ends, and this one is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request of a later version came")]
pub struct Unknown {
    /// The number it is to be answered under.
    pub request: u64,
}

/// Reads `In`, writes `Out`.
#[derive(Debug)]
pub struct Codec<In, Out> {
    lengths: LengthDelimitedCodec,
    messages: PhantomData<fn(Out) -> In>,
}

impl<In, Out> Default for Codec<In, Out> {
    fn default() -> Self {
        // Refused by its length, before anything of a longer one is kept.
        let lengths = LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME).new_codec();
        Self { lengths, messages: PhantomData }
    }
}

impl<In: DeserializeOwned, Out> Decoder for Codec<In, Out> {
    type Item = Result<In, Unknown>;
    type Error = FrameError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, FrameError> {
        self.lengths.decode(bytes)?.map(|frame| decode(&frame)).transpose()
    }
}

/// The message that a frame carries.
pub fn decode<In: DeserializeOwned>(frame: &[u8]) -> Result<Result<In, Unknown>, FrameError> {
    // Whatever a later version wants, its request has a number: it is refused under that, and the connection goes on.
    q_msgpack::read(frame).map(Ok).or_else(|error| match q_msgpack::read(frame) {
        Ok(Numbered::Request { id, .. }) => Ok(Err(Unknown { request: id })),
        Err(_) => Err(error.into()),
    })
}

/// Puts a message's frame behind others.
pub fn encode<Out: Serialize>(message: &Out, frames: &mut Vec<u8>) -> Result<(), FrameError> {
    let (begin, length) = (frames.len(), size_of::<u32>());
    frames.extend([0; size_of::<u32>()]);
    q_msgpack::append(message, frames)?;
    let bytes = frames.len() - begin - length;
    match u32::try_from(bytes) {
        Ok(written) if bytes <= MAX_FRAME => {
            frames[begin..begin + length].copy_from_slice(&written.to_be_bytes());
            Ok(())
        }
        Ok(_) | Err(_) => {
            // What stands before it is whole, and goes out.
            frames.truncate(begin);
            Err(FrameError::TooLong { bytes })
        }
    }
}

/// What is understood of a request whatever is wanted. The host's messages have none of this shape.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Numbered {
    Request {
        id: u64,
        #[serde(rename = "request")]
        _request: IgnoredAny,
    },
}

impl<In, Out: Serialize> Encoder<&Out> for Codec<In, Out> {
    type Error = FrameError;

    fn encode(&mut self, message: &Out, bytes: &mut BytesMut) -> Result<(), FrameError> {
        let frame = q_msgpack::write(message)?;
        if frame.len() > MAX_FRAME {
            return Err(FrameError::TooLong { bytes: frame.len() });
        }
        Ok(self.lengths.encode(Bytes::from(frame), bytes)?)
    }
}

/// Reads arbitrary bytes as both sides would. What decodes must encode, and decode to the same bytes again.
pub fn fuzz_frame(bytes: &[u8]) {
    both_ways::<ClientMessage, HostMessage>(bytes);
    both_ways::<HostMessage, ClientMessage>(bytes);
}

fn both_ways<In: DeserializeOwned + Serialize, Out: Serialize>(bytes: &[u8]) {
    let mut codec = Codec::<In, Out>::default();
    let mut buffer = BytesMut::from(bytes);
    while let Ok(Some(arrived)) = codec.decode(&mut buffer) {
        let Ok(message) = arrived else { continue };
        let Ok(written) = q_msgpack::write(&message) else { panic!("what was read must be writable") };
        let Ok(again) = q_msgpack::read::<In>(&written) else { panic!("what was written must be readable") };
        let Ok(written_again) = q_msgpack::write(&again) else { panic!("what was read must be writable") };
        assert!(written == written_again, "a message must survive the wire");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_of_a_later_version_is_told_from_bytes_that_are_none() {
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Later {
            Request { id: u64, request: Fly, why: &'static str },
            Dance { id: u64 },
        }
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Fly {
            Fly { high: bool },
        }
        for (message, number) in [
            (Later::Request { id: 7, request: Fly::Fly { high: true }, why: "to see" }, Some(7)),
            (Later::Dance { id: 7 }, None),
        ] {
            let frame = written(&message);
            let read = Codec::<ClientMessage, ()>::default().decode(&mut BytesMut::from(frame.as_slice()));
            let found = match read {
                Ok(Some(Err(Unknown { request }))) => Some(request),
                Ok(_) | Err(_) => None,
            };
            assert_eq!(found, number);
        }
    }

    #[test]
    fn fields_of_a_later_version_are_ignored() {
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Later {
            Showing { session: Option<u64>, at_end: bool, since: u64 },
        }
        let frame = written(&Later::Showing { session: None, at_end: true, since: 9 });
        let read = Codec::<ClientMessage, ()>::default().decode(&mut BytesMut::from(frame.as_slice()));
        assert!(matches!(read, Ok(Some(Ok(ClientMessage::Showing { session: None, at_end: true, .. })))));
    }

    fn written(message: &impl Serialize) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        assert!(Codec::<(), _>::default().encode(message, &mut bytes).is_ok());
        bytes.to_vec()
    }

    #[test]
    fn frames_written_one_behind_the_other_are_those_of_the_codec() {
        let (mut frames, mut expected) = (b"before".to_vec(), b"before".to_vec());
        for message in [HostMessage::Ready, HostMessage::Unwelcome { why: "x".repeat(300) }] {
            assert!(encode(&message, &mut frames).is_ok());
            expected.extend(written(&message));
        }
        assert_eq!(frames, expected);
        let long = HostMessage::Unwelcome { why: "x".repeat(MAX_FRAME) };
        assert!(matches!(encode(&long, &mut frames), Err(FrameError::TooLong { .. })));
        assert_eq!(frames, expected, "nothing of it is left");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            fuzz_frame(&bytes);
        }
    }
}
