//! Drawing: what the mirror holds and this terminal shows → one frame.
//!
//! Not here: escape codes (the backend's business), what keys do (`ui`).

mod asleep;
mod bar;
mod help;
mod overlay;
mod page;
mod prompt;
mod queue;
mod status;
mod switcher;
mod transcript;
mod welcome;

use q_core::{Mirror, Presence, WallTime};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::ui::{Geometry, Ui};

/// Frames of what moves, at most four a second.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, ui: &mut Ui, mirror: &Mirror, now: WallTime) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    ui.now = now;
    ui.see_what_waits(mirror);
    let places = Places::of(area, ui, mirror);
    ui.geometry = Geometry {
        columns: transcript::text_columns(places.transcript, ui, mirror),
        rows: places.transcript.height.into(),
        editor: places.prompt_columns,
    };
    let buffer = frame.buffer_mut();
    bar::draw(buffer, places.bar, ui, mirror);
    let below = match ui.focus.and_then(|id| mirror.get(id)) {
        Some(session) if !session.entries.is_empty() => {
            transcript::draw(buffer, places.transcript, ui, mirror)
        }
        Some(session) if session.summary.presence == Presence::Hibernated => {
            asleep::draw(buffer, places.transcript, ui, session);
            0
        }
        Some(_) | None => {
            welcome::draw(buffer, places.transcript, ui, mirror);
            0
        }
    };
    let above = places.transcript.union(places.queue);
    let said = status::draw(buffer, places.status, above, ui, mirror, below);
    // What is said in several rows hides text, not what waits.
    let hidden = said.min(places.transcript.height);
    queue::draw(buffer, Rect { y: places.queue.y - hidden, ..places.queue }, ui, mirror);
    let cursor = prompt::draw(buffer, places.prompt, ui, mirror);
    let cursor = overlay::draw(buffer, area, ui, mirror, now).unwrap_or(cursor);
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    ui.cache.end_frame();
}

/// What moves, or a sign that stands still for it; while no host is there nobody knows whether anything works.
fn spinner(ui: &Ui) -> &'static str {
    if ui.lost.is_some() {
        return "?";
    }
    if ui.options.motion { SPINNER.get(ui.spinner % SPINNER.len()).copied().unwrap_or("*") } else { "*" }
}

/// Which part of the screen is whose.
struct Places {
    bar: Rect,
    transcript: Rect,
    queue: Rect,
    status: Rect,
    prompt: Rect,
    prompt_columns: usize,
}

impl Places {
    /// The prompt is there on any screen; the bar from three rows on, the status from four.
    fn of(area: Rect, ui: &Ui, mirror: &Mirror) -> Self {
        let height = area.height;
        let prompt_columns = prompt::columns(area, ui, mirror);
        let most = (height / 3).max(1);
        let prompt = prompt::rows(ui, prompt_columns, most.into()) as u16;
        let bar = u16::from(height >= 3);
        let status = u16::from(height >= 4);
        let left = height.saturating_sub(prompt + bar + status);
        let queue = (queue::rows(ui, mirror) as u16).min(left / 3);
        let transcript = left.saturating_sub(queue);
        let mut top = area.y;
        let mut rows = |height: u16| {
            let place = Rect { x: area.x, y: top, width: area.width, height };
            top += height;
            place
        };
        Self {
            bar: rows(bar),
            transcript: rows(transcript),
            queue: rows(queue),
            status: rows(status),
            prompt: rows(prompt),
            prompt_columns,
        }
    }
}

/// Where the cursor is, if it is on the screen.
type Cursor = Option<Position>;
