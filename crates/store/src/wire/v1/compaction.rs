//! Compactions, and how full a model's window is, in format 1.

use std::borrow::Cow;

use q_core::{Stop, TurnNo, Usage, WindowUse};
use serde::{Deserialize, Serialize};

use super::failure::FailureV1;
use super::interrupted::InterruptedV1;
use super::{UsageV1, is_default};

/// [`q_core::Record::Compacted`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CompactedV1<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "of", borrow)]
    compaction: CompactionV1<'a>,
    #[serde(rename = "usage")]
    usage: UsageV1,
}

/// [`q_core::Compaction`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum CompactionV1<'a> {
    #[serde(rename = "summary")]
    Summary {
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
        #[serde(rename = "of")]
        of: u64,
        #[serde(rename = "left_out", default, skip_serializing_if = "is_default")]
        left_out: u64,
    },
    #[serde(rename = "interrupted")]
    Interrupted(InterruptedV1),
    #[serde(rename = "failed", borrow)]
    Failed(FailureV1<'a>),
    #[serde(rename = "undone")]
    Undone {},
}

/// [`q_core::WindowUse`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct WindowUseV1 {
    #[serde(rename = "tokens")]
    tokens: u64,
    #[serde(rename = "counted", default, skip_serializing_if = "is_default")]
    is_counted: bool,
    #[serde(rename = "of", default, skip_serializing_if = "is_default")]
    of: u64,
    #[serde(rename = "bytes", default, skip_serializing_if = "is_default")]
    bytes: u64,
}

/// Bytes that a summary stands for, and its own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReplacedV1 {
    #[serde(rename = "of")]
    pub(super) of: u64,
    #[serde(rename = "by")]
    pub(super) by: u64,
}

impl<'a> CompactedV1<'a> {
    pub(super) fn new(turn: TurnNo, compaction: &'a q_core::Compaction, usage: Usage) -> Self {
        Self { turn: turn.0, compaction: compaction.into(), usage: usage.into() }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        let (turn, compaction) = (TurnNo(self.turn), self.compaction.into());
        q_core::Record::Compacted { turn, compaction, usage: self.usage.into() }
    }
}

impl<'a> From<&'a q_core::Compaction> for CompactionV1<'a> {
    fn from(compaction: &'a q_core::Compaction) -> Self {
        match compaction {
            q_core::Compaction::Summary { text, of, left_out } => {
                Self::Summary { text: text.into(), of: *of, left_out: *left_out }
            }
            q_core::Compaction::Stopped(Stop::Interrupted(by)) => Self::Interrupted((*by).into()),
            q_core::Compaction::Stopped(Stop::Failed(failure)) => Self::Failed(failure.into()),
            q_core::Compaction::Undone => Self::Undone {},
        }
    }
}

impl From<CompactionV1<'_>> for q_core::Compaction {
    fn from(compaction: CompactionV1<'_>) -> Self {
        match compaction {
            CompactionV1::Summary { text, of, left_out } => {
                Self::Summary { text: text.into_owned(), of, left_out }
            }
            CompactionV1::Interrupted(by) => Self::Stopped(Stop::Interrupted(by.into())),
            CompactionV1::Failed(failure) => Self::Stopped(Stop::Failed(failure.into())),
            CompactionV1::Undone {} => Self::Undone,
        }
    }
}

impl From<WindowUse> for WindowUseV1 {
    fn from(WindowUse { tokens, is_counted, of, bytes }: WindowUse) -> Self {
        Self { tokens, is_counted, of, bytes }
    }
}

impl From<WindowUseV1> for WindowUse {
    fn from(WindowUseV1 { tokens, is_counted, of, bytes }: WindowUseV1) -> Self {
        Self { tokens, is_counted, of, bytes }
    }
}
