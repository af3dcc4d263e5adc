//! What an overlay is: a component that owns its state, says what a key means, and draws itself. It sees the terminal through
//! its context alone, and what follows from a key it does not do but answers.

use std::fmt::Debug;

use q_core::mirror::Mirrored;
use q_core::{Mirror, SessionId, WallTime};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::archive::Archive;
use crate::command::{Action, UserCommand};
use crate::found::TranscriptSearch;
use crate::inbox::{Inbox, SessionNews, WaitingItem};
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
    /// All that waits for the person, of which that one is shown by itself: an answer without a number is for it.
    Inbox(Option<WaitingItem>),
    /// The one call of this number: an answer without a number is for that.
    Call(usize),
}

impl OverlaySubject {
    /// The one call that it shows.
    pub(crate) const fn call(self) -> Option<usize> {
        match self {
            Self::Call(number) => Some(number),
            Self::Nothing | Self::Session(_) | Self::Inbox(_) => None,
        }
    }

    /// Whether a word that is typed alone answers what it shows.
    pub(crate) const fn is_answered(self) -> bool {
        match self {
            Self::Call(_) | Self::Inbox(Some(WaitingItem::Call(_))) => true,
            Self::Nothing | Self::Session(_) | Self::Inbox(None | Some(WaitingItem::News(_))) => false,
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

    /// Whether something is looked for in it among the sessions of the archive.
    fn wants_archive(&self) -> bool {
        false
    }

    /// What it was about was answered: the next one is to be shown, where it has several.
    fn go_on(&mut self) {}

    /// Shows the call of that number, which was not read to its end; whether it can.
    fn show_call(&mut self, _number: usize) -> bool {
        false
    }

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
    pub(crate) archive: &'a Archive,
    /// Whether what was done last to several sessions can be taken back.
    pub(crate) can_undo: bool,
    pub(crate) now: WallTime,
    pub(crate) palette: Palette,
    /// What is being looked for in the transcript.
    pub(crate) found: &'a TranscriptSearch,
    /// Rows of the transcript beneath it: what half a screen is measured by.
    pub(crate) rows: usize,
    /// What is wrong, said until the next key.
    pub(crate) fault: Option<&'a str>,
}

impl<'a> OverlayContext<'a> {
    /// A session that is open, or is closed and was told of.
    pub(crate) fn session(&self, id: SessionId) -> Option<&'a Mirrored> {
        self.mirror.get(id).or_else(|| self.archive.get(id))
    }
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
    /// It stays, and the command is for all of these sessions.
    ActOnSeveral(Vec<SessionId>, UserCommand),
    /// It stays, and what was done last to several sessions is taken back.
    UndoOnSeveral,
    /// It leaves, and the key does what it does to the session in view.
    Act(Action),
    /// It leaves, and the key announces another.
    Leader,
    /// It leaves, and the letter is typed at the prompt.
    Type,
    /// It stays, and goes on: the person knows that, if it could be read before the key was pressed.
    Know(SessionNews),
    /// It stays, and the transcript is moved for it.
    Seek(SeekStep),
    /// A command was typed in it, which it has let go of. It stays while that leads nowhere else.
    Run(String),
}
