//! The bar: every session with its number, name and sign; the one in view in brackets.

use q_core::attention::{self, Need};
use q_core::mirror::Mirrored;
use q_core::{Activity, Mirror, Presence, SessionId, Summary};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use crate::draw::spinner::spinner;
use crate::layout::wrap::{columns, truncated, without_middle};
use crate::sanitize;
use crate::signs;
use crate::style::Palette;
use crate::ui::Ui;

const TITLE: &str = " q ";
/// Columns of a name: on narrow screens its signs tell more than its letters.
const NAMES: std::ops::RangeInclusive<u16> = 6..=24;
/// Narrower screens show sessions only.
const WITH_COUNT: u16 = 40;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, mirror: &Mirror) {
    if area.is_empty() {
        return;
    }
    let count = count(area, ui, mirror);
    let room = usize::from(area.width).saturating_sub(TITLE.width() + columns(&count));
    let mut spans = vec![Span::styled(TITLE, Palette::strong())];
    spans.extend(fitted(ui, mirror, room));
    buffer.set_line(area.x, area.y, &spans.into(), area.width);
    let at = area.right().saturating_sub(columns(&count) as u16);
    buffer.set_line(at, area.y, &count.into(), area.width);
}

/// Where the label of each session begins and ends that is in sight.
pub(super) fn places(area: Rect, ui: &Ui, mirror: &Mirror) -> Vec<(Rect, SessionId)> {
    let room = usize::from(area.width).saturating_sub(TITLE.width() + columns(&count(area, ui, mirror)));
    let (labels, (first, last)) = labels(ui, mirror, room);
    let mut x = area.x + TITLE.width() as u16 + u16::from(first > 0);
    let shown = mirror.by_slot().into_iter().zip(labels).take(last).skip(first);
    let place = |(session, label): (&Mirrored, Vec<Span<'_>>)| {
        let place = Rect { x, width: columns(&label) as u16, ..area };
        x = place.right();
        (place.intersection(area), session.summary.id)
    };
    shown.map(place).collect()
}

/// `4 of 10 · 1 needs you`
fn count(area: Rect, ui: &Ui, mirror: &Mirror) -> Vec<Span<'static>> {
    if area.width < WITH_COUNT {
        return Vec::new();
    }
    let sessions = mirror.by_slot();
    let live = sessions.iter().filter(|session| session.summary.presence == Presence::Live).count();
    let needs: Vec<Need> = sessions.iter().filter_map(|session| attention::need(&session.summary)).collect();
    let mut spans = vec![Span::styled(format!(" {live} of {} ", ui.options.max_live), Palette::dim())];
    if !needs.is_empty() {
        let verb = if needs.len() == 1 { "needs" } else { "need" };
        // What is only to be read is no alarm.
        let is_alarm = needs.iter().any(|need| *need != Need::Reading);
        let style = if is_alarm { ui.palette().alarm() } else { ui.palette().unread() };
        spans.push(Span::styled(format!("· {} {verb} you ", needs.len()), style));
    }
    spans
}

/// The labels of all sessions, and which run of them fits around the one in view.
fn labels(ui: &Ui, mirror: &Mirror, room: usize) -> (Vec<Vec<Span<'static>>>, (usize, usize)) {
    let sessions = mirror.by_slot();
    let most = usize::from((ui.places.bar.width / 3).clamp(*NAMES.start(), *NAMES.end()));
    let labels: Vec<Vec<Span<'static>>> = sessions
        .iter()
        .map(|session| label(ui, &session.summary, Some(session.summary.id) == ui.focus, most))
        .collect();
    let widths: Vec<usize> = labels.iter().map(|label| columns(label)).collect();
    let here = sessions.iter().position(|session| Some(session.summary.id) == ui.focus).unwrap_or(0);
    let run = span_that_fits(&widths, here, room);
    (labels, run)
}

/// As many sessions as fit around the one in view; `…` where some are missing.
fn fitted(ui: &Ui, mirror: &Mirror, room: usize) -> Vec<Span<'static>> {
    let (labels, (first, last)) = labels(ui, mirror, room);
    let count = labels.len();
    let mut spans = Vec::new();
    if first > 0 {
        spans.push(Span::styled("…", Palette::dim()));
    }
    for label in labels.into_iter().take(last).skip(first) {
        spans.extend(label);
    }
    if last < count {
        spans.push(Span::styled("…", Palette::dim()));
    }
    if columns(&spans) > room {
        let only: String = spans.iter().map(|span| span.content.as_ref()).collect();
        return vec![Span::styled(truncated(&only, room).into_owned(), Palette::chosen())];
    }
    spans
}

/// The widest run of labels around `here` that fits, one column kept for each end that is cut.
fn span_that_fits(widths: &[usize], here: usize, room: usize) -> (usize, usize) {
    if widths.is_empty() {
        return (0, 0);
    }
    let fits = |first: usize, last: usize| {
        let labels: usize = widths.iter().take(last).skip(first).sum();
        labels + usize::from(first > 0) + usize::from(last < widths.len()) <= room
    };
    let (mut first, mut last) = (here, here + 1);
    loop {
        let before = (first, last);
        if last < widths.len() && fits(first, last + 1) {
            last += 1;
        }
        if first > 0 && fits(first - 1, last) {
            first -= 1;
        }
        if (first, last) == before {
            return before;
        }
    }
}

pub(super) fn label(ui: &Ui, summary: &Summary, focused: bool, most: usize) -> Vec<Span<'static>> {
    let name = sanitize::visible_line(summary.name.as_str());
    let text = format!("{} {}", summary.slot, without_middle(&name, most));
    let (open, close, style) = match (focused, summary.presence) {
        (true, _) => ("[", "]", Palette::chosen()),
        (false, Presence::Hibernated) => (" ", " ", Palette::dim()),
        (false, Presence::Live | Presence::Closed | Presence::Trashed) => {
            (" ", " ", ui.kind_style(&summary.kind))
        }
    };
    let mut spans = vec![Span::styled(format!("{open}{text}"), style)];
    for (sign, sign_style) in signs(ui, summary) {
        spans.push(Span::styled(format!(" {sign}"), if focused { style } else { sign_style }));
    }
    spans.push(Span::styled(close, style));
    spans
}

/// What moves while it works, then its other signs.
fn signs(ui: &Ui, summary: &Summary) -> Vec<(String, Style)> {
    let works = summary.activity == Activity::Working;
    let moves = works.then(|| (spinner(ui).to_owned(), ui.palette().working()));
    moves.into_iter().chain(signs::signs(ui.palette(), summary)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_in_view_is_always_among_those_that_fit() {
        for (widths, here, room, run) in [
            (vec![5, 5, 5], 1, 20, (0, 3)),
            (vec![5, 5, 5], 0, 12, (0, 2)),
            (vec![5, 5, 5], 2, 12, (1, 3)),
            (vec![5, 5, 5], 1, 7, (1, 2)),
            (vec![9], 0, 3, (0, 1)),
            (vec![], 0, 3, (0, 0)),
        ] {
            assert_eq!(span_that_fits(&widths, here, room), run, "{widths:?} {here} {room}");
        }
    }
}
