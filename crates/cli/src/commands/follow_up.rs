//! What follows where the core did what it was told, for whoever is inside q: the same on the whole screen and line by line.

use q_core::{Command, SessionId};

/// What is done with a session once a command about it was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// A session was made by it, and is gone to.
    GoTo,
    /// Its snapshot has come, and it can be shown.
    Wake(SessionId),
    /// It is open again, and gone to.
    Enter(SessionId),
    /// Its tags are said, since they are in sight nowhere else.
    SayTags(SessionId),
    /// Nothing: what was typed is kept, and stays where it is.
    Keep,
    /// It is said what was done, where that is not in sight.
    Say(SessionId),
}

impl FollowUp {
    #[expect(clippy::wildcard_enum_match_arm, reason = "of any other command it is said what it did")]
    pub(crate) fn of(command: &Command) -> Option<Self> {
        if command.makes_session() {
            return Some(Self::GoTo);
        }
        let session = command.session()?;
        Some(match command {
            Command::Wake { .. } => Self::Wake(session),
            Command::Reopen { .. } => Self::Enter(session),
            Command::Tag { .. } => Self::SayTags(session),
            Command::SaveDraft { .. } => Self::Keep,
            _ => Self::Say(session),
        })
    }
}
