//! Lines for the shell that people typed: which run, and what comes of one when a step has it go on.
//!
//! A shell puts out what it likes and ends once; one whose line was cancelled is heard of no more, and all end with their host.

use std::collections::BTreeMap;

use q_core::{AgentEvent, AgentFailure, FailureKind, Outcome, SHELL_CALL, SessionId, TurnNo};
use q_host::simulation::RunEvent;

use super::mark;
use super::planted::Planted;
use super::step::Say;

/// The lines that run in one host, at most one a session.
#[derive(Debug, Default)]
pub(super) struct Shells {
    running: BTreeMap<SessionId, TurnNo>,
}

impl Shells {
    pub(super) fn start(&mut self, session: SessionId, turn: TurnNo) {
        self.running.insert(session, turn);
    }

    pub(super) fn cancel(&mut self, session: SessionId, turn: TurnNo, planted: Option<Planted>) {
        if planted != Some(Planted::IgnoresCancel) && self.running.get(&session) == Some(&turn) {
            self.running.remove(&session);
        }
    }

    /// Which run, in which turns.
    pub(super) fn running(&self) -> impl Iterator<Item = (SessionId, TurnNo)> {
        self.running.iter().map(|(&session, &turn)| (session, turn))
    }

    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// What the one at that place says where an agent would say this. `nonce` is a number that nothing else said had.
    pub(super) fn emit(&mut self, which: usize, say: Say, nonce: u64) -> Vec<RunEvent> {
        let place = which.checked_rem(self.running.len());
        let Some((session, turn)) = place.and_then(|place| self.running().nth(place)) else {
            return Vec::new();
        };
        let said = said(session, say, nonce);
        if said.iter().any(|event| matches!(event, AgentEvent::Done | AgentEvent::Failed(_))) {
            self.running.remove(&session);
        }
        said.into_iter().map(|event| RunEvent { session, turn, event }).collect()
    }
}

fn said(session: SessionId, say: Say, nonce: u64) -> Vec<AgentEvent> {
    let result = || {
        let outcome = if nonce.is_multiple_of(5) { Outcome::Failed } else { Outcome::Done };
        let text = mark::text(session, &mark::of_result(SHELL_CALL), (nonce % 300) as usize);
        AgentEvent::Result { call: SHELL_CALL, outcome, text }
    };
    match say {
        Say::Text(bytes) | Say::Thinking(bytes) | Say::Sealed(bytes) | Say::Progress { bytes, .. } => {
            let text = mark::text(session, "b", bytes.into());
            vec![AgentEvent::Progress { call: SHELL_CALL, text }]
        }
        Say::GoOn | Say::UnaskedResult | Say::Done | Say::EndsTwice => vec![result(), AgentEvent::Done],
        // What runs it broke, with its result or before it had one.
        Say::SameResult => vec![result(), AgentEvent::Failed(broken())],
        Say::Failed | Say::Dies => vec![AgentEvent::Failed(broken())],
        Say::Nothing
        | Say::Usage(_)
        | Say::Asked(_)
        | Say::Title(_)
        | Say::Plan(_)
        | Say::Model(_)
        | Say::StopReason(_)
        | Say::Retrying { .. }
        | Say::Remember { .. }
        | Say::Steerable
        | Say::Call { .. }
        | Say::Storm { .. }
        | Say::OddResult { .. } => Vec::new(),
    }
}

const fn broken() -> AgentFailure {
    AgentFailure { kind: FailureKind::Internal, detail: String::new() }
}
