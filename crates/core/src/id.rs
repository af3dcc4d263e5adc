//! Identities: what never changes and is never used again.
//!
//! Session ids and tokens come from outside as 128 random bits, since the core draws none; all other numbers count up.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// One session, for ever. Shown as 26 lower-case characters (Crockford's base 32), never a path, never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u128);

impl SessionId {
    /// As whoever wants a session made names it: the host draws an id in its place.
    pub const UNDRAWN: Self = Self(0);
}

/// What makes a repeated submission of one prompt recognisable, so that it is taken once. The client draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u128);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// The number after this one.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A record's place in its session's log, from 1 without gaps. 0 is "before the first".
    Seq
);
number!(
    /// One turn of a session, from 1.
    TurnNo
);
number!(
    /// One prompt of a session, from 1: the number `q send` prints.
    PromptNo
);
number!(
    /// An entry of a transcript: the [`Seq`] of the record that began it, so entries are ordered but not contiguous.
    EntryNo
);
number!(
    /// A tool call of one turn, counted up by whoever speaks with the agent. A number that is not above the last is late.
    CallNo
);
number!(
    /// Which client made a session, as the host numbered its connection at that time. Nothing is found by it.
    Environment
);
number!(
    /// A client's connection, as the host numbered it. Never stored.
    ClientId
);
number!(
    /// A client's own number for a request, given back in the reply.
    RequestId
);

/// Whom to answer, and about which request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyTo {
    pub client: ClientId,
    pub request: RequestId,
}

/// What binds an approval to the exact bytes that will run: a 256-bit digest made by whoever will run them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// A digest that is only a number, for scripts and tests.
    pub fn numbered(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, digit)| *byte = digit);
        Self(bytes)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a written session id: 130 bits for 128.
const WRITTEN_LEN: usize = 26;

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(WRITTEN_LEN);
        for place in (0..WRITTEN_LEN).rev() {
            let digit = (self.0 >> (place * 5)) & 31;
            text.push(ALPHABET.get(digit as usize).copied().unwrap_or(b'0').into());
        }
        f.pad(&text)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// The text is not a written session id: 26 characters of `0-9a-z` without `i l o u`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a session id: 26 characters of 0-9 and a-z without i, l, o, u")]
pub struct NotAnId;

impl FromStr for SessionId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != WRITTEN_LEN {
            return Err(NotAnId);
        }
        let mut value: u128 = 0;
        for (place, byte) in text.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|&known| known == byte).ok_or(NotAnId)?;
            if place == 0 && digit > 7 {
                return Err(NotAnId); // the first character carries only three bits
            }
            value = (value << 5) | digit as u128;
        }
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_survives_being_written(value: u128) {
            let id = SessionId(value);
            prop_assert_eq!(id.to_string().parse::<SessionId>(), Ok(id));
        }

        #[test]
        fn no_text_makes_parsing_panic(text in ".{0,40}") {
            let _ = text.parse::<SessionId>();
        }
    }
}
