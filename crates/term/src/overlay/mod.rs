//! Overlays: a question, a line, a list or a page on top of the session, which alone gets the keys.
//!
//! Each is a component in a file of its own: it owns its state, says what a key means, and draws itself. What follows for
//! sessions and terminal it does not do but answers, as a [`Reaction`]; `ui` carries that out. So none knows the terminal,
//! or another one.
//!
//! What several share stands beside them: [`picker`] for those that choose from a list, [`page`] for those that are read,
//! [`mod@line`] for a text of one row, [`hints`] for the keys that are advertised, [`popup`] for the box around it all.

mod confirm;
mod help;
mod hints;
mod inbox;
mod line;
mod page;
mod picker;
mod popup;
mod queue;
mod rename;
mod switcher;

pub(crate) use confirm::Confirm;
pub(crate) use help::HelpSheet;
pub(crate) use inbox::InboxSheet;
pub(crate) use page::PageOverlay;
pub(crate) use queue::QueueSheet;
pub(crate) use rename::Rename;
pub(crate) use switcher::Switcher;

use std::fmt::Debug;

use q_core::{Command, Mirror, SessionId, WallTime};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::command::table::Action;
use crate::inbox::Inbox;
use crate::keys::Chord;
use crate::style::Palette;

/// Something on top of the session.
pub(crate) trait Overlay: Debug {
    /// The session it is about: it goes when that goes.
    fn session(&self) -> Option<SessionId> {
        None
    }

    /// Whether it shows the calls that wait for the person: they can be answered by their numbers then.
    fn shows_calls(&self) -> bool {
        false
    }

    /// What a key means in it.
    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction;

    /// Takes a line that was pasted, where it has a place for one.
    fn paste(&mut self, _line: &str) {}

    /// Settles what depends on the size of the screen, right before it is drawn.
    fn lay_out(&mut self, _context: &OverlayContext<'_>, _screen: Rect) {}

    /// Draws it over what is there, and says where its cursor is.
    fn draw(&self, buffer: &mut Buffer, screen: Rect, context: &OverlayContext<'_>) -> Option<Position>;
}

/// What an overlay sees of the terminal that it lies on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverlayContext<'a> {
    pub(crate) mirror: &'a Mirror,
    /// The session in view.
    pub(crate) focus: Option<SessionId>,
    pub(crate) inbox: &'a Inbox,
    pub(crate) now: WallTime,
    pub(crate) palette: Palette,
    /// Rows of the transcript beneath it: what half a screen is measured by.
    pub(crate) rows: usize,
    /// What is wrong, said until the next key.
    pub(crate) fault: Option<&'a str>,
}

/// What follows from a key.
#[derive(Debug)]
pub(crate) enum Reaction {
    Stay,
    Leave,
    /// It leaves for another one.
    Open(Box<dyn Overlay>),
    /// It stays: the key means nothing in it.
    Bell,
    /// It stays: what was typed cannot be, for this reason.
    Complain(String),
    /// It leaves, and the core is told.
    Tell(Command),
    /// It leaves, and that session comes into view.
    Show(SessionId),
    /// The core is told to end a session, and it stays; unless that has to be asked about first, which takes its place.
    End(Command),
    /// It leaves, and the key does what it does to the session in view.
    Act(Action),
    /// It leaves, and the key announces another.
    Leader,
    /// A command was typed in it, which it has let go of. It stays while that leads nowhere else.
    Run(String),
}
