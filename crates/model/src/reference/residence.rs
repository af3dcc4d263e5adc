//! Which sessions are in memory, and which are thrown away for good.

use q_core::{Presence, ReplyTo, SessionId};

use super::deeds::{Answered, Deed};
use super::{Command, Model, Waking};

impl Model {
    /// Those that may hibernate by themselves, the one that was used the longest ago first.
    pub(super) fn idle(&self) -> Vec<usize> {
        let may = |&at: &usize| {
            let session = &self.sessions[at];
            let is_busy = session.turn.is_some() || self.is_reversing(session.id);
            !is_busy && !session.label.pinned && !self.is_shown(session.id)
        };
        let mut idle: Vec<usize> = self.live().into_iter().filter(may).collect();
        idle.sort_by_key(|&at| {
            let session = &self.sessions[at];
            (self.running(session.id) > 0, session.times.used, session.times.touched, session.id)
        });
        idle
    }

    /// Commands in a session's background.
    pub(super) fn running(&self, id: SessionId) -> u32 {
        self.background.get(&id).copied().unwrap_or_default()
    }

    /// Told of one that is asleep, it is late.
    pub(super) fn goes_on(&mut self, id: SessionId, running: u32) {
        let live = self.find(id).filter(|&at| self.sessions[at].presence == Presence::Live);
        if let Some(at) = live.filter(|_| self.running(id) != running) {
            self.background.insert(id, running);
            self.sessions[at].times.used = self.now.mono;
        }
    }

    fn hibernate(&mut self, at: usize) {
        self.release(at);
        self.sessions[at].presence = Presence::Hibernated;
    }

    pub(super) fn hibernate_unused(&mut self) {
        for at in self.idle() {
            let is_unused = self.sessions[at].times.used.after(self.limits.hibernate_after) <= self.now.mono;
            if is_unused && self.running(self.sessions[at].id) == 0 {
                self.hibernate(at);
            }
        }
    }

    /// Above the soft limit all that may hibernates.
    pub(super) fn weigh(&mut self, bytes: u64) {
        self.resident_memory = bytes;
        if bytes >= self.limits.soft_memory {
            self.idle().into_iter().for_each(|at| self.hibernate(at));
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.resident_memory >= self.limits.hard_memory
    }

    fn weight(&self) -> usize {
        self.live().into_iter().map(|at| self.sessions[at].weight()).sum()
    }

    /// Hibernates idle sessions until what is live weighs what it may.
    pub(super) fn shed_memory(&mut self) {
        for at in self.idle() {
            if self.weight() > self.limits.memory_bytes {
                self.hibernate(at);
            }
        }
    }

    /// Space for `more` bytes in a session: others hibernate for it, but only if that is enough.
    pub(super) fn make_space(&mut self, at: usize, more: usize) -> Result<(), &'static str> {
        let others: Vec<usize> = self.idle().into_iter().filter(|&other| other != at).collect();
        let freed: usize = others.iter().map(|&other| self.sessions[other].weight()).sum();
        if more > 0 && self.weight() + more > self.limits.memory_bytes + freed {
            return Err("sessions_full");
        }
        for other in others {
            if more > 0 && self.weight() + more > self.limits.memory_bytes {
                self.hibernate(other);
            }
        }
        Ok(())
    }

    /// A place for one more live session; gives whoever hibernated for it.
    pub(super) fn make_room(&mut self) -> Result<Option<(SessionId, u32)>, &'static str> {
        if self.live().len() + self.waking.len() < self.limits.live_sessions {
            return Ok(None);
        }
        let at = *self.idle().first().ok_or("too_many_live")?;
        self.hibernate(at);
        let id = self.sessions[at].id;
        Ok(Some((id, self.running(id))))
    }

    /// Keeps a wish until its session is read.
    pub(super) fn wake_for(&mut self, id: SessionId, to: ReplyTo, command: Command) {
        if let Err(code) = self.read_from_store(id) {
            return self.reply(to, Answered::Refused(code));
        }
        let limit = self.limits.waking_wishes;
        match self.waking.iter_mut().find(|waking| waking.session == id) {
            Some(waking) if waking.wishes.len() < limit => waking.wishes.push((to, command)),
            Some(_) | None => self.reply(to, Answered::Refused("too_many_waking")),
        }
    }

    fn read_from_store(&mut self, id: SessionId) -> Result<(), &'static str> {
        if self.waking.iter().any(|waking| waking.session == id) {
            return Ok(());
        }
        if self.is_full() {
            return Err("host_full");
        }
        self.make_room()?;
        self.deeds.push(Deed::Load { session: id });
        self.waking.push(Waking { session: id, wishes: Vec::new() });
        Ok(())
    }

    /// The store has read a session, or cannot. Whoever waits for it hears now.
    pub(super) fn loaded(&mut self, id: SessionId, readable: bool) {
        let Some(place) = self.waking.iter().position(|waking| waking.session == id) else { return };
        // Taken out first: a wish that is granted may have the session read once more.
        let wishes = self.waking.remove(place).wishes;
        let asleep = self.find(id).filter(|&at| self.sessions[at].presence == Presence::Hibernated);
        if let Some(at) = asleep.filter(|_| readable) {
            self.sessions[at].presence = Presence::Live;
            self.note(at);
            self.read_if_watched(at);
        }
        for (to, command) in wishes {
            if asleep.is_some() && !readable {
                self.reply(to, Answered::Refused("cannot_wake"));
            } else {
                self.grant(to, command);
            }
        }
    }

    /// Sessions whose history began with this one's.
    pub(super) fn forks(&self, id: SessionId) -> usize {
        self.sessions.iter().filter(|session| session.parent == Some(id)).count()
    }

    /// Erases what is in the trash for long enough and has no forks; that may leave another one without forks.
    pub(super) fn empty_trash(&mut self) {
        let is_due = |at: &usize| {
            let session = &self.sessions[*at];
            let due = session.trashed.map(|since| since.after(self.limits.trash_for));
            due.is_some_and(|due| due <= self.now.wall) && self.forks(session.id) == 0
        };
        // One at a time and then all over again: each that goes may have kept another.
        if let Some(at) = (0..self.sessions.len()).find(is_due) {
            self.sessions.remove(at);
            self.empty_trash();
        }
    }
}
