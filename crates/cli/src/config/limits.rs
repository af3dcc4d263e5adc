//! `[limits]`: what the person allows. Sizes are bytes; times name their unit.

use std::time::Duration;

use q_core::Limits;
use q_core::limits::BUDGET_TOKENS;
use q_tools::CommandBounds;
use serde::Deserialize;

/// As written; what is left out keeps its default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsConfig {
    live_sessions: Option<usize>,
    hibernate_after_minutes: Option<u64>,
    trash_days: Option<u64>,
    store_bytes: Option<u64>,
    agent_calls: Option<usize>,
    agent_calls_in_view: Option<usize>,
    queued_prompts: Option<usize>,
    queued_bytes: Option<usize>,
    prompt_bytes: Option<usize>,
    system_prompt_bytes: Option<usize>,
    answer_bytes: Option<usize>,
    turn_entries: Option<u32>,
    turn_calls: Option<u32>,
    open_calls: Option<usize>,
    result_bytes: Option<usize>,
    result_kept_bytes: Option<usize>,
    output_bytes: Option<usize>,
    approval_hours: Option<u64>,
    allowed_tools: Option<usize>,
    tail_bytes: Option<usize>,
    memory_bytes: Option<usize>,
    soft_memory: Option<u64>,
    hard_memory: Option<u64>,
    compact_at_percent: Option<u64>,
    budget_tokens: Option<u64>,
    budget_tokens_per_day: Option<u64>,
    leave_after_seconds: Option<u64>,
    command_processes: Option<u64>,
    command_memory_bytes: Option<u64>,
}

/// What a snapshot may hold of each kind of text (the longest entry, the queue, the draft): together they must fit into a
/// frame.
const LONGEST: usize = q_proto::MAX_FRAME / 4;

impl LimitsConfig {
    /// The core's limits with what the file says.
    pub(crate) fn applied(&self) -> Limits {
        let base = Limits::default();
        let times = |count: Option<u64>, unit: u64| {
            count.map(|count| Duration::from_secs(count.saturating_mul(unit)))
        };
        Limits {
            // With none nothing could be opened at all.
            live_sessions: self.live_sessions.unwrap_or(base.live_sessions).max(1),
            hibernate_after: times(self.hibernate_after_minutes, 60).unwrap_or(base.hibernate_after),
            trash_for: times(self.trash_days, 24 * 3600).unwrap_or(base.trash_for),
            store_bytes: self.store_bytes.unwrap_or(base.store_bytes),
            agent_calls: self.agent_calls.unwrap_or(base.agent_calls).max(1),
            agent_calls_in_view: self.agent_calls_in_view.unwrap_or(base.agent_calls_in_view),
            queued_prompts: self.queued_prompts.unwrap_or(base.queued_prompts).max(1),
            queued_bytes: self.queued_bytes.unwrap_or(base.queued_bytes).min(LONGEST),
            prompt_bytes: self.prompt_bytes.unwrap_or(base.prompt_bytes).min(LONGEST),
            system_prompt_bytes: self.system_prompt_bytes.unwrap_or(base.system_prompt_bytes),
            answer_bytes: self.answer_bytes.unwrap_or(base.answer_bytes).min(LONGEST),
            turn_entries: self.turn_entries.unwrap_or(base.turn_entries),
            turn_calls: self.turn_calls.unwrap_or(base.turn_calls),
            open_calls: self.open_calls.unwrap_or(base.open_calls),
            result_bytes: self.result_bytes.unwrap_or(base.result_bytes).min(LONGEST),
            result_kept_bytes: self.result_kept_bytes.unwrap_or(base.result_kept_bytes).min(LONGEST),
            output_bytes: self.output_bytes.unwrap_or(base.output_bytes).min(LONGEST),
            approval_for: times(self.approval_hours, 3600).unwrap_or(base.approval_for),
            allowed_tools: self.allowed_tools.unwrap_or(base.allowed_tools),
            tail_bytes: self.tail_bytes.unwrap_or(base.tail_bytes),
            memory_bytes: self.memory_bytes.unwrap_or(base.memory_bytes),
            soft_memory: self.soft_memory.unwrap_or(base.soft_memory),
            hard_memory: self.hard_memory.unwrap_or(base.hard_memory),
            compact_at: self.compact_at_percent.unwrap_or(base.compact_at),
            budget_tokens: self.budget_tokens.unwrap_or(base.budget_tokens).min(BUDGET_TOKENS),
            budget_tokens_per_day: self
                .budget_tokens_per_day
                .unwrap_or(base.budget_tokens_per_day)
                .min(BUDGET_TOKENS),
            leave_after: times(self.leave_after_seconds, 1).unwrap_or(base.leave_after),
            ..base
        }
    }

    /// The most processes of a command of a tool, and bytes of memory that these take, where the file says it or not.
    pub(crate) fn command_bounds(&self) -> (u64, u64) {
        let usual = CommandBounds::usual();
        let memory = self.command_memory_bytes.unwrap_or(usual.memory);
        (self.command_processes.unwrap_or(usual.processes), memory)
    }
}
