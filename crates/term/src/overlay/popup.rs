//! The box that an overlay is drawn in: in the middle of the screen, no larger than it needs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::widgets::{Block, Clear, Widget};

use crate::style::Palette;

/// Where the box is, and what is inside it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Popup {
    outer: Rect,
    pub(super) inner: Rect,
}

impl Popup {
    /// With room for so many columns and rows, as far as the screen has it.
    pub(super) fn of(screen: Rect, (columns, rows): (u16, u16)) -> Self {
        let width = columns.saturating_add(4).min(screen.width);
        let height = rows.saturating_add(2).min(screen.height);
        let (x, y) = (screen.x + (screen.width - width) / 2, screen.y + (screen.height - height) / 2);
        let outer = Rect { x, y, width, height };
        let popup = Self { outer, inner: outer };
        if popup.is_bare() { popup } else { Self { inner: outer.inner(Margin::new(2, 1)), ..popup } }
    }

    /// Too small for a border: what is inside matters more.
    const fn is_bare(self) -> bool {
        self.outer.width < 8 || self.outer.height < 3
    }

    /// Draws it, empty; what is inside it.
    pub(super) fn draw(self, buffer: &mut Buffer, title: &str, footer: &str) -> Rect {
        Clear.render(self.outer, buffer);
        if !self.is_bare() {
            let border = Block::bordered().title(title).title_bottom(footer).border_style(Palette::dim());
            border.render(self.outer, buffer);
        }
        self.inner
    }
}
