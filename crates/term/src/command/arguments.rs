//! What a command takes, what it is about, and how the core's command is made of both.

use q_core::{
    Answer, Command, Presence, PromptNo, SessionId, SettingChange, Summary, TagChange, Token, Wants,
};

/// What a command takes, as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// A session, as typed; without one, the one in view is meant.
    pub session: Option<String>,
    /// The word of a kind; empty for the usual one.
    pub kind: String,
    /// Who is to answer in a new session; without a word of it as is usual.
    pub wish: Option<Box<AgentWish>>,
    pub name: Option<String>,
    /// The place of a waiting prompt in its queue, from 1; or the number that a call was shown with.
    pub number: Option<usize>,
    /// The place that a waiting prompt shall have, from 1.
    pub place: Option<usize>,
    /// Words, or a whole text.
    pub text: Option<String>,
    pub tags: Vec<TagChange>,
    /// What is to be set.
    pub changes: Vec<SettingChange>,
    pub flags: Flags,
}

/// Who is to answer in a new session, and with which model, as far as that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentWish {
    pub agent: Option<String>,
    pub model: Option<String>,
}

/// What stands for itself among what a command takes: it was said, or was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Also while the session works.
    pub force: bool,
    /// What was done last is to be taken back.
    pub undo: bool,
    /// A block of code, and not an answer.
    pub code: bool,
    /// Every call of that tool that waits in the session, and not one alone.
    pub all: bool,
    /// What goes on is to end.
    pub skip: bool,
}

impl Flags {
    /// Takes a word that stands for itself; whether it is one.
    pub(super) fn raise(&mut self, word: &str) -> bool {
        match word {
            "undo" => self.undo = true,
            "code" => self.code = true,
            "all" => self.all = true,
            "skip" => self.skip = true,
            "yes" => self.force = true,
            _other => return false,
        }
        true
    }
}

impl Arguments {
    pub(super) fn name(&self) -> String {
        self.name.clone().unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        self.text.clone().unwrap_or_default()
    }

    /// From 0, as the core counts.
    pub(super) fn place(&self) -> u32 {
        u32::try_from(self.place.unwrap_or_default().saturating_sub(1)).unwrap_or(u32::MAX)
    }
}

/// What a command is about, and how the core's is made of it.
#[derive(Clone, Copy, Debug)]
pub enum CoreCommand {
    /// A session: where it is looked for.
    Session(Among, fn(SessionId, &Arguments) -> Command),
    /// The turn of a session, which it begins or joins: under a mark that the client draws.
    Turn(fn(SessionId, Token, &Arguments) -> Command),
    /// A waiting prompt; without a number the one to be sent next.
    Prompt(fn(SessionId, PromptNo, &Arguments) -> Command),
    /// A call that waits: what it must want, and what is answered.
    Call(Wants, fn(&Arguments) -> Answer),
}

/// Where the session is that a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    Open,
    Archived,
    Trashed,
    /// Anywhere but in the trash.
    Kept,
}

impl Among {
    /// Whether a session may be meant, where several have that name. Of all others it is told where they are.
    pub const fn has(self, summary: &Summary) -> bool {
        match self {
            Self::Open | Self::Kept => !matches!(summary.presence, Presence::Trashed),
            Self::Archived => matches!(summary.presence, Presence::Closed),
            Self::Trashed => matches!(summary.presence, Presence::Trashed),
        }
    }
}

/// One thing that a command takes: the word that stands for it in its usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    pub word: &'static str,
    /// Whether it may be left out.
    pub is_optional: bool,
}

impl Param {
    /// Whether a session stands for it.
    pub(crate) fn is_session(self) -> bool {
        ["SESSION", "NAME|NUMBER"].contains(&self.word)
    }

    /// Whether it is typed as it stands, as `model` is in `q set SESSION model MODEL`.
    pub(crate) fn is_literal(self) -> bool {
        !self.is_optional && self.word.starts_with(|first: char| first.is_lowercase())
    }
}

/// The parameters of a usage such as `NUMBER [TEXT]`: the one place where usages are taken apart.
pub(super) fn params(usage: &'static str) -> impl Iterator<Item = Param> {
    usage.split_whitespace().map(|word| {
        // Of `[--kind KIND]` each word has one of the brackets.
        let bare = word.trim_end_matches('…').trim_start_matches('[').trim_end_matches(']');
        Param { word: bare, is_optional: word.contains(['[', ']']) }
    })
}
