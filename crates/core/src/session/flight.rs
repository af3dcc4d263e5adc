//! A turn in flight, as far as it is durable: its answer so far and its open calls.

use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::Wants;
use crate::id::{CallNo, Digest, EntryNo, TurnNo};
use crate::record::Voice;

/// A turn in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    pub turn: TurnNo,
    /// Whether it summarises the conversation, and has no prompt.
    pub compacts: bool,
    /// Whether it is a line that the shell runs, and no agent is asked.
    pub runs: bool,
    /// The entry that grows, once the agent said something; none after a call or the person's words.
    pub answer: Option<EntryNo>,
    /// In which voice that entry is.
    pub voice: Voice,
    /// Bytes the agent said so far, what it gave to tools included.
    pub said: u64,
    /// What is kept of what calls put out while they ran, in bytes, about.
    pub output: u64,
    /// Entries so far, the prompt included.
    pub entries: u32,
    /// The last call's number.
    pub last_call: CallNo,
    /// Calls that ran since the person last answered one.
    pub unasked: u32,
    /// Calls without a result.
    pub calls: Vec<OpenCall>,
}

/// A call without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    pub no: CallNo,
    pub entry: EntryNo,
    pub tool: String,
    /// Of what exactly would run.
    pub digest: Digest,
    pub wants: Wants,
    /// Whether it waits for the person; otherwise it may be running.
    pub waits: bool,
}

impl InFlight {
    /// A turn that begins.
    pub const fn new(turn: TurnNo) -> Self {
        Self {
            turn,
            compacts: false,
            runs: false,
            answer: None,
            voice: Voice::Answer,
            said: 0,
            output: 0,
            entries: 1,
            last_call: CallNo(0),
            unasked: 0,
            calls: Vec::new(),
        }
    }

    /// The open call of that number.
    pub fn call(&self, no: CallNo) -> Option<&OpenCall> {
        self.calls.iter().find(|call| call.no == no)
    }

    /// Whether a call waits that wants this.
    pub fn waits_for(&self, wants: Wants) -> bool {
        self.calls.iter().any(|call| call.waits && call.wants == wants)
    }
}
