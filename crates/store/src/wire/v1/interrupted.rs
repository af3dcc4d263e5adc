//! Who interrupted, in format 1: a turn, a compaction, or what is told of one in an entry from elsewhere.

use serde::{Deserialize, Serialize};

use super::word::Interrupter;

/// [`q_core::Interrupter`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct InterruptedV1 {
    #[serde(rename = "by")]
    by: Interrupter,
}

impl From<q_core::Interrupter> for InterruptedV1 {
    fn from(by: q_core::Interrupter) -> Self {
        Self { by: by.into() }
    }
}

impl From<InterruptedV1> for q_core::Interrupter {
    fn from(interrupted: InterruptedV1) -> Self {
        interrupted.by.into()
    }
}
