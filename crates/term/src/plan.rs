//! A plan of an agent's in words, and the calls that told it.

use q_core::{Called, PlanStep, StepState, Wants};

use crate::tool_input;

/// All of a plan, a step a line.
pub fn listed(steps: &[PlanStep]) -> String {
    steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(step: &PlanStep) -> String {
    let mark = match step.state {
        StepState::Open => "[ ]",
        StepState::Active => "[>]",
        StepState::Done => "[x]",
    };
    format!("{mark} {}", step.text.replace('\n', " "))
}

/// What is different in a plan, a step a line, for whoever heard the one before it; all of it where there was none.
pub(crate) fn news(before: &[PlanStep], now: &[PlanStep]) -> String {
    if before.is_empty() {
        return listed(now);
    }
    let done = now.iter().filter(|step| step.state == StepState::Done).count();
    let head = format!("({done} of {} done)", now.len());
    let changed = now.iter().filter(|step| !before.contains(step)).map(line);
    std::iter::once(head).chain(changed).collect::<Vec<_>>().join("\n")
}

/// Whether a call told a plan, which is shown in its place: neither the call nor that it was done is said beside that.
pub(crate) fn is_told_by(called: &Called) -> bool {
    called.wants == Wants::Nothing && tool_input::tells_plan(&called.tool, &called.input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_next_plan_only_what_changed_is_said() {
        let step = |text: &str, state| PlanStep { text: text.into(), state };
        let first = [step("read", StepState::Active), step("fix\nit", StepState::Open)];
        let next = [step("read", StepState::Done), step("fix\nit", StepState::Active), first[1].clone()];
        for (before, now, said) in [
            ([].as_slice(), first.as_slice(), "[>] read\n[ ] fix it"),
            (&first, &next, "(1 of 3 done)\n[x] read\n[>] fix it"),
            (&first, &first, "(0 of 2 done)"),
        ] {
            assert_eq!(news(before, now), said);
        }
    }
}
