//! The inline face: what sessions say goes where the terminal keeps it, above a few rows that are drawn: what is not settled
//! yet, what asks, the prompt, the status, and the bar where there is more than one session.

use q_core::{Mirror, WallTime};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::text::Span;

use crate::draw::places::put;
use crate::draw::{bar, completion, panes, prompt, queue, status, transcript};
use crate::layout::flow::Window;
use crate::layout::wrap::{self, columns};
use crate::sanitize;
use crate::style::Palette;
use crate::ui::{Geometry, PaneFrame, Places, ScrollbackPart, SessionPlaces, Ui};

/// Rows for what a session says in which nothing was said.
const WELCOME: u16 = 13;
/// Rows that a status may have which says more than a line.
const NOTICE: u16 = 4;
/// The least height of a screen that has room for empty rows and the bar.
const ROOMY: u16 = 8;

/// What is written and drawn at once.
#[derive(Debug)]
pub struct InlineFrame {
    /// Rows that go above all that is drawn, and stay.
    pub above: Option<Buffer>,
    /// Whether more of them follow at once.
    pub goes_on: bool,
    /// What is drawn beneath them, in the place of what was drawn before.
    pub region: Buffer,
    /// Where the cursor is in that.
    pub cursor: Option<Position>,
}

/// Decides what a terminal of that size gets at that time, and draws it. What is given counts as shown, and what is to
/// stay is given once.
pub fn inline_frame(ui: &mut Ui, mirror: &Mirror, size: Size, now: WallTime) -> InlineFrame {
    let line = Rect { x: 0, y: 0, width: size.width, height: 1 };
    ui.now = now;
    ui.watch_sessions(mirror);
    ui.number_what_waits(mirror);
    let view = ui.front_view();
    let columns = transcript::text_columns(line, view, mirror);
    let gutter = transcript::gutter_columns(line, view, mirror);
    let front = &mut ui.pane_of_mut(ui.focus).frame.geometry;
    *front = Geometry { columns, gutter, ..*front };
    let part = ui.take_settled(mirror);
    let above = part.map(|part| written(ui, mirror, part, line.width));
    put_rows(ui, mirror, size);
    // How a call is answered takes a row more once it is seen to be whole.
    if queue::rows(ui.front_view(), mirror, size.width) > ui.pane().frame.places.queue.height.into() {
        put_rows(ui, mirror, size);
    }
    let (places, session) = (ui.places, ui.pane().frame.places);
    let covers = ui.overlay.as_ref().is_some_and(|overlay| overlay.sought().is_none());
    let (mut region, cursor) =
        if covers { overlaid(ui, mirror, places, session) } else { uncovered(ui, mirror, places) };
    if let Some(theme) = &ui.options.theme {
        theme.paint(&mut region);
    }
    InlineFrame { above, goes_on: part.is_some_and(|part| part.goes_on), region, cursor }
}

/// The session, and what lies beneath it.
fn uncovered(ui: &Ui, mirror: &Mirror, places: Places) -> (Buffer, Option<Position>) {
    let mut buffer = Buffer::empty(places.screen);
    let cursor = panes(&mut buffer, ui, mirror);
    match &ui.overlay {
        Some(overlay) => {
            let cursor = overlay.draw(&mut buffer, places.screen, &ui.overlay_context(mirror));
            (buffer, cursor)
        }
        None => (buffer, cursor),
    }
}

/// What lies on top, in the rows that it takes, and beneath it the status and the bar.
fn overlaid(ui: &Ui, mirror: &Mirror, places: Places, session: SessionPlaces) -> (Buffer, Option<Position>) {
    let mut on_top = Buffer::empty(places.screen);
    let context = ui.overlay_context(mirror);
    let cursor = ui.overlay.as_ref().and_then(|overlay| overlay.draw(&mut on_top, places.screen, &context));
    let width = places.screen.width;
    let is_blank = |y: u16| {
        (0..width).all(|x| on_top.cell((x, y)).is_none_or(|cell| *cell == ratatui::buffer::Cell::EMPTY))
    };
    let first = (0..on_top.area.height).find(|y| !is_blank(*y)).unwrap_or(0);
    let last = (first..on_top.area.height).rev().find(|y| !is_blank(*y)).unwrap_or(first);
    let rows = last + 1 - first;
    let (notices, bar_rows) = (session.notices.height, places.bar.height);
    let area = Rect { x: 0, y: 0, width, height: rows + notices + bar_rows };
    let mut buffer = Buffer::empty(area);
    for y in 0..rows {
        for x in 0..width {
            if let (Some(to), Some(from)) = (buffer.cell_mut((x, y)), on_top.cell((x, first + y))) {
                to.clone_from(from);
            }
        }
    }
    let beneath = Rect { y: rows, height: notices, ..area };
    let own = Rect { y: beneath.bottom().saturating_sub(1), height: notices.min(1), ..area };
    status::draw_at(&mut buffer, (own, beneath), ui.front_view(), mirror);
    bar::draw(&mut buffer, Rect { y: beneath.bottom(), height: bar_rows, ..area }, &ui.frame.bar);
    (buffer, cursor.map(|at| Position { y: at.y.saturating_sub(first), ..at }))
}

/// Rows that stay: a rule with the session's name before the first of them.
fn written(ui: &mut Ui, mirror: &Mirror, part: ScrollbackPart, width: u16) -> Buffer {
    // An empty row parts it from what stands above.
    let heads = u16::from(part.is_named) * 2 + u16::from(part.is_cut);
    let rows = part.rows as u16;
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height: heads + rows });
    if part.is_named {
        rule(&mut buffer, (1, width), ui, mirror);
    }
    if part.is_cut {
        let said = "… more above: PgUp reads it here";
        buffer.set_stringn(0, heads - 1, said, width.into(), Palette::dim());
    }
    ui.pane_of_mut(ui.focus).frame.window = Window { top: part.from, below: 0 };
    transcript::draw(&mut buffer, Rect { x: 0, y: heads, width, height: rows }, ui.front_view(), mirror);
    if let Some(theme) = &ui.options.theme {
        theme.paint(&mut buffer);
    }
    buffer
}

/// `── [name] ─────`, in the colour of the session's kind.
fn rule(buffer: &mut Buffer, (y, width): (u16, u16), ui: &Ui, mirror: &Mirror) {
    let Some(session) = ui.focus.and_then(|id| mirror.get(id)) else { return };
    let name = sanitize::visible_line(session.summary.name.as_str());
    let room = usize::from(width).saturating_sub(8);
    let name = format!("[{}]", wrap::without_middle(&name, room));
    let style = ui.kind_style(&session.summary.kind).patch(Palette::strong());
    let spans = vec![Span::styled("── ", Palette::dim()), Span::styled(name, style), Span::raw(" ")];
    let rest = usize::from(width).saturating_sub(columns(&spans) + 1);
    let spans: Vec<Span<'_>> =
        spans.into_iter().chain([Span::styled("─".repeat(rest), Palette::dim())]).collect();
    buffer.set_line(0, y, &spans.into(), width);
}

/// Which of the rows that are drawn is whose. However small the terminal, one of its rows
/// is left to what stands above them.
fn put_rows(ui: &mut Ui, mirror: &Mirror, size: Size) {
    let Size { width, height } = size;
    let most = height.saturating_sub(1).max(1);
    let whole = Rect { x: 0, y: 0, width, height: most };
    let is_roomy = height >= ROOMY;
    let view = ui.front_view();
    let editor = prompt::columns(whole, view, mirror);
    let prompt_rows = prompt::rows(view, editor, usize::from(height / 3).max(1)) as u16;
    let mut left = most.saturating_sub(prompt_rows);
    let mut some = |wanted: u16| {
        let rows = wanted.min(left);
        left -= rows;
        rows
    };
    let anywhere = Rect { height: NOTICE, ..whole };
    let notices = some(status::hidden_at((Rect { height: 1, ..whole }, anywhere), view, mirror) + 1);
    let bar_rows = some(u16::from(is_roomy && mirror.by_slot().len() > 1));
    let gap = some(u16::from(is_roomy));
    let completion_rows = some(completion::rows(view, most));
    let queue_rows = some(queue::rows(view, mirror, width) as u16);
    let transcript_rows = transcript_rows(ui, mirror, (left, height));
    let mut top = 0;
    let mut rows = |height: u16| {
        let place = Rect { x: 0, y: top, width, height };
        top += height;
        place
    };
    let transcript = rows(transcript_rows);
    rows(gap);
    let (queue, completion, prompt) = (rows(queue_rows), rows(completion_rows), rows(prompt_rows));
    let notices = rows(notices);
    let status = Rect { y: notices.bottom().saturating_sub(1), height: notices.height.min(1), ..notices };
    let bar = rows(bar_rows);
    let all = Rect { height: top, ..whole };
    let title = Rect::default();
    let places = SessionPlaces { whole: all, title, transcript, queue, status, notices, completion, prompt };
    let geometry = Geometry {
        columns: transcript::text_columns(transcript, ui.front_view(), mirror),
        rows: transcript.height.into(),
        gutter: transcript::gutter_columns(transcript, ui.front_view(), mirror),
        editor,
    };
    let covers = ui.overlay.as_ref().is_some_and(|overlay| overlay.sought().is_none());
    let covered = most.saturating_sub(notices.height + bar_rows).max(1);
    let screen = Rect { height: if covers { covered } else { top }, ..whole };
    ui.places = Places { screen, bar };
    put(ui, mirror, vec![(ui.focus, PaneFrame { places, geometry, ..PaneFrame::default() })]);
}

/// How many of the rows that are left are the transcript's.
fn transcript_rows(ui: &mut Ui, mirror: &Mirror, (left, height): (u16, u16)) -> u16 {
    let here = ui.focus.and_then(|id| mirror.get(id));
    let Some(session) = here.filter(|session| !session.entries.is_empty()) else { return WELCOME.min(left) };
    if ui.is_reading() {
        // What stands above is in sight again once this goes, as far as it was not scrolled away.
        return ui.readable(mirror, left.min(height.saturating_mul(2) / 3).into()) as u16;
    }
    // Whatever is to be consented to is shown whole where it can be; of what is only on its way the end is enough.
    let most = if session.pending.is_empty() { left.min((height / 2).max(1)) } else { left };
    let (_, rows) = ui.unwritten(mirror, most.into());
    rows as u16
}
