//! What the screen of a session says while that hibernates: there is nothing of it here but its line.

use q_core::mirror::Mirrored;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::draw::page;
use crate::ui::{PaneView, WakeState};
use crate::words;

const ASKED: &[&str] = &["Waking …", "", "This session hibernates; its history is being read back."];

const REFUSED: &[&str] = &[
    "This session hibernates and could not be woken.",
    "",
    "Its history is kept. Go to another session and come back to try again; sending a prompt wakes it too.",
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: PaneView<'_>, session: &Mirrored) {
    let lines = match view.pane.waking {
        WakeState::NotAsked | WakeState::Asked => ASKED,
        WakeState::Refused => REFUSED,
    };
    let preview = words::last_word(&session.summary);
    let last = (!preview.is_empty()).then(|| format!("Last: {preview}"));
    page::draw(buffer, area, lines, last.as_deref());
}
