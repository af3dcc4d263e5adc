//! Laying out: what stands where on a screen of some size, and what of it is in sight.

use q_core::{Mirror, WallTime};
use ratatui::layout::Rect;

use crate::draw::{bar, completion, prompt, queue, status, transcript};
use crate::ui::{Geometry, Places, SessionPlaces, Ui};

/// Decides all that a frame of that size shows at that time: to be called right before [`super::draw`], for what is laid
/// out counts as shown. Calls that wait for the person get the numbers under which they can be answered from then on.
pub fn lay_out(ui: &mut Ui, mirror: &Mirror, screen: Rect, now: WallTime) {
    if screen.is_empty() {
        return;
    }
    ui.now = now;
    ui.watch_sessions(mirror);
    ui.number_what_waits(mirror);
    let (places, editor) = places(screen, ui, mirror);
    put(ui, mirror, places, editor);
}

/// Has everything there, with so many columns for what is typed.
pub(super) fn put(ui: &mut Ui, mirror: &Mirror, places: Places, editor: usize) {
    ui.places = places;
    ui.frame.geometry = Geometry {
        columns: transcript::text_columns(places.session.transcript, ui, mirror),
        rows: places.session.transcript.height.into(),
        gutter: transcript::gutter_columns(places.session.transcript, ui, mirror),
        editor,
    };
    ui.frame.bar = bar::lay_out(places.bar, ui, mirror);
    ui.lay_out_transcript(mirror);
    let hidden = status::hidden(places.session.status, places.session.above_status(), ui, mirror);
    if let Some(mut overlay) = ui.overlay.take() {
        overlay.lay_out(&ui.overlay_context(mirror), places.screen);
        ui.overlay = Some(overlay);
    }
    ui.note_what_is_whole(mirror, places.session.hidden_by(hidden).into());
}

/// Which part of the screen is whose, and the columns for what is typed. The prompt is there on any screen; the bar from
/// three rows on, the status from four.
fn places(screen: Rect, ui: &Ui, mirror: &Mirror) -> (Places, usize) {
    let height = screen.height;
    let editor = prompt::columns(screen, ui, mirror);
    // However much is typed, most of the screen stays the conversation's.
    let most = (height / 3).max(1);
    let prompt = prompt::rows(ui, editor, most.into()) as u16;
    let bar = u16::from(height >= 3);
    let status = u16::from(height >= 4);
    let completion = completion::rows(ui, height.saturating_sub(prompt + bar + status));
    let left = height.saturating_sub(prompt + bar + status + completion);
    let queue = (queue::rows(ui, mirror, screen.width) as u16).min(left / 3);
    let transcript = left.saturating_sub(queue);
    let mut top = screen.y;
    let mut rows = |height: u16| {
        let place = Rect { x: screen.x, y: top, width: screen.width, height };
        top += height;
        place
    };
    let places = Places {
        screen,
        bar: rows(bar),
        session: SessionPlaces {
            transcript: rows(transcript),
            queue: rows(queue),
            status: rows(status),
            notices: Rect::default(),
            completion: rows(completion),
            prompt: rows(prompt),
        },
    };
    (places, editor)
}
