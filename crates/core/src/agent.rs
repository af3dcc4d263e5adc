//! What an agent tells a session, in `q`'s own words. Every kind of agent streams these and nothing else.

mod failure;

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::{CallNo, Digest};
use crate::project::ProjectFiles;
use crate::seal::Seal;
use crate::source::Sources;
use crate::tool_rule::CallFacts;
use crate::usage::Usage;

pub use failure::{AgentFailure, FailureKind, Whose};

/// One thing that happened in a running turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentEvent {
    /// How much of its history the agent was sent. Comes first, and from the host: it reads the history.
    Sent(Sent),
    /// Other files of the project go before the conversation than its transcript says. From the host, behind [`Self::Sent`].
    ProjectFiles(ProjectFiles),
    /// What the agent is asked. From the host too, behind [`Self::Sent`]; and from an agent that asks once more in the same turn,
    /// with what came of calls. What the turn costs from here on is what its newest ask costs.
    Asked {
        /// Bytes of all texts.
        bytes: u64,
        /// Tokens that its model takes at once; 0 where nobody says.
        window: u64,
    },
    /// A piece of the answer. May be empty; pieces join without a separator.
    Text(String),
    /// A piece of what the agent thinks aloud, where it tells.
    Thinking(String),
    /// What its provider sealed of what it thinks, and wants back in front of what the agent says next. Kept, and shown nowhere.
    Sealed(Seal),
    /// What it means to do, step by step, in place of what it meant before.
    Plan(Vec<PlanStep>),
    /// More of what its answer rests on, by its provider's word. Told while it comes, so that an answer that is cut has it too.
    Sources(Sources),
    /// So many parts of what it says came and could not be read: what was told lacks them. Comes before the end.
    Torn(u64),
    /// Which model answers, by the name its server has for it.
    Model(String),
    /// What the turn has cost so far.
    Usage(Usage),
    /// What the agent would call this conversation.
    Title(String),
    /// The agent takes words while it works in this turn: see [`crate::Command::Steer`].
    Steerable,
    /// The agent wants a tool to run, or the person to say something; with what is known of that.
    Call(Call, CallFacts),
    /// A call that was permitted puts out something while it runs. Shown at once, kept up to a limit; the result says all
    /// of it again.
    Progress {
        call: CallNo,
        /// What came out since; pieces join without a separator.
        text: String,
    },
    /// A call that was permitted came to its end.
    Result {
        call: CallNo,
        outcome: Outcome,
        /// What came out; what is above the limit is cut.
        text: String,
    },
    /// By what the agent finds this conversation again when it is released. Recorded before anything else is done; the
    /// newest counts.
    Resume(ResumeHandle),
    /// Nobody answered, and nothing came of it: after a while the agent asks again by itself. It is said before any word of the
    /// answer, and whatever is said next ends it.
    Retrying {
        /// Which ask that will be, the first being 1.
        attempt: u32,
        /// The most asks there are.
        of: u32,
        /// How long it waits, in milliseconds.
        wait_ms: u64,
        /// What became of the last one.
        failure: AgentFailure,
    },
    /// Why the agent stops, in its provider's own word. Comes before [`Self::Done`] or [`Self::Failed`].
    StopReason(String),
    /// The agent finished its answer. Nothing follows.
    Done,
    /// The agent gave up. Nothing follows; the text so far is kept.
    Failed(AgentFailure),
}

/// By what an agent with a memory of its own finds a conversation again: its own name for it. Hostile text, shown nowhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResumeHandle(pub String);

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    /// What is to be done.
    pub text: String,
    /// How far it is.
    pub state: StepState,
}

/// How far a step of a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepState {
    Open,
    Active,
    Done,
}

impl StepState {
    pub const ALL: [Self; 3] = [Self::Open, Self::Active, Self::Done];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Active => "active",
            Self::Done => "done",
        }
    }
}

/// A tool call as the agent wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number in the turn: by it the call is permitted, settled, heard of. What a provider calls it is its agent's to know.
    pub no: CallNo,
    pub tool: String,
    /// Exactly what would run, or what is asked.
    pub input: String,
    /// The digest of those bytes: an approval is for them alone.
    pub digest: Digest,
    /// What must come before it goes on.
    pub wants: Wants,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wants {
    /// Nothing: it may run.
    Nothing,
    Consent,
    /// The person's words: it is a question.
    Words,
}

/// How a call ended. Every call has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It ran, or was answered.
    Done,
    /// It ran and failed.
    Failed,
    /// The person, or the session's policy, said no.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// The turn ended before it began.
    NeverRan,
    /// The turn ended while it ran: what it did is not known.
    CutShort,
}

impl Outcome {
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Failed, Self::Denied, Self::Expired, Self::NeverRan, Self::CutShort];

    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::NeverRan => "never ran",
            Self::CutShort => "cut short",
        }
    }
}

/// How much of a session's history an agent was sent, in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The newest ones, which were sent.
    pub entries: u64,
    /// Older ones, which were left out: there is more of them than is sent at once.
    pub left_out: u64,
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_outcome_has_words_of_its_own() {
        let words: BTreeSet<_> = Outcome::ALL.into_iter().map(Outcome::words).collect();
        assert_eq!(words.len(), Outcome::ALL.len());
        for outcome in Outcome::ALL {
            assert_eq!(outcome.words().replace(' ', ""), alloc::format!("{outcome:?}").to_lowercase());
        }
    }
}
