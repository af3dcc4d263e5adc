//! How each session's agent is reached: in memory only, since keys are among it, and for that session and agent alone.
//!
//! Not here: whose is taken, and for how long (the core binds and unbinds).

use std::collections::BTreeMap;

use q_agent::{AgentSpec, ToolSettings};
use q_core::SessionId;
use q_proto::Refused;
use q_proto::message::Reach;
use q_proto::shaping::ToolEnvironment;

use crate::reach::{dialect, spec, tool_settings};

/// How long all that is said of one agent may be, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// One a session: which one that is, a session says when it is made.
#[derive(Debug, Default)]
pub(super) struct Agents {
    bound: BTreeMap<SessionId, BoundAgent>,
    /// What lines for the shell get of the environment of who typed the last one there.
    environments: BTreeMap<SessionId, ToolSettings>,
    /// What a client brings just now, until the core has said whether it is taken.
    offered: Option<AgentSpec>,
}

#[derive(Debug)]
struct BoundAgent {
    /// Its name in the session.
    name: String,
    reached: AgentSpec,
}

impl Agents {
    /// How that session reaches that agent.
    pub(super) fn of(&self, session: SessionId, agent: &str) -> Option<&AgentSpec> {
        self.bound.get(&session).filter(|bound| bound.name == agent).map(|bound| &bound.reached)
    }

    /// Holds this while the core is told.
    pub(super) fn hold(&mut self, reach: Reach) {
        self.offered = Some(spec(reach));
    }

    /// Lets go of what was not taken.
    pub(super) fn let_go(&mut self) {
        self.offered = None;
    }

    /// What is held is that session's, for that agent.
    pub(super) fn bind(&mut self, session: SessionId, name: String) {
        if let Some(reached) = self.offered.take() {
            self.bound.insert(session, BoundAgent { name, reached });
        }
    }

    /// Nothing is held for that session any longer.
    pub(super) fn unbind(&mut self, session: SessionId) {
        self.bound.remove(&session);
        self.environments.remove(&session);
    }

    /// What a line for the shell gets in that session, as a client brought it.
    pub(super) fn environment_of(&self, session: SessionId) -> Option<&ToolSettings> {
        self.environments.get(&session)
    }

    /// A client brings its environment for lines in that session; refused is one that takes more than any does.
    pub(super) fn take_environment(
        &mut self,
        session: SessionId,
        brought: ToolEnvironment,
    ) -> Result<(), Refused> {
        refuse_long("the environment", brought.bytes())?;
        self.environments.insert(session, tool_settings(brought));
        Ok(())
    }
}

/// Refuses what nobody's configuration says.
pub(super) fn check(reach: &Reach) -> Result<(), Refused> {
    if let Reach::Http { shaping, .. } = reach
        && dialect(shaping).is_none()
    {
        let message = format!(
            "this host does not know the protocol `{}`; `q host restart` brings one that does",
            shaping.dialect
        );
        return Err(Refused { code: "unknown_dialect".into(), message, limit: false });
    }
    refuse_long("the agent", reach.bytes())
}

fn refuse_long(what: &str, bytes: usize) -> Result<(), Refused> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let message = format!(
        "what is said of {what} takes {bytes} bytes, and {MAX_BYTES} is the limit; look into your configuration"
    );
    Err(Refused { code: "agent_too_long".into(), message, limit: true })
}
