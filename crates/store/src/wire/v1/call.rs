//! Calls in format 1: as they are made, and as a head names those that are open.

use std::borrow::Cow;

use q_core::{Call, CallNo, Digest, EntryNo, OpenCall, TurnNo};
use serde::{Deserialize, Serialize};

use super::word::Wants;

/// A struct of numbers, a tool, what it is called with where that is kept, and how it is asked for. The fields are written
/// in this order.
macro_rules! with_call {
    ($(#[$doc:meta])* $name:ident { $($word:literal = $number:ident),+ } $({ $input:ident })?) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(super) struct $name<'a> {
            $(#[serde(rename = $word)] $number: u64,)+
            #[serde(rename = "tool", borrow)]
            tool: Cow<'a, str>,
            $(#[serde(rename = "input", borrow)] $input: Cow<'a, str>,)?
            #[serde(rename = "digest")]
            digest: [u8; 32],
            #[serde(rename = "wants")]
            wants: Wants,
            #[serde(rename = "waits")]
            waits: bool,
        }
    };
}

with_call! {
    /// [`q_core::Record::Called`] in its stored form.
    CalledV1 { "turn" = turn, "call" = call } { input }
}
with_call! {
    /// [`OpenCall`] in its stored form.
    OpenCallV1 { "no" = no, "entry" = entry }
}

impl<'a> CalledV1<'a> {
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

impl<'a> From<&'a OpenCall> for OpenCallV1<'a> {
    fn from(call: &'a OpenCall) -> Self {
        Self {
            no: call.no.0,
            entry: call.entry.0,
            tool: (&call.tool).into(),
            digest: call.digest.0,
            wants: call.wants.into(),
            waits: call.waits,
        }
    }
}

impl From<OpenCallV1<'_>> for OpenCall {
    fn from(call: OpenCallV1<'_>) -> Self {
        Self {
            no: CallNo(call.no),
            entry: EntryNo(call.entry),
            tool: call.tool.into_owned(),
            digest: Digest(call.digest),
            wants: call.wants.into(),
            waits: call.waits,
        }
    }
}
