//! Another name for a session, in a line.

use q_core::{Name, Refusal, SessionId, Summary};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::command::{Arguments, UserCommand};
use crate::editor::Editor;
use crate::keys::Chord;
use crate::overlay::component::{Overlay, OverlayContext, OverlaySubject, Reaction};
use crate::overlay::hints::{ENTER, ESC_LEAVES, Hint, OverlayKey, footer, hint, meaning};
use crate::overlay::line;
use crate::overlay::popup::Popup;
use crate::sanitize;

const HINTS: &[Hint] = &[hint(ENTER, "Enter", "renames"), ESC_LEAVES];

#[derive(Debug)]
pub(crate) struct Rename {
    session: SessionId,
    /// What lacks the name.
    command: UserCommand,
    /// The name so far.
    editor: Editor,
}

impl Rename {
    /// Asks for the name that the command lacks.
    pub(crate) fn new(summary: &Summary, command: UserCommand) -> Self {
        Self { session: summary.id, command, editor: Editor::with(summary.name.as_str()) }
    }

    fn accept(&self, context: &OverlayContext<'_>) -> Reaction {
        let (session, name) = (self.session, self.editor.text().trim().to_owned());
        let same = context.mirror.get(session).is_some_and(|session| session.summary.name.as_str() == name);
        match name.parse::<Name>() {
            Ok(_) if same => Reaction::Leave,
            Ok(_) => {
                let arguments = Arguments { name: Some(name), ..self.command.arguments.clone() };
                Reaction::Send(UserCommand { arguments, ..self.command }, session)
            }
            Err(fault) => {
                let name = sanitize::visible_line(&name).into_owned();
                Reaction::Complain(Refusal::BadName { name, fault }.to_string())
            }
        }
    }
}

impl Overlay for Rename {
    fn subject(&self) -> OverlaySubject {
        OverlaySubject::Session(self.session)
    }

    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        let key = meaning(HINTS, chord);
        if key == Some(OverlayKey::Accept) {
            return self.accept(context);
        }
        if key == Some(OverlayKey::Leave) {
            return Reaction::Leave;
        }
        line::press(&mut self.editor, context.keymap, chord);
        Reaction::Stay
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
