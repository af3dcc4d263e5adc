//! A call in format 1.

use std::borrow::Cow;

use q_core::{Call, CallNo, Digest, TurnNo};
use serde::{Deserialize, Serialize};

use super::word::Wants;

/// [`q_core::Record::Called`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Called<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "call")]
    call: u64,
    #[serde(rename = "tool", borrow)]
    tool: Cow<'a, str>,
    #[serde(rename = "input", borrow)]
    input: Cow<'a, str>,
    #[serde(rename = "digest")]
    digest: [u8; 32],
    #[serde(rename = "wants")]
    wants: Wants,
    #[serde(rename = "waits")]
    waits: bool,
}

impl<'a> Called<'a> {
    pub(super) fn new(turn: TurnNo, call: &'a Call, waits: bool) -> Self {
        Self {
            turn: turn.0,
            call: call.no.0,
            tool: (&call.tool).into(),
            input: (&call.input).into(),
            digest: call.digest.0,
            wants: call.wants.into(),
            waits,
        }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        let call = Call {
            no: CallNo(self.call),
            tool: self.tool.into_owned(),
            input: self.input.into_owned(),
            digest: Digest(self.digest),
            wants: self.wants.into(),
        };
        q_core::Record::Called { turn: TurnNo(self.turn), call, waits: self.waits }
    }
}
