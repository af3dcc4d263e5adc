//! Format 1. Released formats never change: a new shape is a new module beside this one.

mod answer;
mod call;
mod compaction;
mod created;
mod ending;
mod failure;
mod fault;
mod head;
mod image;
mod imported;
mod interrupted;
mod plan;
mod project;
mod prompt;
mod record;
mod result;
mod reversed;
mod rule;
mod sealed;
mod settings;
mod setup;
mod source;
mod word;

pub(crate) use head::HeadV1;
pub(crate) use record::StampedV1;

use q_core::{EntryNo, Fork, Mark, Sent, Seq, SessionId, Spending, Usage};
use serde::{Deserialize, Serialize};

use word::{Policy, Voice};

/// [`q_core::Mark`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct MarkV1 {
    #[serde(rename = "entry")]
    entry: u64,
    #[serde(rename = "bytes")]
    bytes: u64,
}

impl From<Mark> for MarkV1 {
    fn from(Mark { entry, bytes }: Mark) -> Self {
        Self { entry: entry.0, bytes }
    }
}

impl From<MarkV1> for Mark {
    fn from(MarkV1 { entry, bytes }: MarkV1) -> Self {
        Self { entry: EntryNo(entry), bytes }
    }
}

/// Counts of the core's, each by its written word; those behind the semicolon are written where there are any.
macro_rules! counts {
    ($(#[$doc:meta])* $name:ident of $core:ident {
        $($word:literal = $field:ident),+; $($more:literal = $later:ident),*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Serialize, Deserialize)]
        struct $name {
            $(#[serde(rename = $word)] $field: u64,)+
            $(#[serde(rename = $more, default, skip_serializing_if = "is_default")] $later: u64,)*
        }

        impl From<$core> for $name {
            fn from($core { $($field,)+ $($later,)* }: $core) -> Self {
                Self { $($field,)+ $($later,)* }
            }
        }

        impl From<$name> for $core {
            fn from($name { $($field,)+ $($later,)* }: $name) -> Self {
                Self { $($field,)+ $($later,)* }
            }
        }
    };
}

counts! {
    /// [`q_core::Usage`] in its stored form.
    UsageV1 of Usage {
        "in" = input,
        "out" = output;
        "cached" = cached,
        "cache_written" = cache_written,
        "reasoning" = reasoning,
        "guessed" = guessed
    }
}
counts! {
    /// [`q_core::Sent`] in its stored form.
    SentV1 of Sent { "sent" = entries, "left_out" = left_out; }
}

counts! {
    /// [`q_core::Spending`] in its stored form.
    SpendingV1 of Spending { "all" = in_all, "day" = day, "on_day" = on_day; }
}

/// [`q_core::Fork`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct ForkV1 {
    #[serde(rename = "of")]
    parent: u128,
    #[serde(rename = "through")]
    through: u64,
    #[serde(rename = "last")]
    last: u64,
    #[serde(rename = "entries", default, skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
}

impl From<Fork> for ForkV1 {
    fn from(Fork { parent, through, last, entries }: Fork) -> Self {
        Self { parent: parent.0, through: through.0, last: last.0, entries }
    }
}

impl From<ForkV1> for Fork {
    fn from(ForkV1 { parent, through, last, entries }: ForkV1) -> Self {
        Self { parent: SessionId(parent), through: Seq(through), last: EntryNo(last), entries }
    }
}

/// Whether a value is its type's default: such fields are left out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What records of before a field was written meant without it.
fn asks() -> Policy {
    Policy::Ask
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_asks(policy: &Policy) -> bool {
    *policy == Policy::Ask
}

fn aloud() -> Voice {
    Voice::Answer
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_aloud(voice: &Voice) -> bool {
    *voice == Voice::Answer
}
