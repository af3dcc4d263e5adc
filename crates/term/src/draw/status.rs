//! The status line: on the left what is to be said now, on the right who answers, where, at what cost.

use q_core::{Activity, Mirror};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use crate::command::table::{self, ROWS};
use crate::command::{Action, ScrollStep};
use crate::doing;
use crate::draw::spinner::spinner;
use crate::keymap::Keymap;
use crate::layout::wrap::{self, columns};
use crate::sanitize;
use crate::spending;
use crate::style::Palette;
use crate::ui::{Notice, PaneView, Ui, tour_line};
use crate::words;

/// More rows than this nobody reads at a glance.
const ROWS_SAID: usize = 4;
/// Why an answer does not begin.
const HELD: &str = "waits for a place: its agent is busy";

/// Draws the line of a pane; what needs more rows takes them from above it. Gives how many.
pub(super) fn draw(buffer: &mut Buffer, view: PaneView<'_>, mirror: &Mirror) -> u16 {
    draw_at(buffer, places(view), view, mirror)
}

/// The same in such a place, with what is above that.
pub(super) fn draw_at(
    buffer: &mut Buffer,
    (area, above): (Rect, Rect),
    view: PaneView<'_>,
    mirror: &Mirror,
) -> u16 {
    let ui = view.ui;
    if area.is_empty() {
        return 0;
    }
    let width = usize::from(area.width);
    let (lines, style) = left(view, mirror, width.saturating_sub(1));
    let most = most(above, ui);
    let left_width = match lines.as_slice() {
        [] => 0,
        [only] => only.width() + 1,
        [_, _, ..] => width,
    };
    // What is to be said now goes first; the rest shows where there is room.
    let right = right(view, mirror, width.saturating_sub(left_width + 2));
    let at = area.right().saturating_sub(columns(&right) as u16);
    buffer.set_line(at, area.y, &right.into(), area.width);
    let shown = lines.len().min(most);
    let lines = if ui.leader { cut_hint(lines, most, &ui.options.keymap) } else { lines };
    let top = (area.y + 1).saturating_sub(shown as u16);
    for (y, line) in (top..=area.y).zip(&lines) {
        if y < area.y || spans_panes(view) {
            Clear.render(Rect { y, height: 1, ..area }, buffer);
        }
        buffer.set_stringn(area.x, y, format!(" {line}"), width, style);
    }
    area.y.saturating_sub(top)
}

/// How many rows of what is above it are hidden when it is drawn.
pub(super) fn hidden(view: PaneView<'_>, mirror: &Mirror) -> u16 {
    let (area, above) = places(view);
    if view.ui.leader && view.ui.is_divided() {
        return above.height; // the keys lie over the panes beside it as well
    }
    hidden_at((area, above), view, mirror)
}

/// How many rows of what is above it are hidden when it is drawn in such a place.
pub(super) fn hidden_at((area, above): (Rect, Rect), view: PaneView<'_>, mirror: &Mirror) -> u16 {
    let (lines, _) = left(view, mirror, usize::from(area.width).saturating_sub(1));
    (lines.len().min(most(above, view.ui)) as u16).saturating_sub(1)
}

/// Where the line is, and what it may take rows of.
fn places(view: PaneView<'_>) -> (Rect, Rect) {
    let places = view.pane.frame.places;
    let area = if spans_panes(view) {
        let Rect { x, width, .. } = view.ui.places.screen;
        Rect { x, width, ..places.status }
    } else {
        places.status
    };
    (area, places.above_status())
}

/// Whether it is as wide as the screen: the keys that can be pressed after the leader have no room in a pane.
const fn spans_panes(view: PaneView<'_>) -> bool {
    view.has_keyboard && view.ui.leader
}

/// How many rows it may have.
fn most(above: Rect, ui: &Ui) -> usize {
    let rows = usize::from(above.height).saturating_sub(1);
    // What may follow the leader is read in search of one key: all of it stands there, where the screen has the rows.
    if ui.leader { rows + 1 } else { rows.min(ROWS_SAID - 1) + 1 }
}

/// What is to be said now, in lines of at most `width`.
fn left(view: PaneView<'_>, mirror: &Mirror, width: usize) -> (Vec<String>, Style) {
    let ui = view.ui;
    let palette = ui.palette();
    let said = |text: &str| in_rows(text, width);
    if let Some(said) = said_to_person(view, width) {
        return said;
    }
    let here = view.mirrored(mirror).map(|session| &session.summary);
    if here.is_some_and(|summary| summary.held) {
        return (said(HELD), palette.notice());
    }
    if let Some(waits) = here.and_then(|summary| summary.retrying.as_ref()) {
        let when = if ui.options.motion { words::countdown(waits, ui.now) } else { words::retrying(waits) };
        return (said(&format!("{when} · {} stops", ui.key(Action::Interrupt))), palette.notice());
    }
    let below = view.pane.frame.window.below;
    if below > 0 {
        let key = ui.key(Action::Scroll(ScrollStep::End));
        return (said(&format!("↓ {} ({key})", words::counted(below, "more line"))), palette.notice());
    }
    let tour = here
        .filter(|_| view.has_keyboard)
        .and_then(|_| tour_line(&ui.lessons.learned, &ui.options.keymap, |line| line.width() <= width));
    (tour.into_iter().collect(), palette.notice())
}

/// What is said whatever the session does: where the keyboard is, and nowhere else.
fn said_to_person(view: PaneView<'_>, width: usize) -> Option<(Vec<String>, Style)> {
    let (ui, palette) = (view.ui, view.ui.palette());
    let said = |text: &str| in_rows(text, width);
    if !view.has_keyboard {
        return None;
    }
    if ui.leader {
        return Some((leader_hint(&ui.options.keymap, width), Palette::strong()));
    }
    if let (Some(Notice { text, fault: true }), Some(why)) = (&ui.notice, &ui.lost) {
        return Some((said(&format!("{text}: {why}")), palette.alarm()));
    }
    if let Some(notice) = &ui.notice {
        return Some((said(&notice.text), if notice.fault { palette.alarm() } else { palette.notice() }));
    }
    if let Some((hint, _)) = ui.lessons.hint.as_ref().filter(|_| ui.lost.is_none()) {
        return Some((said(hint), palette.notice()));
    }
    if let Some(why) = &ui.lost {
        return Some((said(why), palette.alarm()));
    }
    if let Some(why) = &ui.read_only {
        return Some((said(&format!("read only: {why}")), palette.alarm()));
    }
    None
}

/// A text in rows of at most `width`.
fn in_rows(text: &str, width: usize) -> Vec<String> {
    let shown = sanitize::visible_line(text);
    wrap::plain(&shown, width, Style::new()).iter().map(ToString::to_string).collect()
}

/// `Ctrl+X  n new  1…9 go to  …`
fn leader_hint(keymap: &Keymap, width: usize) -> Vec<String> {
    let hints = keymap.actions().iter().zip(ROWS).filter_map(|(keys, row)| {
        // Of several keys for one thing the first is enough to know; a range is not several.
        let first = keys.leader.first()?;
        let shown = if keys.leader.len() > 2 { table::keys(&keys.leader) } else { first.to_string() };
        Some(format!("{shown} {}", row.word))
    });
    let hints: Vec<String> = std::iter::once(keymap.leader().to_string()).chain(hints).collect();
    wrap::filled(hints.iter().map(String::as_str), width)
}

/// Its rows, where there is no room for all: the last one says how the rest is seen.
fn cut_hint(mut lines: Vec<String>, most: usize, keymap: &Keymap) -> Vec<String> {
    if lines.len() > most
        && let Some(last) = lines.get_mut(most.saturating_sub(1))
    {
        let help = keymap.of(Action::Help).and_then(|keys| keys.leader.first());
        *last = help.map_or_else(|| "…".to_owned(), |key| format!("… {key} shows all of them"));
    }
    lines
}

/// How full the window is, agent and model, directory, tokens, and what moves while this session works (of others the bar says so): as much of
/// the end as fits in `room`.
fn right(view: PaneView<'_>, mirror: &Mirror, room: usize) -> Vec<Span<'static>> {
    let ui = view.ui;
    let mut parts = Vec::new();
    let here = view.mirrored(mirror);
    if let Some(session) = here {
        let summary = &session.summary;
        // The first to go where there is no room.
        parts.extend(summary.window.map(|window| format!("context {}", words::window_use(window))));
        parts.push(words::answering(summary));
        parts.push(words::directory(&summary.directory, &ui.options.home));
        let tokens = summary.usage.total();
        if tokens > 0 {
            parts.push(format!("{} tokens", words::tokens(tokens)));
        }
        let goes_on = Some(summary.background).filter(|running| *running > 0);
        parts.extend(goes_on.map(|running| format!("{running} in the background: /processes")));
        // The last to go: it says why the next prompt is refused.
        let near = summary.budget.filter(|budget| budget.is_near());
        parts.extend(near.map(spending::budget_use));
    }
    parts.retain(|part| !part.is_empty());
    let works = here.is_some_and(|session| session.summary.activity == Activity::Working);
    let doing = here.and_then(|session| doing::of(session, ui.does_since(session.summary.id)));
    // While no host is there nobody knows how long anything goes on.
    let counts = ui.options.motion && ui.lost.is_none();
    parts.extend(doing.map(|doing| doing.told(ui.now, counts)));
    let moving = if works { format!(" {}", spinner(ui)) } else { String::new() };
    while !parts.is_empty() && parts.join(" · ").width() + moving.width() + 1 > room {
        parts.remove(0);
    }
    if moving.width() + 1 > room {
        return Vec::new();
    }
    let text = Span::styled(parts.join(" · "), Palette::dim());
    vec![text, Span::styled(moving, ui.palette().working()), Span::raw(" ")]
}
