//! The names of all variants, for tests that must miss none: one that is not listed here is a match that does not compile.

use q_core::record::Why;
use q_core::{
    Activity, AgentEvent, Answer, CallSubject, Command, Durability, Effect, Ending, FailureKind, Fault,
    ImportFault, Input, Interrupter, Kind, NameFault, NameOrigin, Outcome, Policy, Presence, Reason, Record,
    Refusal, Reply, RuleEffect, RuleFault, RulePattern, SettingFault, Update, Voice, Wants,
};

/// A type whose variants have names.
pub(crate) trait Variants {
    /// The type's name.
    const TYPE: &'static str;
    /// The names of its variants.
    const NAMES: &'static [&'static str];
    /// The name of this one.
    fn name(&self) -> &'static str;
}

/// A type and one of its variants.
pub(crate) type Word = (&'static str, &'static str);

/// All words of one type.
pub(crate) fn words<T: Variants>() -> impl Iterator<Item = Word> {
    T::NAMES.iter().map(|&name| (T::TYPE, name))
}

/// The word for this.
pub(crate) fn word<T: Variants>(it: &T) -> Word {
    (T::TYPE, it.name())
}

macro_rules! variants {
    ($($type:ident: $($variant:ident)*;)*) => {$(
        impl Variants for $type {
            const TYPE: &'static str = stringify!($type);
            const NAMES: &'static [&'static str] = &[$(stringify!($variant)),*];
            fn name(&self) -> &'static str {
                match self { $($type::$variant { .. } => stringify!($variant)),* }
            }
        }
    )*

        /// All words of all types.
        pub(crate) fn all_words() -> Vec<Word> {
            let mut all = Vec::new();
            $(all.extend(words::<$type>());)*
            all
        }
    };
}

variants! {
    Activity: Idle Working NeedsApproval NeedsInput Failed Interrupted;
    AgentEvent: Sent Text Thinking Sealed Plan Sources ProjectFiles Torn Model Usage Title Steerable Call Progress Result Resume Retrying StopReason Done Failed Asked;
    Answer: Once Always Deny Words;
    CallSubject: Other Command File Host Tree Named;
    Command: Create Fork Import ImportPart EndImport Rename Close Reopen Trash Restore Erase Wake Tag Pin SetPolicy SetRule MarkUnread MarkRead Submit Shell Unqueue Edit Move SendNow Steer Answer Interrupt Retry Continue SaveDraft Compact Set Reverse;
    Durability: Buffered Synced;
    Effect: Run Cancel Steer Permit Settle Bind Unbind Release Load Reverse Shell Resync Reply Update Leave;
    Ending: Done Interrupted Failed;
    Fault: PromptLost LogCut SealsTooLong AnswerTorn;
    FailureKind: Unreachable ProxyFailed Untrusted WrongPath WrongKey Forbidden QuotaSpent UnknownModel Cut Silent
        RateLimited Overloaded ContextTooLong NoImages RegionRefused SettingRefused Rejected ServerError TooLong LengthLimit Filtered Refused Paused TooManyRounds WindowFull WantsTool
        Empty NotShorter BudgetSpent NotConfigured NotStarted NotLoggedIn Internal;
    Input: Started Stopping Attached Detached Showing Wish Loaded Offered NotBound Reversed Memory Background Agent Tick;
    Interrupter: User Stop Crash;
    Kind: Development Debug Planning Review Custom;
    NameFault: Empty TooLong NoLetterFirst ForeignCharacter;
    NameOrigin: Placeholder Automatic Chosen;
    Outcome: Done Failed Denied Expired NeverRan CutShort;
    Policy: Ask Deny;
    Presence: Live Hibernated Closed Trashed;
    Reason: WriteStream ExpireCall Hibernate EmptyTrash NewDay Leave;
    Record: Created Renamed Closed Reopened Hibernated Woken Trashed Restored Erased Tagged Pinned PolicySet RuleSet Queued Unqueued Edited Moved Retried Began Continued Steered Said Sealed Planned Cited ProjectRead Answering Resumable Called Answered Resulted Ended Seen MarkedUnread MarkedRead Repaired Drafted Imported ImportEnded Sent Compacting Compacted SettingsSet Reversed;
    Refusal: NoSuchSession SessionClosed SessionTrashed AlreadyOpen NotInTrash HasForks CannotWake TooManyWaking IdTaken NameTaken BadName TooManyLive HostFull SessionsFull BadTag TooManyTags SystemPromptTooLong QueueFull QueueTooLong PromptEmpty SessionBudgetSpent DayBudgetSpent PromptTooLong TooManyImages ImagesTooLarge BadImage ImagesWait NotQueued NotSteerable CallOver DigestDiffers WantsWords TooManyRules NoRuleForIt BadRule NothingRuns NothingToRetry NothingToContinue StillWorking Stopping BadImport BadFact NoImport TooManyImports CompactsLater NothingToCompact NothingToUndo BadSetting ReversesLater NothingToReverse CannotReverse;
    ImportFault: NotAbove BadTime NoTurn NoCall NoText TooLong MoreThanAll;
    Reply: Done FromNextTurn Created Accepted;
    RuleEffect: Allow Ask Deny;
    RuleFault: Tool NoProgram Path TooLong;
    RulePattern: Any Begins Exactly Path;
    SettingFault: Unknown Model Temperature MaxTokens Reasoning Mode Body Omit Seconds Headers Budget;
    Update: Session Gone Entry Text Queue Pending Draft;
    Voice: Answer Thinking Output;
    Wants: Nothing Consent Words;
    Why: Room Unused Memory;
}
