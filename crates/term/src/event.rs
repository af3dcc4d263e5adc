//! What a terminal reports: the events [`crate::Ui`] is fed with.

use crossterm::event::{Event as CrosstermEvent, KeyEvent, MouseEvent};

/// One thing that happened at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalEvent {
    /// A key was pressed, repeated or released.
    Key(KeyEvent),
    /// The mouse's wheel was turned, or a button pressed, held while it moved, or released.
    Mouse(MouseEvent),
    /// Text was pasted, in one piece.
    Paste(String),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The terminal's window is in front, or is not.
    Focus(bool),
    /// Something `q` has no use for.
    Other,
}

impl From<CrosstermEvent> for TerminalEvent {
    fn from(event: CrosstermEvent) -> Self {
        match event {
            CrosstermEvent::Key(key) => Self::Key(key),
            CrosstermEvent::Paste(text) => Self::Paste(text),
            CrosstermEvent::Resize(columns, rows) => Self::Resize(columns, rows),
            CrosstermEvent::FocusGained => Self::Focus(true),
            CrosstermEvent::FocusLost => Self::Focus(false),
            CrosstermEvent::Mouse(mouse) => Self::Mouse(mouse),
        }
    }
}
