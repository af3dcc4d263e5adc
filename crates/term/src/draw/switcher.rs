//! The switcher: sessions in a list, with what they are doing and what was said last.

use q_core::mirror::Mirrored;
use q_core::{Mirror, Presence, SessionId, Summary};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::draw::{Cursor, bar, spinner};
use crate::editor::{self, Editor};
use crate::layout::wrap::truncated;
use crate::sanitize;
use crate::style::Palette;
use crate::ui::{Ui, chosen};
use crate::words;

const FILTER: &str = "filter: ";

pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    ui: &Ui,
    mirror: &Mirror,
    (filter, selected): (&Editor, usize),
) -> Cursor {
    if area.is_empty() {
        return None;
    }
    let sessions = chosen(mirror, filter.text());
    let selected = selected.min(sessions.len().saturating_sub(1));
    let width = usize::from(area.width);
    buffer.set_stringn(area.x, area.y, FILTER, width, Palette::dim());
    let x = area.x + (FILTER.width() as u16).min(area.width - 1);
    let view = editor::lay_out(filter.text(), filter.cursor(), usize::from(u16::MAX));
    if let Some(row) = view.rows.first() {
        buffer.set_stringn(x, area.y, &row.shown, usize::from(area.right() - x), Style::new());
    }
    let height = usize::from(area.height - 1);
    let first = (selected + 1).saturating_sub(height);
    let columns = Columns::of(&sessions);
    for (place, session) in sessions.iter().enumerate().skip(first).take(height) {
        let y = area.y + 1 + (place - first) as u16;
        let line = line(ui, session, columns);
        let line = truncated(&line, width);
        let style = match (place == selected, session.summary.presence) {
            (true, _) => Palette::chosen(),
            (false, Presence::Hibernated) => Palette::dim(),
            (false, Presence::Live | Presence::Closed | Presence::Trashed) => Style::new(),
        };
        let padded = format!("{line}{}", " ".repeat(width.saturating_sub(line.width())));
        buffer.set_stringn(area.x, y, if place == selected { &padded } else { &*line }, width, style);
    }
    if sessions.is_empty() && height > 0 {
        let said = if mirror.is_empty() {
            "there is no session yet; /new creates one"
        } else {
            "no session fits; Esc leaves"
        };
        buffer.set_stringn(area.x, area.y + 1, said, width, Palette::dim());
    }
    let column = (view.column as u16).min(area.right() - 1 - x);
    Some(Position { x: x + column, y: area.y })
}

/// Columns that are as wide as what stands in them.
#[derive(Clone, Copy, Debug)]
struct Columns {
    names: usize,
    states: usize,
    agents: usize,
}

impl Columns {
    /// Wider names are cut.
    const WIDEST: usize = 24;

    fn of(sessions: &[&Mirrored]) -> Self {
        let widest = |width: &dyn Fn(&Summary) -> usize| {
            sessions.iter().map(|session| width(&session.summary)).max().unwrap_or(0).min(Self::WIDEST)
        };
        Self {
            names: widest(&|summary| summary.name.as_str().width()),
            states: widest(&|summary| words::state(summary).width()),
            agents: widest(&|summary| words::agent(summary).width()),
        }
    }
}

/// `> 2 s3-plan    answered  +2  5m  guide  The plan has three …`
fn line(ui: &Ui, session: &Mirrored, columns: Columns) -> String {
    let Columns { names, states, agents } = columns;
    let summary = &session.summary;
    let here = if Some(summary.id) == ui.focus { ">" } else { " " };
    let name = sanitize::visible_line(summary.name.as_str());
    let name = truncated(&name, names.max(1));
    let pad = " ".repeat(names.saturating_sub(name.width()));
    let signs: Vec<String> = bar::signs(ui, summary)
        .into_iter()
        .map(|(sign, _)| sign)
        .filter(|sign| sign != spinner(ui))
        .collect();
    let agent = words::agent(summary);
    let agent = truncated(&agent, agents.max(1));
    let agent_pad = " ".repeat(agents.saturating_sub(agent.width()));
    let state = words::state(summary);
    format!(
        "{here} {:>2} {name}{pad}  {state:<states$} {:<7} {:>4}  {agent}{agent_pad}  {}",
        summary.slot,
        signs.join(" "),
        words::age(ui.now, summary.touched),
        words::last_word(summary),
    )
}

/// The name of a session for a question about it.
pub(super) fn name_of(mirror: &Mirror, id: SessionId) -> String {
    mirror
        .get(id)
        .map(|session| sanitize::visible_line(session.summary.name.as_str()).into_owned())
        .unwrap_or_default()
}
