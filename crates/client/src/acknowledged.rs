//! What hosts acknowledged to this client, so that the next one can be asked whether it has it.

use std::collections::BTreeMap;

use q_core::{Presence, SessionId, Update};
use q_proto::Id;
use q_proto::message::MAX_ACKNOWLEDGED;

/// The newest prompt of each session that a host acknowledged: the next host must have it. A hello has room for
/// [`MAX_ACKNOWLEDGED`] of them; of more, any others are let go, since this only looks once more at what the store promises
/// anyway.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acknowledged(BTreeMap<SessionId, u64>);

impl Acknowledged {
    pub(crate) fn note(&mut self, session: SessionId, prompt: u64) {
        let newest = self.0.entry(session).or_default();
        *newest = prompt.max(*newest);
        if self.0.len() > MAX_ACKNOWLEDGED {
            let other = self.0.keys().find(|id| **id != session).copied();
            other.and_then(|other| self.0.remove(&other));
        }
    }

    /// What was acknowledged to the client before counts as well.
    pub(crate) fn take_over(&mut self, before: Self) {
        for (session, prompt) in before.0 {
            self.note(session, prompt);
        }
    }

    /// What is thrown away or erased on purpose is missed by nobody.
    pub(crate) fn follow(&mut self, update: &Update) {
        match update {
            Update::Session(summary) if summary.presence == Presence::Trashed => {
                self.0.remove(&summary.id);
            }
            Update::Gone(session) => {
                self.0.remove(session);
            }
            Update::Session(_)
            | Update::Entry { .. }
            | Update::Text { .. }
            | Update::Queue { .. }
            | Update::Draft { .. }
            | Update::Pending { .. } => {}
        }
    }

    /// As a hello names it.
    pub(crate) fn named(&self) -> Vec<(Id, u64)> {
        self.0.iter().map(|(session, prompt)| ((*session).into(), *prompt)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_never_names_more_sessions_than_it_has_room_for() {
        let mut acknowledged = Acknowledged::default();
        for session in (1..=2 * MAX_ACKNOWLEDGED as u128).rev() {
            acknowledged.note(SessionId(session), 7);
            assert!(acknowledged.0.contains_key(&SessionId(session)), "the newest is among them");
        }
        assert_eq!(acknowledged.0.len(), MAX_ACKNOWLEDGED);
    }
}
