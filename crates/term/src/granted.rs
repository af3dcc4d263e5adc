//! What is said when a command was granted: what became of the session, and how to take it back.

use q_core::{Answer, Command};

/// Where the person types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Inside q: `/reopen api`.
    Slash,
    /// In the shell: `q reopen api`.
    Shell,
}

impl Way {
    const fn before(self) -> &'static str {
        match self {
            Self::Slash => "/",
            Self::Shell => "q ",
        }
    }

    /// A command as it is typed this way.
    pub fn written(self, command: &str) -> String {
        format!("{}{command}", self.before())
    }

    /// Where the person does not type.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Slash => Self::Shell,
            Self::Shell => Self::Slash,
        }
    }
}

/// Whether a command takes its session out of sight.
pub const fn ends_session(command: &Command) -> bool {
    matches!(command, Command::Close { .. } | Command::Trash { .. } | Command::Erase { .. })
}

/// What to say of the session of that name; nothing where what happened is in sight anyway.
#[expect(clippy::wildcard_enum_match_arm, reason = "what any other command did is in sight")]
pub fn granted(command: &Command, name: &str, way: Way) -> Option<String> {
    let q = way.before();
    let said = match command {
        Command::Close { .. } => match way {
            Way::Slash => format!("closed {name}; its history stays, /reopen {name} brings it back"),
            Way::Shell => format!("closed {name}; its history stays: q show {name}, q reopen {name}"),
        },
        Command::Rename { name: new, .. } if way == Way::Shell => format!("{name} is now {new}"),
        Command::Reopen { .. } => format!("{name} is open again"),
        Command::Trash { .. } => format!("{name} is in the trash; {q}restore {name} takes it out"),
        Command::Restore { .. } => format!("{name} is in the archive again; {q}reopen {name} opens it"),
        Command::Erase { .. } => format!("{name} and its history are gone"),
        Command::Pin { pinned: true, .. } => {
            format!("{name} is pinned: it never hibernates by itself; {q}unpin {name} lets it again")
        }
        Command::Pin { pinned: false, .. } => format!("{name} may hibernate by itself again"),
        Command::MarkUnread { .. } => format!("{name} is unread until it is shown again"),
        Command::Answer { answer: Answer::Once, .. } => "allowed, this once".to_owned(),
        Command::Answer { answer: Answer::Always, .. } => {
            format!("allowed; this tool is not asked about again in {name}")
        }
        Command::Answer { answer: Answer::Deny, .. } => "denied; the agent goes on without it".to_owned(),
        Command::Answer { answer: Answer::Words(_), .. } => "the agent was told".to_owned(),
        _ => return None,
    };
    Some(said)
}
