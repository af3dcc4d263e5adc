//! Words: the core's enums without data, each variant by its written word.

use serde::{Deserialize, Serialize};

/// A mirror of a core enum without data, with the written words and both conversions. Both are total matches, so a
/// variant added to the core does not compile until it has a word here.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
    };
}

words! {
    /// [`q_core::Kind`].
    Kind { Development = "development", Debug = "debug", Planning = "planning", Review = "review" }
}
words! {
    /// [`q_core::NameOrigin`].
    NameOrigin { Placeholder = "placeholder", Automatic = "automatic", Chosen = "chosen" }
}
words! {
    /// [`q_core::Presence`].
    Presence { Live = "live", Closed = "closed" }
}
words! {
    /// [`q_core::Interrupter`].
    Interrupter { User = "user", Stop = "stop", Crash = "crash" }
}
words! {
    /// [`q_core::FailureKind`].
    FailureKind {
        Unreachable = "unreachable",
        WrongKey = "wrong_key",
        UnknownModel = "unknown_model",
        Cut = "cut",
        Silent = "silent",
        RateLimited = "rate_limited",
        Rejected = "rejected",
        ServerError = "server_error",
        TooLong = "too_long",
        NotConfigured = "not_configured",
        Internal = "internal",
    }
}
