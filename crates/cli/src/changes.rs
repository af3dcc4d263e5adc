//! What tools changed in a session's files, read where the host keeps how they were, and said in words.

use std::fmt::Write as _;
use std::path::PathBuf;

use q_core::Summary;
use q_term::command::{Action, Arguments, UserCommand};
use q_term::words::counted;
use q_tools::{ChangeLog, ChangeSet, Reversal};

use crate::context::Context;

/// The most that is said at once, in bytes.
const MAX_TEXT: usize = 256 << 10;
/// What is said behind it, since it would be taken for all otherwise.
const UNSEEN: &str = "What commands changed is not seen here, and stays.";

/// A way to look at what was changed, or to reverse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// All that the session's tools changed.
    Diff,
    /// What would be reversed.
    Reversal(Reversal),
}

/// What is to be read of the changes of one session.
#[derive(Debug)]
pub(crate) struct WantedChanges {
    log: ChangeLog,
    pub(crate) look: Look,
}

impl WantedChanges {
    /// What an action shows first; nothing for one that is not about changes.
    pub(crate) fn of(context: &Context, session: &Summary, action: Action) -> Option<Self> {
        let look = if action == Action::Undo {
            Look::Reversal(Reversal::Undo)
        } else if action == Action::Redo {
            Look::Reversal(Reversal::Redo)
        } else if action == Action::Diff {
            Look::Diff
        } else {
            return None;
        };
        let directory = PathBuf::from(&session.directory);
        Some(Self { log: ChangeLog::of(&context.place.changes(), session.id.0, directory), look })
    }

    /// Reads it, which may take its time. Nothing where there is nothing.
    pub(crate) fn read(&self) -> Result<Option<ChangeSet>, String> {
        match self.look {
            Look::Diff => self.log.all().map(Some).map(|set| set.filter(|set| !set.files.is_empty())),
            Look::Reversal(way) => self.log.preview(way),
        }
    }
}

impl Look {
    /// That there is nothing of that.
    pub(crate) const fn nothing(self) -> &'static str {
        match self {
            Self::Diff => {
                "no file is otherwise than before this session's tools changed it; what commands change is not seen here"
            }
            Self::Reversal(Reversal::Undo) => {
                "nothing to undo: no tool has changed a file here, or all of that is undone; what commands change is not seen here"
            }
            Self::Reversal(Reversal::Redo) => {
                "nothing to redo: nothing was undone, or other changes came behind it"
            }
        }
    }

    /// That it was done; nothing of a look.
    pub(crate) fn done(self, set: &ChangeSet) -> Option<String> {
        let does = match self {
            Self::Diff => return None,
            Self::Reversal(Reversal::Undo) => "undone",
            Self::Reversal(Reversal::Redo) => "made again",
        };
        Some(format!("{does}: turn {}, {}", set.turn, counted(set.files.len(), "file")))
    }

    /// What a yes does, in a word.
    pub(crate) const fn yes(self) -> Option<&'static str> {
        match self {
            Self::Diff => None,
            Self::Reversal(Reversal::Undo) => Some("undoes it"),
            Self::Reversal(Reversal::Redo) => Some("makes it again"),
        }
    }

    /// The same to be carried out: for exactly what was shown. Nothing where a file stands against it.
    pub(crate) fn command(self, set: &ChangeSet) -> Option<UserCommand> {
        let action = match self {
            Self::Diff => return None,
            Self::Reversal(Reversal::Undo) => Action::Undo,
            Self::Reversal(Reversal::Redo) => Action::Redo,
        };
        let number = usize::try_from(set.turn).ok()?;
        let arguments = Arguments { number: Some(number), ..Arguments::default() };
        is_possible(set).then_some(UserCommand { action, arguments })
    }
}

/// Whether every file may be put back.
pub(crate) fn is_possible(set: &ChangeSet) -> bool {
    set.files.iter().all(|file| file.refusal.is_none())
}

/// All of it in words.
pub(crate) fn text(look: Look, set: &ChangeSet) -> String {
    let files = counted(set.files.len(), "file");
    let mut text = match look {
        Look::Diff => format!("{files} changed since before this session:\n"),
        Look::Reversal(way) => format!("{way} of turn {}, {files}:\n", set.turn),
    };
    for file in &set.files {
        if text.len() > MAX_TEXT {
            text.push_str("\n(there are more files)\n");
            break;
        }
        // Writing to a string does not fail.
        let _never = match &file.refusal {
            // Some reasons begin with the name.
            Some(why) if why.starts_with(&file.path) => write!(text, "\n{why}: left alone\n"),
            Some(why) => write!(text, "\n{}: left alone: {why}\n", file.path),
            None => write!(text, "\n{} {}\n{}", file.change.word(), file.path, file.diff),
        };
    }
    let lines = [
        (!is_possible(set) && look != Look::Diff)
            .then_some("Nothing is changed while one of them stands against it."),
        set.has_let_go.then_some("Older changes are kept no longer."),
        Some(UNSEEN),
    ];
    for line in lines.into_iter().flatten() {
        let _never = write!(text, "\n{line}");
    }
    text
}
