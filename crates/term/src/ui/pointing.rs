//! The mouse: the wheel scrolls, a click goes where it points, holding the button selects text of the transcript.
//!
//! With Shift held all of it is the terminal's own. Nothing here is asked for again: the mouse is the terminal's where
//! `mouse = false` is configured.

use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use q_core::{EntryNo, Instant, Mirror};

use crate::intent::Intent;
use crate::keys::KeyCode::{Down, Up};
use crate::keys::key;
use crate::layout::flow::{self, FlowPiece, Spot};
use crate::layout::selection::{Selection, TextPoint, TextReach, reach_at};
use crate::ui::geometry::{PaneFrame, Position, Rect};
use crate::ui::state::Ui;

/// Rows that one notch of the wheel scrolls.
const NOTCH: isize = 3;
/// A second click that comes no later than this, at the same place, is a double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// A press of the button.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pressed {
    at: Position,
    when: Instant,
    /// What of the transcript it was pressed on; nothing once it is released, or elsewhere.
    on: Option<TextReach>,
    by_words: bool,
    /// The entry that its release unfolded, or folded.
    toggled: Option<EntryNo>,
}

impl Ui {
    /// Takes in what the mouse did.
    pub(super) fn point(&mut self, mirror: &Mirror, mouse: MouseEvent, intents: &mut Vec<Intent>) {
        if mouse.modifiers.contains(KeyModifiers::SHIFT) {
            return;
        }
        let at = Position { x: mouse.column, y: mouse.row };
        match mouse.kind {
            MouseEventKind::ScrollUp => self.turn_wheel(mirror, at, -NOTCH, intents),
            MouseEventKind::ScrollDown => self.turn_wheel(mirror, at, NOTCH, intents),
            MouseEventKind::Down(MouseButton::Left) => self.press_button(mirror, at, intents),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(mirror, at),
            MouseEventKind::Up(MouseButton::Left) => self.release(mirror, at, intents),
            MouseEventKind::Down(_)
            | MouseEventKind::Up(_)
            | MouseEventKind::Drag(_)
            | MouseEventKind::Moved
            | MouseEventKind::ScrollLeft
            | MouseEventKind::ScrollRight => {}
        }
    }

    /// Whether an overlay lies over the transcript.
    fn is_covered(&self) -> bool {
        self.overlay.is_some() && !self.is_searching()
    }

    /// Scrolls the pane beneath the pointer; the keyboard stays where it is.
    fn turn_wheel(&mut self, mirror: &Mirror, at: Position, rows: isize, intents: &mut Vec<Intent>) {
        if !self.is_covered() {
            if let Some(session) = self.pane_at(at).or(self.focus) {
                self.scroll_pane(mirror, session, rows);
            }
            return;
        }
        let chord = key(if rows < 0 { Up } else { Down });
        for _row in 0..rows.unsigned_abs() {
            self.press_in_overlay(mirror, chord, intents);
        }
    }

    fn press_button(&mut self, mirror: &Mirror, at: Position, intents: &mut Vec<Intent>) {
        self.notice = None;
        self.leader = false;
        self.pane_mut().selection = None;
        let before = self.pressed.take().filter(|before| before.at == at);
        let by_words = before.is_some_and(|before| !before.by_words && self.at.since(before.when) <= DOUBLE);
        self.pressed = Some(Pressed { at, when: self.at, on: None, by_words, toggled: None });
        if self.is_covered() {
            self.click_in_overlay(mirror, at, intents);
        } else if let Some((_, session)) =
            self.frame.bar.labels.iter().find(|(label, _)| label.contains(at)).copied()
        {
            self.show(mirror, session, intents);
        } else {
            if let Some(session) = self.pane_at(at) {
                self.show(mirror, session, intents);
            }
            self.press_in_pane(mirror, at, (before, by_words));
        }
    }

    /// The button was pressed there, after it was before.
    fn press_in_pane(&mut self, mirror: &Mirror, at: Position, (before, by_words): (Option<Pressed>, bool)) {
        if self.pane().frame.places.transcript.contains(at) {
            // The first of two clicks was none for the fold: the word is where it was seen.
            if let Some(toggled) = before.and_then(|before| before.toggled).filter(|_| by_words) {
                self.toggle_fold(mirror, toggled);
                self.lay_out_transcript(mirror, self.focus);
            }
            let on = self.reach(mirror, at, by_words);
            self.pressed = Some(Pressed { at, when: self.at, on, by_words, toggled: None });
            if let Some(reach) = on.filter(|_| by_words) {
                self.select(reach, reach);
            }
        }
    }

    fn drag(&mut self, mirror: &Mirror, at: Position) {
        let Some(Pressed { on: Some(from), by_words, .. }) = self.pressed else { return };
        let place = self.pane().frame.places.transcript;
        // Beyond the first and the last row the text moves beneath the pointer.
        if at.y <= place.top() && at.y < self.pressed.map_or(0, |pressed| pressed.at.y) {
            self.scroll_by(mirror, -1);
        } else if at.y >= place.bottom().saturating_sub(1)
            && at.y > self.pressed.map_or(0, |pressed| pressed.at.y)
        {
            self.scroll_by(mirror, 1);
        }
        self.lay_out_transcript(mirror, self.focus);
        let at = within(place, at);
        if let Some(to) = self.reach(mirror, at, by_words) {
            self.select(from, to);
        }
    }

    fn release(&mut self, mirror: &Mirror, at: Position, intents: &mut Vec<Intent>) {
        let Some(pressed) = self.pressed else { return };
        let Some(on) = pressed.on else { return };
        let pressed = Pressed { on: None, ..pressed };
        self.pressed = Some(pressed);
        if self.pane().selection.is_some() {
            self.copy_selection(mirror, intents);
        } else if at == pressed.at {
            let entry = on.0.row.0;
            let toggled = self.toggle_fold(mirror, entry).then_some(entry);
            self.pressed = Some(Pressed { toggled, ..pressed });
        }
    }

    fn select(&mut self, from: TextReach, to: TextReach) {
        let selection = Selection::between(from, to, self.pane().frame.geometry.columns);
        self.pane_mut().selection = Some(selection);
    }

    /// Unfolds the entry that was clicked on, where it is one that is folded, or folds it again; says whether it is one.
    fn toggle_fold(&mut self, mirror: &Mirror, on: EntryNo) -> bool {
        let session = self.focus.and_then(|id| mirror.get(id));
        let fold = session.and_then(|session| flow::fold_of(session, on));
        fold.inspect(|fold| self.pane_mut().folds.toggle(*fold)).is_some()
    }

    /// The character or word of the transcript in that place of the screen.
    fn reach(&mut self, mirror: &Mirror, at: Position, by_words: bool) -> Option<TextReach> {
        let PaneFrame { places, geometry, window } = self.pane().frame;
        let (place, gutter, top) = (places.transcript, geometry.gutter, window.top);
        let column = usize::from(at.x.saturating_sub(place.x)).saturating_sub(gutter);
        let rows = usize::from(at.y.checked_sub(place.y)?);
        let mut flow = self.flow(mirror)?;
        let Spot { entry: index, row } = flow.below(top, rows);
        let entry = flow.session.entries.get(index)?.no;
        let mut columns = column..column + 1;
        flow.rows(index, row, |piece| {
            if let FlowPiece::Row { row, .. } = piece {
                columns = reach_at(row, column, by_words);
            }
            false
        });
        let point = |column| TextPoint { row: (entry, row), column };
        Some(TextReach(point(columns.start), point(columns.end)))
    }
}

/// The place in a part of the screen that is nearest to that one.
fn within(part: Rect, at: Position) -> Position {
    Position {
        x: at.x.clamp(part.left(), part.right().saturating_sub(1).max(part.left())),
        y: at.y.clamp(part.top(), part.bottom().saturating_sub(1).max(part.top())),
    }
}
