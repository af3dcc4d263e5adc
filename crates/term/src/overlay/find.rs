//! What is looked for in the transcript, in a line beneath it, which stays in sight.

use q_core::SessionId;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use crate::command::{Action, ScrollStep};
use crate::editor::Editor;
use crate::keys::KeyCode::{Down, Enter, Esc, Up};
use crate::keys::{Chord, ctrl, key, plain};
use crate::overlay::component::{Overlay, OverlayContext, OverlaySubject, Reaction};
use crate::overlay::hints::{Hint, OverlayKey, footer, hint, meaning};
use crate::overlay::line;
use crate::style::Palette;

const LABEL: &str = " find: ";
/// Columns that stay for what is typed.
const TYPING_ROOM: usize = 20;

const OLDER: OverlayKey = OverlayKey::Scroll(ScrollStep::LineUp);
const NEWER: OverlayKey = OverlayKey::Scroll(ScrollStep::LineDown);
const STAYS: Hint =
    hint(&[(key(Esc), OverlayKey::Leave), (ctrl('c'), OverlayKey::Leave)], "Esc", "stays here");
/// While it is typed.
const WRITING: &[Hint] = &[
    hint(&[(key(Enter), OLDER), (key(Up), OLDER)], "Enter", "older"),
    hint(&[(key(Enter).shift(), NEWER), (key(Down), NEWER)], "↓", "newer"),
    STAYS,
];
/// Once it was looked for: letters go from place to place.
const WALKING: &[Hint] = &[
    hint(&[(plain('n'), OLDER), (key(Enter), OLDER), (key(Up), OLDER)], "n", "older"),
    hint(&[(plain('N'), NEWER), (key(Enter).shift(), NEWER), (key(Down), NEWER)], "N", "newer"),
    STAYS,
];

/// One step of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeekStep {
    /// To the place before.
    Older,
    Newer,
    /// The transcript is moved, whatever is found in it.
    Scroll(ScrollStep),
}

/// The line in which it is typed.
#[derive(Debug)]
pub(crate) struct FindLine {
    session: SessionId,
    wanted: Editor,
    /// Whether it is looked for, so that letters are typed no more.
    walks: bool,
}

impl FindLine {
    /// The line with what is looked for; nothing yet where it is to be typed.
    pub(crate) fn new(session: SessionId, wanted: &str) -> Self {
        Self { session, wanted: Editor::with(wanted), walks: !wanted.is_empty() }
    }

    const fn hints(&self) -> &'static [Hint] {
        if self.walks { WALKING } else { WRITING }
    }
}

impl Overlay for FindLine {
    fn subject(&self) -> OverlaySubject {
        OverlaySubject::Session(self.session)
    }

    fn sought(&self) -> Option<&str> {
        Some(self.wanted.text())
    }

    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        match meaning(self.hints(), chord) {
            Some(OverlayKey::Leave) => return Reaction::Leave,
            Some(OverlayKey::Scroll(step)) => {
                self.walks = true;
                let newer = step == ScrollStep::LineDown;
                return Reaction::Seek(if newer { SeekStep::Newer } else { SeekStep::Older });
            }
            Some(_) | None => {}
        }
        if chord == context.keymap.leader() {
            return Reaction::Leader;
        }
        match context.keymap.by_chord(chord, false) {
            Some(Action::Scroll(step)) => return Reaction::Seek(SeekStep::Scroll(step)),
            Some(action) if !action.is_about_text() => return Reaction::Act(action),
            Some(_) | None => {}
        }
        line::press(&mut self.wanted, context.keymap, chord);
        self.walks = false;
        Reaction::Stay
    }

    fn paste(&mut self, pasted: &str) {
        self.wanted.insert(pasted);
        self.walks = false;
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        if screen.is_empty() {
            return None;
        }
        let place = Rect { y: screen.bottom() - 1, height: 1, ..screen };
        Clear.render(place, buffer);
        let width = usize::from(place.width);
        let (count, keys) = (context.found.said(), footer(self.hints()));
        let room = width.saturating_sub(TYPING_ROOM.max(LABEL.width() + self.wanted.text().width() + 2));
        // The count goes before the keys where there is no room for both.
        let both = if count.is_empty() { keys } else { format!(" {count} ·{keys}") };
        let right = if both.width() <= room { both } else { format!(" {count} ") };
        let right_width = right.width().min(width) as u16;
        let style = if context.found.at.is_some() { Palette::strong() } else { Palette::dim() };
        buffer.set_stringn(place.right() - right_width, place.y, right, width, style);
        let left = Rect { width: place.width - right_width, ..place };
        line::draw(buffer, left, (LABEL, Palette::strong()), &self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_means_one_thing() {
        [WRITING, WALKING].into_iter().for_each(crate::overlay::hints::assert_each_key_means_one_thing);
    }
}
