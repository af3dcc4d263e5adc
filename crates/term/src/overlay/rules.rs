//! The list of the rules that concern a session: one is chosen, and removed on a yes.

use q_core::SessionId;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::command::ScrollStep;
use crate::keys::KeyCode::{Down, End, Home, PageDown, PageUp, Up};
use crate::keys::{Chord, key, plain};
use crate::layout::wrap::truncated;
use crate::overlay::component::{Overlay, OverlayContext, OverlaySubject, Reaction};
use crate::overlay::hints::{Hint, KEEPS, OverlayKey, READ_LEAVES, YES, footer, hint, meaning};
use crate::overlay::popup::Popup;
use crate::rules::ListedRule;
use crate::style::Palette;

const CHOOSES: Hint = hint(
    &[
        (key(Up), OverlayKey::Scroll(ScrollStep::LineUp)),
        (key(Down), OverlayKey::Scroll(ScrollStep::LineDown)),
        (key(PageUp), OverlayKey::Scroll(ScrollStep::Top)),
        (key(PageDown), OverlayKey::Scroll(ScrollStep::End)),
        (key(Home), OverlayKey::Scroll(ScrollStep::Top)),
        (key(End), OverlayKey::Scroll(ScrollStep::End)),
    ],
    "↑ ↓",
    "choose",
);
const LISTING: &[Hint] = &[CHOOSES, hint(&[(plain('d'), OverlayKey::Act)], "d", "removes"), READ_LEAVES];
/// Where there is nothing to remove, nothing is said of it.
const EMPTY: &[Hint] = &[READ_LEAVES];
const ASKING: &[Hint] = &[hint(YES, "y", "removes it"), KEEPS];

#[derive(Debug)]
pub(crate) struct RuleList {
    session: SessionId,
    rules: Vec<ListedRule>,
    /// Why some are not among them.
    fault: Option<String>,
    chosen: usize,
    /// Whether it is asked about the chosen one.
    asks: bool,
}

impl RuleList {
    pub(crate) const fn new(session: SessionId, rules: Vec<ListedRule>, fault: Option<String>) -> Self {
        Self { session, rules, fault, chosen: 0, asks: false }
    }

    fn hints(&self) -> &'static [Hint] {
        match (self.rules.is_empty(), self.asks) {
            (true, _) => EMPTY,
            (false, true) => ASKING,
            (false, false) => LISTING,
        }
    }

    fn scroll(&mut self, step: ScrollStep) {
        let last = self.rules.len().saturating_sub(1);
        self.chosen = match step {
            ScrollStep::LineUp => self.chosen.saturating_sub(1),
            ScrollStep::LineDown => (self.chosen + 1).min(last),
            ScrollStep::PageUp | ScrollStep::Top => 0,
            ScrollStep::PageDown | ScrollStep::End => last,
        };
    }

    /// Its box, with so many rows above the rules.
    fn popup(&self, above: usize, screen: Rect) -> Popup {
        let height = (above + self.rules.len()).max(1) as u16;
        Popup::of(screen, (screen.width.saturating_sub(4), height))
    }

    /// What stands above the rules.
    fn above(&self, palette: Palette) -> Vec<(String, Style)> {
        let fault = self.fault.iter().map(|why| (why.clone(), palette.alarm()));
        let empty = self
            .rules
            .is_empty()
            .then(|| ("no rules: what changes or runs something asks".to_owned(), Palette::dim()));
        fault.chain(empty).collect()
    }
}

impl Overlay for RuleList {
    fn subject(&self) -> OverlaySubject {
        OverlaySubject::Session(self.session)
    }

    fn press(&mut self, _context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        match meaning(self.hints(), chord) {
            Some(OverlayKey::Leave) if self.asks => self.asks = false,
            Some(OverlayKey::Leave) => return Reaction::Leave,
            Some(OverlayKey::Act) => self.asks = true,
            Some(OverlayKey::Accept) => {
                let chosen = self.rules.get(self.chosen).cloned();
                return chosen.map_or(Reaction::Leave, Reaction::RemoveRule);
            }
            Some(OverlayKey::Scroll(step)) => self.scroll(step),
            Some(OverlayKey::Begin | OverlayKey::Choose(_) | OverlayKey::Clear | OverlayKey::Widen)
            | None => {
                return Reaction::Bell;
            }
        }
        Reaction::Stay
    }

    fn click(&mut self, context: &OverlayContext<'_>, screen: Rect, at: Position) -> Reaction {
        let above = self.above(context.palette).len();
        let inner = self.popup(above, screen).inner;
        let first = (self.chosen + 1).saturating_sub(usize::from(inner.height).saturating_sub(above));
        let row = usize::from(at.y.saturating_sub(inner.y)).checked_sub(above).map(|row| row + first);
        if let Some(row) = row.filter(|row| !self.asks && inner.contains(at) && *row < self.rules.len()) {
            self.chosen = row;
        }
        Reaction::Stay
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let above = self.above(context.palette);
        let popup = self.popup(above.len(), screen);
        let title = if self.asks { " remove this rule? " } else { " permissions " };
        let inner = popup.draw(buffer, title, &footer(self.hints()));
        let (width, room) = (usize::from(inner.width), usize::from(inner.height).saturating_sub(above.len()));
        // The list moves only as far as the chosen row needs.
        let first = (self.chosen + 1).saturating_sub(room);
        let rows = self.rules.iter().enumerate().skip(first).map(|(place, rule)| {
            let style = if place == self.chosen { Palette::chosen() } else { Style::new() };
            (rule.line(), style)
        });
        for (y, (row, style)) in (inner.top()..inner.bottom()).zip(above.into_iter().chain(rows)) {
            buffer.set_stringn(inner.x, y, truncated(&row, width), width, style);
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
        [LISTING, EMPTY, ASKING].into_iter().for_each(assert_each_key_means_one_thing);
    }
}
