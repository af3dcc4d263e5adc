//! Whose agent a session gets, and for how long: what a client brings of it (address, key, network) the host holds, by
//! session and agent, from the moment the core binds it until the core unbinds it.
//!
//! The rule: what comes with the session stays as long as the session is open. After a restart the first client that goes on
//! in the session brings it anew; after a failed turn whoever goes on does, since the address or the key may be mended by
//! then. Nobody else's replaces it.

use alloc::format;
use alloc::string::String;

use crate::activity::Activity;
use crate::agent::{AgentEvent, AgentFailure, FailureKind};
use crate::effect::Effect;
use crate::id::{SessionId, TurnNo};
use crate::multiplexer::state::MultiplexerState;
use crate::multiplexer::step::Step;
use crate::session::Session;

impl MultiplexerState {
    /// Whether the host wants to be told how the session's agent is reached: nobody has said, or the last turn failed.
    pub(crate) fn wants_agent(&self, session: &Session) -> bool {
        let head = session.head();
        let is_bound = self.bound.contains(&head.id);
        head.presence.is_open() && (!is_bound || head.activity() == Activity::Failed)
    }
}

impl Step<'_> {
    /// A client brings how that agent is reached. It is taken where it is wanted and for the agent that the session has.
    pub(super) fn offered(&mut self, id: SessionId, agent: String) {
        let is_wanted = self
            .session(id)
            .is_some_and(|session| session.head().setup.agent == agent && self.state().wants_agent(session));
        if is_wanted {
            self.state_mut().bound.insert(id);
            // Nothing of it is recorded, so there is no batch to wait for; and it must be there before the turn that needs it.
            self.at_once(Effect::Bind { session: id, agent });
            self.changed(id);
            // After a restart with a higher budget nobody could be asked until now.
            self.go_on_within_budget(id);
        }
    }

    /// Nobody has brought the agent of that turn: it fails, and whoever has that agent may go on with it.
    pub(super) fn not_bound(&mut self, id: SessionId, turn: TurnNo) {
        let Some(agent) = self.head(id).map(|head| &head.setup.agent) else { return };
        let failure = AgentFailure { kind: FailureKind::NotConfigured, detail: format!("agent `{agent}`") };
        self.on_agent_event(id, turn, AgentEvent::Failed(failure));
    }

    /// The session leaves the open: nothing is kept any longer than it can be used.
    pub(super) fn give_up_agent(&mut self, id: SessionId) {
        self.release(id);
        if self.state_mut().bound.remove(&id) {
            self.at_once(Effect::Unbind { session: id });
        }
    }
}
