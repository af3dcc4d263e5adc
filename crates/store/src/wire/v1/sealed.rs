//! What a model sealed in a turn, in format 1.

use std::borrow::Cow;

use q_core::TurnNo;
use serde::{Deserialize, Serialize};

/// [`q_core::Record::Sealed`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SealedV1<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "by", borrow)]
    by: Cow<'a, str>,
    #[serde(rename = "what", borrow)]
    content: Cow<'a, str>,
}

impl<'a> SealedV1<'a> {
    pub(super) fn new(turn: TurnNo, seal: &'a q_core::Seal) -> Self {
        Self { turn: turn.0, by: (&seal.by).into(), content: (&seal.content).into() }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        let seal = q_core::Seal { by: self.by.into_owned(), content: self.content.into_owned() };
        q_core::Record::Sealed { turn: TurnNo(self.turn), seal }
    }
}
