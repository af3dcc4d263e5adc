//! Activity: what a session is doing. Derived from its turn in flight and how the last one ended; never stored.

/// What a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activity {
    /// Waiting for a prompt.
    Idle,
    Working,
    /// A tool call of the running turn waits for consent.
    NeedsApproval,
    /// The agent asked the person something.
    NeedsInput,
    /// The last turn failed.
    Failed,
    /// The last turn was interrupted.
    Interrupted,
}

/// What changes the activity of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Begin,
    /// A call waits for consent.
    AskConsent,
    /// The agent waits for words.
    AskWords,
    /// Nothing of the turn waits for the person any longer.
    Answer,
    /// No call waits for consent any longer, but the agent still waits for words.
    AnswerConsent,
    /// The turn ended well.
    Finish,
    Fail,
    /// The turn was interrupted.
    Interrupt,
}

use Activity::{Failed, Idle, Interrupted, NeedsApproval, NeedsInput, Working};

/// What follows, by [`Activity::ALL`] and [`Change::ALL`]; `None` cannot happen. Consent is shown before words.
#[rustfmt::skip]
pub const TABLE: [[Option<Activity>; 8]; 6] = {
    const NEVER: Option<Activity> = None;
    const W: Option<Activity> = Some(Working);
    const A: Option<Activity> = Some(NeedsApproval);
    const Q: Option<Activity> = Some(NeedsInput);
    const I: Option<Activity> = Some(Idle);
    const F: Option<Activity> = Some(Failed);
    const S: Option<Activity> = Some(Interrupted);
    [
        //                   Begin  AskConsent AskWords Answer AnswerConsent Finish Fail   Interrupt
        /* idle           */ [W,     NEVER,     NEVER,   NEVER, NEVER,        NEVER, NEVER, NEVER],
        /* working        */ [NEVER, A,         Q,       NEVER, NEVER,        I,     F,     S],
        /* needs approval */ [NEVER, A,         A,       W,     Q,            I,     F,     S],
        /* needs input    */ [NEVER, A,         Q,       W,     NEVER,        I,     F,     S],
        /* failed         */ [W,     NEVER,     NEVER,   NEVER, NEVER,        NEVER, NEVER, NEVER],
        /* interrupted    */ [W,     NEVER,     NEVER,   NEVER, NEVER,        NEVER, NEVER, NEVER],
    ]
};

impl Activity {
    /// Every activity, in the order of the table.
    pub const ALL: [Self; 6] = [Idle, Working, NeedsApproval, NeedsInput, Failed, Interrupted];

    /// The activity after a change, if that can happen.
    pub fn after(self, change: Change) -> Option<Self> {
        TABLE.get(self as usize).and_then(|row| row.get(change as usize)).copied().flatten()
    }

    /// Whether a turn is in flight.
    pub const fn is_busy(self) -> bool {
        match self {
            Working | NeedsApproval | NeedsInput => true,
            Idle | Failed | Interrupted => false,
        }
    }

    /// Whether nothing goes on before the person says something.
    pub const fn needs_person(self) -> bool {
        match self {
            NeedsApproval | NeedsInput => true,
            Idle | Working | Failed | Interrupted => false,
        }
    }

    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Idle => "idle",
            Working => "working",
            NeedsApproval => "needs approval",
            NeedsInput => "needs input",
            Failed => "failed",
            Interrupted => "interrupted",
        }
    }
}

impl Change {
    /// Every change, in the order of the table.
    pub const ALL: [Self; 8] = [
        Self::Begin,
        Self::AskConsent,
        Self::AskWords,
        Self::Answer,
        Self::AnswerConsent,
        Self::Finish,
        Self::Fail,
        Self::Interrupt,
    ];

    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::AskConsent => "ask consent",
            Self::AskWords => "ask words",
            Self::Answer => "answer",
            Self::AnswerConsent => "answer consent",
            Self::Finish => "finish",
            Self::Fail => "fail",
            Self::Interrupt => "interrupt",
        }
    }
}
