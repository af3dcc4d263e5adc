//! Reading: what of the sessions in view is in sight, and what follows: scrolling, asking for older entries, telling the host,
//! numbers for calls that wait.

use q_core::{Body, Mirror, PendingCall, SessionId, SessionInView, conversation};

use crate::command::Action;
use crate::inbox::WaitingItem;
use crate::intent::Intent;
use crate::layout::cache::Cache;
use crate::layout::flow::{Flow, Scroll, Spot, Window};
use crate::layout::measure::Measure;
use crate::overlay::OverlaySubject;
use crate::ui::geometry::PaneFrame;
use crate::ui::state::{Face, Ui};

impl Ui {
    /// The transcript of a session in view, without what was laid out of it.
    fn transcript<'a>(&self, mirror: &'a Mirror, id: SessionId) -> Option<Flow<'a, ()>> {
        let session = mirror.get(id)?;
        let pane = self.pane_of(Some(id));
        let measure = Measure::new(pane.frame.geometry.columns, self.options.text_width);
        let (palette, mark) = (self.palette(), pane.mark);
        let unanswered = conversation::unanswered(&session.entries);
        let flow = Flow::new(session, (measure, palette), mark, unanswered);
        let key = self.options.keymap.at_once(Action::Thoughts, true);
        Some(flow.folded(pane.folds.clone().by_key(key)))
    }

    /// The transcript in front, to be measured.
    pub(super) fn flow<'a>(&'a mut self, mirror: &'a Mirror) -> Option<Flow<'a, &'a mut Cache>> {
        self.flow_of(mirror, self.focus?)
    }

    /// The transcript of a session in view, to be measured.
    pub(super) fn flow_of<'a>(
        &'a mut self,
        mirror: &'a Mirror,
        id: SessionId,
    ) -> Option<Flow<'a, &'a mut Cache>> {
        Some(self.transcript(mirror, id)?.with(&mut self.frame.cache))
    }

    /// The transcript of a session in view as it was laid out, to be drawn.
    pub(crate) fn laid_out<'a>(&'a self, mirror: &'a Mirror, id: SessionId) -> Option<Flow<'a, &'a Cache>> {
        Some(self.transcript(mirror, id)?.with(&self.frame.cache))
    }

    /// Lays out what of the transcripts is in sight.
    pub(crate) fn lay_out_transcripts(&mut self, mirror: &Mirror) {
        for session in self.in_view() {
            self.lay_out_transcript(mirror, session);
        }
        self.lay_out_found(mirror);
        self.frame.cache.end_frame();
    }

    pub(super) fn lay_out_transcript(&mut self, mirror: &Mirror, session: Option<SessionId>) {
        let pane = self.pane_of(session);
        let (scroll, height) = (pane.scroll, pane.frame.geometry.rows);
        let window = if self.options.face == Face::Inline && !self.is_reading() {
            self.unwritten(mirror, height).0
        } else {
            let flow = session.and_then(|id| self.flow_of(mirror, id)).filter(|_| height > 0);
            flow.map(|mut flow| flow.window(scroll, height)).unwrap_or_default()
        };
        self.pane_of_mut(session).frame.window = window;
    }

    /// What waits in the session in view, or in the list of all, is on the screen from now on: answers may be given to it.
    pub(crate) fn number_what_waits(&mut self, mirror: &Mirror) {
        self.inbox.forget_what_is_over(mirror);
        self.inbox.begin_frame();
        match self.overlay.as_ref().map(|overlay| overlay.subject()) {
            Some(OverlaySubject::Call(number)) => self.inbox.show_again(number),
            Some(OverlaySubject::Inbox(_)) => self.inbox.show_all(mirror),
            Some(OverlaySubject::Nothing | OverlaySubject::Session(_)) => {} // what is beneath it is not seen
            None => self.put_in_view(mirror),
        }
    }

    /// What waits in the session in front is what an answer without a number is for; in the other panes it is seen.
    fn put_in_view(&mut self, mirror: &Mirror) {
        for id in self.in_view().into_iter().flatten() {
            let Some(session) = mirror.get(id) else { continue };
            let is_in_front = self.focus == Some(id);
            for pending in &session.pending {
                if is_in_front && self.inbox.number(id, pending).is_none() {
                    // What was said before is of another one; what is wrong stays.
                    self.notice = self.notice.take().filter(|notice| notice.fault);
                }
                let number = self.inbox.show(id, pending);
                if is_in_front {
                    self.inbox.put_in_view(number);
                }
            }
        }
    }

    /// Notes which calls the overlay shows whole: that of a page of which the end is in sight. Whether there is one.
    pub(crate) fn note_what_overlay_shows_whole(&mut self) -> bool {
        let Some(overlay) = &self.overlay else { return false };
        match overlay.subject() {
            OverlaySubject::Call(number) if overlay.is_at_end() => self.inbox.show_whole(number),
            // Which one it shows is only known once it is laid out.
            OverlaySubject::Inbox(Some(item)) => {
                self.inbox.show_alone(item);
                if let WaitingItem::Call(number) = item
                    && overlay.is_at_end()
                {
                    self.inbox.show_whole(number);
                }
            }
            OverlaySubject::Call(_)
            | OverlaySubject::Inbox(None)
            | OverlaySubject::Nothing
            | OverlaySubject::Session(_) => {}
        }
        true
    }

    /// Notes which calls a pane shows whole: those whose rows are all in sight, of which the last `hidden` are not.
    pub(crate) fn note_what_is_whole(&mut self, mirror: &Mirror, id: SessionId, hidden: usize) {
        let PaneFrame { window, geometry, .. } = self.pane_of(Some(id)).frame;
        let rows = geometry.rows.saturating_sub(hidden);
        let Some(mut flow) = self.flow_of(mirror, id) else { return };
        let whole = flow.whole_calls(window, rows);
        let Some(session) = mirror.get(id) else { return };
        for pending in &session.pending {
            // Numbers of calls begin anew with each turn: the newest one is of the one that runs.
            let newest = session.entries.iter().rev().find(|entry| is_of(pending, &entry.body));
            if newest.is_some_and(|entry| whole.contains(&entry.no))
                && let Some(number) = self.inbox.number(id, pending)
            {
                self.inbox.show_whole(number);
            }
        }
    }

    /// The sessions of which older entries are read or searched now: those of any other need not be kept.
    pub fn reads_back(&self) -> Vec<SessionId> {
        let reads = |id: &SessionId| {
            self.pane_of(Some(*id)).scroll != Scroll::End || (self.focus == Some(*id) && self.is_searching())
        };
        self.in_view().into_iter().flatten().filter(reads).collect()
    }

    pub(super) fn scroll_by(&mut self, mirror: &Mirror, rows: isize) {
        if let Some(front) = self.focus {
            self.scroll_pane(mirror, front, rows);
        }
    }

    pub(super) fn scroll_pane(&mut self, mirror: &Mirror, id: SessionId, rows: isize) {
        let pane = self.pane_of(Some(id));
        let (scroll, height) = (pane.scroll, pane.frame.geometry.rows);
        if let Some(mut flow) = self.flow_of(mirror, id) {
            let scroll = flow.moved(scroll, rows, height);
            self.pane_of_mut(Some(id)).scroll = scroll;
        }
    }

    pub(super) fn scroll_to_top(&mut self, mirror: &Mirror) {
        let height = self.pane().frame.geometry.rows;
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
        let in_view = self.sessions_in_view();
        for shown in &in_view {
            self.ask_for_page(mirror, *shown, intents);
        }
        if self.shown.as_ref() != Some(&in_view) {
            let mut others = in_view.iter().copied();
            let front = others.next();
            let (session, at_end) =
                (front.map(|front| front.session), front.is_some_and(|front| front.at_end));
            intents.push(Intent::Show { session, at_end, beside: others.collect() });
            self.shown = Some(in_view);
        }
    }

    fn ask_for_page(&mut self, mirror: &Mirror, shown: SessionInView, intents: &mut Vec<Intent>) {
        let SessionInView { session: id, at_end } = shown;
        let Some(session) = mirror.get(id).filter(|session| session.trimmed) else { return };
        let Some(first) = session.entries.front().map(|entry| entry.no) else { return };
        let pane = self.pane_of(Some(id));
        let (scroll, height) = (pane.scroll, pane.frame.geometry.rows);
        // At the end, only a few entries can leave the top in sight.
        if pane.paged == Some(first) || (at_end && session.entries.len() > height) {
            return;
        }
        let Some(mut flow) = self.flow_of(mirror, id) else { return };
        let Window { top, .. } = flow.window(scroll, height);
        if top == (Spot { entry: 0, row: 0 }) && !session.is_full() {
            self.pane_of_mut(Some(id)).paged = Some(first);
            intents.push(Intent::Page { session: id, before: first });
        }
    }
}

/// Whether an entry is that call, with the very bytes that wait.
fn is_of(pending: &PendingCall, body: &Body) -> bool {
    matches!(body, Body::Call(call) if (call.no, &call.tool, &call.input) == (pending.call, &pending.tool, &pending.input))
}
