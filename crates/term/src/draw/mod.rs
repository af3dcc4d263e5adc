//! Drawing: what the mirror holds and this terminal shows → one frame. What needs deciding is decided by [`lay_out`]; what
//! draws reads only.
//!
//! Not here: escape codes (the backend's business), what keys do (`ui`).

mod asleep;
mod bar;
mod completion;
mod division;
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

use crate::ui::{PaneView, Ui};

/// Draws what [`lay_out`] decided for a screen of this size, and changes nothing.
pub fn draw(frame: &mut Frame<'_>, ui: &Ui, mirror: &Mirror) {
    let area = frame.area();
    if area.is_empty() || area != ui.places.screen {
        return;
    }
    let buffer = frame.buffer_mut();
    let cursor = panes(buffer, ui, mirror);
    let cursor = match &ui.overlay {
        Some(overlay) => overlay.draw(buffer, ui.overlay_place(), &ui.overlay_context(mirror)),
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
fn panes(buffer: &mut Buffer, ui: &Ui, mirror: &Mirror) -> Option<Position> {
    bar::draw(buffer, ui.places.bar, &ui.frame.bar);
    // The one with the keyboard last: what is said there may lie over the others.
    for view in ui.pane_views().filter(|view| !view.has_keyboard) {
        draw_pane(buffer, view, mirror);
    }
    draw_pane(buffer, ui.front_view(), mirror)
}

/// Draws all of a pane; where the cursor is in what is typed there.
fn draw_pane(buffer: &mut Buffer, view: PaneView<'_>, mirror: &Mirror) -> Option<Position> {
    let places = view.pane.frame.places;
    division::draw(buffer, view, mirror);
    match view.mirrored(mirror) {
        Some(session) if !session.entries.is_empty() => {
            transcript::draw(buffer, places.transcript, view, mirror);
        }
        Some(session) if session.summary.presence == Presence::Hibernated => {
            asleep::draw(buffer, places.transcript, view, session);
        }
        Some(_) | None => welcome::draw(buffer, places.transcript, view, mirror),
    }
    let said = status::draw(buffer, view, mirror);
    // What is said in several rows hides text, not what waits.
    let hidden = places.hidden_by(said);
    queue::draw(buffer, Rect { y: places.queue.y - hidden, ..places.queue }, view, mirror);
    completion::draw(buffer, places.completion, view);
    prompt::draw(buffer, places.prompt, view, mirror)
}
