//! What a terminal can tell: the events [`crate::Ui`] is fed with.

use crossterm::event::{Event as TerminalEvent, KeyEvent};

/// One thing that happened at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was pressed, repeated or released.
    Key(KeyEvent),
    /// Text was pasted, in one piece.
    Paste(String),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The terminal's window is in front, or is not.
    Focus(bool),
    /// Something `q` has no use for.
    Other,
}

impl From<TerminalEvent> for Event {
    fn from(event: TerminalEvent) -> Self {
        match event {
            TerminalEvent::Key(key) => Self::Key(key),
            TerminalEvent::Paste(text) => Self::Paste(text),
            TerminalEvent::Resize(columns, rows) => Self::Resize(columns, rows),
            TerminalEvent::FocusGained => Self::Focus(true),
            TerminalEvent::FocusLost => Self::Focus(false),
            TerminalEvent::Mouse(_) => Self::Other,
        }
    }
}
