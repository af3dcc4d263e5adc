//! Lists in what clients say. An element may take many times its bytes on the wire, so a frame's length does not bound
//! what a list of it costs: their number is bounded, too.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// The most elements of one list. A part of an import has 256.
const MOST: usize = 1024;

/// Reads a list of at most so many elements.
pub(super) fn few<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(Few(PhantomData))
}

struct Few<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Few<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MOST} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        // It makes no room by what the list says of its own length, which may be anything.
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() == MOST {
                return Err(A::Error::custom(format_args!("more than {MOST} elements")));
            }
            elements.push(element);
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::MOST;
    use crate::{ClientMessage, Unknown, decode, encode};
    use q_core::{Command, SessionId, TagChange};

    #[test]
    fn a_list_of_very_many_is_refused_before_it_is_read() {
        for (count, is_taken) in [(0, true), (MOST, true), (MOST + 1, false), (1 << 20, false)] {
            let changes = vec![TagChange::Add(String::new()); count];
            let request = Command::Tag { session: SessionId(1), changes }.into();
            let mut frame = Vec::new();
            assert!(encode(&ClientMessage::Request { id: 7, request }, &mut frame).is_ok());
            let read = decode::<ClientMessage>(&frame[size_of::<u32>()..]);
            if is_taken {
                assert!(matches!(read, Ok(Ok(_))), "{count}");
            } else {
                assert!(
                    matches!(read, Ok(Err(Unknown { request: 7 }))),
                    "{count}: it is answered, and goes on"
                );
            }
        }
    }
}
