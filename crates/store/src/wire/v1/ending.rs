//! How a turn ended, in format 1.

use serde::{Deserialize, Serialize};

use super::failure::FailureV1;
use super::interrupted::InterruptedV1;

/// [`q_core::Ending`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum EndingV1<'a> {
    #[serde(rename = "done")]
    Done {},
    #[serde(rename = "interrupted")]
    Interrupted(InterruptedV1),
    #[serde(rename = "failed", borrow)]
    Failed(FailureV1<'a>),
}

impl<'a> From<&'a q_core::Ending> for EndingV1<'a> {
    fn from(ending: &'a q_core::Ending) -> Self {
        match ending {
            q_core::Ending::Done => Self::Done {},
            q_core::Ending::Interrupted(by) => Self::Interrupted((*by).into()),
            q_core::Ending::Failed(failure) => Self::Failed(failure.into()),
        }
    }
}

impl From<EndingV1<'_>> for q_core::Ending {
    fn from(ending: EndingV1<'_>) -> Self {
        match ending {
            EndingV1::Done {} => Self::Done,
            EndingV1::Interrupted(by) => Self::Interrupted(by.into()),
            EndingV1::Failed(failure) => Self::Failed(failure.into()),
        }
    }
}
