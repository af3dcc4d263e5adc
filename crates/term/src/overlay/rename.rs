//! Another name for a session, in a line.

use q_core::{Command, Name, Refusal, SessionId, Summary};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::editor::Editor;
use crate::keys::KeyCode::{Enter, Esc};
use crate::keys::{Chord, ctrl, key};
use crate::overlay::hints::{Hint, does, footer, hint};
use crate::overlay::popup::Popup;
use crate::overlay::{Overlay, OverlayContext, Reaction, line};
use crate::sanitize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Accept,
    Leave,
}

const HINTS: &[Hint<Does>] = &[
    hint(&[(key(Enter), Does::Accept)], "Enter", "renames"),
    hint(&[(key(Esc), Does::Leave), (ctrl('c'), Does::Leave)], "Esc", "leaves"),
];

#[derive(Debug)]
pub(crate) struct Rename {
    session: SessionId,
    /// The name so far.
    editor: Editor,
}

impl Rename {
    pub(crate) fn of(summary: &Summary) -> Self {
        Self { session: summary.id, editor: Editor::with(summary.name.as_str()) }
    }

    fn accept(&self, context: &OverlayContext<'_>) -> Reaction {
        let (session, name) = (self.session, self.editor.text().trim().to_owned());
        let same = context.mirror.get(session).is_some_and(|session| session.summary.name.as_str() == name);
        match name.parse::<Name>() {
            Ok(_) if same => Reaction::Leave,
            Ok(_) => Reaction::Tell(Command::Rename { session, name }),
            Err(fault) => {
                let name = sanitize::visible_line(&name).into_owned();
                Reaction::Complain(Refusal::BadName { name, fault }.to_string())
            }
        }
    }
}

impl Overlay for Rename {
    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        match does(HINTS, chord) {
            Some(Does::Accept) => self.accept(context),
            Some(Does::Leave) => Reaction::Leave,
            None => {
                line::press(&mut self.editor, chord);
                Reaction::Stay
            }
        }
    }

    fn paste(&mut self, line: &str) {
        self.editor.insert(line);
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, _context: &OverlayContext<'_>) -> Option<Position> {
        let inner = Popup::of(screen, (60, 1)).draw(buffer, " rename ", &footer(HINTS));
        line::draw(buffer, inner, ("", Style::new()), &self.editor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_means_one_thing() {
        crate::overlay::hints::assert_each_key_means_one_thing(HINTS);
    }
}
