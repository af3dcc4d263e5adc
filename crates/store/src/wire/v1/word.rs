//! Words: the core's enums without data, each variant by its written word.

use serde::{Deserialize, Serialize};

/// Mirrors of core enums without data, each with the written words and both conversions. Both are total matches, so a
/// variant added to the core does not compile until it has a word here.
macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) enum $name {
            $(#[serde(rename = $word)] $variant,)+
        }

        impl From<q_core::$name> for $name {
            fn from(core: q_core::$name) -> Self {
                match core {
                    $(q_core::$name::$variant => Self::$variant,)+
                }
            }
        }

        impl From<$name> for q_core::$name {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }
    )+};
}

words! {
    NameOrigin { Placeholder = "placeholder", Automatic = "automatic", Chosen = "chosen" }
    Presence { Live = "live", Hibernated = "hibernated", Closed = "closed", Trashed = "trashed" }
    Interrupter { User = "user", Stop = "stop", Crash = "crash" }
    Policy { Ask = "ask", Deny = "deny" }
    RuleEffect { Allow = "allow", Ask = "ask", Deny = "deny" }
    Why { Room = "room", Unused = "unused", Memory = "memory" }
    ImageKind { Png = "png", Jpeg = "jpeg", Gif = "gif", WebP = "webp" }
    StepState { Open = "open", Active = "active", Done = "done" }
    Wants { Nothing = "nothing", Consent = "consent", Words = "words" }
    Outcome {
        Done = "done",
        Failed = "failed",
        Denied = "denied",
        Expired = "expired",
        NeverRan = "never_ran",
        CutShort = "cut_short",
    }
    FailureKind {
        Unreachable = "unreachable",
        ProxyFailed = "proxy_failed",
        Untrusted = "untrusted",
        WrongPath = "wrong_path",
        WrongKey = "wrong_key",
        Forbidden = "forbidden",
        QuotaSpent = "quota_spent",
        UnknownModel = "unknown_model",
        Cut = "cut",
        Silent = "silent",
        RateLimited = "rate_limited",
        Overloaded = "overloaded",
        ContextTooLong = "context_too_long",
        NoImages = "no_images",
        RegionRefused = "region_refused",
        SettingRefused = "setting_refused",
        Rejected = "rejected",
        ServerError = "server_error",
        TooLong = "too_long",
        LengthLimit = "length_limit",
        Filtered = "filtered",
        Refused = "refused",
        Paused = "paused",
        TooManyRounds = "too_many_rounds",
        WindowFull = "window_full",
        WantsTool = "wants_tool",
        Empty = "empty",
        NotShorter = "not_shorter",
        BudgetSpent = "budget_spent",
        NotConfigured = "not_configured",
        NotStarted = "not_started",
        NotLoggedIn = "not_logged_in",
        Internal = "internal",
    }
}

/// [`q_core::Voice`], without the call of which it is the output: that stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Voice {
    #[serde(rename = "answer")]
    Answer,
    #[serde(rename = "thinking")]
    Thinking,
    #[serde(rename = "output")]
    Output,
}

impl Voice {
    /// The word, and the entry of the call.
    pub(super) const fn of(voice: q_core::Voice) -> (Self, Option<u64>) {
        match voice {
            q_core::Voice::Answer => (Self::Answer, None),
            q_core::Voice::Thinking => (Self::Thinking, None),
            q_core::Voice::Output { of } => (Self::Output, Some(of.0)),
        }
    }

    /// What was written as this word and that entry.
    pub(super) fn into_core(self, of: Option<u64>) -> q_core::Voice {
        match self {
            Self::Answer => q_core::Voice::Answer,
            Self::Thinking => q_core::Voice::Thinking,
            Self::Output => q_core::Voice::Output { of: q_core::EntryNo(of.unwrap_or_default()) },
        }
    }
}

/// [`q_core::Kind`]: a word of `q`'s own, or the name of one that the person defined.
pub(super) fn kind(word: &str) -> Result<q_core::Kind, q_core::NameFault> {
    word.parse().or_else(|_| word.parse().map(q_core::Kind::Custom))
}
