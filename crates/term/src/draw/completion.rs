//! The list above the prompt: what could be meant by what is typed there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::completion::{CompletionItem, CompletionKind, CompletionList};
use crate::layout::wrap::truncated;
use crate::sanitize;
use crate::style::Palette;
use crate::ui::PaneView;

/// More rows are no small list.
const MOST: usize = 8;
/// Between a name and what is said of it.
const GAP: usize = 2;

/// Rows it takes of so many that are the conversation's: never most of them.
pub(super) fn rows(view: PaneView<'_>, left: u16) -> u16 {
    let most = MOST.min(usize::from(left) * 2 / 5);
    let list = view.ui.completion_in_view().filter(|_| view.has_keyboard);
    list.map_or(0, |list| list.items.len().min(most)) as u16
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: PaneView<'_>) {
    let is_there = view.has_keyboard && !area.is_empty();
    let Some(list) = view.ui.completion_in_view().filter(|_| is_there) else { return };
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    // The list moves only as far as the chosen row needs.
    let first = list.chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(height));
    let shown = list.items.get(first..).unwrap_or_default();
    let names: Vec<String> = shown.iter().take(height).map(|item| name(list, item)).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let column = if shown.iter().take(height).all(|item| item.about.is_empty()) {
        width
    } else {
        widest.min(width / 2)
    };
    let beyond = list.beyond(first + names.len());
    let more = if beyond > 0 { format!("  {beyond} more") } else { String::new() };
    for (row, (name, item)) in names.iter().zip(shown).enumerate() {
        let place = first + row;
        let y = area.y + row as u16;
        let name = truncated(name, column);
        let pad = " ".repeat((column + GAP).saturating_sub(name.width()));
        let about = sanitize::visible_line(&item.about);
        let (style, beside) = if list.chosen == Some(place) {
            (Palette::chosen(), Palette::chosen())
        } else {
            (Style::new(), Palette::dim())
        };
        buffer.set_style(Rect { y, height: 1, ..area }, style);
        buffer.set_stringn(area.x, y, &name, width, style);
        let x = area.x + (name.width() as u16).min(area.width);
        let taken = name.width() + if row + 1 == names.len() { more.width() } else { 0 };
        let room = width.saturating_sub(taken);
        if !about.is_empty() {
            buffer.set_stringn(x, y, truncated(&format!("{pad}{about}"), room), room, beside);
        }
    }
    let x = area.right().saturating_sub(more.width() as u16).max(area.x);
    buffer.set_stringn(x, area.bottom() - 1, &more, width, Palette::dim());
}

/// What is typed, and in which words it goes on.
fn name(list: &CompletionList, item: &CompletionItem) -> String {
    let sign = match list.subject.kind {
        CompletionKind::Command => "/",
        CompletionKind::File => "@",
        CompletionKind::Kind
        | CompletionKind::Literal(_)
        | CompletionKind::Mode
        | CompletionKind::Model
        | CompletionKind::Session
        | CompletionKind::Setting
        | CompletionKind::Skill
        | CompletionKind::Tag
        | CompletionKind::Agent
        | CompletionKind::Closed
        | CompletionKind::NewOption => "",
    };
    let blank = if item.usage.is_empty() { "" } else { " " };
    sanitize::visible_line(&format!("{sign}{}{blank}{}", item.name, item.usage)).into_owned()
}
