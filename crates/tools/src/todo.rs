//! `todo`: the model's plan, told whole each time. It touches nothing: what is kept and shown of it is the session's business.

use q_core::limits::{PLAN_STEP_BYTES, PLAN_STEPS};
use q_core::{PlanStep, StepState};
use serde::Deserialize;

use crate::definition::ToolDefinition;

pub(crate) const DEFINITION: ToolDefinition = ToolDefinition {
    name: "todo",
    about: "Shows the person your plan: all of its steps in order, each open, active or done. Call it for work of three steps and more, and again whenever a step is begun or done; each call replaces the plan before it. At most 64 steps of 512 bytes. It changes nothing and asks nobody.",
    schema: r#"{"type":"object","properties":{"steps":{"type":"array","minItems":1,"maxItems":64,"items":{"type":"object","properties":{"text":{"type":"string","description":"What is to be done, in a few words"},"state":{"type":"string","enum":["open","active","done"]}},"required":["text","state"],"additionalProperties":false}}},"required":["steps"],"additionalProperties":false}"#,
    reads: true,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TodoArguments {
    steps: Vec<TodoStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TodoStep {
    text: String,
    state: String,
}

/// The plan that these arguments are. One that would be cut when it is kept is refused: the model would believe that it is shown.
pub(crate) fn plan(arguments: TodoArguments) -> Result<Vec<PlanStep>, String> {
    let steps = arguments.steps;
    if steps.is_empty() || steps.len() > PLAN_STEPS {
        return Err(format!("a plan has 1 to {PLAN_STEPS} steps, and this one has {}", steps.len()));
    }
    let step = |(place, TodoStep { text, state }): (usize, TodoStep)| {
        let number = place + 1;
        if text.trim().is_empty() || text.len() > PLAN_STEP_BYTES {
            return Err(format!("step {number} must have 1 to {PLAN_STEP_BYTES} bytes of text"));
        }
        let known = StepState::ALL.into_iter().find(|known| known.word() == state);
        let state = known.ok_or_else(|| format!("step {number} must be open, active or done"))?;
        Ok(PlanStep { text, state })
    };
    steps.into_iter().enumerate().map(step).collect()
}

/// What a model hears once its plan is told.
pub(crate) fn told(steps: &[PlanStep]) -> String {
    let done = steps.iter().filter(|step| step.state == StepState::Done).count();
    format!("the person sees it: {done} of {} done\n", steps.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn read(input: &str) -> Result<Vec<PlanStep>, String> {
        plan(serde_json::from_str(input).map_err(|error| error.to_string())?)
    }

    #[test]
    fn a_plan_is_kept_as_it_is_or_refused() {
        let step = |text: &str, state: &str| format!(r#"{{"text":"{text}","state":"{state}"}}"#);
        let steps = |all: &[String]| format!(r#"{{"steps":[{}]}}"#, all.join(","));
        let kept =
            read(&steps(&[step("read", "done"), step("fix", "active"), step("test", "open")])).unwrap();
        let states: Vec<StepState> = kept.iter().map(|step| step.state).collect();
        assert_eq!(states, [StepState::Done, StepState::Active, StepState::Open]);
        assert_eq!(told(&kept), "the person sees it: 1 of 3 done\n");
        assert_eq!(read(&steps(&vec![step("a", "open"); PLAN_STEPS])).unwrap().len(), PLAN_STEPS);
        let longest = "é".repeat(PLAN_STEP_BYTES / 2);
        assert_eq!(read(&steps(&[step(&longest, "open")])).unwrap()[0].text, longest);
        for (input, why) in [
            (steps(&[]), "a plan has 1 to 64 steps, and this one has 0"),
            (steps(&vec![step("a", "open"); PLAN_STEPS + 1]), "and this one has 65"),
            (steps(&[step("a", "open"), step(" ", "open")]), "step 2 must have 1 to 512 bytes of text"),
            (steps(&[step(&format!("{longest}a"), "open")]), "step 1 must have 1 to 512 bytes of text"),
            (steps(&[step("a", "begun")]), "step 1 must be open, active or done"),
            (r#"{"steps":[{"text":"a","state":"open","who":"me"}]}"#.into(), "unknown field"),
            (r#"{"steps":[],"steps":[]}"#.into(), "duplicate field"),
        ] {
            let said = read(&input).unwrap_err();
            assert!(said.contains(why), "{input}: {said}");
        }
    }
}
