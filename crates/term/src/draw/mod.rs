//! Drawing: what the mirror holds and this terminal shows → one frame. What needs deciding is decided by [`lay_out`]; what
//! draws reads only.
//!
//! Not here: escape codes (the backend's business), what keys do (`ui`).

mod asleep;
mod bar;
mod completion;
mod inline;
mod marks;
mod page;
mod places;
mod prompt;
mod queue;
mod spinner;
mod status;
mod transcript;
mod welcome;

pub(crate) use bar::BarLine;
pub use inline::{InlineFrame, inline_frame};
pub use places::lay_out;

use q_core::{Mirror, Presence};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ui::Ui;

/// Draws what [`lay_out`] decided for a screen of this size, and changes nothing.
pub fn draw(frame: &mut Frame<'_>, ui: &Ui, mirror: &Mirror) {
    let (area, places) = (frame.area(), ui.places);
    if area.is_empty() || area != places.screen {
        return;
    }
    let buffer = frame.buffer_mut();
    let cursor = session(buffer, ui, mirror);
    let cursor = match &ui.overlay {
        Some(overlay) => overlay.draw(buffer, area, &ui.overlay_context(mirror)),
        None => cursor,
    };
    if let Some(theme) = &ui.options.theme {
        theme.paint(buffer);
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// Draws all but what lies on top, and says where the cursor is.
fn session(buffer: &mut Buffer, ui: &Ui, mirror: &Mirror) -> Option<Position> {
    let places = ui.places;
    bar::draw(buffer, places.bar, &ui.frame.bar);
    match ui.focus.and_then(|id| mirror.get(id)) {
        Some(session) if !session.entries.is_empty() => {
            transcript::draw(buffer, places.session.transcript, ui, mirror);
        }
        Some(session) if session.summary.presence == Presence::Hibernated => {
            asleep::draw(buffer, places.session.transcript, ui, session);
        }
        Some(_) | None => welcome::draw(buffer, places.session.transcript, ui, mirror),
    }
    let above = places.session.above_status();
    let said = status::draw(buffer, places.session.status, above, ui, mirror);
    // What is said in several rows hides text, not what waits.
    let hidden = places.session.hidden_by(said);
    queue::draw(buffer, Rect { y: places.session.queue.y - hidden, ..places.session.queue }, ui, mirror);
    completion::draw(buffer, places.session.completion, ui);
    prompt::draw(buffer, places.session.prompt, ui, mirror)
}
