//! Records: durable facts about one session, in the past tense.
//!
//! Not here: how they are written (the store owns the wire form and its versions).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::{AgentFailure, Call, Outcome, PlanStep, ResumeHandle, Sent};
use crate::compaction::WindowUse;
use crate::entry::Compaction;
use crate::entry::{Body, Fault, Interrupter, Mark};
use crate::id::{CallNo, EntryNo, Environment, PromptNo, Seq, SessionId, Token, TurnNo};
use crate::image::Image;
use crate::kind::{Kind, Policy};
use crate::name::{Name, NameOrigin};
use crate::project::ProjectFiles;
use crate::reversal::Reversed;
use crate::seal::Seal;
use crate::settings::Settings;
use crate::source::Sources;
use crate::tag::Tag;
use crate::time::WallTime;
use crate::tool_rule::ToolRule;
use crate::usage::Usage;

/// What a record takes where it is stored beside its texts, about: its key, its checks, its names and numbers.
pub const RECORD_BYTES: u64 = 90;

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
        /// What it was made with.
        setup: Setup,
        /// Where its history begins, if that is another session's.
        fork: Option<Fork>,
    },
    /// It got another name.
    Renamed {
        /// The name from here on.
        name: Name,
        origin: NameOrigin,
    },
    /// It was archived; its slot is free again.
    Closed,
    /// It was taken out of the archive.
    Reopened { slot: u32 },
    /// Its memory was given up; the next use wakes it.
    Hibernated { why: Why },
    /// Its memory was read back.
    Woken,
    /// It was thrown away, to be erased when its time is over.
    Trashed,
    /// It was taken out of the trash, into the archive.
    Restored,
    /// It is gone: the last record, which takes all others with it.
    Erased,
    /// It has these tags from here on.
    Tagged {
        /// All of them, sorted.
        tags: Vec<Tag>,
    },
    /// It was pinned, or is so no longer.
    Pinned {
        /// Whether it never hibernates by itself.
        pinned: bool,
    },
    /// What its tools may do changed.
    PolicySet { policy: Policy },
    /// The person has a rule for calls in it, or no longer.
    RuleSet { rule: ToolRule, stands: bool },
    /// How its turns are asked changed.
    SettingsSet {
        /// All that it has of its own from here on.
        settings: Settings,
    },
    /// A prompt was accepted. From here on it is `q`'s to keep.
    Queued {
        prompt: PromptNo,
        /// The client's own mark for it, so that a repeated submission is taken once.
        token: Token,
        text: String,
        /// Those that stand beside this record, in order.
        images: Vec<Image>,
        /// Whether it is for the shell, and no agent is asked.
        runs: bool,
    },
    /// A waiting prompt was taken back.
    Unqueued { prompt: PromptNo },
    /// A waiting prompt was written anew; its text stands here from now on.
    Edited {
        prompt: PromptNo,
        text: String,
        /// The images that it has kept, which stand where they stood.
        images: Vec<Image>,
        /// Whether it is for the shell, as it was.
        runs: bool,
    },
    /// A waiting prompt got another place in the queue.
    Moved {
        prompt: PromptNo,
        /// Its place, from 0.
        place: u32,
    },
    /// The person asked for the last prompt again.
    Retried {
        prompt: PromptNo,
        /// The client's own mark for the wish, so that a repeated one asks once.
        token: Token,
    },
    /// A turn began: its prompt entered the conversation. The agent is asked only once this is durable.
    Began {
        turn: TurnNo,
        prompt: PromptNo,
        /// Where the prompt's [`Record::Queued`] stands.
        queued: Seq,
        /// Whether the shell has it, and no agent is asked.
        runs: bool,
    },
    /// A turn began that goes on with the answer at which the last one stopped: no prompt is asked anew.
    Continued {
        turn: TurnNo,
        /// The prompt that is being answered.
        prompt: PromptNo,
        /// The client's own mark for the wish, so that a repeated one asks once.
        token: Token,
    },
    /// A turn began that has no prompt of the person's: its agent is to summarise the conversation so far.
    Compacting { turn: TurnNo },
    /// How that turn ended; or, where none ran, that the newest summary counts no longer.
    Compacted {
        /// The turn; of what was undone the last one.
        turn: TurnNo,
        compaction: Compaction,
        /// What it cost, where the agent told.
        usage: Usage,
    },
    /// An agent was sent less than all of its history, or all of it again.
    Sent {
        turn: TurnNo,
        sent: Sent,
        /// Whether the transcript says so here: once in a session.
        is_said: bool,
    },
    /// The person said something into a running turn; the agent was told.
    Steered {
        turn: TurnNo,
        /// The words' number among the session's prompts.
        prompt: PromptNo,
        /// The client's own mark for it.
        token: Token,
        text: String,
    },
    /// The agent, or a call of it, said something. Pieces that follow each other in one voice join into one entry.
    Said {
        /// The turn it belongs to.
        turn: TurnNo,
        /// The entry it belongs to: the [`Seq`] of the entry's first piece.
        entry: EntryNo,
        /// Who speaks, and to whom.
        voice: Voice,
        /// The piece; never empty.
        text: String,
    },
    /// The agent's provider sealed something of what it thinks.
    Sealed { turn: TurnNo, seal: Seal },
    /// The agent said what it means to do.
    Planned {
        turn: TurnNo,
        /// All steps, in order.
        steps: Vec<PlanStep>,
    },
    /// The agent said what its answer rests on.
    Cited { turn: TurnNo, sources: Sources },
    /// Other files of the project go before the conversation than did before, or none.
    ProjectRead { turn: TurnNo, files: ProjectFiles },
    /// The agent said which model answers.
    Answering {
        turn: TurnNo,
        /// As its server names it.
        model: String,
    },
    /// The agent said by what it finds its own memory of this conversation.
    Resumable { turn: TurnNo, handle: ResumeHandle },
    /// The agent wants a tool to run, or to be told something.
    Called {
        turn: TurnNo,
        call: Call,
        /// Whether it waits for the person; if not, it was permitted with this record.
        waits: bool,
    },
    /// The person answered a call that waited.
    Answered { turn: TurnNo, call: CallNo, answer: Answer },
    /// A call came to its end.
    Resulted {
        turn: TurnNo,
        call: CallNo,
        /// The entry of the call.
        of: EntryNo,
        outcome: Outcome,
        /// The beginning of what came out.
        text: String,
        /// Bytes kept of it in all; what is not in `text` is in a [`Blob`](crate::Blob).
        kept: u64,
        /// Bytes that came out in all.
        whole: u64,
    },
    Ended {
        turn: TurnNo,
        ending: Ending,
        /// What it cost, where the agent told.
        usage: Usage,
        /// Why the agent stopped, in its provider's word; empty where it did not say.
        reason: String,
        /// How much of its model's window the conversation took, where anybody knows.
        window: Option<WindowUse>,
    },
    /// The person took back what tools changed in files, or had it made again.
    Reversed { reversed: Reversed },
    /// A client had shown everything up to here.
    Seen {
        /// The place after the last character shown.
        through: Mark,
    },
    /// The person wants to come back to it: it counts as unread until it is shown again.
    MarkedUnread,
    /// The person knows what it said and how it ended: nothing of that is unread, and a turn that failed needs nobody any more.
    MarkedRead,
    /// What was stored did not fit together, or what was said did not fit into the store; it was put right, visibly.
    Repaired { fault: Fault },
    /// What was typed and not sent.
    Drafted {
        /// The whole draft; empty when it was sent or cleared.
        text: String,
    },
    /// An entry from elsewhere: it happened before this session was.
    Imported {
        /// When it happened there.
        at: WallTime,
        body: Body,
    },
    /// All that was to be taken over is there.
    ImportEnded {
        /// When the session was created there.
        created: WallTime,
        /// When something last happened in it there.
        touched: WallTime,
        usage: Usage,
    },
}

/// What a session is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// What it is for.
    pub kind: Kind,
    /// What the agent is told about its task; empty for the kind's own words.
    pub system_prompt: String,
    /// Which agent answers: the name of one in the creating client's configuration.
    pub agent: String,
    /// Which of the agent's models, at first; empty where the agent has none.
    pub model: String,
    /// Where it works, as the creating client named it.
    pub directory: String,
    /// Which client made it.
    pub environment: Environment,
    /// What its tools may do.
    pub policy: Policy,
    /// How its turns are asked, where that is not as its agent is configured.
    pub settings: Box<Settings>,
}

impl Setup {
    /// The agent that is built in: it answers questions about q from what is at hand, and asks no model.
    pub const GUIDE: &str = "guide";

    /// Whether its turns cost nothing whoever else spends what: no budget concerns them.
    pub(crate) fn costs_nothing(&self) -> bool {
        self.agent == Self::GUIDE
    }

    /// Which of the agent's models answers: the one set since, or the one it was made with; empty where the agent has none.
    pub fn model(&self) -> &str {
        self.settings.model.as_deref().unwrap_or(&self.model)
    }

    /// These are its settings from here on; whether another model answers then.
    pub(crate) fn set(&mut self, settings: &Settings) -> bool {
        let changes_model = settings.model != self.settings.model;
        (*self.settings).clone_from(settings);
        changes_model
    }
}

/// Where a fork's history comes from: the entries of another session up to one of them, by reference.
///
/// A fork's own records are numbered on from `through`, so that entries of both are in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    pub parent: SessionId,
    /// The last record of it that may be read.
    pub through: Seq,
    /// The last entry that belongs to the fork.
    pub last: EntryNo,
    /// How many entries it takes over, where that was known.
    pub entries: Option<u64>,
}

/// Why a session hibernated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Another one needed its place.
    Room,
    /// Nobody used it for long.
    Unused,
    /// The host's memory ran short.
    Memory,
}

/// In which voice an agent speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    #[default]
    Answer,
    Thinking,
    /// Not the agent: a call of it, while it runs.
    Output {
        /// The entry of the call.
        of: EntryNo,
    },
}

/// What the person says to a call that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may run this once.
    Once,
    /// It may run, and such calls from here on: by the rule that was shown with it.
    Always,
    /// It may not run.
    Deny,
    /// To a question: the answer. To a tool: it may not run, do this instead.
    Words(String),
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// Somebody or something stopped it before that.
    Interrupted(Interrupter),
    /// The agent gave up.
    Failed(AgentFailure),
}
