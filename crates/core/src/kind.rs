//! Kinds of session: templates with a colour and a system prompt for the agent.

use core::fmt;
use core::str::FromStr;

use crate::name::Name;

/// What a session is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Building things; the default.
    #[default]
    Development,
    /// Finding out why something fails.
    Debug,
    Planning,
    Review,
    /// One the person defined; its system prompt comes with the session.
    Custom(Name),
}

/// What the tools of a session may do without being asked each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// What wants consent asks for it.
    #[default]
    Ask,
    /// What wants consent is denied.
    Deny,
}

impl Policy {
    pub const ALL: [Self; 2] = [Self::Ask, Self::Deny];

    /// The word for it, wherever it is typed or written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }

    /// The policy of that word, if there is one.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.word() == word)
    }
}

impl Kind {
    /// The kinds that `q` brings, in the order they are listed to people.
    pub const BUILT_IN: [Self; 4] = [Self::Development, Self::Debug, Self::Planning, Self::Review];

    /// The word for it, as typed in `/new KIND`.
    pub fn word(&self) -> &str {
        match self {
            Self::Development => "development",
            Self::Debug => "debug",
            Self::Planning => "planning",
            Self::Review => "review",
            Self::Custom(name) => name.as_str(),
        }
    }

    /// What its tools may do where the person wrote nothing else: who plans or reviews looks, and changes nothing.
    pub const fn policy(&self) -> Policy {
        match self {
            Self::Planning | Self::Review => Policy::Deny,
            Self::Development | Self::Debug | Self::Custom(_) => Policy::Ask,
        }
    }

    /// What a model is told about its task where the person wrote nothing else; empty for the plain kind.
    pub const fn system_prompt(&self) -> &'static str {
        match self {
            Self::Development | Self::Custom(_) => "",
            Self::Debug => {
                "Help find the cause of a failure: ask for evidence, state what each observation rules out, and propose the cheapest next check."
            }
            Self::Planning => {
                "Help plan before building: clarify the goal, name options with their costs, and end with concrete next steps."
            }
            Self::Review => {
                "Review what you are shown: report defects first, most severe first, each with the place and a way to fix it."
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The word names no kind that `q` brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of session; the kinds are development, debug, planning, review")]
pub struct NotAKind;

impl FromStr for Kind {
    type Err = NotAKind;

    fn from_str(word: &str) -> Result<Self, NotAKind> {
        Self::BUILT_IN.into_iter().find(|kind| kind.word() == word).ok_or(NotAKind)
    }
}
