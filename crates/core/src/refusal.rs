//! Refusals: legitimate answers of "no", as data. Each names its limit or reason, and the way out.

use alloc::string::String;

use crate::id::{PromptNo, SessionId};
use crate::name::NameFault;

/// Why a wish is not granted. Nothing changed, nothing is lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No live session has this id.
    #[error("there is no open session {id}; `q ls` lists them")]
    NoSuchSession {
        /// The id asked for.
        id: SessionId,
    },
    /// The session was closed meanwhile.
    #[error("session `{name}` is closed; its history stays: `q show {name}`")]
    SessionClosed {
        /// Its name.
        name: String,
    },
    /// The id is used already.
    #[error("session id {id} is taken; ask again for a fresh one")]
    IdTaken {
        /// The id.
        id: SessionId,
    },
    /// Another open session has the name.
    #[error("the name `{name}` is taken by session {slot}; try `{free}`")]
    NameTaken {
        /// As typed.
        name: String,
        /// Who has it.
        slot: u32,
        /// A name that is free.
        free: String,
    },
    /// The name is not one.
    #[error("`{name}` cannot be a name: {fault}; for example: fix-login")]
    BadName {
        /// As typed.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// All places for live sessions are taken.
    #[error(
        "{limit} sessions are open, the most allowed (limits.live_sessions); close one first: /close NAME, or `q close NAME`"
    )]
    TooManyLive {
        /// The limit.
        limit: usize,
    },
    /// All places in the queue are taken.
    #[error(
        "{limit} prompts wait in this session, the most allowed (limits.queued_prompts); take one back (/unqueue), or let them go: wait, after a stop /retry"
    )]
    QueueFull {
        /// The limit.
        limit: usize,
    },
    /// What waits would be too long together.
    #[error(
        "the prompts that wait here would have {size} bytes together, the most allowed is {limit}; take one back (/unqueue), or let them go: wait, after a stop /retry"
    )]
    QueueTooLong {
        /// What it would be.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The prompt is empty.
    #[error("an empty prompt is not sent; type something first")]
    PromptEmpty,
    /// The prompt is longer than allowed.
    #[error(
        "the prompt has {size} bytes, the most allowed is {limit} (limits.prompt_bytes); shorten it, or put it in a file and name the file"
    )]
    PromptTooLong {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// No prompt of that number waits.
    #[error("prompt {prompt} does not wait here (it was sent or taken back)")]
    NotQueued {
        /// The number asked for.
        prompt: PromptNo,
    },
    /// No turn runs.
    #[error("nothing runs in this session")]
    NothingRuns,
    /// The last turn ended well.
    #[error("nothing to retry: the last answer is complete; just send a prompt")]
    NothingToRetry,
    /// A turn runs, and the wish would end it.
    #[error(
        "`{name}` is still working; interrupt it first (Ctrl+C), or close it anyway: /close! or `q close --force {name}`"
    )]
    StillWorking {
        /// Its name.
        name: String,
    },
    /// The host is going down.
    #[error("the host is stopping and takes nothing new; start q again")]
    Stopping,
}

impl Refusal {
    /// A stable code, for `--json`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchSession { .. } => "no_such_session",
            Self::SessionClosed { .. } => "session_closed",
            Self::IdTaken { .. } => "id_taken",
            Self::NameTaken { .. } => "name_taken",
            Self::BadName { .. } => "bad_name",
            Self::TooManyLive { .. } => "too_many_live",
            Self::QueueFull { .. } => "queue_full",
            Self::QueueTooLong { .. } => "queue_too_long",
            Self::PromptEmpty => "prompt_empty",
            Self::PromptTooLong { .. } => "prompt_too_long",
            Self::NotQueued { .. } => "not_queued",
            Self::NothingRuns => "nothing_runs",
            Self::NothingToRetry => "nothing_to_retry",
            Self::StillWorking { .. } => "still_working",
            Self::Stopping => "stopping",
        }
    }

    /// Whether a configured limit is the reason.
    pub const fn is_limit(&self) -> bool {
        match self {
            Self::TooManyLive { .. }
            | Self::QueueFull { .. }
            | Self::QueueTooLong { .. }
            | Self::PromptTooLong { .. } => true,
            Self::NoSuchSession { .. }
            | Self::SessionClosed { .. }
            | Self::IdTaken { .. }
            | Self::NameTaken { .. }
            | Self::BadName { .. }
            | Self::PromptEmpty
            | Self::NotQueued { .. }
            | Self::NothingRuns
            | Self::NothingToRetry
            | Self::StillWorking { .. }
            | Self::Stopping => false,
        }
    }
}
