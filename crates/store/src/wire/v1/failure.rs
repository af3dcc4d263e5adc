//! Why an agent gave up, in format 1: at the end of its turn, and in an entry from elsewhere.

use std::borrow::Cow;

use q_core::AgentFailure;
use serde::{Deserialize, Serialize};

use super::word::FailureKind;

/// [`q_core::AgentFailure`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FailureV1<'a> {
    #[serde(rename = "kind")]
    kind: FailureKind,
    #[serde(rename = "detail", borrow)]
    detail: Cow<'a, str>,
}

impl<'a> From<&'a AgentFailure> for FailureV1<'a> {
    fn from(AgentFailure { kind, detail }: &'a AgentFailure) -> Self {
        Self { kind: (*kind).into(), detail: detail.into() }
    }
}

impl From<FailureV1<'_>> for AgentFailure {
    fn from(failure: FailureV1<'_>) -> Self {
        Self { kind: failure.kind.into(), detail: failure.detail.into_owned() }
    }
}
