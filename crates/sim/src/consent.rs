//! Consent: what agents wanted, what people said to it, and which tools therefore may run. It outlives every host.

use std::collections::{BTreeMap, BTreeSet};

use q_core::{Call, CallNo, Digest, SessionId, TurnNo, Wants};

use super::disk::Disk;
use super::law::{Held, Law};
use super::mark;

/// A call, for ever.
pub(super) type CallId = (SessionId, TurnNo, CallNo);

/// Who wanted what, and who allowed it.
#[derive(Debug, Default)]
pub(super) struct Consents {
    wanted: BTreeMap<CallId, Wanted>,
    last: BTreeMap<(SessionId, TurnNo), CallNo>,
    /// What somebody allowed after it was shown, by its bytes.
    given: BTreeSet<(CallId, Digest)>,
    /// Tools that somebody allowed always.
    always: BTreeSet<(SessionId, String)>,
    ran: BTreeSet<CallId>,
    cancelled: BTreeSet<(SessionId, TurnNo)>,
}

#[derive(Debug)]
struct Wanted {
    tool: String,
    digest: Digest,
    wants: Wants,
}

impl Consents {
    /// The host hears what an agent wants. A number that is not above the last one counts for nothing.
    pub(super) fn wants(&mut self, session: SessionId, turn: TurnNo, call: &Call) {
        let last = self.last.entry((session, turn)).or_default();
        if *last < call.no {
            *last = call.no;
            let wanted = Wanted { tool: call.tool.clone(), digest: call.digest, wants: call.wants };
            self.wanted.insert((session, turn, call.no), wanted);
        }
    }

    /// A person who was shown a call allows it.
    pub(super) fn gives(&mut self, call: CallId, digest: Digest, tool: &str, always: bool) {
        self.given.insert((call, digest));
        if always {
            self.always.insert((call.0, tool.to_owned()));
        }
    }

    /// A turn begins. One that was cancelled before it was durable, and lost with its host, had its number.
    pub(super) fn begins(&mut self, session: SessionId, turn: TurnNo) {
        self.cancelled.remove(&(session, turn));
    }

    /// A turn is cancelled: nothing of it may run any more.
    pub(super) fn cancels(&mut self, session: SessionId, turn: TurnNo) {
        self.cancelled.insert((session, turn));
    }

    /// An agent is told that a tool may run.
    pub(super) fn runs(&mut self, disk: &Disk, call: CallId, digest: Digest) -> Held {
        let (session, turn, no) = call;
        let who = || format!("call {no} in turn {turn} of session {}", mark::number(session));
        Law::ToolOnce.check(self.ran.insert(call), || format!("{} runs twice", who()))?;
        Law::NoToolAfterCancel.check(!self.cancelled.contains(&(session, turn)), || {
            format!("{} runs, and was cancelled", who())
        })?;
        let wanted = self.wanted.get(&call);
        let wanted = wanted
            .ok_or_else(|| Law::ToolAsWanted.broken(format!("{} runs, and nobody wanted it", who())))?;
        Law::ToolAsWanted.check(wanted.digest == digest, || {
            format!("{} runs {digest:?}, and wanted was {wanted:?}", who())
        })?;
        let law = if disk.has_failed() { Law::NothingAfterFailure } else { Law::DurableFirst };
        let held = disk.index.permitted(session, turn, no).filter(|(_, place)| disk.holds(*place));
        let (written, _) =
            held.ok_or_else(|| law.broken(format!("{} runs, and that is not on disk", who())))?;
        Law::ToolAsWanted
            .check(written == digest, || format!("{} runs {digest:?}; on disk is {written:?}", who()))?;
        let is_given = self.given.contains(&(call, digest));
        let may = match wanted.wants {
            Wants::Nothing => true,
            Wants::Consent => is_given || self.always.contains(&(session, wanted.tool.clone())),
            Wants::Words => false,
        };
        Law::ToolAllowed.check(may, || format!("{} runs, and nobody allowed {wanted:?}", who()))
    }

    /// How many tools ran.
    pub(super) fn count(&self) -> u64 {
        self.ran.len() as u64
    }
}
