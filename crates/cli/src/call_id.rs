//! The id of a call that waits, as `q inbox` lists it and `q approve` takes it.

use std::fmt;
use std::str::FromStr;

use q_core::{CallNo, Digest, PendingCall, TurnNo};

/// What a listed call is answered by: `2.1-8f3a09c1d2e4b576`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallId {
    turn: TurnNo,
    call: CallNo,
    /// The beginning of the digest.
    bytes: [u8; Self::BYTES],
}

impl CallId {
    /// How much of the digest is in an id.
    const BYTES: usize = 8;

    pub(crate) fn of(pending: &PendingCall) -> Self {
        Self { turn: pending.turn, call: pending.call, bytes: beginning(&pending.digest) }
    }
}

fn beginning(digest: &Digest) -> [u8; CallId::BYTES] {
    let mut bytes = [0; CallId::BYTES];
    bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    bytes
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}-", self.turn, self.call)?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for CallId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (numbers, digits) = text.split_once('-')?;
            let (turn, call) = numbers.split_once('.')?;
            let value = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == Self::BYTES * 2)?;
            Some(Self {
                turn: TurnNo(turn.parse().ok()?),
                call: CallNo(call.parse().ok()?),
                bytes: value.to_be_bytes(),
            })
        };
        read().ok_or_else(|| "not an id that `q inbox` prints, such as 2.1-8f3a09c1d2e4b576".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use q_core::Wants;

    #[test]
    fn an_id_names_exactly_the_bytes_that_were_listed() {
        let mut pending = PendingCall {
            turn: TurnNo(2),
            call: CallNo(1),
            tool: "shell".into(),
            input: "cargo test".into(),
            digest: Digest([0x8f; 32]),
            wants: Wants::Consent,
            always: None,
            circumstance: q_core::Circumstance::Plain,
            since: q_core::WallTime(0),
        };
        let id = CallId::of(&pending);
        assert_eq!(id.to_string(), "2.1-8f8f8f8f8f8f8f8f");
        assert_eq!(id.to_string().parse(), Ok(id));
        pending.digest = Digest([0x90; 32]);
        assert_ne!(CallId::of(&pending), id);
        for bad in ["", "2", "2.1", "2.1-8f", "2.1-8f8f8f8f8f8f8f8g", "x.1-8f8f8f8f8f8f8f8f"] {
            assert!(bad.parse::<CallId>().unwrap_err().contains("q inbox"), "{bad}");
        }
    }
}
