//! What the person wants, as told to the client's loop.

use q_core::{EntryNo, Kind, PromptNo, SessionId};

/// One wish. Most go to the host; the last four are the client's own business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// A new session; the client answers with [`crate::Ui::created`] or [`crate::Ui::refused`].
    New {
        /// What it is for.
        kind: Kind,
        /// Its name; without one it is named after its first prompt.
        name: Option<String>,
    },
    /// Another name.
    Rename {
        /// Which session.
        session: SessionId,
        /// The name as typed.
        name: String,
    },
    /// Archive it.
    Close {
        /// Which session.
        session: SessionId,
        /// Also while a turn runs.
        force: bool,
    },
    /// A prompt; the client answers with [`crate::Ui::accepted`] or [`crate::Ui::refused`].
    Submit {
        /// This submission among those of this terminal.
        key: u64,
        /// Which session.
        session: SessionId,
        /// What was typed.
        text: String,
    },
    /// Stop the running turn.
    Interrupt {
        /// Which session.
        session: SessionId,
    },
    /// Ask again what failed or was interrupted.
    Retry {
        /// Which session.
        session: SessionId,
    },
    /// Take a waiting prompt back.
    Unqueue {
        /// Which session.
        session: SessionId,
        /// Which prompt.
        prompt: PromptNo,
    },
    /// Keep what is typed and not sent.
    SaveDraft {
        /// Which session.
        session: SessionId,
        /// All of it.
        text: String,
    },
    /// What this terminal shows now; told whenever it changes.
    Show {
        /// The session on the screen, if any.
        session: Option<SessionId>,
        /// Whether the end of its transcript is in sight.
        at_end: bool,
    },
    /// Older entries are wanted: the top of what the mirror has is in sight.
    Page {
        /// Which session.
        session: SessionId,
        /// The oldest entry at hand.
        before: EntryNo,
    },
    /// Leave; everything goes on without this terminal.
    Detach,
    /// Give the terminal back to the shell for a while.
    Suspend,
    /// Paint everything anew.
    Redraw,
    /// Ring the bell: the key means nothing here.
    Bell,
}
