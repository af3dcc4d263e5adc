//! Commands: what a client may want, what each needs before it is decided, and who decides it.
//!
//! Not here: how one is written: in traces (`crate::trace`), on the wire (the protocol's business).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::effect::Reply;
use crate::id::{CallNo, ClientId, Digest, EntryNo, Environment, PromptNo, SessionId, Token, TurnNo};
use crate::image::NewImage;
use crate::import::{Import, Item};
use crate::kind::Policy;
use crate::multiplexer::step::Step;
use crate::multiplexer::turns::NewPrompt;
use crate::record::{Answer, Setup};
use crate::refusal::Refusal;
use crate::settings::SettingChange;
use crate::tag::TagChange;
use crate::tool_rule::ToolRule;

/// What a client may want. Sessions are named by id: addresses are resolved where they are typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Create {
        /// Its id, drawn by the host.
        id: SessionId,
        /// Its name as typed; without one it is named after its first prompt.
        name: Option<String>,
        /// What it is made with.
        setup: Setup,
        /// Its first tags as typed.
        tags: Vec<String>,
    },
    /// A new session that begins with another one's history.
    Fork {
        session: SessionId,
        /// The id of the new one, drawn by the host.
        id: SessionId,
        /// The last entry to take over; without one all there is now.
        at: Option<EntryNo>,
        /// Its name as typed; without one, a numbered form of the other's.
        name: Option<String>,
    },
    /// A new session with a history from elsewhere, which comes in parts. It is archived until [`Command::EndImport`].
    Import(Box<Import>),
    /// Some more of what comes in, in order.
    ImportPart { session: SessionId, items: Vec<Item> },
    /// All of it came: the session is opened.
    EndImport { session: SessionId },
    Rename {
        session: SessionId,
        /// The name as typed.
        name: String,
    },
    Close {
        session: SessionId,
        /// Also when a turn runs, which is then interrupted.
        even_if_working: bool,
    },
    /// Take it out of the archive.
    Reopen { session: SessionId },
    /// Throw it away: into the trash, from which it is erased when its time is over.
    Trash {
        session: SessionId,
        /// Also when a turn runs, which is then interrupted.
        even_if_working: bool,
    },
    /// Take it out of the trash, into the archive.
    Restore { session: SessionId },
    /// Erase it and its history for good, from wherever it is.
    Erase {
        session: SessionId,
        /// Also when a turn runs, which is then interrupted.
        even_if_working: bool,
    },
    /// Have it in memory: it is going to be shown.
    Wake { session: SessionId },
    Tag {
        session: SessionId,
        /// The changes, in order.
        changes: Vec<TagChange>,
    },
    /// Keep it from hibernating by itself, or no longer.
    Pin { session: SessionId, pinned: bool },
    /// Change what its tools may do.
    SetPolicy { session: SessionId, policy: Policy },
    /// Have a rule for calls in this session, or no longer.
    SetRule { session: SessionId, rule: ToolRule, stands: bool },
    /// Ask its turns otherwise than its agent is configured: another model, its temperature, how long an answer may be, how
    /// much is thought first.
    Set {
        session: SessionId,
        /// The changes, in order.
        changes: Vec<SettingChange>,
    },
    /// Count it as unread until it is shown again.
    MarkUnread { session: SessionId },
    /// Count it as read to its end, and how its last turn ended as known.
    MarkRead { session: SessionId },
    /// A prompt: begins a turn, or waits while one runs.
    Submit {
        session: SessionId,
        /// The client's mark: the same one again is answered, not taken again.
        token: Token,
        text: String,
        /// What goes with it.
        images: Vec<NewImage>,
    },
    /// A line for the shell, which begins with `!`: runs in the session's directory, or waits while a turn runs.
    Shell {
        session: SessionId,
        /// The client's mark, as in [`Command::Submit`].
        token: Token,
        text: String,
    },
    /// Take back a waiting prompt.
    Unqueue { session: SessionId, prompt: PromptNo },
    /// Write a waiting prompt anew.
    Edit { session: SessionId, prompt: PromptNo, text: String },
    /// Give a waiting prompt another place in the queue.
    Move {
        session: SessionId,
        prompt: PromptNo,
        /// Its place, from 0; past the end is the end.
        place: u32,
    },
    /// Send a waiting prompt at once; a running turn is interrupted for it.
    SendNow { session: SessionId, prompt: PromptNo },
    /// Say something into the running turn; when none runs, the same as [`Command::Submit`].
    Steer {
        session: SessionId,
        /// The client's mark, as in [`Command::Submit`].
        token: Token,
        text: String,
        /// What goes with it, where no turn runs.
        images: Vec<NewImage>,
    },
    /// Answer a call that waits.
    Answer {
        session: SessionId,
        turn: TurnNo,
        call: CallNo,
        /// The digest that was shown.
        digest: Digest,
        answer: Answer,
    },
    /// Stop the running turn; keep prompt and text.
    Interrupt { session: SessionId },
    /// Ask again what failed or was interrupted.
    Retry {
        session: SessionId,
        /// The client's mark, as in [`Command::Submit`].
        token: Token,
    },
    /// Go on with the answer that stopped before its end.
    Continue {
        session: SessionId,
        /// The client's mark, as in [`Command::Submit`].
        token: Token,
    },
    /// Have the conversation so far summarised; from then on the summary is sent in its place.
    Compact {
        session: SessionId,
        /// Instead, have the newest summary count no longer.
        undo: bool,
    },
    /// Take back what the tools of a turn changed in files, or have it made again.
    Reverse {
        session: SessionId,
        /// Whether it is to be made again.
        redo: bool,
        /// The turn whose changes were shown.
        turn: TurnNo,
    },
    /// Keep what is typed and not sent.
    SaveDraft {
        session: SessionId,
        /// All of it; empty to clear.
        text: String,
    },
}

/// A session that a command makes, as far as others than its maker have a say in it.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its id, drawn by the host.
    pub id: &'a mut SessionId,
    /// Where it comes from, which the host says; a fork has its parent's.
    pub environment: Option<&'a mut Environment>,
    /// Whose agent its maker brings for it; nobody's where it is closed at first, and nothing is asked in it.
    pub agent: Option<AgentSource<'a>>,
}

/// Which agent a new session has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentSource<'a> {
    /// The one of that name.
    Named(&'a str),
    /// The one that this session has.
    Of(SessionId),
}

/// What a command is about, and what of that must be at hand before it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// A session that the command makes.
    New,
    /// A session's head, which is always in memory.
    Head(SessionId),
    /// A session's memory: if that hibernates, it is woken first.
    Memory(SessionId),
    /// The same, and its agent: a turn may begin.
    Agent(SessionId),
}

/// How a prompt is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PromptWay {
    /// To the agent, in a turn of its own.
    #[default]
    Ask,
    /// Into the turn that runs, where one does.
    Steer,
    /// To the shell: no agent is asked.
    Run,
}

impl Command {
    /// The changes of a session's settings, where it is about those.
    pub fn setting_changes(&self) -> Option<(SessionId, &[SettingChange])> {
        if let Self::Set { session, changes } = self { Some((*session, changes)) } else { None }
    }

    /// Delivers a prompt in that way. A line for the shell has no images.
    pub fn prompt(
        session: SessionId,
        token: Token,
        text: String,
        images: Vec<NewImage>,
        way: PromptWay,
    ) -> Self {
        match way {
            PromptWay::Ask => Self::Submit { session, token, text, images },
            PromptWay::Steer => Self::Steer { session, token, text, images },
            PromptWay::Run => Self::Shell { session, token, text },
        }
    }

    /// The session that it makes, if it makes one.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other command makes a session")]
    pub fn new_session(&mut self) -> Option<NewSession<'_>> {
        Some(match self {
            Self::Create { id, setup, .. } => NewSession {
                id,
                environment: Some(&mut setup.environment),
                agent: Some(AgentSource::Named(&setup.agent)),
            },
            Self::Fork { session, id, .. } => {
                NewSession { id, environment: None, agent: Some(AgentSource::Of(*session)) }
            }
            Self::Import(import) => NewSession {
                id: &mut import.id,
                environment: Some(&mut import.setup.environment),
                agent: None,
            },
            _of_one_that_exists => return None,
        })
    }

    /// Whether it is for looking only: nothing that it does has to be kept, so it needs no disk that can be written.
    pub const fn only_looks(&self) -> bool {
        matches!(self, Self::Wake { .. })
    }

    /// The session in which something is done for it that takes its time: who wished it is answered behind that.
    pub(super) const fn takes_time_in(&self) -> Option<SessionId> {
        if let Self::Reverse { session, .. } = self { Some(*session) } else { None }
    }

    /// Whether it makes a session.
    pub const fn makes_session(&self) -> bool {
        matches!(self.subject(), Subject::New)
    }

    const fn subject(&self) -> Subject {
        match self {
            Self::Create { .. } | Self::Fork { .. } | Self::Import(_) => Subject::New,
            Self::ImportPart { session, .. }
            | Self::EndImport { session }
            | Self::Rename { session, .. }
            | Self::Close { session, .. }
            | Self::Reopen { session }
            | Self::Trash { session, .. }
            | Self::Restore { session }
            | Self::Erase { session, .. }
            | Self::Tag { session, .. }
            | Self::Pin { session, .. }
            | Self::SetPolicy { session, .. }
            | Self::SetRule { session, .. }
            | Self::Set { session, .. }
            | Self::MarkUnread { session }
            | Self::MarkRead { session }
            // Only a live session has a turn that could be answered or interrupted: there is nothing to wake.
            | Self::Answer { session, .. }
            | Self::Interrupt { session } => Subject::Head(*session),
            Self::Wake { session }
            | Self::Unqueue { session, .. }
            | Self::Edit { session, .. }
            | Self::Shell { session, .. }
            | Self::Move { session, .. }
            | Self::Compact { session, undo: true }
            | Self::Reverse { session, .. }
            | Self::SaveDraft { session, .. } => Subject::Memory(*session),
            Self::Submit { session, .. }
            | Self::Steer { session, .. }
            | Self::Retry { session, .. }
            | Self::Continue { session, .. }
            | Self::Compact { session, undo: false }
            | Self::SendNow { session, .. } => Subject::Agent(*session),
        }
    }

    /// The session that is there already and that it is about; none for what makes one.
    pub const fn session(&self) -> Option<SessionId> {
        match self.subject() {
            Subject::Head(session) | Subject::Memory(session) | Subject::Agent(session) => Some(session),
            Subject::New => None,
        }
    }

    /// The session whose memory the command needs: if that hibernates, it is woken first.
    pub const fn wakes(&self) -> Option<SessionId> {
        match self.subject() {
            Subject::Memory(session) | Subject::Agent(session) => Some(session),
            Subject::New | Subject::Head(_) => None,
        }
    }

    /// Of a command that begins a turn, or may do so, the session: its agent is asked then, and must be known.
    pub const fn asks_agent_of(&self) -> Option<SessionId> {
        match self.subject() {
            Subject::Agent(session) => Some(session),
            Subject::New | Subject::Head(_) | Subject::Memory(_) => None,
        }
    }
}

impl Step<'_> {
    /// Decides a command whose subject is at hand. What carries a token is decided once, however often it comes.
    pub(super) fn decide(&mut self, client: ClientId, command: Command) -> Result<Reply, Refusal> {
        match command {
            Command::Create { id, name, setup, tags } => self.create(id, name.as_deref(), setup, &tags),
            Command::Fork { session, id, at, name } => self.fork(session, id, at, name.as_deref()),
            Command::Import(import) => self.import(client, *import),
            Command::ImportPart { session, items } => self.import_part(client, session, items),
            Command::EndImport { session } => self.end_import(client, session),
            Command::Rename { session, name } => self.rename(session, &name),
            Command::Close { session, even_if_working } => self.close(session, even_if_working),
            Command::Reopen { session } => self.reopen(session),
            Command::Trash { session, even_if_working } => self.trash(session, even_if_working),
            Command::Restore { session } => self.restore(session),
            Command::Erase { session, even_if_working } => self.erase(session, even_if_working),
            Command::Wake { session } => self.open(session).map(|_| Reply::Done),
            Command::Tag { session, changes } => self.tag(session, &changes),
            Command::Pin { session, pinned } => self.pin(session, pinned),
            Command::SetPolicy { session, policy } => self.set_policy(session, policy),
            Command::SetRule { session, rule, stands } => self.set_rule(session, rule, stands),
            Command::Set { session, changes } => self.set(session, &changes),
            Command::MarkUnread { session } => self.mark_unread(session),
            Command::MarkRead { session } => self.mark_read(session),
            Command::Submit { session, token, text, images } => {
                self.once(session, token, |step| step.submit(session, NewPrompt { token, text, images }))
            }
            Command::Steer { session, token, text, images } => {
                self.once(session, token, |step| step.steer(session, NewPrompt { token, text, images }))
            }
            Command::Shell { session, token, text } => {
                self.once(session, token, |step| step.shell(session, token, text))
            }
            Command::Unqueue { session, prompt } => self.unqueue(session, prompt),
            Command::Edit { session, prompt, text } => self.edit(session, prompt, text),
            Command::Move { session, prompt, place } => self.move_to(session, prompt, place),
            Command::SendNow { session, prompt } => self.send_now(session, prompt),
            Command::Answer { session, turn, call, digest, answer } => {
                self.answer(session, turn, call, digest, answer)
            }
            Command::Interrupt { session } => self.interrupt(session),
            Command::Retry { session, token } => self.once(session, token, |step| step.retry(session, token)),
            Command::Continue { session, token } => {
                self.once(session, token, |step| step.go_on(session, token))
            }
            Command::Compact { session, undo: false } => self.compact(session),
            Command::Compact { session, undo: true } => self.undo_compaction(session),
            Command::Reverse { session, redo, turn } => self.reverse(session, redo, turn),
            Command::SaveDraft { session, text } => self.save_draft(session, text),
        }
    }
}
