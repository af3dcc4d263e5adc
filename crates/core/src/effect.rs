//! What the core wants done. The host obeys and decides nothing.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::{Outcome, ResumeHandle};
use crate::id::{CallNo, Digest, EntryNo, PromptNo, ReplyTo, Seq, SessionId, TurnNo};
use crate::kind::Policy;
use crate::refusal::Refusal;
use crate::session::head::Head;
use crate::settings::Settings;
use crate::snapshot::Update;
use crate::stamped::Stamped;

/// The answer to one input.
///
/// Order: hand `batch` to the store; carry out `at_once` without waiting for it; carry out `after` once it is durable,
/// behind the `after` of every earlier call. If the batch cannot be made durable, `after` never happens.
#[must_use = "effects that are not carried out are lost"]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// What to write, all or nothing.
    pub batch: Option<Batch>,
    /// What waits for nobody.
    pub at_once: Vec<Effect>,
    /// What must not be seen before the batch is durable.
    pub after: Vec<Effect>,
}

/// Records written together, with the heads they leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// In order; several sessions may be in one batch.
    pub records: Vec<Stamped>,
    /// What of these records' results and images stands beside them, in their order: one for each that says so
    /// ([`Stamped::beside`]), and exactly that long.
    pub blobs: Vec<Blob>,
    /// The state of each session concerned after its last record here: what a list or a restart reads. An erased one
    /// leaves none.
    pub heads: Vec<Head>,
    /// What the batch must survive before it counts as written.
    pub durability: Durability,
}

/// The rest of a large result, or the images of a prompt: kept with its record, read only where somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub session: SessionId,
    /// The record whose text it goes on with.
    pub seq: Seq,
    pub text: String,
}

/// Which crash a batch must survive before its effects are released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// The death of the host: handed to the operating system.
    Buffered,
    /// The loss of power: synced to the disk.
    Synced,
}

/// How a turn is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnSetup {
    pub agent: String,
    pub model: String,
    /// How it is asked, where that is not as the agent is configured.
    pub settings: Settings,
    /// What the agent is told about its task; may be empty.
    pub system_prompt: String,
    pub directory: String,
    /// What its tools may do without being asked each time.
    pub policy: Policy,
    /// By what the agent finds its own memory of the conversation, as it last said.
    pub resume: Option<ResumeHandle>,
    /// Whether it is to summarise the conversation so far, in place of answering.
    pub compacts: bool,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Have the session's agent run a turn; its history is what the store holds up to the turn's prompt.
    Run {
        session: SessionId,
        /// Which turn; every event of it carries this number.
        turn: TurnNo,
        setup: Box<TurnSetup>,
    },
    /// Stop the turn; whatever still comes of it is ignored.
    Cancel {
        session: SessionId,
        turn: TurnNo,
    },
    /// Tell the agent what the person says into the running turn.
    Steer {
        session: SessionId,
        turn: TurnNo,
        text: String,
    },
    /// Let a tool run: exactly what has this digest.
    Permit {
        session: SessionId,
        turn: TurnNo,
        call: CallNo,
        /// By what later turns know it too.
        entry: EntryNo,
        digest: Digest,
        /// Whether a rule said yes in the person's place, who was not asked about this very call.
        by_rule: bool,
    },
    /// Tell the agent how a call ended that did not run.
    Settle {
        session: SessionId,
        turn: TurnNo,
        call: CallNo,
        entry: EntryNo,
        outcome: Outcome,
        /// The person's words, if there are any.
        text: String,
    },
    /// How the session's agent is reached, as [`crate::Input::Offered`] said it is, is the session's from here on.
    Bind {
        session: SessionId,
        agent: String,
    },
    /// Nothing is kept any longer of how the session's agents are reached.
    Unbind {
        session: SessionId,
    },
    /// Park the session's agent: none of its turns runs, and whatever it holds outside is to be closed. Its resume handle
    /// is recorded.
    Release {
        /// For whom it worked.
        session: SessionId,
    },
    /// Have the shell run a line that the person typed, as call 1 of the turn: what it puts out and how it ends is told like
    /// what an agent says.
    Shell {
        session: SessionId,
        turn: TurnNo,
        line: String,
        /// Where the session works.
        directory: String,
    },
    /// Read what is stored of a session; [`crate::Input::Loaded`] brings it.
    Load {
        session: SessionId,
    },
    /// Take back what a turn changed in files, or make it again; [`crate::Input::Reversed`] says what came of it.
    Reverse {
        session: SessionId,
        /// Whether it is to be made again.
        redo: bool,
        turn: TurnNo,
        /// Where the session works.
        directory: String,
    },
    /// Send every mirror the session's snapshot anew.
    Resync {
        session: SessionId,
    },
    Reply {
        to: ReplyTo,
        answer: Result<Reply, Refusal>,
    },
    /// Tell every client's mirror.
    Update(Update),
    /// Leave: nobody is attached and nothing runs.
    Leave,
}

impl Effect {
    /// The turn that begins or goes on by it: nothing of the kind is done once that is over.
    pub fn of_turn(&self) -> Option<(SessionId, TurnNo)> {
        if let Self::Run { session, turn, .. }
        | Self::Shell { session, turn, .. }
        | Self::Steer { session, turn, .. }
        | Self::Permit { session, turn, .. }
        | Self::Settle { session, turn, .. } = self
        {
            Some((*session, *turn))
        } else {
            None
        }
    }
}

/// What a command did, for whoever gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Done,
    /// Done, and it counts from the next turn on: one runs that was asked before.
    FromNextTurn,
    Created {
        session: SessionId,
        /// The one that hibernated to make room.
        hibernated: Option<SessionId>,
        /// How many commands of that one's background end with it.
        ended: u32,
    },
    /// The prompt is kept; it has this number.
    Accepted(PromptNo),
}
