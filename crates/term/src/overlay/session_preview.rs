//! The session that is chosen in the list, beside it: what is known of it, and the end of its transcript, laid out as where
//! that stands itself.

use q_core::mirror::Mirrored;
use q_core::{Body, Presence, conversation};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::layout::cache::Cache;
use crate::layout::flow::{Flow, FlowPiece, Scroll, Window};
use crate::layout::measure::Measure;
use crate::layout::wrap::{Row, plain, truncated};
use crate::overlay::component::OverlayContext;
use crate::sanitize;
use crate::spending;
use crate::style::Palette;
use crate::words::{self, counted};

/// Columns before a row of the transcript: a sign says what the person asked.
const GUTTER: u16 = 2;

/// What is kept of it between two frames.
#[derive(Debug, Default)]
pub(super) struct SessionPreview {
    place: Rect,
    facts: Vec<Row>,
    window: Window,
    cache: Cache,
}

impl SessionPreview {
    /// Lays the session out for that place.
    pub(super) fn lay_out(&mut self, session: &Mirrored, context: &OverlayContext<'_>, place: Rect) {
        self.place = place;
        let most = usize::from(place.height / 2);
        self.facts = facts(session, context, place.width.into());
        self.facts.truncate(most);
        let (rows, measure) = (self.rows(), self.measure());
        let flow = flow(session, measure, context.palette);
        self.window = flow.with(&mut self.cache).window(Scroll::End, rows);
        self.cache.end_frame();
    }

    fn measure(&self) -> Measure {
        Measure::new(usize::from(self.place.width.saturating_sub(GUTTER)).max(1), None)
    }

    /// Rows of the transcript: what the facts and an empty row leave.
    fn rows(&self) -> usize {
        usize::from(self.place.height).saturating_sub(self.facts.len() + 1)
    }

    /// Draws what was laid out.
    pub(super) fn draw(&self, buffer: &mut Buffer, session: &Mirrored, palette: Palette) {
        let place = self.place;
        for (y, row) in (place.top()..place.bottom()).zip(&self.facts) {
            buffer.set_line(place.x, y, row, place.width);
        }
        let mut y = place.y.saturating_add(self.facts.len() as u16 + 1);
        let flow = flow(session, self.measure(), palette).with(&self.cache);
        let mut from = self.window.top.row;
        for index in self.window.top.entry..session.entries.len() {
            let is_asked =
                matches!(session.entries.get(index).map(|entry| &entry.body), Some(Body::Prompt(_)));
            flow.rows(index, from, |piece| {
                if y >= place.bottom() {
                    return false;
                }
                if let FlowPiece::Row { first, row } = piece {
                    if first && is_asked {
                        buffer.set_stringn(place.x, y, "›", place.width.into(), palette.person());
                    }
                    let x = place.x.saturating_add(GUTTER).min(place.right());
                    buffer.set_line(x, y, row, place.right() - x);
                }
                y += 1;
                true
            });
            from = 0;
        }
    }
}

fn flow(session: &Mirrored, measure: Measure, palette: Palette) -> Flow<'_, ()> {
    Flow::new(session, (measure, palette), None, conversation::unanswered(&session.entries))
}

/// What is known of it besides what it says, each in a row or a few.
fn facts(session: &Mirrored, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
    let summary = &session.summary;
    let palette = context.palette;
    let name = sanitize::visible_line(summary.name.as_str());
    let mut rows = plain(&truncated(&name, width), width, Palette::strong());
    let entries = if summary.entries == 1 { "entry" } else { "entries" };
    let mut parts = vec![
        words::state(summary).to_owned(),
        match words::age(context.now, summary.touched).as_str() {
            "now" => "just now".to_owned(),
            age => format!("{age} ago"),
        },
        format!("{} {entries}", summary.entries),
        summary.kind.word().to_owned(),
        words::answering(summary),
    ];
    parts.extend(summary.tags.iter().map(|tag| format!("#{}", tag.as_str())));
    parts.extend(summary.budget.map(spending::budget_use));
    rows.extend(plain(&sanitize::visible(&parts.join(" · ")), width, Palette::dim()));
    let directory = sanitize::visible_line(&summary.directory);
    rows.extend(plain(&truncated(&directory, width), width, Palette::dim()));
    let said = |text: String, style: Style| plain(&sanitize::visible(&text), width, style);
    if let Some(need) = words::need(summary) {
        rows.extend(said(need, palette.alarm()));
    }
    if summary.queued > 0 {
        rows.extend(said(
            format!("{} in the queue", counted(summary.queued as usize, "prompt")),
            Style::new(),
        ));
    }
    if summary.presence == Presence::Hibernated {
        let last = words::last_word(summary);
        let last = if last.is_empty() { String::new() } else { format!("; last: {last}") };
        rows.extend(said(format!("it hibernates, Enter wakes it{last}"), Palette::dim()));
    }
    rows
}
