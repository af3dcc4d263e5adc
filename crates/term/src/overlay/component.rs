//! What an overlay is: a component that owns its state, says what a key means, and draws itself. It sees the terminal through
//! its context alone, and what follows from a key it does not do but answers.

use std::fmt::Debug;

use q_core::{Mirror, SessionId, WallTime};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::command::{Action, UserCommand};
use crate::found::TranscriptSearch;
use crate::inbox::Inbox;
use crate::keymap::Keymap;
use crate::keys::Chord;
use crate::overlay::find::SeekStep;
use crate::rules::ListedRule;
use crate::style::Palette;

/// What an overlay is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverlaySubject {
    /// Neither one session nor what waits.
    Nothing,
    /// It goes when this session goes.
    Session(SessionId),
    /// The calls that wait for the person: they can be answered by their numbers then.
    Calls,
    /// The one call of this number: an answer without a number is for that.
    Call(usize),
}

impl OverlaySubject {
    /// The one call that it shows.
    pub(crate) const fn call(self) -> Option<usize> {
        match self {
            Self::Call(number) => Some(number),
            Self::Nothing | Self::Session(_) | Self::Calls => None,
        }
    }

    /// Whether a word that is typed alone answers what it shows: of several calls only the one for all of them does.
    pub(crate) const fn is_answered_by(self, answer: &UserCommand) -> bool {
        match self {
            Self::Call(_) => true,
            Self::Calls => answer.arguments.flags.all,
            Self::Nothing | Self::Session(_) => false,
        }
    }
}

/// Something on top of the session.
pub(crate) trait Overlay: Debug {
    fn subject(&self) -> OverlaySubject {
        OverlaySubject::Nothing
    }

    /// Whether a line was begun in it.
    fn has_line(&self) -> bool {
        false
    }

    /// Whether the end of what it shows is in sight, as it was last laid out.
    fn is_at_end(&self) -> bool {
        false
    }

    /// What is looked for in the transcript by it, which then stays in sight and is scrolled.
    fn sought(&self) -> Option<&str> {
        None
    }

    /// What a click there means in it.
    fn click(&mut self, _context: &OverlayContext<'_>, _screen: Rect, _at: Position) -> Reaction {
        Reaction::Stay
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
    pub(crate) keymap: &'a Keymap,
    pub(crate) mirror: &'a Mirror,
    /// The session in view.
    pub(crate) focus: Option<SessionId>,
    pub(crate) inbox: &'a Inbox,
    pub(crate) now: WallTime,
    pub(crate) palette: Palette,
    /// What is being looked for in the transcript.
    pub(crate) found: &'a TranscriptSearch,
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
    /// It stays: the key means nothing in it.
    Bell,
    /// It stays: what was typed cannot be, for this reason.
    Complain(String),
    /// It leaves, and the core is asked for that of the session.
    Send(UserCommand, SessionId),
    /// It leaves, and that rule counts no longer.
    RemoveRule(ListedRule),
    /// It leaves, and that text stands at the prompt in the place of what was typed.
    Put(String),
    /// It leaves, and that session comes into view.
    Show(SessionId),
    /// The key does to that session what it does to the one in view, and it stays; unless another overlay follows from that,
    /// which takes its place.
    ActOn(SessionId, Action),
    /// It leaves, and the key does what it does to the session in view.
    Act(Action),
    /// It leaves, and the key announces another.
    Leader,
    /// It leaves, and the letter is typed at the prompt.
    Type,
    /// It stays, and the transcript is moved for it.
    Seek(SeekStep),
    /// A command was typed in it, which it has let go of. It stays while that leads nowhere else.
    Run(String),
}
