//! Focus: which session this terminal shows, and going from one to another. Nothing here waits for the host.

use q_core::{Command, Mirror, Presence, SessionId, attention};

use crate::command::Action;
use crate::intent::Intent;
use crate::overlay::OverlaySubject;
use crate::ui::pane::{Pane, WakeState};
use crate::ui::state::Ui;

/// Panes of sessions that are gone are dropped beyond this many.
const PANES: usize = 64;

impl Ui {
    pub fn switch_to(&mut self, mirror: &Mirror, id: SessionId) -> Vec<Intent> {
        let mut intents = Vec::new();
        self.show(mirror, id, &mut intents);
        self.settle(mirror, &mut intents);
        intents
    }

    /// A session this terminal asked for exists: shows it, and sends the prompts that waited for it.
    pub fn created(&mut self, mirror: &Mirror, id: SessionId) -> Vec<Intent> {
        let early = self.submissions.opened();
        let mut intents = Vec::new();
        self.note_created();
        match mirror.get(id) {
            Some(_) => self.show(mirror, id, &mut intents),
            None => self.visits.awaited = Some(id),
        }
        for (text, way) in early {
            self.submit(id, text, way, &mut intents);
        }
        self.settle(mirror, &mut intents);
        intents
    }

    pub(super) fn show(&mut self, mirror: &Mirror, id: SessionId, intents: &mut Vec<Intent>) {
        let Some(session) = mirror.get(id) else { return };
        if self.focus == Some(id) {
            return;
        }
        let mut from_nowhere = None;
        if let Some(old) = self.focus {
            self.save_draft(old, intents);
        } else {
            from_nowhere = Some(std::mem::take(&mut self.nowhere));
        }
        // Where it is not on the screen yet, it comes into the place of the one in front.
        let place = Some(self.pane().frame).filter(|_| !self.is_in_view(id));
        let before = self.focus.replace(id);
        self.split.put(before, id);
        if let Some(pane) =
            before.filter(|old| !self.is_in_view(*old)).and_then(|old| self.panes.get_mut(&old))
        {
            pane.mark = None;
        }
        self.end_search(); // it was in the other one
        self.inbox.look_away();
        (self.visits.closing, self.visits.taken_to) = (None, None);
        self.visits.recent.retain(|other| *other != id);
        self.visits.recent.push(id);
        let summary = &session.summary;
        let pane = self.panes.entry(id).or_insert_with(|| Pane::of(session));
        pane.mark = (summary.unread > 0).then_some(summary.seen);
        pane.paged = None;
        pane.waking = WakeState::NotAsked;
        if let Some(place) = place {
            pane.frame = place;
        }
        if let Some(typed) = from_nowhere {
            pane.take_over(typed);
        }
    }

    /// Drafts that differ from what the mirror has. To be called when nothing was typed for two seconds, and before
    /// leaving.
    pub fn drafts(&mut self) -> Vec<Intent> {
        let mut intents = Vec::new();
        let ids: Vec<SessionId> = self.panes.keys().copied().collect();
        for id in ids {
            self.save_draft(id, &mut intents);
        }
        intents
    }

    fn save_draft(&mut self, id: SessionId, intents: &mut Vec<Intent>) {
        if self.lost.is_some() {
            return; // it counts as unsaved until there is a host that takes it
        }
        if let Some(text) = self.panes.get_mut(&id).and_then(Pane::unsaved) {
            intents.push(Intent::Tell(Command::SaveDraft { session: id, text }));
        }
    }

    pub(super) fn adopt_drafts(&mut self, mirror: &Mirror) {
        for (id, pane) in &mut self.panes {
            // Of one that hibernates the draft is in the store.
            let awake = mirror.get(*id).filter(|session| session.summary.presence == Presence::Live);
            if let Some(session) = awake {
                pane.adopt(&session.draft);
            }
        }
    }

    /// Whether what is typed was begun in a session that was closed elsewhere: then it is kept back once, and said so.
    pub(super) fn is_kept_back(&mut self, mirror: &Mirror) -> bool {
        let Some(session) = self.visits.taken_to.take().and_then(|id| mirror.get(id)) else { return false };
        self.warn(format!(
            "the session it was typed in was closed elsewhere; {} again sends it to {}",
            self.key(Action::Submit),
            session.summary.name
        ));
        true
    }

    /// At first the lowest slot of those that are awake; when the session in view is gone, the one shown before it.
    pub(super) fn keep_focus_valid(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        if let Some(id) = self.visits.awaited.filter(|id| mirror.get(*id).is_some()) {
            self.visits.awaited = None;
            self.show(mirror, id, intents);
        }
        let beside = self.close_panes_of_gone(mirror);
        if self.focus.is_some_and(|id| mirror.get(id).is_some()) {
            return;
        }
        let gone = self.focus.take();
        if gone.is_none() && self.submissions.is_opening() {
            return; // what is typed meanwhile is for the session that opens, and no other
        }
        let mut before = self.visits.recent.iter().rev().copied();
        let next = beside.or_else(|| before.find(|id| mirror.get(*id).is_some())).or_else(|| first(mirror));
        let is_unasked = gone.is_some() && gone != self.visits.closing;
        if let Some(next) = next {
            self.show(mirror, next, intents);
            if is_unasked {
                self.visits.taken_to = Some(next);
                let name = mirror.get(next).map_or("another", |session| session.summary.name.as_str());
                self.warn(format!("the session in front was closed elsewhere; now in {name}"));
            }
        }
        if let Some(gone) = gone {
            let goes_too = OverlaySubject::Session(gone);
            self.overlay = self.overlay.take().filter(|overlay| overlay.subject() != goes_too);
        }
        if self.panes.len() > PANES {
            self.panes.retain(|id, pane| mirror.get(*id).is_some() || !pane.editor.is_empty());
        }
    }

    /// The session `by` places on in the order of slots, round and round; nothing where there is no other.
    pub(super) fn beside(&self, mirror: &Mirror, by: isize) -> Option<SessionId> {
        let sessions = mirror.by_slot();
        let count = sessions.len();
        let here = sessions.iter().position(|session| Some(session.summary.id) == self.focus).unwrap_or(0);
        // Counted from one round on, so that a step back from the first does not fall below zero.
        let place = here.saturating_add(count).saturating_add_signed(by).checked_rem(count)?;
        sessions.get(place).filter(|_| count > 1).map(|session| session.summary.id)
    }

    /// The session that was in view before this one.
    pub(super) fn shown_before(&self, mirror: &Mirror) -> Option<SessionId> {
        let is_other = |id: &SessionId| Some(*id) != self.focus && mirror.get(*id).is_some();
        self.visits.recent.iter().rev().copied().find(is_other)
    }

    /// The next session that needs the person.
    pub(super) fn needs_person(&self, mirror: &Mirror) -> Option<SessionId> {
        let sessions = mirror.by_slot();
        attention::next(sessions.iter().map(|session| &session.summary), self.focus)
    }
}

/// The session to begin with.
fn first(mirror: &Mirror) -> Option<SessionId> {
    let sessions = mirror.by_slot();
    let awake = sessions.iter().find(|session| session.summary.presence == Presence::Live);
    awake.or(sessions.first()).map(|session| session.summary.id)
}

/// The session of that number.
pub(super) fn in_slot(mirror: &Mirror, slot: u32) -> Option<SessionId> {
    let sessions = mirror.by_slot();
    sessions.iter().find(|session| session.summary.slot == slot).map(|session| session.summary.id)
}
