//! What a terminal reports: the events [`crate::Ui`] is fed with.

use crossterm::event::MouseEvent;

use crate::keys::Chord;

/// One thing that happened at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalEvent {
    /// A key was pressed, or repeats.
    Key(Chord),
    /// The mouse's wheel was turned, or a button pressed, held while it moved, or released.
    Mouse(MouseEvent),
    /// Text was pasted, in one piece.
    Paste(String),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The terminal's window is in front, or is not.
    Focus(bool),
}
