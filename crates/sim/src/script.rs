//! The script: what the core was told, in lines that a scenario of the core is written in. Only where somebody wants it.

use std::time::Duration;

use q_core::trace::write;
use q_core::{Input, Limits, Now};

use super::mark;

/// Sessions of more runs than fit are left with their long ids.
const SHORT_IDS: u64 = 999;

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Script {
    lines: Option<Vec<String>>,
    last: Now,
}

impl Script {
    pub(super) fn new(limits: &Limits, is_kept: bool) -> Self {
        Self { lines: is_kept.then(|| limit_lines(limits)), last: Now::default() }
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.lines.is_some()
    }

    /// The core was told this.
    pub(super) fn record(&mut self, now: Now, input: &Input) {
        let Some(lines) = &mut self.lines else { return };
        let after = now.mono.since(self.last.mono);
        let wall = (now.wall != self.last.wall.after(after)).then_some(now.wall);
        self.last = now;
        let is_first = !lines.iter().any(|line| line.starts_with('>'));
        let line = write(after, wall, input);
        // A scenario begins with a host; every later one comes of a crash.
        let is_crash = *input == Input::Started && !is_first;
        let line = if is_crash { line.replacen("started", "crash", 1) } else { line };
        lines.push(format!("> {line}"));
    }

    /// All lines, with the short ids of scripts. So many sessions were drawn.
    pub(super) fn into_lines(self, drawn: u64) -> Vec<String> {
        let ids = (0..drawn.min(SHORT_IDS - 1)).map(|number| (number, number + 1));
        let ids: Vec<_> = ids
            .chain([(u64::MAX, SHORT_IDS)])
            .map(|(number, short)| (mark::session(number).to_string(), format!("s{short}")))
            .collect();
        let shorten = |line: String| ids.iter().fold(line, |line, (id, short)| line.replace(id, short));
        self.lines.unwrap_or_default().into_iter().map(shorten).collect()
    }
}

/// The limits that differ from the usual ones, as scripts set them.
fn limit_lines(limits: &Limits) -> Vec<String> {
    let usual = Limits::default();
    let millis = |time: Duration| time.as_millis() as u64;
    let sizes = |limits: &Limits| {
        [
            ("live_sessions", limits.live_sessions as u64),
            ("hibernate_after", millis(limits.hibernate_after)),
            ("trash_for", millis(limits.trash_for)),
            ("store_bytes", limits.store_bytes),
            ("agent_calls", limits.agent_calls as u64),
            ("agent_calls_in_view", limits.agent_calls_in_view as u64),
            ("waking_wishes", limits.waking_wishes as u64),
            ("queued_prompts", limits.queued_prompts as u64),
            ("queued_bytes", limits.queued_bytes as u64),
            ("prompt_bytes", limits.prompt_bytes as u64),
            ("image_bytes", limits.image_bytes),
            ("system_prompt_bytes", limits.system_prompt_bytes as u64),
            ("answer_bytes", limits.answer_bytes as u64),
            ("turn_entries", limits.turn_entries.into()),
            ("turn_calls", limits.turn_calls.into()),
            ("open_calls", limits.open_calls as u64),
            ("result_bytes", limits.result_bytes as u64),
            ("result_kept_bytes", limits.result_kept_bytes as u64),
            ("output_bytes", limits.output_bytes as u64),
            ("approval_for", millis(limits.approval_for)),
            ("allowed_tools", limits.allowed_tools as u64),
            ("tail_bytes", limits.tail_bytes as u64),
            ("memory_bytes", limits.memory_bytes as u64),
            ("soft_memory", limits.soft_memory),
            ("hard_memory", limits.hard_memory),
            ("stream_bytes", limits.stream_bytes as u64),
            ("stream_delay", millis(limits.stream_delay)),
            ("compact_at", limits.compact_at),
            ("budget_tokens", limits.budget_tokens),
            ("budget_tokens_per_day", limits.budget_tokens_per_day),
            ("leave_after", millis(limits.leave_after)),
        ]
    };
    let differ = sizes(limits).into_iter().zip(sizes(&usual)).filter(|(now, usual)| now != usual);
    differ.map(|((name, size), _)| format!("limit {name} {size}")).collect()
}
