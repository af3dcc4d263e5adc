//! Answers to calls in format 1.

use std::borrow::Cow;

use q_core::{CallNo, TurnNo};
use serde::{Deserialize, Serialize};

/// [`q_core::Record::Answered`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AnsweredV1<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "call")]
    call: u64,
    #[serde(rename = "answer", borrow)]
    answer: AnswerV1<'a>,
}

/// [`q_core::Answer`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
enum AnswerV1<'a> {
    #[serde(rename = "once")]
    Once {},
    #[serde(rename = "always")]
    Always {},
    #[serde(rename = "deny")]
    Deny {},
    #[serde(rename = "words")]
    Words {
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
}

impl<'a> AnsweredV1<'a> {
    pub(super) fn new(turn: TurnNo, call: CallNo, answer: &'a q_core::Answer) -> Self {
        Self { turn: turn.0, call: call.0, answer: answer.into() }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        let Self { turn, call, answer } = self;
        q_core::Record::Answered { turn: TurnNo(turn), call: CallNo(call), answer: answer.into() }
    }
}

impl<'a> From<&'a q_core::Answer> for AnswerV1<'a> {
    fn from(answer: &'a q_core::Answer) -> Self {
        match answer {
            q_core::Answer::Once => Self::Once {},
            q_core::Answer::Always => Self::Always {},
            q_core::Answer::Deny => Self::Deny {},
            q_core::Answer::Words(text) => Self::Words { text: text.into() },
        }
    }
}

impl From<AnswerV1<'_>> for q_core::Answer {
    fn from(answer: AnswerV1<'_>) -> Self {
        match answer {
            AnswerV1::Once {} => Self::Once,
            AnswerV1::Always {} => Self::Always,
            AnswerV1::Deny {} => Self::Deny,
            AnswerV1::Words { text } => Self::Words(text.into_owned()),
        }
    }
}
