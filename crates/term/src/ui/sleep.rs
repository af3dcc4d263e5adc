//! Sessions that hibernate: the one in view is woken, of the others the person is told.

use q_core::{Command, Mirror, Presence, SessionId};

use crate::intent::Intent;
use crate::ui::pane::{Pane, WakeState};
use crate::ui::state::Ui;
use crate::words;

impl Ui {
    /// The session that was to be woken stays asleep.
    pub fn not_woken(&mut self, session: SessionId, why: impl Into<String>) {
        if let Some(pane) = self.panes.get_mut(&session) {
            pane.waking = WakeState::Refused;
        }
        self.warn(why);
    }

    /// A session hibernated so that another has a place.
    pub fn made_room(&mut self, name: &str, ended: u32) {
        self.notify(words::made_room(name, ended));
    }

    /// Asks for the memory of the sessions in view, once; says which sessions fell asleep.
    pub(super) fn keep_awake(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        for session in self.in_view().into_iter().filter_map(|id| mirror.get(id?)) {
            let id = session.summary.id;
            let pane = self.panes.entry(id).or_insert_with(|| Pane::of(session));
            match (session.summary.presence, pane.waking) {
                (Presence::Hibernated, WakeState::NotAsked) => {
                    pane.waking = WakeState::Asked;
                    intents.push(Intent::Tell(Command::Wake { session: id }));
                }
                (Presence::Hibernated, WakeState::Asked | WakeState::Refused) => {}
                (Presence::Live | Presence::Closed | Presence::Trashed, _) => pane.woken(session),
            }
        }
        self.notify_asleep(mirror);
    }

    fn notify_asleep(&mut self, mirror: &Mirror) {
        let sessions = mirror.by_slot();
        let is_live = |session: &&&q_core::mirror::Mirrored| session.summary.presence == Presence::Live;
        let slept = sessions.iter().filter(|session| !is_live(session));
        let slept = slept.filter_map(|session| {
            Some((session.summary.name.as_str(), *self.live.get(&session.summary.id)?))
        });
        let (names, ended): (Vec<&str>, Vec<u32>) = slept.unzip();
        let text = (!names.is_empty()).then(|| words::hibernated(&names.join(", "), ended.iter().sum()));
        let live = sessions.iter().filter(is_live);
        self.live = live.map(|session| (session.summary.id, session.summary.background)).collect();
        if let Some(text) = text
            && !self.notice.as_ref().is_some_and(|notice| notice.fault)
        {
            self.notify(text);
        }
    }
}
