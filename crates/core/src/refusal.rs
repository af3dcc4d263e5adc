//! Refusals: legitimate answers of "no", as data. Each names its limit or reason, and the way out; what is to be typed
//! stands between backquotes, so that each terminal can say it its way.

use alloc::string::String;

use crate::id::{CallNo, EntryNo, PromptNo, SessionId};
use crate::import::ImportFault;
use crate::name::NameFault;
use crate::settings::SettingFault;
use crate::tool_rule::RuleFault;

/// Why a wish is not granted. Nothing changed, nothing is lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No session has this id.
    #[error("there is no session {id}; `q ls --all` lists them")]
    NoSuchSession {
        /// The id asked for.
        id: SessionId,
    },
    /// The session was closed meanwhile.
    #[error("session `{name}` is closed; open it again: `/reopen {name}`")]
    SessionClosed { name: String },
    /// The session is in the trash.
    #[error("session `{name}` is in the trash; take it out first: `/restore {name}`")]
    SessionTrashed { name: String },
    /// The session is open, so there is nothing to open.
    #[error("session `{name}` is open already, in slot {slot}")]
    AlreadyOpen { name: String, slot: u32 },
    /// The session is not in the trash.
    #[error("session `{name}` is not in the trash; `q ls --all` shows where it is")]
    NotInTrash { name: String },
    /// Other sessions read their history from this one.
    #[error(
        "`{name}` has forks that still need its history ({forks} of them); erase those first, or leave it in the trash"
    )]
    HasForks { name: String, forks: usize },
    /// The session cannot be read back.
    #[error("the session cannot be woken ({why}); `q doctor` tells more, its other commands still work")]
    CannotWake {
        /// What the store said.
        why: String,
    },
    /// Too much waits for one session to wake.
    #[error(
        "{limit} wishes wait for this session to wake, the most allowed (limits.waking_wishes); try again in a moment"
    )]
    TooManyWaking { limit: usize },
    /// The id is used already.
    #[error("session id {id} is taken; ask again for a fresh one")]
    IdTaken { id: SessionId },
    /// Another open session has the name.
    #[error("the name `{name}` is taken by session {slot}; try `{free}`")]
    NameTaken {
        name: String,
        slot: u32,
        /// A name that is free.
        free: String,
    },
    /// The name is not one.
    #[error("`{name}` cannot be a name: {fault}; for example: fix-login")]
    BadName {
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// All places for live sessions are taken.
    #[error(
        "{limit} sessions are live, the most allowed (limits.live_sessions), and none can hibernate: each works, is pinned or is on a screen; close one (`/close NAME`) or unpin one (`/unpin NAME`)"
    )]
    TooManyLive { limit: usize },
    /// The host's process has all the memory it may.
    #[error(
        "q's host has {size} MB, the most allowed is {limit} MB (limits.hard_memory); close or finish something first, or raise the limit"
    )]
    HostFull {
        /// What it has, in megabytes.
        size: u64,
        /// The limit, in megabytes.
        limit: u64,
    },
    /// What is live may have no more memory.
    #[error(
        "the live sessions keep {size} bytes in memory, the most allowed is {limit} (limits.memory_bytes); wait for one to finish, or close one: `/close NAME`"
    )]
    SessionsFull { size: usize, limit: usize },
    /// The text is not a tag.
    #[error("`{tag}` cannot be a tag: 1 to 24 letters, digits, `-`, `_` or `.`; for example: work")]
    BadTag { tag: String },
    /// All places for tags are taken.
    #[error("a session has at most {limit} tags; remove one first: `/tag -NAME`")]
    TooManyTags { limit: usize },
    /// The setting cannot be that.
    #[error(transparent)]
    BadSetting(#[from] SettingFault),
    /// What the kind tells its agents is too long.
    #[error(
        "the kind's system prompt has {size} bytes, the most allowed is {limit} (limits.system_prompt_bytes); shorten it in the config"
    )]
    SystemPromptTooLong { size: usize, limit: usize },
    /// All places in the queue are taken.
    #[error(
        "{limit} prompts wait in this session, the most allowed (limits.queued_prompts); take one back (`/unqueue`), or let them go: wait, after a stop `/retry`"
    )]
    QueueFull { limit: usize },
    /// What waits would be too long together.
    #[error(
        "the prompts that wait here would have {size} bytes together, the most allowed is {limit}; take one back (`/unqueue`), or let them go: wait, after a stop `/retry`"
    )]
    QueueTooLong {
        /// What it would be.
        size: usize,
        limit: usize,
    },
    /// The session has cost what it may.
    #[error(
        "`{name}` has cost {spent} tokens, its budget is {limit} (budget_tokens); nothing was sent: `/set budget_tokens NUMBER` raises it, `/set budget_tokens off` lifts it, `/new` begins another session"
    )]
    SessionBudgetSpent { name: String, spent: u64, limit: u64 },
    /// All sessions together have cost what they may in a day.
    #[error(
        "all sessions together have cost {spent} tokens today (by UTC), the budget of a day is {limit} (limits.budget_tokens_per_day); nothing was sent: raise it in the config, then `q host restart`, or wait until that day ends"
    )]
    DayBudgetSpent { spent: u64, limit: u64 },
    /// The prompt is empty.
    #[error("an empty prompt is not sent; type something first")]
    PromptEmpty,
    /// The prompt is longer than allowed.
    #[error(
        "the prompt has {size} bytes, the most allowed is {limit} (limits.prompt_bytes); shorten it, or put it in a file and name the file"
    )]
    PromptTooLong { size: usize, limit: usize },
    /// The prompt has more images than allowed.
    #[error("a prompt may have {limit} images at most; send the others with another one")]
    TooManyImages { limit: usize },
    /// An image, or all of a prompt together, are larger than allowed.
    #[error("its images have {size} bytes, the most allowed is {limit}; make them smaller, or send fewer")]
    ImagesTooLarge { size: u64, limit: u64 },
    /// What is said to be an image is none.
    #[error(
        "an image did not come as one (its name, its size in pixels, or its base64); name its file again"
    )]
    BadImage,
    /// The agent takes words while it works, and nothing else.
    #[error("images do not go into a running turn; send it as a prompt, which waits in the queue")]
    ImagesWait,
    /// No prompt of that number waits.
    #[error("prompt {prompt} does not wait here (it was sent or taken back)")]
    NotQueued {
        /// The number asked for.
        prompt: PromptNo,
    },
    /// The agent takes no words while it works.
    #[error(
        "the agent of `{name}` takes no words while it works; send them as a prompt, which waits in the queue; `/now` interrupts and sends it"
    )]
    NotSteerable { name: String },
    /// The call does not wait for an answer, or not in that turn.
    #[error("call {call} no longer waits (answered, expired, or its turn is over); `/inbox` shows what does")]
    CallOver {
        /// The number asked for.
        call: CallNo,
    },
    /// The answer was meant for other bytes than those that wait.
    #[error("what waits is not what was shown; look at it again: `/inbox`")]
    DigestDiffers,
    /// The call is a question.
    #[error("the agent asks a question; answer it with words")]
    WantsWords,
    /// All places for rules are taken.
    #[error(
        "{limit} rules are in this session, the most allowed (limits.allowed_tools); allow this once, or take one back (`/permissions`)"
    )]
    TooManyRules { limit: usize },
    /// No rule of a length that can be shown is for such calls alone, or another rule asks for each.
    #[error(
        "always is not to be had for this: it is too long for a rule, or a rule asks each time; allow it once"
    )]
    NoRuleForIt,
    #[error("that is no rule: {fault}")]
    BadRule { fault: RuleFault },
    #[error("nothing runs in this session")]
    NothingRuns,
    /// A turn runs, the last one ended well, or its prompt is lost.
    #[error(
        "nothing to retry: only the last prompt can be, where nothing answered it whole; type an older one again"
    )]
    NothingToRetry,
    /// A turn runs, the last one ended well, or a summary stands for it.
    #[error(
        "nothing to go on with: only an answer can be that stopped before its end; `/retry` asks again what was not answered"
    )]
    NothingToContinue,
    /// A turn runs, and a conversation that still changes is not summarised.
    #[error("`{name}` is still working; `/compact` once it is done, or `/interrupt` it first")]
    CompactsLater { name: String },
    /// Nothing was said yet, or nothing since the last summary.
    #[error("nothing to compact: nothing was said here yet, or nothing since the last summary")]
    NothingToCompact,
    /// The session has no summary of its own that counts.
    #[error(
        "no summary to undo: none of this session counts now; what a fork took over is undone where it comes from, or by a fork from before it"
    )]
    NothingToUndo,
    /// A turn runs, or files are being put back already.
    #[error("`{name}` is still working; `/undo` and `/redo` once it is done, or `/interrupt` it first")]
    ReversesLater { name: String },
    /// No turn of that number was here.
    #[error("nothing to undo or redo: no tool has changed a file here, or it is kept no longer")]
    NothingToReverse,
    /// A file is not as it was left, or cannot be written.
    #[error("{why}")]
    CannotReverse {
        /// Which file, and why; what became of the others.
        why: String,
    },
    /// A turn runs, and the wish would end it.
    #[error(
        "`{name}` is still working; interrupt it first (`/interrupt`), or do it anyway: `/close! {name}`, `/delete! {name}`"
    )]
    StillWorking { name: String },
    /// What is to be imported does not fit.
    #[error("entry {entry}: {fault}")]
    BadImport {
        /// The entry's number there.
        entry: EntryNo,
        fault: ImportFault,
    },
    /// What is to be imported says something of the session that cannot be.
    #[error("its {field} has control characters")]
    BadFact { field: &'static str },
    /// Nothing comes into this session, or not from this client, or it was changed meanwhile.
    #[error("the import was given up, or the session was changed meanwhile; import the file again")]
    NoImport,
    /// So many sessions come in already.
    #[error("{limit} imports are under way already; wait for one of them")]
    TooManyImports { limit: usize },
    /// The host is going down.
    #[error("the host is stopping and takes nothing new; start q again")]
    Stopping,
}

impl Refusal {
    /// A stable code, for `--json`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchSession { .. } => "no_such_session",
            Self::SessionClosed { .. } => "session_closed",
            Self::SessionTrashed { .. } => "session_trashed",
            Self::AlreadyOpen { .. } => "already_open",
            Self::NotInTrash { .. } => "not_in_trash",
            Self::HasForks { .. } => "has_forks",
            Self::CannotWake { .. } => "cannot_wake",
            Self::TooManyWaking { .. } => "too_many_waking",
            Self::HostFull { .. } => "host_full",
            Self::SessionsFull { .. } => "sessions_full",
            Self::BadTag { .. } => "bad_tag",
            Self::TooManyTags { .. } => "too_many_tags",
            Self::BadSetting(_) => "bad_setting",
            Self::SystemPromptTooLong { .. } => "system_prompt_too_long",
            Self::NotSteerable { .. } => "not_steerable",
            Self::CallOver { .. } => "call_over",
            Self::DigestDiffers => "digest_differs",
            Self::WantsWords => "wants_words",
            Self::TooManyRules { .. } => "too_many_rules",
            Self::NoRuleForIt => "no_rule_for_it",
            Self::BadRule { .. } => "bad_rule",
            Self::IdTaken { .. } => "id_taken",
            Self::NameTaken { .. } => "name_taken",
            Self::BadName { .. } => "bad_name",
            Self::TooManyLive { .. } => "too_many_live",
            Self::QueueFull { .. } => "queue_full",
            Self::QueueTooLong { .. } => "queue_too_long",
            Self::SessionBudgetSpent { .. } => "session_budget_spent",
            Self::DayBudgetSpent { .. } => "day_budget_spent",
            Self::PromptEmpty => "prompt_empty",
            Self::PromptTooLong { .. } => "prompt_too_long",
            Self::TooManyImages { .. } => "too_many_images",
            Self::ImagesTooLarge { .. } => "images_too_large",
            Self::BadImage => "bad_image",
            Self::ImagesWait => "images_wait",
            Self::NotQueued { .. } => "not_queued",
            Self::NothingRuns => "nothing_runs",
            Self::NothingToRetry => "nothing_to_retry",
            Self::NothingToContinue => "nothing_to_continue",
            Self::CompactsLater { .. } => "compacts_later",
            Self::NothingToCompact => "nothing_to_compact",
            Self::NothingToUndo => "nothing_to_undo",
            Self::ReversesLater { .. } => "reverses_later",
            Self::NothingToReverse => "nothing_to_reverse",
            Self::CannotReverse { .. } => "cannot_reverse",
            Self::StillWorking { .. } => "still_working",
            Self::BadImport { .. } => "bad_import",
            Self::BadFact { .. } => "bad_fact",
            Self::NoImport => "no_import",
            Self::TooManyImports { .. } => "too_many_imports",
            Self::Stopping => "stopping",
        }
    }

    /// Whether a configured limit is the reason.
    pub const fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::TooManyLive { .. }
                | Self::TooManyImports { .. }
                | Self::TooManyWaking { .. }
                | Self::HostFull { .. }
                | Self::SessionsFull { .. }
                | Self::TooManyTags { .. }
                | Self::TooManyRules { .. }
                | Self::SystemPromptTooLong { .. }
                | Self::QueueFull { .. }
                | Self::QueueTooLong { .. }
                | Self::TooManyImages { .. }
                | Self::ImagesTooLarge { .. }
                | Self::SessionBudgetSpent { .. }
                | Self::DayBudgetSpent { .. }
                | Self::PromptTooLong { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::string::ToString;

    use super::*;

    /// Every refusal that names a limit, and some that do not.
    fn some() -> [(Refusal, &'static str, bool); 26] {
        let (name, limit) = (String::from("a"), 7);
        [
            (Refusal::TooManyLive { limit }, "too_many_live", true),
            (Refusal::TooManyWaking { limit }, "too_many_waking", true),
            (Refusal::HostFull { size: 8, limit: 7 }, "host_full", true),
            (Refusal::SessionsFull { size: 8, limit }, "sessions_full", true),
            (Refusal::TooManyTags { limit }, "too_many_tags", true),
            (Refusal::TooManyRules { limit }, "too_many_rules", true),
            (Refusal::NoRuleForIt, "no_rule_for_it", false),
            (Refusal::BadRule { fault: RuleFault::Path }, "bad_rule", false),
            (Refusal::SystemPromptTooLong { size: 8, limit }, "system_prompt_too_long", true),
            (Refusal::QueueFull { limit }, "queue_full", true),
            (Refusal::QueueTooLong { size: 8, limit }, "queue_too_long", true),
            (Refusal::PromptTooLong { size: 8, limit }, "prompt_too_long", true),
            (
                Refusal::SessionBudgetSpent { name: name.clone(), spent: 8, limit: 7 },
                "session_budget_spent",
                true,
            ),
            (Refusal::DayBudgetSpent { spent: 8, limit: 7 }, "day_budget_spent", true),
            (Refusal::TooManyImages { limit }, "too_many_images", true),
            (Refusal::ImagesTooLarge { size: 8, limit: 7 }, "images_too_large", true),
            (Refusal::BadImage, "bad_image", false),
            (Refusal::ImagesWait, "images_wait", false),
            (Refusal::StillWorking { name: name.clone() }, "still_working", false),
            (Refusal::SessionClosed { name: name.clone() }, "session_closed", false),
            (Refusal::NotSteerable { name }, "not_steerable", false),
            (Refusal::DigestDiffers, "digest_differs", false),
            (Refusal::NothingToRetry, "nothing_to_retry", false),
            (Refusal::TooManyImports { limit }, "too_many_imports", true),
            (Refusal::NoImport, "no_import", false),
            (Refusal::Stopping, "stopping", false),
        ]
    }

    #[test]
    fn a_refusal_has_a_code_and_says_whether_it_is_a_limit() {
        for (refusal, code, is_limit) in some() {
            assert_eq!((refusal.code(), refusal.is_limit()), (code, is_limit), "{refusal}");
            assert!(!is_limit || refusal.to_string().contains('7'), "{refusal} does not name its limit");
        }
        let codes: BTreeSet<&str> = some().iter().map(|(refusal, ..)| refusal.code()).collect();
        assert_eq!(codes.len(), some().len());
    }
}
