//! What stands before the rows of quotes and list items.

use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use crate::layout::wrap::{columns, drawn, hanging};
use crate::style::Palette;

const QUOTE_BAR: &str = "▏ ";

/// Everything open that indents, outermost first.
#[derive(Debug, Default)]
pub(super) struct Indent {
    containers: Vec<Container>,
}

/// Something that indents what stands in it.
#[derive(Debug)]
enum Container {
    Quote,
    /// An item, with its marker until the first row has shown it.
    Item {
        marker: Option<String>,
        width: usize,
    },
}

impl Indent {
    pub(super) fn quote(&mut self) {
        self.containers.push(Container::Quote);
    }

    pub(super) fn item(&mut self, marker: String) {
        let width = marker.width();
        self.containers.push(Container::Item { marker: Some(marker), width });
    }

    pub(super) fn leave(&mut self) {
        self.containers.pop();
    }

    pub(super) fn clear(&mut self) {
        self.containers.clear();
    }

    /// Whether the innermost is an item whose marker was not shown.
    pub(super) fn has_marker(&self) -> bool {
        matches!(self.containers.last(), Some(Container::Item { marker: Some(_), .. }))
    }

    /// Before the first row of something: markers are shown, once. Never more than half of `width`.
    pub(super) fn first(&mut self, width: usize) -> Vec<Span<'static>> {
        let shown = self.containers.iter_mut().map(|container| match container {
            Container::Quote => bar(),
            Container::Item { marker, width } => match marker.take() {
                Some(marker) => Span::styled(marker, Palette::dim()),
                None => Span::raw(" ".repeat(*width)),
            },
        });
        innermost(shown.collect(), width)
    }

    /// Before any other row.
    pub(super) fn rest(&self, width: usize) -> Vec<Span<'static>> {
        let shown = self.containers.iter().map(|container| match container {
            Container::Quote => bar(),
            Container::Item { width, .. } => hanging(Span::raw(" ".repeat(*width))),
        });
        innermost(shown.collect(), width)
    }
}

fn bar() -> Span<'static> {
    drawn(Span::styled(QUOTE_BAR, Palette::dim()))
}

/// As many of the innermost as half of the width has room for.
fn innermost(mut spans: Vec<Span<'static>>, width: usize) -> Vec<Span<'static>> {
    let mut used = columns(&spans);
    let outer = spans.iter().take_while(|span| {
        let over = used > width / 2;
        used -= span.content.width();
        over
    });
    let outer = outer.count();
    spans.drain(..outer);
    spans
}
