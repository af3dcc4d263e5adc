//! An entry from elsewhere in format 1.

use std::borrow::Cow;

use q_core::{AgentFailure, CallNo, EntryNo, Resulted, Stop, WallTime};
use serde::{Deserialize, Serialize};

use super::Sent;
use super::record::{Fault, PlanStep};
use super::word::{FailureKind, Interrupter, Outcome, Wants};

/// [`q_core::Record::Imported`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Imported<'a> {
    #[serde(rename = "at")]
    at: u64,
    #[serde(rename = "body", borrow)]
    body: Body<'a>,
}

/// [`q_core::Body`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
enum Body<'a> {
    #[serde(rename = "prompt")]
    Prompt {
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "answer")]
    Answer {
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "thinking")]
    Thinking {
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "call")]
    Call {
        #[serde(rename = "call")]
        no: u64,
        #[serde(rename = "tool", borrow)]
        tool: Cow<'a, str>,
        #[serde(rename = "input", borrow)]
        input: Cow<'a, str>,
        #[serde(rename = "wants")]
        wants: Wants,
    },
    #[serde(rename = "result")]
    Result {
        #[serde(rename = "of")]
        of: u64,
        #[serde(rename = "outcome")]
        outcome: Outcome,
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
        /// Where more of it is kept than its text.
        #[serde(rename = "kept", default, skip_serializing_if = "Option::is_none")]
        kept: Option<u64>,
        #[serde(rename = "whole")]
        whole: u64,
    },
    #[serde(rename = "output")]
    Output {
        #[serde(rename = "of")]
        of: u64,
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "plan")]
    Plan {
        #[serde(rename = "steps", borrow)]
        steps: Vec<PlanStep<'a>>,
    },
    #[serde(rename = "interrupted")]
    Interrupted {
        #[serde(rename = "by")]
        by: Interrupter,
    },
    #[serde(rename = "failed")]
    Failed {
        #[serde(rename = "kind")]
        kind: FailureKind,
        #[serde(rename = "detail", borrow)]
        detail: Cow<'a, str>,
    },
    #[serde(rename = "repaired")]
    Repaired {
        #[serde(rename = "fault")]
        fault: Fault,
    },
    #[serde(rename = "left_out")]
    LeftOut {
        #[serde(rename = "of")]
        sent: Sent,
    },
}

impl<'a> Imported<'a> {
    pub(super) fn new(at: WallTime, body: &'a q_core::Body) -> Self {
        Self { at: at.0, body: body.into() }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        q_core::Record::Imported { at: WallTime(self.at), body: self.body.into() }
    }
}

impl<'a> From<&'a q_core::Body> for Body<'a> {
    fn from(body: &'a q_core::Body) -> Self {
        match body {
            q_core::Body::Prompt(text) => Self::Prompt { text: text.into() },
            q_core::Body::Answer(text) => Self::Answer { text: text.into() },
            q_core::Body::Thinking(text) => Self::Thinking { text: text.into() },
            q_core::Body::Call(q_core::Called { no, tool, input, wants }) => {
                Self::Call { no: no.0, tool: tool.into(), input: input.into(), wants: (*wants).into() }
            }
            q_core::Body::Result(Resulted { of, outcome, text, kept, whole }) => Self::Result {
                of: of.0,
                outcome: (*outcome).into(),
                text: text.into(),
                kept: more_than(text, *kept),
                whole: *whole,
            },
            q_core::Body::Output(q_core::CallOutput { of, text }) => {
                Self::Output { of: of.0, text: text.into() }
            }
            q_core::Body::Plan(steps) => Self::Plan { steps: steps.iter().map(PlanStep::from).collect() },
            q_core::Body::Stop(Stop::Interrupted(by)) => Self::Interrupted { by: (*by).into() },
            q_core::Body::Stop(Stop::Failed(AgentFailure { kind, detail })) => {
                Self::Failed { kind: (*kind).into(), detail: detail.into() }
            }
            q_core::Body::Repair(fault) => Self::Repaired { fault: (*fault).into() },
            q_core::Body::LeftOut(sent) => Self::LeftOut { sent: (*sent).into() },
        }
    }
}

impl From<Body<'_>> for q_core::Body {
    fn from(body: Body<'_>) -> Self {
        match body {
            Body::Prompt { text } => Self::Prompt(text.into_owned()),
            Body::Answer { text } => Self::Answer(text.into_owned()),
            Body::Thinking { text } => Self::Thinking(text.into_owned()),
            Body::Call { no, tool, input, wants } => Self::Call(q_core::Called {
                no: CallNo(no),
                tool: tool.into_owned(),
                input: input.into_owned(),
                wants: wants.into(),
            }),
            Body::Result { of, outcome, text, kept, whole } => Self::Result(Resulted {
                of: EntryNo(of),
                outcome: outcome.into(),
                kept: kept.unwrap_or(text.len() as u64),
                text: text.into_owned(),
                whole,
            }),
            Body::Output { of, text } => {
                Self::Output(q_core::CallOutput { of: EntryNo(of), text: text.into_owned() })
            }
            Body::Plan { steps } => Self::Plan(steps.into_iter().map(q_core::PlanStep::from).collect()),
            Body::Interrupted { by } => Self::Stop(Stop::Interrupted(by.into())),
            Body::Failed { kind, detail } => {
                Self::Stop(Stop::Failed(AgentFailure { kind: kind.into(), detail: detail.into_owned() }))
            }
            Body::Repaired { fault } => Self::Repair(fault.into()),
            Body::LeftOut { sent } => Self::LeftOut(sent.into()),
        }
    }
}

/// Bytes kept of a result, where that are more than its text.
pub(super) fn more_than(text: &str, kept: u64) -> Option<u64> {
    (kept > text.len() as u64).then_some(kept)
}
