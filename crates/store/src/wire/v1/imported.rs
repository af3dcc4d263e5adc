//! An entry from elsewhere in format 1.

use std::borrow::Cow;

use q_core::{CallNo, EntryNo, Prompted, Resulted, Stop, WallTime};
use serde::{Deserialize, Serialize};

use super::SentV1;
use super::compaction::CompactionV1;
use super::failure::FailureV1;
use super::fault::FaultV1;
use super::image::{self, ImageV1};
use super::interrupted::InterruptedV1;
use super::is_default;
use super::plan::PlanStepV1;
use super::project::ProjectFilesV1;
use super::result::ResultV1;
use super::reversed::ReversedV1;
use super::source::SourcesV1;
use super::word::Wants;

/// [`q_core::Record::Imported`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ImportedV1<'a> {
    #[serde(rename = "at")]
    at: u64,
    #[serde(rename = "body", borrow)]
    body: BodyV1<'a>,
}

/// [`q_core::Body`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
enum BodyV1<'a> {
    #[serde(rename = "prompt")]
    Prompt {
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
        #[serde(rename = "images", borrow, default, skip_serializing_if = "Vec::is_empty")]
        images: Vec<ImageV1<'a>>,
        #[serde(rename = "runs", default, skip_serializing_if = "is_default")]
        runs: bool,
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
    #[serde(rename = "result", borrow)]
    Result(ResultV1<'a>),
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
        steps: Vec<PlanStepV1<'a>>,
    },
    #[serde(rename = "sources", borrow)]
    Sources(SourcesV1<'a>),
    #[serde(rename = "project", borrow)]
    Project(ProjectFilesV1<'a>),
    #[serde(rename = "failed", borrow)]
    Failed(FailureV1<'a>),
    #[serde(rename = "interrupted")]
    Interrupted(InterruptedV1),
    #[serde(rename = "repaired")]
    Repaired {
        #[serde(rename = "fault")]
        fault: FaultV1,
    },
    #[serde(rename = "continued")]
    Continued {},
    #[serde(rename = "left_out")]
    LeftOut {
        #[serde(rename = "of")]
        sent: SentV1,
    },
    #[serde(rename = "compaction", borrow)]
    Compaction(CompactionV1<'a>),
    #[serde(rename = "reversed", borrow)]
    Reversed(ReversedV1<'a>),
}

impl<'a> ImportedV1<'a> {
    pub(super) fn new(at: WallTime, body: &'a q_core::Body) -> Self {
        Self { at: at.0, body: body.into() }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        q_core::Record::Imported { at: WallTime(self.at), body: self.body.into() }
    }
}

impl<'a> From<&'a q_core::Body> for BodyV1<'a> {
    fn from(body: &'a q_core::Body) -> Self {
        match body {
            q_core::Body::Prompt(Prompted { text, images, runs }) => {
                Self::Prompt { text: text.into(), images: image::written(images), runs: *runs }
            }
            q_core::Body::Answer(text) => Self::Answer { text: text.into() },
            q_core::Body::Thinking(text) => Self::Thinking { text: text.into() },
            q_core::Body::Call(q_core::Called { no, tool, input, wants }) => {
                Self::Call { no: no.0, tool: tool.into(), input: input.into(), wants: (*wants).into() }
            }
            q_core::Body::Result(Resulted { of, outcome, text, kept, whole }) => {
                Self::Result(ResultV1::new(*of, *outcome, text, *kept, *whole))
            }
            q_core::Body::Output(q_core::CallOutput { of, text }) => {
                Self::Output { of: of.0, text: text.into() }
            }
            q_core::Body::Plan(steps) => Self::Plan { steps: steps.iter().map(PlanStepV1::from).collect() },
            q_core::Body::Sources(sources) => Self::Sources(sources.into()),
            q_core::Body::ProjectFiles(files) => Self::Project(files.into()),
            q_core::Body::Stop(Stop::Interrupted(by)) => Self::Interrupted((*by).into()),
            q_core::Body::Stop(Stop::Failed(failure)) => Self::Failed(failure.into()),
            q_core::Body::Repair(fault) => Self::Repaired { fault: (*fault).into() },
            q_core::Body::Continued => Self::Continued {},
            q_core::Body::LeftOut(sent) => Self::LeftOut { sent: (*sent).into() },
            q_core::Body::Compaction(compaction) => Self::Compaction(compaction.into()),
            q_core::Body::Reversed(reversed) => Self::Reversed(reversed.into()),
        }
    }
}

impl From<BodyV1<'_>> for q_core::Body {
    fn from(body: BodyV1<'_>) -> Self {
        match body {
            BodyV1::Prompt { text, images, runs } => {
                Self::Prompt(Prompted { text: text.into_owned(), images: image::read(images), runs })
            }
            BodyV1::Answer { text } => Self::Answer(text.into_owned()),
            BodyV1::Thinking { text } => Self::Thinking(text.into_owned()),
            BodyV1::Call { no, tool, input, wants } => Self::Call(q_core::Called {
                no: CallNo(no),
                tool: tool.into_owned(),
                input: input.into_owned(),
                wants: wants.into(),
            }),
            BodyV1::Result(result) => Self::Result(result.into_result()),
            BodyV1::Output { of, text } => {
                Self::Output(q_core::CallOutput { of: EntryNo(of), text: text.into_owned() })
            }
            BodyV1::Plan { steps } => Self::Plan(steps.into_iter().map(q_core::PlanStep::from).collect()),
            BodyV1::Sources(sources) => Self::Sources(sources.into()),
            BodyV1::Project(files) => Self::ProjectFiles(files.into()),
            BodyV1::Interrupted(by) => Self::Stop(Stop::Interrupted(by.into())),
            BodyV1::Failed(failure) => Self::Stop(Stop::Failed(failure.into())),
            BodyV1::Repaired { fault } => Self::Repair(fault.into()),
            BodyV1::Continued {} => Self::Continued,
            BodyV1::LeftOut { sent } => Self::LeftOut(sent.into()),
            BodyV1::Compaction(compaction) => Self::Compaction(compaction.into()),
            BodyV1::Reversed(reversed) => Self::Reversed(reversed.into()),
        }
    }
}
