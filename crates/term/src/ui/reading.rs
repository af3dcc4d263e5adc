//! Reading: what of the session in view is in sight, and what follows: scrolling, asking for older entries, telling the host,
//! numbers for calls that wait.

use q_core::{Body, Mirror, PendingCall, SessionId, conversation};

use crate::command::Action;
use crate::intent::Intent;
use crate::layout::cache::Cache;
use crate::layout::flow::{Flow, Scroll, Spot, Window};
use crate::layout::measure::Measure;
use crate::layout::selection::TextReach;
use crate::overlay::OverlaySubject;
use crate::ui::state::Ui;

impl Ui {
    /// The transcript in view, without what was laid out of it.
    fn transcript<'a>(&self, mirror: &'a Mirror) -> Option<Flow<'a, ()>> {
        let session = mirror.get(self.focus?)?;
        let measure = Measure::new(self.frame.geometry.columns, self.options.text_width);
        let (palette, mark) = (self.palette(), self.pane().mark);
        let unanswered = conversation::unanswered(&session.entries);
        let flow = Flow::new(session, (measure, palette), mark, unanswered);
        let key = self.options.keymap.at_once(Action::Thoughts, true);
        Some(flow.folded(self.pane().folds.clone().by_key(key)))
    }

    /// The transcript in view, to be measured.
    pub(super) fn flow<'a>(&'a mut self, mirror: &'a Mirror) -> Option<Flow<'a, &'a mut Cache>> {
        Some(self.transcript(mirror)?.with(&mut self.frame.cache))
    }

    /// The transcript in view as it was laid out, to be drawn.
    pub(crate) fn laid_out<'a>(&'a self, mirror: &'a Mirror) -> Option<Flow<'a, &'a Cache>> {
        Some(self.transcript(mirror)?.with(&self.frame.cache))
    }

    /// What of the transcript in view is selected, at the width it has now.
    pub(crate) fn selected_in_view(&self) -> Option<TextReach> {
        self.pane().selection?.reach(self.frame.geometry.columns)
    }

    /// Lays out what of the transcript is in sight.
    pub(crate) fn lay_out_transcript(&mut self, mirror: &Mirror) {
        let (scroll, height) = (self.pane().scroll, self.frame.geometry.rows);
        let window = self.flow(mirror).filter(|_| height > 0).map(|mut flow| flow.window(scroll, height));
        self.frame.window = window.unwrap_or_default();
        self.lay_out_found(mirror);
        self.frame.cache.end_frame();
    }

    /// What waits in the session in view, or in the list of all, is on the screen from now on: answers may be given to it.
    pub(crate) fn number_what_waits(&mut self, mirror: &Mirror) {
        self.inbox.forget_what_is_over(mirror);
        self.inbox.begin_frame();
        match self.overlay.as_ref().map(|overlay| overlay.subject()) {
            Some(OverlaySubject::Call(number)) => self.inbox.show_again(number),
            Some(OverlaySubject::Calls) => {
                self.inbox.show_all(mirror);
                self.put_in_view(mirror);
            }
            Some(OverlaySubject::Nothing | OverlaySubject::Session(_)) => {} // what is beneath it is not seen
            None => self.put_in_view(mirror),
        }
    }

    /// What waits in the session in view is what an answer without a number is for.
    fn put_in_view(&mut self, mirror: &Mirror) {
        let Some(session) = self.focus.and_then(|id| mirror.get(id)) else { return };
        for pending in &session.pending {
            if self.inbox.number(session.summary.id, pending).is_none() {
                // What was said before is of another one; what is wrong stays.
                self.notice = self.notice.take().filter(|notice| notice.fault);
            }
            let number = self.inbox.show(session.summary.id, pending);
            self.inbox.put_in_view(number);
        }
    }

    /// Notes which calls the frame shows whole: those whose rows are all in sight, of which the last `hidden` are not, or on a
    /// page of which the end is.
    pub(crate) fn note_what_is_whole(&mut self, mirror: &Mirror, hidden: usize) {
        if let Some(overlay) = &self.overlay {
            let shows_calls = matches!(overlay.subject(), OverlaySubject::Calls | OverlaySubject::Call(_));
            if shows_calls && overlay.is_at_end() {
                self.inbox.show_all_whole();
            }
            return;
        }
        let (window, rows) = (self.frame.window, self.frame.geometry.rows.saturating_sub(hidden));
        let Some(mut flow) = self.flow(mirror) else { return };
        let whole = flow.whole_calls(window, rows);
        let Some(session) = self.focus.and_then(|id| mirror.get(id)) else { return };
        for pending in &session.pending {
            // Numbers of calls begin anew with each turn: the newest one is of the one that runs.
            let newest = session.entries.iter().rev().find(|entry| is_of(pending, &entry.body));
            if newest.is_some_and(|entry| whole.contains(&entry.no))
                && let Some(number) = self.inbox.number(session.summary.id, pending)
            {
                self.inbox.show_whole(number);
            }
        }
    }

    /// The session of which older entries are read or searched now: those of any other need not be kept.
    pub fn reads_back(&self) -> Option<SessionId> {
        self.focus.filter(|_| !self.at_end() || self.is_searching())
    }

    pub(super) fn scroll_by(&mut self, mirror: &Mirror, rows: isize) {
        let (scroll, height) = (self.pane().scroll, self.frame.geometry.rows);
        if let Some(mut flow) = self.flow(mirror) {
            let scroll = flow.moved(scroll, rows, height);
            self.pane_mut().scroll = scroll;
        }
    }

    pub(super) fn scroll_to_top(&mut self, mirror: &Mirror) {
        let height = self.frame.geometry.rows;
        if let Some(mut flow) = self.flow(mirror) {
            let scroll = flow.at(Spot { entry: 0, row: 0 }, height);
            self.pane_mut().scroll = scroll;
        }
    }

    pub(super) fn scroll_to_end(&mut self) {
        self.pane_mut().scroll = Scroll::End;
    }

    /// Asks for older entries once their place is in sight, and tells the host what is shown when that changed.
    pub(super) fn follow(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        if let Some(id) = self.focus {
            self.ask_for_page(mirror, id, intents);
        }
        let now = (self.focus, self.at_end());
        if self.shown != Some(now) {
            self.shown = Some(now);
            intents.push(Intent::Show { session: now.0, at_end: now.1 });
        }
    }

    fn ask_for_page(&mut self, mirror: &Mirror, id: SessionId, intents: &mut Vec<Intent>) {
        let Some(session) = mirror.get(id).filter(|session| session.trimmed) else { return };
        let Some(first) = session.entries.front().map(|entry| entry.no) else { return };
        // At the end, only a few entries can leave the top in sight.
        if self.pane().paged == Some(first)
            || (self.at_end() && session.entries.len() > self.frame.geometry.rows)
        {
            return;
        }
        let (scroll, height) = (self.pane().scroll, self.frame.geometry.rows);
        let Some(mut flow) = self.flow(mirror) else { return };
        let Window { top, .. } = flow.window(scroll, height);
        if top == (Spot { entry: 0, row: 0 }) && !session.is_full() {
            self.pane_mut().paged = Some(first);
            intents.push(Intent::Page { session: id, before: first });
        }
    }
}

/// Whether an entry is that call, with the very bytes that wait.
fn is_of(pending: &PendingCall, body: &Body) -> bool {
    matches!(body, Body::Call(call) if (call.no, &call.tool, &call.input) == (pending.call, &pending.tool, &pending.input))
}
