//! The bar: sessions with their numbers, names and signs, the one in view in brackets; who has no room is counted.
//!
//! Names stay names: where there is no room for all sessions some are counted, rather than all cut until none can be told. The
//! one in view goes first, then who needs the person, then those beside it.

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
/// Columns of a name: shorter it would be told from no other.
const NAMES: std::ops::RangeInclusive<u16> = 8..=24;
/// Narrower screens show sessions only; below the second, figures stand where there is room for all sessions, too, and below
/// the third only who needs the person is counted.
const LEAST_COUNT: u16 = 40;
const WITH_NEEDS: u16 = 60;
const WITH_COUNT: u16 = 72;
/// The least that stays for the session in view beside what is counted: `[1 n]`.
const IN_VIEW: usize = 5;
/// So many that have no room are tried before the rest is counted: a shorter one may have.
const TRIED: usize = 4;

/// The bar of one frame.
#[derive(Debug, Default)]
pub(crate) struct BarLine {
    spans: Vec<Span<'static>>,
    count: Vec<Span<'static>>,
    /// Where the label of each session stands that is in sight.
    pub(crate) labels: Vec<(Rect, SessionId)>,
}

/// Lays it out: the sessions are looked through once for each frame.
pub(super) fn lay_out(area: Rect, ui: &Ui, mirror: &Mirror) -> BarLine {
    if area.is_empty() {
        return BarLine::default();
    }
    let sessions = mirror.by_slot();
    let needs: Vec<(usize, Need)> = sessions
        .iter()
        .enumerate()
        .filter_map(|(place, session)| Some((place, attention::need(&session.summary)?)))
        .collect();
    let title = if area.width >= WITH_NEEDS / 2 { TITLE } else { "" };
    let most = usize::from((area.width / 3).clamp(*NAMES.start(), *NAMES.end()));
    let run_beside = |count: &[Span<'_>]| {
        let room = usize::from(area.width).saturating_sub(title.width() + columns(count));
        let mut run = Run { ui, sessions: &sessions, needs: &needs, most, room, shown: Vec::new() };
        run.fill();
        run
    };
    let mut count = whole_count(area.width, ui, &sessions, &needs);
    let mut run = run_beside(&count);
    // Where a figure takes a session's place, it goes first.
    if area.width < WITH_COUNT && run.shown.len() < sessions.len() {
        count =
            needs_count(area.width, ui, &needs).map(|needs| vec![Span::raw(" "), needs]).unwrap_or_default();
        run = run_beside(&count);
    }
    let room = run.room;
    let mut spans = vec![Span::styled(title, Palette::strong())];
    let mut x = area.x + title.width() as u16;
    let mut labels = Vec::new();
    run.shown.sort_by_key(|(place, _)| *place);
    let marker = run.marker(None);
    for (place, label) in run.shown {
        let width = columns(&label) as u16;
        if let Some(session) = sessions.get(place) {
            labels.push((Rect { x, width, ..area }.intersection(area), session.summary.id));
        }
        x += width;
        spans.extend(label);
    }
    if columns(&spans) + columns(&marker) <= title.width() + room {
        spans.extend(marker);
    }
    BarLine { spans, count, labels }
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, line: &BarLine) {
    if area.is_empty() {
        return;
    }
    buffer.set_line(area.x, area.y, &line.spans.clone().into(), area.width);
    let at = area.right().saturating_sub(columns(&line.count) as u16);
    buffer.set_line(at, area.y, &line.count.clone().into(), area.width);
}

/// `4 of 10 · 1 needs you`
fn whole_count(width: u16, ui: &Ui, sessions: &[&Mirrored], needs: &[(usize, Need)]) -> Vec<Span<'static>> {
    if width < LEAST_COUNT {
        return Vec::new();
    }
    let live = sessions.iter().filter(|session| session.summary.presence == Presence::Live).count();
    let mut spans = vec![Span::styled(format!(" {live} of {} ", ui.options.max_live), Palette::dim())];
    spans.extend(needs_count(WITH_NEEDS, ui, needs));
    spans
}

/// The end of that alone.
fn needs_count(width: u16, ui: &Ui, needs: &[(usize, Need)]) -> Option<Span<'static>> {
    let verb = if needs.len() == 1 { "needs" } else { "need" };
    let said = || Span::styled(format!("· {} {verb} you ", needs.len()), called(ui, needs));
    (width >= WITH_NEEDS && !needs.is_empty()).then(said)
}

/// What is only to be read is no alarm.
fn called(ui: &Ui, needs: &[(usize, Need)]) -> Style {
    let is_alarm = needs.iter().any(|(_, need)| *need != Need::Reading);
    if is_alarm { ui.palette().alarm() } else { ui.palette().unread() }
}

/// The sessions that are in sight, as they are chosen.
struct Run<'a> {
    ui: &'a Ui,
    sessions: &'a [&'a Mirrored],
    /// Who needs the person, by place, and for what.
    needs: &'a [(usize, Need)],
    /// Columns of a name.
    most: usize,
    room: usize,
    shown: Vec<(usize, Vec<Span<'static>>)>,
}

impl Run<'_> {
    /// Takes as many as there is room for, beside what is said of the others.
    fn fill(&mut self) {
        let focus = self.ui.focus;
        let here = self.sessions.iter().position(|session| Some(session.summary.id) == focus);
        if let Some(here) = here {
            self.take_in_view(here);
        }
        let needs = self.needs.iter().map(|(place, _)| *place);
        let (count, from) = (self.sessions.len(), here.unwrap_or(0));
        let beside = (0..count).flat_map(|step| [from.checked_add(step), from.checked_sub(step)]).flatten();
        let mut missed = 0;
        for place in needs.chain(beside.filter(|place| *place < count)) {
            if self.shown.len() == count || missed >= TRIED {
                return;
            }
            if self.is_shown(place) {
                continue;
            }
            let Some(label) = self.label(place, self.most) else { continue };
            if self.fits(&label, place) {
                self.shown.push((place, label));
            } else {
                missed += 1;
            }
        }
    }

    /// The one in view is always there, its name cut where there is no room for it.
    fn take_in_view(&mut self, here: usize) {
        for most in (1..=self.most).rev() {
            let Some(label) = self.label(here, most) else { return };
            if self.fits(&label, here) {
                self.shown.push((here, label));
                return;
            }
        }
        let Some(label) = self.label(here, self.most) else { return };
        let marker = columns(&self.marker(Some(here)));
        let room = if marker + IN_VIEW <= self.room { self.room - marker } else { self.room };
        let text: String = label.iter().map(|span| span.content.as_ref()).collect();
        let cut = Span::styled(truncated(&text, room).into_owned(), Palette::chosen());
        self.shown.push((here, vec![cut]));
    }

    fn label(&self, place: usize, most: usize) -> Option<Vec<Span<'static>>> {
        let summary = &self.sessions.get(place)?.summary;
        Some(label(self.ui, summary, Some(summary.id) == self.ui.focus, most))
    }

    fn is_shown(&self, place: usize) -> bool {
        self.shown.iter().any(|(other, _)| *other == place)
    }

    fn fits(&self, label: &[Span<'_>], place: usize) -> bool {
        let used: usize = self.shown.iter().map(|(_, label)| columns(label)).sum();
        used + columns(label) + columns(&self.marker(Some(place))) <= self.room
    }

    /// `+4 ?2`: how many have no room, and how many of those need the person, once that one is in sight, too.
    fn marker(&self, and: Option<usize>) -> Vec<Span<'static>> {
        let is_hidden = |place: usize| Some(place) != and && !self.is_shown(place);
        let shown = self.shown.len() + usize::from(and.is_some_and(|place| !self.is_shown(place)));
        let hidden = self.sessions.len().saturating_sub(shown);
        let needs: Vec<(usize, Need)> =
            self.needs.iter().filter(|(place, _)| is_hidden(*place)).copied().collect();
        let count = (hidden > 0).then(|| Span::styled(format!(" +{hidden}"), Palette::dim()));
        let calls =
            (!needs.is_empty()).then(|| Span::styled(format!(" ?{}", needs.len()), called(self.ui, &needs)));
        let whole: Vec<Span<'static>> = count.into_iter().chain(calls.clone()).collect();
        // Who needs the person matters more than how many there are.
        if columns(&whole) + IN_VIEW <= self.room { whole } else { calls.into_iter().collect() }
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
