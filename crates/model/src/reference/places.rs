//! Who is asked now: an agent answers so many turns at once, some of them only for sessions on a screen.

use q_core::SessionId;

use super::Model;
use super::deeds::Deed;

impl Model {
    /// Asks for whoever waits the longest, those on a screen first, as long as there is a place.
    pub(super) fn ask_whom_it_can(&mut self) {
        while let Some(at) = self.next_to_ask() {
            let session = &mut self.sessions[at];
            let id = session.id;
            if let Some(turn) = &mut session.turn {
                turn.held = None;
                session.agent.seated = true;
                let (mut settings, resume) =
                    (session.terms.settings.clone(), session.agent.told.resume.clone());
                settings.remove("budget_tokens");
                self.deeds.push(Deed::Ask { session: id, turn: turn.no, settings, resume });
            }
        }
    }

    fn next_to_ask(&self) -> Option<usize> {
        let held = |at: usize| self.sessions[at].turn.as_ref().and_then(|turn| turn.held);
        let waits = |at: usize| held(at).is_some() && !self.is_reversing(self.sessions[at].id);
        let mut waiting: Vec<usize> = self.live().into_iter().filter(|&at| waits(at)).collect();
        waiting.sort_by_key(|&at| {
            let id = self.sessions[at].id;
            (!self.is_shown(id), held(at), id)
        });
        waiting.into_iter().find(|&at| self.has_place(at))
    }

    fn has_place(&self, at: usize) -> bool {
        let session = &self.sessions[at];
        let asked: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|other| other.agent.name == session.agent.name)
            .filter(|other| other.turn.as_ref().is_some_and(|turn| turn.held.is_none()))
            .filter(|other| other.waiting_calls().next().is_none())
            .map(|other| other.id)
            .collect();
        let unseen = asked.iter().filter(|id| !self.is_shown(**id)).count();
        let for_all = self.limits.agent_calls.max(1);
        let for_unseen = self.limits.agent_calls.saturating_sub(self.limits.agent_calls_in_view).max(1);
        asked.len() < for_all && (self.is_shown(session.id) || unseen < for_unseen)
    }

    /// The host may leave a while after nobody is attached, nothing runs and nothing is being read.
    pub(super) fn watch_desertion(&mut self) {
        let is_needed = !self.clients.is_empty()
            || !self.waking.is_empty()
            || self.sessions.iter().any(|session| session.turn.is_some());
        self.deserted = if is_needed { None } else { self.deserted.or(Some(self.now.mono)) };
    }

    pub(super) fn leave_if_deserted(&mut self) {
        if self.deserted.is_some_and(|since| since.after(self.limits.leave_after) <= self.now.mono) {
            self.deserted = None; // it counts anew if the host stays
            self.deeds.push(Deed::Leave);
        }
    }
}
