//! Sources in format 1.

use std::borrow::Cow;

use q_core::TurnNo;
use serde::{Deserialize, Serialize};

/// [`q_core::Source`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
struct SourceV1<'a> {
    #[serde(rename = "title", borrow, default, skip_serializing_if = "str::is_empty")]
    title: Cow<'a, str>,
    #[serde(rename = "place", borrow, default, skip_serializing_if = "str::is_empty")]
    place: Cow<'a, str>,
    #[serde(rename = "quote", borrow, default, skip_serializing_if = "str::is_empty")]
    quote: Cow<'a, str>,
}

/// [`q_core::Sources`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SourcesV1<'a> {
    #[serde(rename = "all", borrow)]
    all: Vec<SourceV1<'a>>,
    #[serde(rename = "left_out", default, skip_serializing_if = "super::is_default")]
    left_out: u64,
}

impl<'a> From<&'a q_core::Sources> for SourcesV1<'a> {
    fn from(sources: &'a q_core::Sources) -> Self {
        let source = |source: &'a q_core::Source| SourceV1 {
            title: (&source.title).into(),
            place: (&source.place).into(),
            quote: (&source.quote).into(),
        };
        Self { all: sources.all.iter().map(source).collect(), left_out: sources.left_out }
    }
}

impl From<SourcesV1<'_>> for q_core::Sources {
    fn from(sources: SourcesV1<'_>) -> Self {
        let source = |source: SourceV1<'_>| q_core::Source {
            title: source.title.into_owned(),
            place: source.place.into_owned(),
            quote: source.quote.into_owned(),
        };
        Self { all: sources.all.into_iter().map(source).collect(), left_out: sources.left_out }
    }
}

/// [`q_core::Record::Cited`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CitedV1<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "sources", borrow)]
    sources: SourcesV1<'a>,
}

impl<'a> CitedV1<'a> {
    pub(super) fn new(turn: TurnNo, sources: &'a q_core::Sources) -> Self {
        Self { turn: turn.0, sources: sources.into() }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        q_core::Record::Cited { turn: TurnNo(self.turn), sources: self.sources.into() }
    }
}
