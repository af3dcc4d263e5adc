//! Keys on their way to the host: with a session that is made, for its agent alone; and before a wish that begins a turn,
//! where the session's line says that its agent is wanted. Nothing else that a client says holds any.

use std::collections::BTreeMap;

use q_core::{AgentSource, Command, SessionId};
use q_proto::message::{NamedAgent, Reach};
use q_proto::shaping::ToolEnvironment;
use q_proto::view::{WireSummary, WireUpdate};
use q_proto::{HostMessage, Request, Response};

/// What this client can bring, and where it is wanted.
#[derive(Debug)]
pub(crate) struct Bringing {
    agents: Vec<NamedAgent>,
    /// What lines for the shell get.
    pub(crate) environment: Option<ToolEnvironment>,
    sessions: BTreeMap<SessionId, Wanted>,
}

/// What is known of a session's agent, from its newest line.
#[derive(Debug)]
struct Wanted {
    agent: String,
    now: bool,
}

impl Bringing {
    /// A client with these agents, that has seen no session yet.
    pub(crate) const fn new(agents: Vec<NamedAgent>) -> Self {
        Self { agents, environment: None, sessions: BTreeMap::new() }
    }

    /// Takes in what the host says of a session.
    fn see(&mut self, line: &WireSummary) {
        let wanted = Wanted { agent: line.agent.clone(), now: line.wants_agent };
        self.sessions.insert(line.id.into(), wanted);
    }

    /// Whether a line of that session was seen.
    pub(crate) fn has_seen(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Takes in a message of the host, for the lines in it.
    pub(crate) fn follow(&mut self, message: &HostMessage) {
        match message {
            HostMessage::Snapshot(shot) => self.see(&shot.line),
            HostMessage::Update(WireUpdate::Line(line)) => self.see(line),
            HostMessage::Update(WireUpdate::Gone(session)) => self.forget((*session).into()),
            HostMessage::Reply { answer: Ok(Response::List(lines)), .. } => {
                for line in lines {
                    self.see(line);
                }
            }
            HostMessage::Update(
                WireUpdate::Entry { .. }
                | WireUpdate::Text { .. }
                | WireUpdate::Queue { .. }
                | WireUpdate::Draft { .. }
                | WireUpdate::Pending { .. },
            )
            | HostMessage::Reply { .. }
            | HostMessage::Welcome(_)
            | HostMessage::Unwelcome { .. }
            | HostMessage::Ready
            | HostMessage::Going { .. } => {}
        }
    }

    /// The session is gone.
    fn forget(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }

    /// Puts into a request what belongs there; gives what is to be said before it, if anything is.
    pub(crate) fn prepare(&mut self, request: &mut Request) -> Option<Request> {
        if let Request::Models { session } = request {
            // It is asked with the agent's own key.
            return self.wanted((*session).into());
        }
        let Request::Command { command, reach } = request else { return None };
        if let Command::Shell { session, .. } = command {
            let environment = self.environment.clone()?.into();
            return Some(Request::SetEnvironment { session: (*session).into(), environment });
        }
        if let Some(agent) = command.new_session().and_then(|new| new.agent) {
            *reach = match agent {
                AgentSource::Named(name) => self.reach(name),
                AgentSource::Of(session) => {
                    self.sessions.get(&session).and_then(|one| self.reach(&one.agent))
                }
            };
        }
        command.asks_agent_of().and_then(|session| self.wanted(session))
    }

    /// The agent that a request brings as it was prepared, by its name.
    pub(crate) fn brought_by(&self, request: &mut Request) -> Option<String> {
        if let Request::SetAgent { agent, .. } = request {
            return Some(agent.name.clone());
        }
        let Request::Command { command, reach: Some(_) } = request else { return None };
        match command.new_session()?.agent? {
            AgentSource::Named(name) => Some(name.to_owned()),
            AgentSource::Of(session) => self.sessions.get(&session).map(|one| one.agent.clone()),
        }
    }

    /// The key of an agent, as it became known.
    pub(crate) fn know(&mut self, agent: &str, key: &str) {
        for known in self.agents.iter_mut().filter(|known| known.name == agent) {
            known.reach.set_key(key);
        }
    }

    /// What was to bring an agent to that session was not sent: it is still wanted.
    pub(crate) fn still_wanted(&mut self, session: SessionId) {
        if let Some(wanted) = self.sessions.get_mut(&session) {
            wanted.now = true;
        }
    }

    fn wanted(&mut self, session: SessionId) -> Option<Request> {
        let wanted = self.sessions.get_mut(&session).filter(|wanted| wanted.now)?;
        let agent = self.agents.iter().find(|agent| agent.name == wanted.agent)?.clone();
        wanted.now = false; // until the host says so again
        Some(Request::SetAgent { session: session.into(), agent: agent.into() })
    }

    fn reach(&self, agent: &str) -> Option<Box<Reach>> {
        self.agents.iter().find(|known| known.name == agent).map(|known| known.reach.clone().into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use q_core::trace::Player;
    use q_core::{Command, Limits, Setup, Token};
    use q_proto::Id;

    use super::*;

    const KEY: &str = "sk-canary";

    fn agent(name: &str) -> NamedAgent {
        let reach = Reach::Http {
            base_url: "http://127.0.0.1/v1".into(),
            key: Some(format!("{KEY}-{name}")),
            model: String::new(),
            idle_timeout_ms: 1,
            network: q_proto::network::Network::default(),
            shaping: q_proto::shaping::Shaping::default(),
        };
        NamedAgent { name: name.into(), reach }
    }

    fn line(id: u128, agent: &str, wants_agent: bool) -> WireSummary {
        let mut player = Player::new(Limits::default());
        player.play(&format!("create s1 name a agent {agent}")).unwrap();
        let summary = player.core.view().summary(SessionId(1)).unwrap();
        WireSummary { id: Id(id), ..WireSummary::of(summary, wants_agent) }
    }

    /// The keys in what is sent for a request.
    fn keys(bringing: &mut Bringing, mut request: Request) -> Vec<String> {
        let before = bringing.prepare(&mut request);
        let text: String =
            before.iter().chain([&request]).map(|request| serde_json::to_string(request).unwrap()).collect();
        ["a", "b"]
            .into_iter()
            .filter(|name| text.contains(&format!("{KEY}-{name}")))
            .map(str::to_owned)
            .collect()
    }

    fn submit(session: u128) -> Request {
        Command::Submit {
            session: SessionId(session),
            token: Token(1),
            text: "why?".into(),
            images: Vec::new(),
        }
        .into()
    }

    #[test]
    fn keys_go_with_what_needs_them_and_with_nothing_else() {
        let mut bringing = Bringing::new(vec![agent("a"), agent("b")]);
        bringing.see(&line(1, "a", false));
        bringing.see(&line(2, "b", true));
        bringing.see(&line(3, "c", true));
        let create = |agent: &str| {
            let setup = Setup { agent: agent.into(), ..Setup::default() };
            Command::Create { id: SessionId::UNDRAWN, name: None, setup, tags: Vec::new() }.into()
        };
        let fork = |session| {
            Command::Fork { session: SessionId(session), id: SessionId::UNDRAWN, at: None, name: None }.into()
        };
        let second = SessionId(2);
        let none: [&str; 0] = [];
        let mut table = |request, expected: &[&str]| assert_eq!(keys(&mut bringing, request), expected);
        table(create("a"), &["a"]);
        table(create("c"), &none);
        table(fork(2), &["b"]);
        table(fork(9), &none);
        table(submit(1), &none);
        table(Command::Interrupt { session: second }.into(), &none);
        table(submit(2), &["b"]);
        table(submit(2), &none); // brought already
        table(submit(3), &none); // not ours to bring
        for request in [
            Request::List,
            Request::ListAfter { session: Id(2) },
            Request::Sizes,
            Request::Inbox,
            Request::Status,
            Request::Stats,
            Request::Stop,
            Request::Restart,
            Request::Resync { session: Id(2) },
            Request::Facts { session: Id(2) },
            Request::Page { session: Id(2), before: None, bytes: 1 },
            Command::Wake { session: second }.into(),
            Command::SaveDraft { session: second, text: "half".into() }.into(),
        ] {
            table(request, &none);
        }
        bringing.see(&line(2, "b", true)); // its turn failed
        let retry = Command::Retry { session: second, token: Token(2) };
        assert_eq!(keys(&mut bringing, retry.into()), ["b"]);
    }
}
