//! Clients coming, looking and going: what is read, and when nobody is left.

use alloc::vec::Vec;

use crate::effect::Effect;
use crate::focus::SessionInView;
use crate::id::{ClientId, SessionId};
use crate::multiplexer::step::Step;
use crate::record::Record;

impl Step<'_> {
    pub(super) fn attach(&mut self, client: ClientId) {
        self.state_mut().focus.attach(client);
    }

    pub(super) fn detach(&mut self, client: ClientId) {
        self.look_away(client, &[]);
        self.state_mut().focus.detach(client);
        self.give_up_imports(Some(client));
    }

    /// A client shows something else: what it showed to its end is read up to there.
    pub(super) fn show(&mut self, client: ClientId, in_view: Vec<SessionInView>) {
        self.look_away(client, &in_view);
        self.state_mut().focus.show(client, in_view);
        for SessionInView { session, at_end } in self.state().focus.shown_by(client) {
            self.use_now(session);
            if at_end {
                self.mark_seen_if_watched(session);
                self.changed(session);
            }
        }
    }

    fn look_away(&mut self, client: ClientId, next: &[SessionInView]) {
        for shown in self.state().focus.shown_by(client) {
            // Nobody's screen is a use: a session begins to age when the last client leaves it.
            self.use_now(shown.session);
            if shown.at_end && !next.contains(&shown) {
                self.mark_seen_if_watched(shown.session);
                self.changed(shown.session);
            }
        }
    }

    /// While a client shows the end of a session, everything in it is read.
    pub(super) fn mark_seen_if_watched(&mut self, id: SessionId) {
        if !self.state().focus.watches_end(id) {
            return;
        }
        self.write_stream(id);
        let Some(session) = self.session(id).filter(|session| session.live().is_some()) else { return };
        let through = session.end();
        if session.head().seen != through || session.head().unread > 0 {
            self.record_buffered(id, Record::Seen { through });
        }
    }

    /// Notes since when nobody is attached and nothing runs.
    pub(super) fn watch_desertion(&mut self) {
        let state = self.state();
        // A command that waits for its session is work, even when its client has gone: it may begin a turn.
        let busy = !state.focus.nobody_attached()
            || !state.waking.is_empty()
            || state.sessions.live().any(|session| session.head().turn.is_some());
        let since = if busy { None } else { state.deserted.or(Some(self.now().mono)) };
        self.state_mut().deserted = since;
    }

    pub(super) fn leave_if_deserted(&mut self) {
        let now = self.now().mono;
        let due =
            self.state().deserted.is_some_and(|since| since.after(self.state().limits.leave_after) <= now);
        if due {
            self.state_mut().deserted = None;
            self.after(Effect::Leave);
        }
    }
}
