//! Records: durable facts about one session, in the past tense.
//!
//! Not here: how they are written (the store owns the wire form and its versions).

use alloc::string::String;

use crate::agent::{AgentFailure, Usage};
use crate::id::{EntryNo, PromptNo, Seq, SessionId, Token, TurnNo};
use crate::kind::Kind;
use crate::name::{Name, NameOrigin};
use crate::session::head::Mark;
use crate::time::WallTime;

/// One durable fact. Every change of a session's durable state is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The session came to be.
    Created {
        /// What it is called at first.
        name: Name,
        /// Who chose the name.
        origin: NameOrigin,
        /// Its number for switching with one key.
        slot: u32,
        /// What it is for.
        kind: Kind,
        /// Which agent answers: the name of one in the creating client's configuration.
        agent: String,
        /// Which of the agent's models; empty where the agent has none.
        model: String,
        /// Where it works, as the creating client named it.
        directory: String,
    },
    /// It got another name.
    Renamed {
        /// The name from here on.
        name: Name,
        /// Who chose it.
        origin: NameOrigin,
    },
    /// It was archived; its slot is free again.
    Closed,
    /// A prompt was accepted. From here on it is `q`'s to keep.
    Queued {
        /// Its number.
        prompt: PromptNo,
        /// The client's own mark for it, so that a repeated submission is taken once.
        token: Token,
        /// What was typed.
        text: String,
    },
    /// A waiting prompt was taken back.
    Unqueued {
        /// Which.
        prompt: PromptNo,
    },
    /// A turn began: its prompt entered the conversation. The agent is asked only once this is durable.
    Began {
        /// The turn.
        turn: TurnNo,
        /// Its prompt.
        prompt: PromptNo,
        /// Where the prompt's [`Record::Queued`] stands.
        queued: Seq,
    },
    /// The agent said something. Pieces of one turn join into one entry.
    Said {
        /// The turn it belongs to.
        turn: TurnNo,
        /// The entry it belongs to: the [`Seq`] of the turn's first piece.
        entry: EntryNo,
        /// The piece; never empty.
        text: String,
    },
    /// The turn ended.
    Ended {
        /// Which.
        turn: TurnNo,
        /// How.
        ending: Ending,
        /// What it cost, where the agent told.
        usage: Usage,
    },
    /// A client had shown everything up to here.
    Seen {
        /// The place after the last character shown.
        through: Mark,
    },
    /// What was typed and not sent.
    Drafted {
        /// The whole draft; empty when it was sent or cleared.
        text: String,
    },
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The agent finished.
    Done,
    /// Somebody or something stopped it before that.
    Interrupted(Interrupter),
    /// The agent gave up.
    Failed(AgentFailure),
}

/// Who interrupted a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interrupter {
    /// The person.
    User,
    /// The host was stopped in good order.
    Stop,
    /// The host died; what was in flight is not sent again.
    Crash,
}

/// A record in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Whose it is.
    pub session: SessionId,
    /// Its place in the session's log.
    pub seq: Seq,
    /// When it was decided.
    pub at: WallTime,
    /// What happened.
    pub record: Record,
}
