//! Laying out: what stands where on a screen of some size, and what of it is in sight.

use q_core::{Mirror, SessionId, WallTime};
use ratatui::layout::Rect;

use crate::draw::{bar, completion, prompt, queue, status, transcript};
use crate::ui::{Geometry, PaneFrame, PaneView, Places, SessionPlaces, Ui};

/// Decides all that a frame of that size shows at that time: to be called right before [`super::draw`], for what is laid
/// out counts as shown. Calls that wait for the person get the numbers under which they can be answered from then on.
pub fn lay_out(ui: &mut Ui, mirror: &Mirror, screen: Rect, now: WallTime) {
    if screen.is_empty() {
        return;
    }
    ui.now = now;
    ui.watch_sessions(mirror);
    ui.places = Places::of(screen);
    let panes = ui.divide(ui.places.below_bar());
    ui.number_what_waits(mirror);
    let height = if ui.is_divided() { None } else { Some(screen.height) };
    let frames: Vec<_> = ui
        .pane_views()
        .zip(panes)
        .map(|(view, place)| (view.session, frame(place, height, view, mirror)))
        .collect();
    put(ui, mirror, frames);
}

/// Has everything there: the bar, and all of each pane.
pub(super) fn put(ui: &mut Ui, mirror: &Mirror, frames: Vec<(Option<SessionId>, PaneFrame)>) {
    for (session, PaneFrame { places, geometry, .. }) in frames {
        let frame = &mut ui.pane_of_mut(session).frame;
        (frame.places, frame.geometry) = (places, geometry);
    }
    ui.frame.bar = bar::lay_out(ui.places.bar, ui, mirror);
    ui.lay_out_transcripts(mirror);
    let hidden: Vec<_> = ui.pane_views().map(|view| (view.session, status::hidden(view, mirror))).collect();
    let overlaid = ui.overlay_place();
    if let Some(mut overlay) = ui.overlay.take() {
        overlay.lay_out(&ui.overlay_context(mirror), overlaid);
        ui.overlay = Some(overlay);
    }
    // Of what had room when it was laid out before, the top may have none now.
    ui.inbox.forget_whole();
    if !ui.note_what_overlay_shows_whole() {
        for (session, hidden) in hidden {
            let hidden = ui.pane_of(session).frame.places.hidden_by(hidden);
            if let Some(id) = session {
                ui.note_what_is_whole(mirror, id, hidden.into());
            }
        }
    }
}

/// Which part of a pane is what, and the columns for what is typed. The prompt is there in any pane; the status from four rows
/// on, of the screen where it is `alone` there, with the bar.
fn frame(place: Rect, alone: Option<u16>, view: PaneView<'_>, mirror: &Mirror) -> PaneFrame {
    let height = alone.unwrap_or(place.height);
    let title = u16::from(alone.is_none());
    let editor = prompt::columns(place, view, mirror);
    // However much is typed, most of the screen stays the conversation's.
    let most = (height / 3).max(1);
    let prompt = prompt::rows(view, editor, most.into()) as u16;
    let status = u16::from(height >= 4);
    let completion = completion::rows(view, place.height.saturating_sub(prompt + title + status));
    let left = place.height.saturating_sub(prompt + title + status + completion);
    let queue = (queue::rows(view, mirror, place.width) as u16).min(left / 3);
    let transcript = left.saturating_sub(queue);
    let mut top = place.y;
    let mut rows = |height: u16| {
        let rows = Rect { y: top, height, ..place };
        top += height;
        rows
    };
    let places = SessionPlaces {
        whole: place,
        title: rows(title),
        transcript: rows(transcript),
        queue: rows(queue),
        status: rows(status),
        notices: Rect::default(),
        completion: rows(completion),
        prompt: rows(prompt),
    };
    let geometry = Geometry {
        columns: transcript::text_columns(places.transcript, view, mirror),
        rows: places.transcript.height.into(),
        gutter: transcript::gutter_columns(places.transcript, view, mirror),
        editor,
    };
    PaneFrame { places, geometry, ..PaneFrame::default() }
}
