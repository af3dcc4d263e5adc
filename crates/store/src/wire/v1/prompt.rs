//! What a person said in format 1: queued for a turn, in place of what waited, or into a running turn.

use std::borrow::Cow;

use q_core::{Image, PromptNo, Token, TurnNo};
use serde::{Deserialize, Serialize};

use super::image::{self, ImageV1};
use super::is_default;

/// [`q_core::Record::Queued`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct QueuedV1<'a> {
    #[serde(rename = "prompt")]
    prompt: u64,
    #[serde(rename = "token")]
    token: u128,
    #[serde(rename = "text", borrow)]
    text: Cow<'a, str>,
    #[serde(rename = "images", borrow, default, skip_serializing_if = "Vec::is_empty")]
    images: Vec<ImageV1<'a>>,
    #[serde(rename = "runs", default, skip_serializing_if = "is_default")]
    runs: bool,
}

/// [`q_core::Record::Steered`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SteeredV1<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "prompt")]
    prompt: u64,
    #[serde(rename = "token")]
    token: u128,
    #[serde(rename = "text", borrow)]
    text: Cow<'a, str>,
}

/// [`q_core::Record::Edited`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EditedV1<'a> {
    #[serde(rename = "prompt")]
    prompt: u64,
    #[serde(rename = "text", borrow)]
    text: Cow<'a, str>,
    #[serde(rename = "images", borrow, default, skip_serializing_if = "Vec::is_empty")]
    images: Vec<ImageV1<'a>>,
    #[serde(rename = "runs", default, skip_serializing_if = "is_default")]
    runs: bool,
}

impl<'a> QueuedV1<'a> {
    pub(super) fn new(
        prompt: PromptNo,
        token: Token,
        text: &'a str,
        images: &'a [Image],
        runs: bool,
    ) -> Self {
        Self { prompt: prompt.0, token: token.0, text: text.into(), images: image::written(images), runs }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        let Self { prompt, token, text, images, runs } = self;
        let (prompt, token, images) = (PromptNo(prompt), Token(token), image::read(images));
        q_core::Record::Queued { prompt, token, text: text.into_owned(), images, runs }
    }
}

impl<'a> EditedV1<'a> {
    pub(super) fn new(prompt: PromptNo, text: &'a str, images: &'a [Image], runs: bool) -> Self {
        Self { prompt: prompt.0, text: text.into(), images: image::written(images), runs }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        let (prompt, images) = (PromptNo(self.prompt), image::read(self.images));
        q_core::Record::Edited { prompt, text: self.text.into_owned(), images, runs: self.runs }
    }
}

impl<'a> SteeredV1<'a> {
    pub(super) fn new(turn: TurnNo, prompt: PromptNo, token: Token, text: &'a str) -> Self {
        Self { turn: turn.0, prompt: prompt.0, token: token.0, text: text.into() }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        let (turn, prompt, token) = (TurnNo(self.turn), PromptNo(self.prompt), Token(self.token));
        q_core::Record::Steered { turn, prompt, token, text: self.text.into_owned() }
    }
}
