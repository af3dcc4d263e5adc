//! What did not fit together, in format 1.

use q_core::PromptNo;
use serde::{Deserialize, Serialize};

/// [`q_core::Fault`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum FaultV1 {
    #[serde(rename = "prompt_lost")]
    PromptLost {
        #[serde(rename = "prompt")]
        prompt: u64,
    },
    #[serde(rename = "log_cut")]
    LogCut {
        #[serde(rename = "lost")]
        lost: Option<u64>,
    },
    #[serde(rename = "seals_too_long")]
    SealsTooLong,
    #[serde(rename = "answer_torn")]
    AnswerTorn {
        #[serde(rename = "parts")]
        parts: u64,
    },
}

impl From<q_core::Fault> for FaultV1 {
    fn from(fault: q_core::Fault) -> Self {
        match fault {
            q_core::Fault::PromptLost(prompt) => Self::PromptLost { prompt: prompt.0 },
            q_core::Fault::LogCut { lost } => Self::LogCut { lost },
            q_core::Fault::SealsTooLong => Self::SealsTooLong,
            q_core::Fault::AnswerTorn { parts } => Self::AnswerTorn { parts },
        }
    }
}

impl From<FaultV1> for q_core::Fault {
    fn from(fault: FaultV1) -> Self {
        match fault {
            FaultV1::PromptLost { prompt } => Self::PromptLost(PromptNo(prompt)),
            FaultV1::LogCut { lost } => Self::LogCut { lost },
            FaultV1::SealsTooLong => Self::SealsTooLong,
            FaultV1::AnswerTorn { parts } => Self::AnswerTorn { parts },
        }
    }
}
