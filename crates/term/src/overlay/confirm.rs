//! A question before a session that works is ended.

use q_core::{Mirror, SessionId};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::command::Question;
use crate::command::{Arguments, Flags, UserCommand};
use crate::keys::Chord;
use crate::layout::wrap;
use crate::overlay::component::{Overlay, OverlayContext, OverlaySubject, Reaction};
use crate::overlay::hints::{Hint, KEEPS, OverlayKey, YES, footer, hint, meaning};
use crate::overlay::popup::Popup;
use crate::sanitize;

/// Longer lines are broken.
const WIDEST: u16 = 60;

/// Asks about a command that is carried out on a yes.
#[derive(Debug)]
pub(crate) struct Confirm {
    session: SessionId,
    /// The command, which asks no more.
    command: UserCommand,
    question: Question,
}

impl Confirm {
    /// The question before a command that would end a session in the middle of its work; none where it may be carried out
    /// at once.
    pub(crate) fn before(session: SessionId, command: &UserCommand, mirror: &Mirror) -> Option<Self> {
        let question = command.action.question().filter(|_| !command.arguments.flags.force)?;
        let works = mirror.get(session).is_some_and(|session| session.summary.activity.is_busy());
        let flags = Flags { force: true, ..command.arguments.flags };
        let arguments = Arguments { flags, ..command.arguments.clone() };
        works.then_some(Self { session, command: UserCommand { arguments, ..*command }, question })
    }

    const fn hints(&self) -> [Hint; 2] {
        [hint(YES, "y", self.question.yes), KEEPS]
    }
}

impl Overlay for Confirm {
    fn subject(&self) -> OverlaySubject {
        OverlaySubject::Session(self.session)
    }

    fn press(&mut self, _context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        let key = meaning(&self.hints(), chord);
        if key == Some(OverlayKey::Accept) {
            Reaction::Send(self.command.clone(), self.session)
        } else if key == Some(OverlayKey::Leave) {
            Reaction::Leave
        } else {
            // Nothing else is taken for an answer.
            Reaction::Bell
        }
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let session = context.mirror.get(self.session);
        let name = session.map(|session| sanitize::visible_line(session.summary.name.as_str()));
        let name = name.unwrap_or_default();
        let Question { title, does, stays, .. } = self.question;
        let question = format!("{name} is still working. {does} it anyway? The answer stops here; {stays}.");
        let width = screen.width.saturating_sub(8).clamp(1, WIDEST);
        let rows = wrap::plain(&question, width.into(), Style::new());
        let popup = Popup::of(screen, (width, rows.len() as u16));
        let inner = popup.draw(buffer, title, &footer(&self.hints()));
        for (y, row) in (inner.top()..inner.bottom()).zip(&rows) {
            buffer.set_line(inner.x, y, row, inner.width);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::hints::assert_each_key_means_one_thing;

    #[test]
    fn each_key_means_one_thing() {
        assert_each_key_means_one_thing(&[hint(YES, "y", "closes it"), KEEPS]);
    }
}
