//! A question before a session that works is ended.

use q_core::{Command, Mirror, SessionId};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::keys::KeyCode::Esc;
use crate::keys::{Chord, ctrl, key, plain};
use crate::layout::wrap;
use crate::overlay::hints::{Hint, does, footer, hint};
use crate::overlay::popup::Popup;
use crate::overlay::{Overlay, OverlayContext, Reaction};
use crate::sanitize;

/// Longer lines are broken.
const WIDEST: u16 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Yes,
    No,
}

const YES: &[(Chord, Does)] = &[(plain('y'), Does::Yes), (plain('Y'), Does::Yes)];
const KEEPS: Hint<Does> = hint(
    &[(plain('n'), Does::No), (plain('N'), Does::No), (key(Esc), Does::No), (ctrl('c'), Does::No)],
    "n",
    "keeps it",
);
const CLOSE: &[Hint<Does>] = &[hint(YES, "y", "closes it"), KEEPS];
const DELETE: &[Hint<Does>] = &[hint(YES, "y", "deletes it"), KEEPS];

/// Asks about a command that is told on a yes.
#[derive(Debug)]
pub(crate) struct Confirm {
    session: SessionId,
    command: Command,
}

impl Confirm {
    /// The question before a command that would end a session in the middle of its work; none where it may be told at
    /// once.
    pub(crate) fn before(command: &Command, mirror: &Mirror) -> Option<Self> {
        let (session, command) = if let Command::Close { session, even_if_working: false } = *command {
            (session, Command::Close { session, even_if_working: true })
        } else if let Command::Trash { session, even_if_working: false } = *command {
            (session, Command::Trash { session, even_if_working: true })
        } else {
            return None;
        };
        let works = mirror.get(session).is_some_and(|session| session.summary.activity.is_busy());
        works.then_some(Self { session, command })
    }

    const fn deletes(&self) -> bool {
        matches!(self.command, Command::Trash { .. })
    }

    const fn hints(&self) -> &'static [Hint<Does>] {
        if self.deletes() { DELETE } else { CLOSE }
    }
}

impl Overlay for Confirm {
    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn press(&mut self, _context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        match does(self.hints(), chord) {
            Some(Does::Yes) => Reaction::Tell(self.command.clone()),
            Some(Does::No) => Reaction::Leave,
            None => Reaction::Bell,
        }
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let session = context.mirror.get(self.session);
        let name = session.map(|session| sanitize::visible_line(session.summary.name.as_str()));
        let name = name.unwrap_or_default();
        let (does, title, stays) = if self.deletes() {
            ("Delete", " delete ", "it stays in the trash for a while")
        } else {
            ("Close", " close ", "the history stays")
        };
        let question = format!("{name} is still working. {does} it anyway? The answer stops here; {stays}.");
        let width = screen.width.saturating_sub(8).clamp(1, WIDEST);
        let rows = wrap::plain(&question, width.into(), Style::new());
        let popup = Popup::of(screen, (width, rows.len() as u16));
        let inner = popup.draw(buffer, title, &footer(self.hints()));
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
        [CLOSE, DELETE].into_iter().for_each(assert_each_key_means_one_thing);
    }
}
