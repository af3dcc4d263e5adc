//! Files that are put back: when that may be, what waits for it, and what is said of it.

use q_core::{Presence, Reversed, SessionId, TurnNo};

use super::deeds::{Answered, Deed};
use super::wishes::Granted;
use super::{Entry, Model, What};

impl Model {
    pub(super) fn is_reversing(&self, id: SessionId) -> bool {
        self.reversing.iter().any(|(session, _)| *session == id)
    }

    /// Has changes of a turn that was here reversed, where nothing is under way.
    pub(super) fn reverse(&mut self, id: SessionId, redo: bool, turn: TurnNo) -> Granted {
        let at = self.open(id)?;
        if self.sessions[at].turn.is_some() || self.is_reversing(id) {
            return Err("reverses_later");
        }
        if !(1..=self.sessions[at].turns).contains(&turn.0) {
            return Err("nothing_to_reverse");
        }
        self.deeds.push(Deed::Reverse { session: id, redo, turn });
        Ok(Answered::Done)
    }

    /// It is done, or was in vain: whoever waits for it hears, wherever the session is by now. Only where it is live it says so.
    pub(super) fn reversed(&mut self, id: SessionId, redo: bool, outcome: &Result<Vec<String>, String>) {
        let Some(place) = self.reversing.iter().position(|(session, _)| *session == id) else { return };
        let (_, to) = self.reversing.remove(place);
        if let Some(at) = self.find(id) {
            self.note(at);
        }
        let answer = match (outcome, self.find(id)) {
            (Err(_), _) => Answered::Refused("cannot_reverse"),
            (Ok(_), None) => Answered::Refused("no_such_session"),
            (Ok(_), Some(at)) if self.sessions[at].presence != Presence::Live => Answered::Done,
            (Ok(files), Some(at)) => {
                let session = &mut self.sessions[at];
                // In a turn that waits to be asked, or in the last one.
                let turn = session.turn.as_ref().map_or(TurnNo(session.turns), |turn| turn.no);
                let what = What::Reversed(Reversed { redo, files: files.clone(), more: 0 });
                let (at_time, text) = (self.now.wall, String::new());
                session.entries.push(Entry {
                    no: None,
                    at: at_time,
                    turn,
                    what,
                    text,
                    written: 0,
                    read: None,
                });
                self.happened(at);
                Answered::Done
            }
        };
        self.reply(to, answer);
    }
}
