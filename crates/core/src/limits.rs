//! Limits: every collection has a maximum, and every refusal names it.
//!
//! Not here: the words of a refusal ([`crate::refusal`]).

use core::time::Duration;

/// What the host configures. Sizes are in bytes unless the name says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sessions that may be live at once.
    pub live_sessions: usize,
    /// Prompts that may wait in one session.
    pub queued_prompts: usize,
    /// All prompts that wait in one session: a snapshot carries them whole.
    pub queued_bytes: usize,
    /// One prompt.
    pub prompt_bytes: usize,
    /// One answer; a longer one is cut and marked.
    pub answer_bytes: usize,
    /// What a live session keeps in memory of its transcript; the store has the rest.
    pub tail_bytes: usize,
    /// Streamed text is written when this much waits …
    pub stream_bytes: usize,
    /// … or when the oldest of it has waited this long.
    pub stream_delay: Duration,
    /// How long nobody must be attached and nothing run before the host leaves.
    pub leave_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            live_sessions: 10,
            queued_prompts: 20,
            queued_bytes: 4 << 20,
            prompt_bytes: 4 << 20,
            answer_bytes: 4 << 20,
            tail_bytes: 256 << 10,
            stream_bytes: 4 << 10,
            stream_delay: Duration::from_millis(100),
            leave_after: Duration::from_mins(1),
        }
    }
}
