//! Tables: columns side by side where they fit, else one `header: cell` line each.

use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use crate::layout::wrap::{Row, Wrapper, columns, hanging};
use crate::style::Palette;

const BETWEEN: &str = " │ ";

/// A table while it is read.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The header first; cells are visible text of one line.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Its rows, each beginning with `prefix`.
    pub(crate) fn lay_out(&self, width: usize, prefix: &[Span<'static>]) -> Vec<Row> {
        let room = width.saturating_sub(columns(prefix));
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..count)
            .map(|column| {
                self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
            })
            .collect();
        let needed = widths.iter().sum::<usize>() + BETWEEN.width() * count.saturating_sub(1);
        if needed <= room { self.side_by_side(&widths, prefix) } else { self.one_by_one(width, prefix) }
    }

    fn side_by_side(&self, widths: &[usize], prefix: &[Span<'static>]) -> Vec<Row> {
        let mut rows = Vec::with_capacity(self.rows.len() + 1);
        for (number, cells) in self.rows.iter().enumerate() {
            let style = if number == 0 { Palette::strong() } else { Style::new() };
            let mut spans = prefix.to_vec();
            for (column, width) in widths.iter().enumerate() {
                if column > 0 {
                    spans.push(Span::styled(BETWEEN, Palette::dim()));
                }
                let cell = cells.get(column).map_or("", String::as_str);
                let padding = " ".repeat(width.saturating_sub(cell.width()));
                spans.push(Span::styled(format!("{cell}{padding}"), style));
            }
            rows.push(Row::from(spans));
            if number == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                let mut spans = prefix.to_vec();
                spans.push(Span::styled(rule.join("─┼─"), Palette::dim()));
                rows.push(Row::from(spans));
            }
        }
        rows
    }

    fn one_by_one(&self, width: usize, prefix: &[Span<'static>]) -> Vec<Row> {
        let Some((header, body)) = self.rows.split_first() else { return Vec::new() };
        let mut rows = Vec::new();
        if body.is_empty() {
            let mut wrapper = Wrapper::new(width, prefix.to_vec(), prefix.to_vec());
            wrapper.push(&header.join(BETWEEN), Palette::strong());
            return wrapper.finish();
        }
        for (number, cells) in body.iter().enumerate() {
            if number > 0 {
                rows.push(Row::from(prefix.to_vec()));
            }
            for (column, cell) in cells.iter().enumerate() {
                let mut rest = prefix.to_vec();
                rest.push(hanging(Span::raw("  ")));
                let mut wrapper = Wrapper::new(width, prefix.to_vec(), rest);
                if let Some(title) = header.get(column) {
                    wrapper.push(title, Palette::strong());
                    wrapper.push(": ", Style::new());
                }
                wrapper.push(cell, Style::new());
                rows.extend(wrapper.finish());
            }
        }
        rows
    }
}
