//! What a client may want, and the core's command for it.

use q_core::{
    CallNo, Command, Digest, EntryNo, Environment, Kind, NameFault, Policy, PromptNo, SessionId, Setup,
    TagChange, Token, TurnNo,
};
use serde::{Deserialize, Serialize};

use super::few::few;
use super::import::{Brought, Part};
use super::leaf::{PolicyDef, halves};
use super::message::{NamedAgent, Reach};

/// A session's id on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id(#[serde(with = "halves")] pub u128);

/// What a client may want.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A new session.
    Create(New),
    /// A new session that begins with another one's history.
    Fork {
        /// The other session.
        session: Id,
        /// The last entry to take over; without one all there is now.
        at: Option<u64>,
        /// Its name as typed.
        name: Option<String>,
        /// How its agent is reached, which is the other's; nothing where the client does not know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reach: Option<Box<Reach>>,
    },
    /// How a session's agent is reached. Said before a wish that begins a turn, where the session's line says that it is
    /// wanted; taken only where it is.
    SetAgent {
        /// Which session.
        session: Id,
        /// The agent, by the name that the session has for it.
        agent: Box<NamedAgent>,
    },
    /// A new session with a history from elsewhere, which comes in parts.
    Import(Box<Brought>),
    /// What a session is beside its entries, from the store: also of closed sessions.
    Facts {
        /// Which session.
        session: Id,
    },
    /// Something of one session.
    Wish {
        /// Which session.
        session: Id,
        /// What.
        wish: Wish,
    },
    /// Entries before a place, from the store: also of closed sessions.
    Page {
        /// Which session.
        session: Id,
        /// Before this entry; the newest without it.
        before: Option<u64>,
        /// At most this much text, in bytes.
        bytes: u32,
    },
    /// A stretch of what is kept of a result, from the store: also of closed sessions.
    Result {
        /// Whose.
        session: Id,
        /// In which entry.
        entry: u64,
        /// From this byte of it on.
        from: u64,
        /// At most so much, in bytes.
        bytes: u32,
    },
    /// Every session's line, closed and trashed ones too, as many as fit ([`super::list`]).
    List,
    /// The lines behind this session's, in the same way.
    ListAfter {
        /// Which session.
        session: Id,
    },
    /// What every session takes where it is stored.
    Sizes,
    /// What waits for the person, over all sessions.
    Inbox,
    /// A session's snapshot again: something was missed.
    Resync {
        /// Which session.
        session: Id,
    },
    /// How the host is.
    Status,
    /// Its figures.
    Stats,
    /// End in good order.
    Stop,
    /// The same, and clients start another one at once.
    Restart,
}

/// A new session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct New {
    /// Its name as typed.
    pub name: Option<String>,
    /// What it is for: a word of `q`'s own, or the name of a kind that the client's configuration defines.
    pub kind: String,
    /// What the kind tells the agent; empty for the kind's own words.
    pub brief: String,
    /// Which agent answers.
    pub agent: String,
    /// How it is reached, with its key; nothing where the client does not know. In memory only, for this session alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Box<Reach>>,
    /// Which model; empty for the agent's own.
    pub model: String,
    /// Where it works.
    pub directory: String,
    /// Whether what wants consent is denied rather than asked for.
    pub deny_tools: bool,
    /// Its first tags as typed.
    #[serde(deserialize_with = "few")]
    pub tags: Vec<String>,
}

/// What may be wanted of one session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is documented on the core command it mirrors")]
pub enum Wish {
    Rename {
        name: String,
    },
    Close {
        force: bool,
    },
    Reopen,
    Trash {
        force: bool,
    },
    Restore,
    Erase {
        force: bool,
    },
    Wake,
    Tag {
        #[serde(deserialize_with = "few")]
        changes: Vec<String>,
    },
    Pin {
        pinned: bool,
    },
    SetPolicy {
        #[serde(with = "PolicyDef")]
        policy: Policy,
    },
    MarkUnread,
    Submit {
        #[serde(with = "halves")]
        token: u128,
        text: String,
    },
    Steer {
        #[serde(with = "halves")]
        token: u128,
        text: String,
    },
    Unqueue {
        prompt: u64,
    },
    Edit {
        prompt: u64,
        text: String,
    },
    Move {
        prompt: u64,
        place: u32,
    },
    SendNow {
        prompt: u64,
    },
    Answer {
        turn: u64,
        call: u64,
        digest: [u8; 32],
        answer: Say,
    },
    Interrupt,
    Retry {
        #[serde(with = "halves")]
        token: u128,
    },
    SaveDraft {
        text: String,
    },
    ImportPart {
        #[serde(deserialize_with = "few")]
        items: Vec<Part>,
    },
    EndImport,
}

/// [`q_core::Answer`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is documented on the core type it mirrors")]
pub enum Say {
    Once,
    Always,
    Deny,
    Words(String),
}

impl Wish {
    /// This wish, of that session.
    pub const fn of(self, session: Id) -> Request {
        Request::Wish { session, wish: self }
    }

    /// Whether it begins a turn, or may do so: then the session's agent is asked, and must be known.
    pub const fn asks(&self) -> bool {
        match self {
            Self::Submit { .. } | Self::Steer { .. } | Self::Retry { .. } | Self::SendNow { .. } => true,
            Self::Rename { .. }
            | Self::Close { .. }
            | Self::Reopen
            | Self::Trash { .. }
            | Self::Restore
            | Self::Erase { .. }
            | Self::Wake
            | Self::Tag { .. }
            | Self::Pin { .. }
            | Self::SetPolicy { .. }
            | Self::MarkUnread
            | Self::Unqueue { .. }
            | Self::Edit { .. }
            | Self::Move { .. }
            | Self::Answer { .. }
            | Self::Interrupt
            | Self::ImportPart { .. }
            | Self::EndImport
            | Self::SaveDraft { .. } => false,
        }
    }

    /// The core's command for it.
    pub fn command(self, session: SessionId) -> Command {
        match self {
            Self::Rename { name } => Command::Rename { session, name },
            Self::Close { force } => Command::Close { session, even_if_working: force },
            Self::Reopen => Command::Reopen { session },
            Self::Trash { force } => Command::Trash { session, even_if_working: force },
            Self::Restore => Command::Restore { session },
            Self::Erase { force } => Command::Erase { session, even_if_working: force },
            Self::Wake => Command::Wake { session },
            Self::Tag { changes } => {
                let changes = changes.iter().map(|word| TagChange::typed(word)).collect();
                Command::Tag { session, changes }
            }
            Self::Pin { pinned } => Command::Pin { session, pinned },
            Self::SetPolicy { policy } => Command::SetPolicy { session, policy },
            Self::MarkUnread => Command::MarkUnread { session },
            Self::Submit { token, text } => Command::Submit { session, token: Token(token), text },
            Self::Steer { token, text } => Command::Steer { session, token: Token(token), text },
            Self::Unqueue { prompt } => Command::Unqueue { session, prompt: PromptNo(prompt) },
            Self::Edit { prompt, text } => Command::Edit { session, prompt: PromptNo(prompt), text },
            Self::Move { prompt, place } => Command::Move { session, prompt: PromptNo(prompt), place },
            Self::SendNow { prompt } => Command::SendNow { session, prompt: PromptNo(prompt) },
            Self::Answer { turn, call, digest, answer } => Command::Answer {
                session,
                turn: TurnNo(turn),
                call: CallNo(call),
                digest: Digest(digest),
                answer: answer.into(),
            },
            Self::Interrupt => Command::Interrupt { session },
            Self::Retry { token } => Command::Retry { session, token: Token(token) },
            Self::SaveDraft { text } => Command::SaveDraft { session, text },
            Self::ImportPart { items } => {
                Command::ImportPart { session, items: items.into_iter().map(Part::into).collect() }
            }
            Self::EndImport => Command::EndImport { session },
        }
    }
}

impl New {
    /// The core's command for it, under an id that the host drew.
    pub fn command(self, id: SessionId, environment: Environment) -> Result<Command, NameFault> {
        let setup = Setup {
            kind: kind(&self.kind)?,
            brief: self.brief,
            agent: self.agent,
            model: self.model,
            directory: self.directory,
            environment,
            policy: if self.deny_tools { Policy::Deny } else { Policy::Ask },
        };
        Ok(Command::Create { id, name: self.name, setup, tags: self.tags })
    }
}

/// The command for a fork, under an id that the host drew.
pub fn fork(session: Id, id: SessionId, at: Option<u64>, name: Option<String>) -> Command {
    Command::Fork { session: session.into(), id, at: at.map(EntryNo), name }
}

/// A kind by its word: one of `q`'s own, or one that the person defined. Nothing is the plain kind.
pub(super) fn kind(word: &str) -> Result<Kind, NameFault> {
    if word.is_empty() {
        return Ok(Kind::default());
    }
    word.parse().or_else(|_| word.parse().map(Kind::Custom))
}

impl From<Say> for q_core::Answer {
    fn from(say: Say) -> Self {
        match say {
            Say::Once => Self::Once,
            Say::Always => Self::Always,
            Say::Deny => Self::Deny,
            Say::Words(words) => Self::Words(words),
        }
    }
}

impl From<q_core::Answer> for Say {
    fn from(answer: q_core::Answer) -> Self {
        match answer {
            q_core::Answer::Once => Self::Once,
            q_core::Answer::Always => Self::Always,
            q_core::Answer::Deny => Self::Deny,
            q_core::Answer::Words(words) => Self::Words(words),
        }
    }
}

/// The request for a command, on the client's side. What only a host knows stays behind: the id of a session to be made,
/// and what its client brought along.
impl From<Command> for Request {
    fn from(command: Command) -> Self {
        match command {
            Command::Create { id: _, name, setup, tags } => {
                let Setup { kind, brief, agent, model, directory, environment: _, policy } = setup;
                let deny_tools = policy == Policy::Deny;
                let kind = kind.word().to_owned();
                Self::Create(New {
                    name,
                    kind,
                    brief,
                    agent,
                    reach: None,
                    model,
                    directory,
                    deny_tools,
                    tags,
                })
            }
            Command::Fork { session, id: _, at, name } => {
                Self::Fork { session: session.into(), at: at.map(|at| at.0), name, reach: None }
            }
            Command::Rename { session, name } => Wish::Rename { name }.of(session.into()),
            Command::Close { session, even_if_working: force } => Wish::Close { force }.of(session.into()),
            Command::Reopen { session } => Wish::Reopen.of(session.into()),
            Command::Trash { session, even_if_working: force } => Wish::Trash { force }.of(session.into()),
            Command::Restore { session } => Wish::Restore.of(session.into()),
            Command::Erase { session, even_if_working: force } => Wish::Erase { force }.of(session.into()),
            Command::Wake { session } => Wish::Wake.of(session.into()),
            Command::Tag { session, changes } => {
                let typed = |change: &TagChange| match change {
                    TagChange::Add(tag) => format!("+{tag}"),
                    TagChange::Remove(tag) => format!("-{tag}"),
                };
                Wish::Tag { changes: changes.iter().map(typed).collect() }.of(session.into())
            }
            Command::Pin { session, pinned } => Wish::Pin { pinned }.of(session.into()),
            Command::SetPolicy { session, policy } => Wish::SetPolicy { policy }.of(session.into()),
            Command::MarkUnread { session } => Wish::MarkUnread.of(session.into()),
            Command::Submit { session, token, text } => {
                Wish::Submit { token: token.0, text }.of(session.into())
            }
            Command::Unqueue { session, prompt } => Wish::Unqueue { prompt: prompt.0 }.of(session.into()),
            Command::Edit { session, prompt, text } => {
                Wish::Edit { prompt: prompt.0, text }.of(session.into())
            }
            Command::Move { session, prompt, place } => {
                Wish::Move { prompt: prompt.0, place }.of(session.into())
            }
            Command::SendNow { session, prompt } => Wish::SendNow { prompt: prompt.0 }.of(session.into()),
            Command::Steer { session, token, text } => {
                Wish::Steer { token: token.0, text }.of(session.into())
            }
            Command::Answer { session, turn, call, digest, answer } => {
                Wish::Answer { turn: turn.0, call: call.0, digest: digest.0, answer: answer.into() }
                    .of(session.into())
            }
            Command::Interrupt { session } => Wish::Interrupt.of(session.into()),
            Command::Retry { session, token } => Wish::Retry { token: token.0 }.of(session.into()),
            Command::SaveDraft { session, text } => Wish::SaveDraft { text }.of(session.into()),
            Command::Import(import) => Self::Import(Box::new((*import).into())),
            Command::ImportPart { session, items } => {
                Wish::ImportPart { items: items.into_iter().map(Part::from).collect() }.of(session.into())
            }
            Command::EndImport { session } => Wish::EndImport.of(session.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests may panic")]
    use super::*;
    use q_core::{Body, Entry, Import, Item, NameOrigin, Usage, WallTime};

    fn items() -> Vec<Item> {
        let body = Body::Answer("so".into());
        vec![
            Item::Entry(Entry { no: EntryNo(3), at: WallTime(7), body }),
            Item::Waiting { token: Token(5 << 64), text: "later".into() },
            Item::Draft("half".into()),
        ]
    }

    #[test]
    fn an_import_comes_out_of_its_request_as_it_went_in() {
        let setup = Setup { agent: "guide".into(), policy: Policy::Deny, ..Setup::default() };
        let (id, environment) = (SessionId(9), Environment(4));
        let import = Import {
            id,
            typed: Some("b".into()),
            name: "a".into(),
            origin: NameOrigin::Automatic,
            setup: Setup { environment, ..setup },
            tags: vec!["work".into()],
            pinned: true,
            created: WallTime(1),
            touched: WallTime(2),
            usage: Usage { input: 3, output: 4 },
            running: true,
        };
        let command = Command::Import(Box::new(import));
        let Request::Import(brought) = Request::from(command.clone()) else {
            panic!("it is no import");
        };
        assert_eq!(brought.command(id, environment), Ok(command));
    }

    /// One command of each kind but those that make sessions.
    fn commands(session: SessionId) -> Vec<Command> {
        let (token, prompt) = (Token(7 << 64 | 3), PromptNo(4));
        vec![
            Command::Rename { session, name: "api".into() },
            Command::Close { session, even_if_working: true },
            Command::Reopen { session },
            Command::Trash { session, even_if_working: true },
            Command::Restore { session },
            Command::Erase { session, even_if_working: false },
            Command::Wake { session },
            Command::Tag { session, changes: ["a", "+b", "-c", "+-d", "-+e"].map(TagChange::typed).to_vec() },
            Command::Pin { session, pinned: true },
            Command::SetPolicy { session, policy: Policy::Deny },
            Command::MarkUnread { session },
            Command::Submit { session, token, text: "why?".into() },
            Command::Unqueue { session, prompt },
            Command::Edit { session, prompt, text: "how?".into() },
            Command::Move { session, prompt, place: 2 },
            Command::SendNow { session, prompt },
            Command::Steer { session, token, text: "now".into() },
            Command::Answer {
                session,
                turn: TurnNo(2),
                call: CallNo(3),
                digest: Digest::numbered(9),
                answer: q_core::Answer::Words("no".into()),
            },
            Command::Interrupt { session },
            Command::Retry { session, token },
            Command::SaveDraft { session, text: "half".into() },
            Command::ImportPart { session, items: items() },
            Command::EndImport { session },
        ]
    }

    #[test]
    fn a_command_comes_out_of_its_request_as_it_went_in() {
        let session = SessionId(1 << 100 | 5);
        for command in commands(session) {
            let Request::Wish { session: id, wish } = Request::from(command.clone()) else {
                panic!("{command:?} is no wish");
            };
            assert_eq!(wish.command(id.into()), command);
        }
    }
}
