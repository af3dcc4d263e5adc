//! What stands around a call, as it is written on the wire.

use q_core::{Circumstance, ReplacedFile};
use serde::{Deserialize, Serialize};

/// [`Circumstance`] in its spoken form; the plain one is left out where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireCircumstance {
    Unheld,
    Denied,
    New,
    Replaces { lines: u64, difference: String },
}

impl WireCircumstance {
    /// Nothing where there is nothing to say.
    pub(super) fn of(circumstance: Circumstance) -> Option<Self> {
        match circumstance {
            Circumstance::Plain => None,
            Circumstance::Unheld => Some(Self::Unheld),
            Circumstance::Denied => Some(Self::Denied),
            Circumstance::New => Some(Self::New),
            Circumstance::Replaces(replaced) => {
                let ReplacedFile { lines, difference } = *replaced;
                Some(Self::Replaces { lines, difference })
            }
        }
    }

    /// Bytes of its texts.
    pub fn text_bytes(&self) -> usize {
        if let Self::Replaces { difference, .. } = self { difference.len() } else { 0 }
    }
}

impl From<WireCircumstance> for Circumstance {
    fn from(circumstance: WireCircumstance) -> Self {
        match circumstance {
            WireCircumstance::Unheld => Self::Unheld,
            WireCircumstance::Denied => Self::Denied,
            WireCircumstance::New => Self::New,
            WireCircumstance::Replaces { lines, difference } => Self::replaces(lines, difference),
        }
    }
}
