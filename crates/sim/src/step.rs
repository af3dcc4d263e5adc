//! Steps: all that can happen, as data. A run is a list of them, and any part of that list is a run again.
//!
//! Steps name clients, sessions, asks and calls by small numbers, which are resolved when the step is played. What does not
//! exist then does nothing, or is asked for and refused.

use q_core::Wants;

/// Time passes, then something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationStep {
    /// Since the step before.
    pub after_us: u64,
    pub act: Act,
}

/// Something that happens to the host or to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A client does something; where none is, one comes.
    Client(u8, Does),
    /// What is under way goes on: so many moves, in an order that the number decides as far as chance does.
    Move {
        moves: u8,
        order: u64,
    },
    /// Time passes to exactly when the host wants to be woken.
    Deadline,
    /// An agent that is being asked says something.
    Say {
        ask: u8,
        say: Say,
    },
    /// An agent that is no longer asked says something.
    Late {
        ask: u8,
        say: Say,
    },
    Fault(InjectedFault),
    /// Nothing new happens until all that happened has had its consequences.
    Settle,
}

/// What a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// It is started, unless it is there. It starts a host if none runs.
    Come { watch: bool, agents: bool },
    /// It wishes something of a session.
    Wish { session: u8, wish: ClientRequest },
    /// It shows something else; if that sleeps, it has it woken.
    Show { session: Option<u8>, at_end: bool },
    /// It tells how long a switch took.
    Switched,
    /// It stops or goes on reading.
    Stall { stalls: bool },
    /// It ends; abruptly: what it had said and nobody had read is lost.
    Go { abruptly: bool },
}

/// What q must survive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// The next commit fails; nobody but us knows whether it reached the disk.
    CommitFails {
        reached_disk: bool,
    },
    /// The host is killed; the disk may have got one more group of which it never heard.
    Killed {
        one_more_group: bool,
    },
    /// The power fails: of what was not synced, the newest batches are lost.
    PowerCut {
        one_more_group: bool,
        lost_batches: u8,
    },
    /// The system asks the host to end.
    Terminated,
    /// The calendar is set.
    CalendarSet {
        by_ms: i64,
    },
    Asleep {
        minutes: u16,
    },
    /// The system has no random bits for the next session id.
    NoEntropy,
    /// A session that is to wake cannot be read.
    LoadFails {
        which: u8,
    },
    /// What was read for an earlier waking comes again.
    LoadAgain {
        which: u8,
    },
    /// The resident memory of the host's process is that much.
    Memory {
        megabytes: u8,
    },
}

/// What a client may wish of a session: a row for each request of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientRequest {
    Create {
        named: Option<u8>,
        system_prompt: u8,
        denies: bool,
    },
    Fork {
        at: Option<u8>,
        named: Option<u8>,
    },
    Rename {
        name: u8,
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
        change: u8,
    },
    Pin {
        pinned: bool,
    },
    SetPolicy {
        denies: bool,
    },
    Set {
        setting: u8,
    },
    MarkUnread,
    MarkRead,
    Submit {
        bytes: u16,
    },
    /// A submission that is not answered yet, delivered again.
    SubmitAgain,
    Steer {
        bytes: u16,
    },
    /// A line for the shell.
    Shell {
        bytes: u16,
    },
    Unqueue {
        prompt: u8,
    },
    Edit {
        prompt: u8,
        bytes: u16,
    },
    Move {
        prompt: u8,
        place: u8,
    },
    SendNow {
        prompt: u8,
    },
    /// An answer to a call that the client was shown, of whatever session.
    Answer {
        call: u8,
        says: AnswerKind,
        aim: Aim,
    },
    Interrupt,
    Retry,
    Compact {
        undo: bool,
    },
    /// What a turn changed in files is to be reversed.
    Reverse {
        redo: bool,
        turn: u8,
    },
    Draft {
        bytes: u16,
    },
    Page {
        older: bool,
        bytes: u16,
    },
    List,
    Inbox,
    Resync,
    Status,
    Stats,
    Stop,
}

/// What a client says to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    Once,
    Always,
    Deny,
    Words,
}

/// How well an answer fits what the client was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// It is for what waits.
    True,
    /// It is for what waits, and comes twice.
    Twice,
    /// It is for anything that ever waited.
    Late,
    /// It is for other bytes.
    OtherDigest,
    /// It is for the call of that number in another turn.
    OtherTurn,
}

/// What an agent may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// A piece of text of about that many bytes.
    Text(u16),
    /// A piece of what it thinks.
    Thinking(u16),
    /// Something that its provider sealed.
    Sealed(u16),
    /// A piece without text.
    Nothing,
    /// What it cost so far.
    Usage(u16),
    /// With so many bytes it was asked, of a model that takes half as many tokens.
    Asked(u16),
    /// What it would call the conversation.
    Title(u8),
    /// What it means to do, in so many steps.
    Plan(u8),
    /// Which model it is.
    Model(u8),
    StopReason(u8),
    /// That it waits before it asks again.
    Retrying {
        attempt: u8,
        wait_ms: u16,
    },
    /// By what it finds its memory again: as before, unless it has none or refuses the one it was given.
    Remember {
        refuses: bool,
    },
    /// What a call puts out of about that many bytes: one that may run, or that of this number.
    Progress {
        call: u8,
        bytes: u16,
    },
    /// That it takes words while it works.
    Steerable,
    /// That it wants something.
    Call {
        tool: u8,
        wants: Wants,
        number: Number,
    },
    /// That it wants so many things at once.
    Storm {
        calls: u8,
        wants: Wants,
    },
    /// What follows from the oldest thing it was told: a result, or words.
    GoOn,
    /// The result of a call that never was, or is over.
    OddResult {
        call: u8,
    },
    /// The result of its last call, whether or not that may run.
    UnaskedResult,
    /// The last result once more.
    SameResult,
    /// That it is done.
    Done,
    /// That it is done, and that it gives up.
    EndsTwice,
    /// That it gives up.
    Failed,
    /// That it gives up, and its process is gone with what it knew; by its handle it finds that again.
    Dies,
}

/// Which number an agent gives to its next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    Next,
    /// One that leaves some out.
    Far,
    /// The last one again.
    Same,
    Lower,
}

impl InjectedFault {
    /// Its name in figures.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::CommitFails { reached_disk: true } => "fault: commit fails, on disk",
            Self::CommitFails { reached_disk: false } => "fault: commit fails, not on disk",
            Self::Killed { one_more_group: true } => "fault: host killed, commit unheard",
            Self::Killed { one_more_group: false } => "fault: host killed",
            Self::PowerCut { .. } => "fault: power cut",
            Self::Terminated => "fault: host terminated",
            Self::CalendarSet { .. } => "fault: calendar set",
            Self::Asleep { .. } => "fault: machine asleep",
            Self::NoEntropy => "fault: no random bits",
            Self::LoadFails { .. } => "fault: session not readable",
            Self::LoadAgain { .. } => "fault: session read again",
            Self::Memory { .. } => "fault: resident memory changes",
        }
    }
}

impl Say {
    /// Its name in figures, if no agent should say it.
    pub(super) fn fault(self) -> Option<&'static str> {
        let is_old = matches!(self, Self::Call { number: Number::Same | Number::Lower, .. });
        let faults = [
            (is_old, "fault: call number not new"),
            (matches!(self, Self::Storm { .. }), "fault: storm of calls"),
            (matches!(self, Self::OddResult { .. }), "fault: result of no call"),
            (matches!(self, Self::UnaskedResult), "fault: result whether or not it may run"),
            (matches!(self, Self::SameResult), "fault: result twice"),
            (matches!(self, Self::EndsTwice), "fault: agent ends twice"),
            (matches!(self, Self::Failed), "fault: agent fails"),
            (matches!(self, Self::Dies), "fault: agent dies"),
            (matches!(self, Self::Remember { refuses: true }), "fault: agent refuses its memory"),
        ];
        faults.into_iter().find_map(|(is_said, name)| is_said.then_some(name))
    }
}
