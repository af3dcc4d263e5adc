//! What a person and an agent might do, as data: generated, replayed, and shrunk when it fails.
//!
//! Steps name sessions and turns by small numbers and are resolved when played, so that any part of a workload is a
//! workload again.

use proptest::prelude::*;
use q_core::{
    AgentEvent, AgentFailure, ClientId, Command, FailureKind, Input, Kind, PromptNo, RequestId, SessionId,
    Tag, Token, Usage,
};

use crate::world::World;

/// Sessions a workload uses.
pub const SESSIONS: u128 = 4;
/// Clients a workload uses.
pub const CLIENTS: u64 = 3;

/// Time passes, then something happens.
#[derive(Clone, Debug)]
pub struct Step {
    /// Milliseconds since the step before.
    pub after_ms: u64,
    /// What happens.
    pub action: Action,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Action {
    /// A client wishes something of a session.
    Wish(u128, Wish),
    /// The session's agent says something in its turn in flight, or `late` in the one before.
    Agent {
        /// The session.
        session: u128,
        /// What it says.
        event: AgentEvent,
        /// In a turn that is over.
        late: bool,
    },
    /// A client comes.
    Attach(u64),
    /// A client goes.
    Detach(u64),
    /// A client shows a session.
    Show {
        /// The client.
        client: u64,
        /// The session.
        session: Option<u128>,
        /// Its end.
        at_end: bool,
    },
    /// Only time.
    Tick,
    /// The host dies and starts again.
    Crash,
}

/// A wish, without its session.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the command of that name")]
pub enum Wish {
    Create { named: bool },
    Rename(String),
    Close { anyway: bool },
    Submit { token: u8, text: String },
    Unqueue(u64),
    Interrupt,
    Retry { token: u8 },
    Draft(String),
}

impl Action {
    /// The session it is about, if it is about one.
    pub fn session(&self) -> Option<u128> {
        match self {
            Self::Wish(session, _) | Self::Agent { session, .. } => Some(*session),
            Self::Attach(_) | Self::Detach(_) | Self::Show { .. } | Self::Tick | Self::Crash => None,
        }
    }

    /// The input it means in this world; nothing for a crash.
    pub fn resolve(&self, world: &World, request: u64) -> Option<Input> {
        Some(match self {
            Self::Wish(session, wish) => Input::Wish {
                tag: Tag { client: ClientId(1), request: RequestId(request) },
                command: wish.command(SessionId(*session)),
            },
            Self::Agent { session, event, late } => {
                let session = SessionId(*session);
                let turns = world.heads.get(&session).map(|head| head.turns).unwrap_or_default();
                let turn = if *late { q_core::TurnNo(turns.0.saturating_sub(1)) } else { turns };
                Input::Agent { session, turn, event: event.clone() }
            }
            Self::Attach(client) => Input::Attached(ClientId(*client)),
            Self::Detach(client) => Input::Detached(ClientId(*client)),
            Self::Show { client, session, at_end } => {
                Input::Showing { client: ClientId(*client), session: session.map(SessionId), at_end: *at_end }
            }
            Self::Tick => Input::Tick,
            Self::Crash => return None,
        })
    }
}

impl Wish {
    fn command(&self, session: SessionId) -> Command {
        match self {
            Self::Create { named } => Command::Create {
                id: session,
                name: named.then(|| format!("session-{}", session.0)),
                kind: Kind::Development,
                agent: "guide".into(),
                model: String::new(),
                directory: "/".into(),
            },
            Self::Rename(name) => Command::Rename { session, name: name.clone() },
            Self::Close { anyway } => Command::Close { session, even_if_working: *anyway },
            Self::Submit { token, text } => {
                Command::Submit { session, token: Token((*token).into()), text: text.clone() }
            }
            Self::Unqueue(prompt) => Command::Unqueue { session, prompt: PromptNo(*prompt) },
            Self::Interrupt => Command::Interrupt { session },
            Self::Retry { token } => Command::Retry { session, token: Token((*token).into()) },
            Self::Draft(text) => Command::SaveDraft { session, text: text.clone() },
        }
    }
}

/// Any workload of at most `steps` steps.
pub fn workload(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..steps)
}

/// Any step.
pub fn step() -> impl Strategy<Value = Step> {
    (prop_oneof![4 => Just(0), 3 => 1u64..120, 1 => 1000u64..100_000], action())
        .prop_map(|(after_ms, action)| Step { after_ms, action })
}

fn action() -> impl Strategy<Value = Action> {
    let session = 0..SESSIONS;
    prop_oneof![
        10 => (session.clone(), wish()).prop_map(|(session, wish)| Action::Wish(session, wish)),
        12 => (session.clone(), event(), prop::bool::weighted(0.1))
            .prop_map(|(session, event, late)| Action::Agent { session, event, late }),
        1 => (1..=CLIENTS).prop_map(Action::Attach),
        1 => (1..=CLIENTS).prop_map(Action::Detach),
        2 => (1..=CLIENTS, prop::option::of(session), any::<bool>())
            .prop_map(|(client, session, at_end)| Action::Show { client, session, at_end }),
        1 => Just(Action::Tick),
        1 => Just(Action::Crash),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        4 => any::<bool>().prop_map(|named| Wish::Create { named }),
        1 => "[a-c ]{0,3}".prop_map(Wish::Rename),
        1 => any::<bool>().prop_map(|anyway| Wish::Close { anyway }),
        6 => (any::<u8>(), "[a-z ]{0,12}").prop_map(|(token, text)| Wish::Submit { token, text }),
        1 => (0u64..6).prop_map(Wish::Unqueue),
        1 => Just(Wish::Interrupt),
        1 => any::<u8>().prop_map(|token| Wish::Retry { token }),
        1 => "[a-z]{0,6}".prop_map(Wish::Draft),
    ]
}

fn event() -> impl Strategy<Value = AgentEvent> {
    prop_oneof![
        8 => "[a-z ]{0,9}".prop_map(AgentEvent::Text),
        1 => (0u64..9, 0u64..9).prop_map(|(input, output)| AgentEvent::Usage(Usage { input, output })),
        2 => Just(AgentEvent::Done),
        1 => Just(AgentEvent::Failed(AgentFailure { kind: FailureKind::Cut, detail: String::new() })),
    ]
}
