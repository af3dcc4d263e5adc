//! Format 1. Released formats never change: a new shape is a new module beside this one.

mod called;
mod created;
mod head;
mod imported;
mod record;
mod word;

pub(crate) use head::HeadV1;
pub(crate) use record::StampedV1;

use q_core::{
    EntryNo, Fork as CoreFork, Mark as CoreMark, Sent as CoreSent, Seq, SessionId, Usage as CoreUsage,
};
use serde::{Deserialize, Serialize};

use word::{Policy, Voice};

/// [`q_core::Mark`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Mark {
    #[serde(rename = "entry")]
    entry: u64,
    #[serde(rename = "bytes")]
    bytes: u64,
}

impl From<CoreMark> for Mark {
    fn from(CoreMark { entry, bytes }: CoreMark) -> Self {
        Self { entry: entry.0, bytes }
    }
}

impl From<Mark> for CoreMark {
    fn from(Mark { entry, bytes }: Mark) -> Self {
        Self { entry: EntryNo(entry), bytes }
    }
}

/// [`q_core::Usage`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Usage {
    #[serde(rename = "in")]
    input: u64,
    #[serde(rename = "out")]
    output: u64,
}

impl From<CoreUsage> for Usage {
    fn from(CoreUsage { input, output }: CoreUsage) -> Self {
        Self { input, output }
    }
}

impl From<Usage> for CoreUsage {
    fn from(Usage { input, output }: Usage) -> Self {
        Self { input, output }
    }
}

/// [`q_core::Sent`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Sent {
    #[serde(rename = "sent")]
    entries: u64,
    #[serde(rename = "left_out")]
    left_out: u64,
}

impl From<CoreSent> for Sent {
    fn from(CoreSent { entries, left_out }: CoreSent) -> Self {
        Self { entries, left_out }
    }
}

impl From<Sent> for CoreSent {
    fn from(Sent { entries, left_out }: Sent) -> Self {
        Self { entries, left_out }
    }
}

/// [`q_core::Fork`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Fork {
    #[serde(rename = "of")]
    parent: u128,
    #[serde(rename = "through")]
    through: u64,
    #[serde(rename = "last")]
    last: u64,
    #[serde(rename = "entries", default, skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
}

impl From<CoreFork> for Fork {
    fn from(CoreFork { parent, through, last, entries }: CoreFork) -> Self {
        Self { parent: parent.0, through: through.0, last: last.0, entries }
    }
}

impl From<Fork> for CoreFork {
    fn from(Fork { parent, through, last, entries }: Fork) -> Self {
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
