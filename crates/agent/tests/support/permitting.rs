//! A turn in which every call is permitted.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use q_agent::{AgentControl, AgentSpec, Conversation, HttpSpec, Seat, ToolSettings, Turn};
use q_core::{AgentEvent, CallNo, Digest, EntryNo, Outcome, Policy, SessionId};
use tokio::sync::mpsc;

use super::ask;

/// A conversation that is permitted all it asks for, with the events of one turn.
pub(crate) struct Permitting {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) policy: Policy,
    /// What is permitted in the place of the right bytes.
    pub(crate) swapped: Option<Digest>,
}

impl Permitting {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), policy: Policy::Ask, swapped: None }
    }

    pub(crate) fn seat(&self) -> Seat {
        let directory = self.directory.path().to_owned();
        Seat { directory, policy: self.policy, ..Seat::of(SessionId(1)) }
    }

    pub(crate) async fn turn(&self, spec: HttpSpec) -> Vec<AgentEvent> {
        let spec = HttpSpec { tools: Some(ToolSettings::default()), ..spec };
        let conversation = AgentSpec::Http(Arc::new(spec)).agent().open(self.seat());
        self.turn_of(&*conversation, ask("do it")).await
    }

    pub(crate) async fn turn_of(&self, conversation: &dyn Conversation, asked: Turn) -> Vec<AgentEvent> {
        let (control, told) = mpsc::unbounded_channel();
        let told = stream::unfold(told, |mut told| async move { Some((told.recv().await?, told)) });
        let mut events = conversation.turn(asked, told.boxed());
        let mut all = Vec::new();
        while let Some(event) = events.next().await {
            if let AgentEvent::Call(call, _) = &event {
                let (digest, entry) = (self.swapped.unwrap_or(call.digest), EntryNo(call.no.0));
                control.send(AgentControl::Permit { call: call.no, entry, digest, by_rule: false }).unwrap();
            }
            all.push(event);
        }
        all
    }
}

pub(crate) fn results(events: &[AgentEvent]) -> Vec<(CallNo, Outcome, &str)> {
    let result = |event| {
        let &AgentEvent::Result { call, outcome, ref text } = event else { return None };
        Some((call, outcome, text.as_str()))
    };
    events.iter().filter_map(result).collect()
}
