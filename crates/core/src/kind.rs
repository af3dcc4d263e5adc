//! Kinds of session: templates with a colour and a brief for the agent.

use core::fmt;
use core::str::FromStr;

/// What a session is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Building things; the default.
    #[default]
    Development,
    /// Finding out why something fails.
    Debug,
    /// Thinking before building.
    Planning,
    /// Reading somebody's change.
    Review,
}

impl Kind {
    /// Every kind, in the order they are listed to people.
    pub const ALL: [Self; 4] = [Self::Development, Self::Debug, Self::Planning, Self::Review];

    /// The word for it, as typed in `/new KIND`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Debug => "debug",
            Self::Planning => "planning",
            Self::Review => "review",
        }
    }

    /// What a model is told about its task; empty for the plain kind.
    pub const fn brief(self) -> &'static str {
        match self {
            Self::Development => "",
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

/// The word names no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of session; the kinds are development, debug, planning, review")]
pub struct NotAKind;

impl FromStr for Kind {
    type Err = NotAKind;

    fn from_str(word: &str) -> Result<Self, NotAKind> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or(NotAKind)
    }
}
