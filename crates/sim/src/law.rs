//! Laws: what must hold in every run, and the report of one that was broken.

use std::fmt;

/// What q promises, and what its parts promise one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// What is acknowledged or asked is synced first.
    DurableFirst,
    /// After a failed commit nothing that depends on it happens.
    NothingAfterFailure,
    /// An acknowledged prompt is in the store, whatever happens, until its session is erased.
    PromptKept,
    /// A submission is taken once, however often it is delivered.
    PromptOnce,
    /// A turn is asked once, in all lives of the host.
    AskedOnce,
    /// A prompt is asked again only if somebody wished so.
    AskedByWish,
    /// An agent is asked the prompt of its turn, behind what came before it in that session.
    AskedRight,
    /// A prompt whose turn stopped before any answer is not sent with a later one.
    FailedNotSent,
    /// At rest, exactly the turns in flight that are not held are being asked.
    AsksMatchTurns,
    /// An agent is never asked in more turns than it has places.
    Places,
    /// At rest, no turn is held while its agent has a place for it.
    NobodyHeldInVain,
    /// A turn is run with the resume handle that its session's agent said last, and with no other's.
    SeatTrue,
    /// What an agent said of its memory in a turn that ran is on disk when the agent is parked.
    HandleKept,
    /// No agent is parked while its turn runs; at rest, none is kept for a session that sleeps or is not open.
    Parked,
    /// A tool runs at most once, in all lives of the host.
    ToolOnce,
    /// What runs is what the agent wanted, byte for byte.
    ToolAsWanted,
    /// A tool runs only if it wants nobody's consent, or somebody gave that after it was shown.
    ToolAllowed,
    /// No tool runs after its turn was cancelled.
    NoToolAfterCancel,
    /// Each call has exactly one result when its turn is over.
    ResultOnce,
    /// A call's result is its own, in whatever order results come.
    ResultRight,
    /// Nothing is said to have run that nobody let run, whatever its agent says of it.
    ResultAllowed,
    /// No turn of a session is asked, and no line of it runs, while its files are put back.
    FilesAtRest,
    /// A request has one reply, and a reply has a request.
    OneReply,
    /// At rest, no request of a living client waits.
    Answered,
    /// At rest, each mirror is what the host would tell it now.
    MirrorTrue,
    /// At rest, each mirror says of each session what the host says is unread.
    UnreadTrue,
    /// At rest, each mirror has all that waits for the person, and nothing else.
    InboxTrue,
    /// What is in memory is in the store when no deadline is left; and the store gives it back.
    Written,
    /// A session that wakes has all it had: entries, waiting prompts, draft.
    SleepLosesNothing,
    /// A fork shows its parent's entries up to where it was forked, then its own.
    ForkTrue,
    /// Of an erased session the store has nothing.
    ErasedGone,
    /// A session leaves the trash for good when its time is over, and not before, unless somebody wished so.
    TrashOnTime,
    /// No more sessions are live than may be.
    LiveBounded,
    /// A deadline that was kept is over.
    DeadlineKept,
    /// What waits for a client is bounded.
    OutboxBounded,
    /// No text of one session is ever seen in another, unless that is its fork.
    Isolated,
    /// A page holds what the client who asks has seen already.
    PageWhole,
    /// The head of a session is what its records say.
    HeadIsReplay,
    /// The store takes what the host writes, and the host starts on what the store has.
    StoreFits,
    /// What arrives is what was sent.
    WireFits,
    /// When nothing new happens, all comes to rest.
    ComesToRest,
    /// A host that is not needed or told to end, ends.
    Ends,
    NoPanic,
    /// The same seed is the same run.
    Repeatable,
}

/// A law that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub law: Law,
    pub how: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.law, self.how)
    }
}

/// What is done in a simulation, unless a law is broken by it.
pub(super) type Held<T = ()> = Result<T, Violation>;

impl Law {
    pub const ALL: [Self; 44] = [
        Self::DurableFirst,
        Self::NothingAfterFailure,
        Self::PromptKept,
        Self::PromptOnce,
        Self::AskedOnce,
        Self::AskedByWish,
        Self::AskedRight,
        Self::FailedNotSent,
        Self::AsksMatchTurns,
        Self::Places,
        Self::NobodyHeldInVain,
        Self::SeatTrue,
        Self::HandleKept,
        Self::Parked,
        Self::ToolOnce,
        Self::ToolAsWanted,
        Self::ToolAllowed,
        Self::NoToolAfterCancel,
        Self::ResultOnce,
        Self::ResultRight,
        Self::ResultAllowed,
        Self::FilesAtRest,
        Self::OneReply,
        Self::Answered,
        Self::MirrorTrue,
        Self::UnreadTrue,
        Self::InboxTrue,
        Self::Written,
        Self::SleepLosesNothing,
        Self::ForkTrue,
        Self::ErasedGone,
        Self::TrashOnTime,
        Self::LiveBounded,
        Self::DeadlineKept,
        Self::OutboxBounded,
        Self::Isolated,
        Self::PageWhole,
        Self::HeadIsReplay,
        Self::StoreFits,
        Self::WireFits,
        Self::ComesToRest,
        Self::Ends,
        Self::NoPanic,
        Self::Repeatable,
    ];

    /// Whether the core alone can break it: then what it was told is worth a look, and may become a scenario.
    pub const fn may_be_broken_by_the_core(self) -> bool {
        match self {
            Self::PromptOnce
            | Self::AskedOnce
            | Self::AskedByWish
            | Self::FailedNotSent
            | Self::AsksMatchTurns
            | Self::NobodyHeldInVain
            | Self::Places
            | Self::SeatTrue
            | Self::HandleKept
            | Self::Parked
            | Self::ToolOnce
            | Self::ToolAsWanted
            | Self::ToolAllowed
            | Self::NoToolAfterCancel
            | Self::ResultOnce
            | Self::ResultRight
            | Self::ResultAllowed
            | Self::FilesAtRest
            | Self::MirrorTrue
            | Self::UnreadTrue
            | Self::InboxTrue
            | Self::Written
            | Self::SleepLosesNothing
            | Self::TrashOnTime
            | Self::LiveBounded
            | Self::DeadlineKept
            | Self::HeadIsReplay
            | Self::NoPanic => true,
            Self::DurableFirst
            | Self::NothingAfterFailure
            | Self::PromptKept
            | Self::AskedRight
            | Self::OneReply
            | Self::Answered
            | Self::ForkTrue
            | Self::ErasedGone
            | Self::OutboxBounded
            | Self::Isolated
            | Self::PageWhole
            | Self::StoreFits
            | Self::WireFits
            | Self::ComesToRest
            | Self::Ends
            | Self::Repeatable => false,
        }
    }

    pub(super) fn check(self, holds: bool, how: impl FnOnce() -> String) -> Held {
        if holds { Ok(()) } else { Err(self.broken(how())) }
    }

    pub(super) const fn broken(self, how: String) -> Violation {
        Violation { law: self, how }
    }
}
