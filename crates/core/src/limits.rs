//! Limits: every collection has a maximum, and every refusal names it. What the host configures is in [`Limits`]; what agents
//! say beside their text is held to constants.
//!
//! Not here: the words of a refusal ([`crate::refusal`]).

use core::time::Duration;

/// The longest name of a tool, in bytes; a longer one is cut, and denied.
pub const TOOL_BYTES: usize = 128;
/// What is kept of an agent's own words about its failure, in bytes.
pub(crate) const DETAIL_BYTES: usize = 1024;
/// What is kept of its provider's word for why it stopped, of the name of its model, and of a resume handle, in bytes: a head
/// has all three.
pub(crate) const REASON_BYTES: usize = 64;
pub(crate) const MODEL_BYTES: usize = 128;
pub(crate) const RESUME_BYTES: usize = 512;
/// What a person may set in a session: bytes of the name of a model and of a reasoning effort, and tokens of an answer.
pub(crate) const MODEL_NAME_BYTES: usize = 256;
pub(crate) const EFFORT_BYTES: usize = 32;
pub(crate) const MAX_TOKENS: u64 = 10_000_000;
/// The same of what is merged into a request's body, and of the fields that are left out of it: how many, and how long a name.
pub(crate) const BODY_BYTES: usize = 4096;
pub(crate) const OMITTED_FIELDS: usize = 16;
pub(crate) const FIELD_BYTES: usize = 64;
/// The longest that a server may be waited for, in seconds: a day.
pub(crate) const WAIT_SECONDS: u64 = 86_400;
/// The most bytes that the file of an image may have: 5 MiB in base64, the most that Anthropic's servers take; others take more.
pub const IMAGE_BYTES: u64 = 3_932_160;
/// The most images of a prompt, and bytes of all their files: in base64 and with the longest prompt they fit into a frame, and
/// a request that brings them again stays below what servers take.
pub const PROMPT_IMAGES: usize = 8;
pub const PROMPT_IMAGE_BYTES: u64 = 6_000_000;
/// The same of all images that a model is sent at once: the newest ones.
pub const SENT_IMAGES: usize = 16;
pub const SENT_IMAGE_BYTES: u64 = 6_000_000;
/// The longest name of an image, in bytes.
pub(crate) const IMAGE_NAME_BYTES: usize = 512;
/// The greatest budget of tokens that may be set.
pub const BUDGET_TOKENS: u64 = 1_000_000_000_000;
/// The most steps of a plan, and bytes of each.
pub const PLAN_STEPS: usize = 64;
pub const PLAN_STEP_BYTES: usize = 512;
/// Bytes of all its steps.
pub(crate) const PLAN_BYTES: usize = PLAN_STEPS * PLAN_STEP_BYTES;

/// What the host configures. Sizes are in bytes unless the name says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sessions that may be live at once; for one more, the least recently used idle one hibernates.
    pub live_sessions: usize,
    /// A session that nobody used for this long hibernates.
    pub hibernate_after: Duration,
    /// How long a session stays in the trash.
    pub trash_for: Duration,
    /// What all sessions may take on the disk before the person is told; nothing is erased for it.
    pub store_bytes: u64,
    /// Turns of one agent that may be asked at once, over all sessions …
    pub agent_calls: usize,
    /// … of which this many are kept for sessions that a client shows.
    pub agent_calls_in_view: usize,
    /// Wishes that may wait for one session to wake.
    pub waking_wishes: usize,
    /// Prompts that may wait in one session.
    pub queued_prompts: usize,
    /// All prompts that wait in one session: a snapshot carries them whole.
    pub queued_bytes: usize,
    pub prompt_bytes: usize,
    /// What the file of one image of a prompt may have.
    pub image_bytes: u64,
    /// What a kind tells its agents.
    pub system_prompt_bytes: usize,
    /// What an agent says in one turn; more is cut and marked.
    pub answer_bytes: usize,
    /// Entries of one turn; more ends it.
    pub turn_entries: u32,
    /// Tool calls of one turn that may run before the person is asked again.
    pub turn_calls: u32,
    /// Tool calls of one turn that may be open at once.
    pub open_calls: usize,
    /// What of one result of a tool is in its record: held in memory, shown, told to the agent.
    pub result_bytes: usize,
    /// What of one result is kept in all; what is above is cut and its size noted.
    pub result_kept_bytes: usize,
    /// What is kept of what the calls of one turn put out while they run; their results have all of it.
    pub output_bytes: usize,
    /// How long a call waits for the person.
    pub approval_for: Duration,
    /// Rules that one session has.
    pub allowed_tools: usize,
    /// What a live session keeps in memory of its transcript; the store has the rest.
    pub tail_bytes: usize,
    /// What all live sessions may keep in memory together; above it idle ones hibernate.
    pub memory_bytes: usize,
    /// What the host's process may have before idle sessions hibernate.
    pub soft_memory: u64,
    /// What the host's process may have before it takes nothing new.
    pub hard_memory: u64,
    /// Streamed text is written when this much waits …
    pub stream_bytes: usize,
    /// … or when the oldest of it has waited this long.
    pub stream_delay: Duration,
    /// Before the next prompt of a conversation that fills so much of its model's window, in percent, it is compacted; 0 for
    /// never.
    pub compact_at: u64,
    /// What a session may cost in tokens that has no budget of its own; 0 for any number.
    pub budget_tokens: u64,
    /// What all sessions together may cost in tokens in a day of UTC; 0 for any number.
    pub budget_tokens_per_day: u64,
    /// How long nobody must be attached and nothing run before the host leaves.
    pub leave_after: Duration,
}

impl Limits {
    /// What of one result is kept in all, whichever of its two limits is the greater.
    pub(crate) fn most_of_result(&self) -> usize {
        self.result_bytes.max(self.result_kept_bytes)
    }
}

impl Limits {
    /// A number by which others are told apart, within one version of q.
    pub fn fingerprint(&self) -> u64 {
        let words = alloc::format!("{self:?}");
        // FNV-1a: nobody gains by two that are alike.
        words
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            live_sessions: 10,
            hibernate_after: Duration::from_mins(30),
            trash_for: Duration::from_hours(24 * 30),
            store_bytes: 10_000_000_000,
            agent_calls: 5,
            agent_calls_in_view: 2,
            waking_wishes: 16,
            queued_prompts: 20,
            queued_bytes: 4 << 20,
            prompt_bytes: 4 << 20,
            image_bytes: IMAGE_BYTES,
            system_prompt_bytes: 4 << 10,
            answer_bytes: 4 << 20,
            turn_entries: 512,
            turn_calls: 64,
            open_calls: 16,
            result_bytes: 400 << 10,
            result_kept_bytes: 4 << 20,
            output_bytes: 256 << 10,
            approval_for: Duration::from_hours(24),
            allowed_tools: 32,
            tail_bytes: 256 << 10,
            memory_bytes: 32 << 20,
            soft_memory: 64 << 20,
            hard_memory: 125 << 20,
            stream_bytes: 4 << 10,
            stream_delay: Duration::from_millis(100),
            compact_at: 85,
            budget_tokens: 0,
            budget_tokens_per_day: 0,
            leave_after: Duration::from_mins(1),
        }
    }
}
