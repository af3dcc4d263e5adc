//! How each session's agent is reached: in memory only, since keys are among it, and for that session alone.
//!
//! The rule: what the client that makes a session brings is kept for as long as the session is open. After a restart the
//! first client that goes on in the session brings it anew; after a failed turn whoever goes on does, since the address or
//! the key may be mended by then. Nobody else's environment replaces it.

use std::collections::BTreeMap;

use q_agent::AgentSpec;
use q_core::{Activity, SessionId, Summary};
use q_proto::message::{NamedAgent, Reach};
use q_proto::view::Line;
use q_proto::{Id, Refused};

use crate::reach::spec;

/// How long all that is said of one agent may be, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// By session, then by the agent's name there.
#[derive(Debug, Default)]
pub(super) struct Agents(BTreeMap<SessionId, BTreeMap<String, AgentSpec>>);

impl Agents {
    /// How that session reaches that agent.
    pub(super) fn of(&self, session: SessionId, agent: &str) -> Option<&AgentSpec> {
        self.0.get(&session)?.get(agent)
    }

    /// Takes what a client brings for a session's agent, where it is wanted.
    pub(super) fn offer(&mut self, session: &Summary, NamedAgent { name, reach }: NamedAgent) {
        let line = self.line(session.clone());
        if line.wants_agent && line.agent == name {
            self.0.entry(session.id).or_default().insert(name, spec(reach));
        }
    }

    /// The session is open no more: keys are held no longer than they can be used.
    pub(super) fn forget(&mut self, session: SessionId) {
        self.0.remove(&session);
    }

    /// A session's line, which says whether its agent is wanted.
    pub(super) fn line(&self, session: Summary) -> Line {
        let mut line = Line::from(session);
        self.mark(&mut line);
        line
    }

    /// Says in a line whether the session's agent is wanted.
    pub(super) fn mark(&self, line: &mut Line) {
        let Id(id) = line.id;
        let is_known = self.of(SessionId(id), &line.agent).is_some();
        let has_failed = line.activity == Activity::Failed;
        line.wants_agent = line.presence.is_open() && (has_failed || !is_known);
    }
}

/// Refuses what nobody's configuration says.
pub(super) fn check(reach: &Reach) -> Result<(), Refused> {
    if let Reach::Http { shaping, .. } = reach
        && crate::reach::dialect(shaping).is_none()
    {
        let message = format!(
            "this host does not know the protocol `{}`; `q host restart` brings one that does",
            shaping.dialect
        );
        return Err(Refused { code: "unknown_dialect".into(), message, limit: false });
    }
    let bytes = reach.bytes();
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let message = format!(
        "what is said of the agent takes {bytes} bytes, and {MAX_BYTES} is the limit; look into your configuration"
    );
    Err(Refused { code: "agent_too_long".into(), message, limit: true })
}
