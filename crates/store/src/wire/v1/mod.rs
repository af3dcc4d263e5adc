//! Format 1. Released formats never change: a new shape is a new module beside this one.

mod head;
mod record;
mod word;

pub(crate) use head::Head;
pub(crate) use record::Stamped;

use q_core::{EntryNo, Mark as CoreMark, Usage as CoreUsage};
use serde::{Deserialize, Serialize};

/// [`q_core::Mark`].
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

/// [`q_core::Usage`].
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
