//! Plans in format 1.

use std::borrow::Cow;

use q_core::TurnNo;
use serde::{Deserialize, Serialize};

use super::word::StepState;

/// [`q_core::PlanStep`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PlanStepV1<'a> {
    #[serde(rename = "text", borrow)]
    text: Cow<'a, str>,
    #[serde(rename = "state")]
    state: StepState,
}

impl<'a> From<&'a q_core::PlanStep> for PlanStepV1<'a> {
    fn from(step: &'a q_core::PlanStep) -> Self {
        Self { text: (&step.text).into(), state: step.state.into() }
    }
}

impl From<PlanStepV1<'_>> for q_core::PlanStep {
    fn from(step: PlanStepV1<'_>) -> Self {
        Self { text: step.text.into_owned(), state: step.state.into() }
    }
}

/// [`q_core::Record::Planned`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PlannedV1<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "steps", borrow)]
    steps: Vec<PlanStepV1<'a>>,
}

impl<'a> PlannedV1<'a> {
    pub(super) fn new(turn: TurnNo, steps: &'a [q_core::PlanStep]) -> Self {
        Self { turn: turn.0, steps: steps.iter().map(PlanStepV1::from).collect() }
    }

    pub(super) fn into_core(self) -> q_core::Record {
        let steps = self.steps.into_iter().map(q_core::PlanStep::from).collect();
        q_core::Record::Planned { turn: TurnNo(self.turn), steps }
    }
}
