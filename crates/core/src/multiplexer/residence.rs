//! Which sessions are in memory: hibernation, waking, and what memory allows.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::effect::Effect;
use crate::id::{EntryNo, Seq, SessionId};
use crate::multiplexer::state::MultiplexerState;
use crate::multiplexer::step::Step;
use crate::presence::Presence;
use crate::record::{Record, Why};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::live::Live;
use crate::session::stored::Stored;

/// Bytes in what people call a megabyte.
const MEGABYTE: u64 = 1 << 20;

impl MultiplexerState {
    /// Whether it may hibernate by itself: nothing runs in it, nobody shows it, and it is not pinned.
    pub(super) fn may_hibernate(&self, session: &Session) -> bool {
        let head = session.head();
        head.presence == Presence::Live
            && !head.pinned
            // What streams into a turn is in memory alone until it is written.
            && head.turn.is_none()
            // What comes of that is to be said in it.
            && !self.reversing.contains_key(&head.id)
            // Who reads uses the session, however long nobody typed.
            && !self.focus.shows(head.id)
    }

    /// Whether it may hibernate because nobody used it: what goes on in its background would end.
    pub(super) fn may_be_unused(&self, session: &Session) -> bool {
        self.may_hibernate(session) && session.live().is_some_and(|live| live.background == 0)
    }

    fn idle(&self) -> impl Iterator<Item = &Session> {
        self.sessions.live().filter(|session| self.may_hibernate(session))
    }

    fn unused(&self) -> impl Iterator<Item = &Session> {
        self.sessions.live().filter(|session| self.may_be_unused(session))
    }

    /// The one that may hibernate and was used the longest ago, of those in whose background nothing goes on if there are such;
    /// another than `except`.
    fn least_used(&self, except: Option<SessionId>) -> Option<SessionId> {
        let candidates = self.idle().filter(|session| Some(session.head().id) != except);
        let age = |session: &&Session| {
            let head = session.head();
            let live = session.live();
            let goes_on = live.is_some_and(|live| live.background > 0);
            (goes_on, live.and_then(|live| live.used), head.touched, head.id)
        };
        candidates.min_by_key(age).map(|session| session.head().id)
    }

    /// What all live sessions keep in memory, in bytes.
    fn weight(&self) -> usize {
        self.sessions.live().filter_map(Session::live).map(Live::weight).sum()
    }
}

impl Step<'_> {
    pub(super) fn sleeps(&self, id: SessionId) -> bool {
        self.head(id).is_some_and(|head| head.presence == Presence::Hibernated)
    }

    /// A place for one more live session; gives the one that hibernated for it, and how many commands of its background end with that.
    pub(super) fn make_room(&mut self) -> Result<Option<(SessionId, u32)>, Refusal> {
        let limit = self.state().limits.live_sessions;
        // What is being read has its place already, or two that wake at the same time would get one.
        if self.state().sessions.live_count() + self.state().waking.len() < limit {
            return Ok(None);
        }
        let least_used = self.state().least_used(None).ok_or(Refusal::TooManyLive { limit })?;
        let ended = self.session(least_used).and_then(Session::live).map_or(0, |live| live.background);
        self.hibernate(least_used, Why::Room);
        Ok(Some((least_used, ended)))
    }

    /// So many commands go on in a session's background. Of one that sleeps that is late: they ended with its agent.
    pub(super) fn note_background(&mut self, id: SessionId, running: u32) {
        if let Some(live) = self.live_mut(id).filter(|live| live.background != running) {
            live.background = running;
            // What ran was a use of it: it is not unused since long ago the moment that ends.
            self.use_now(id);
            self.changed(id);
        }
    }

    fn hibernate(&mut self, id: SessionId, why: Why) {
        self.release(id);
        self.record_buffered(id, Record::Hibernated { why });
        self.changed(id);
    }

    /// Hibernates what nobody used for long.
    pub(super) fn hibernate_unused(&mut self) {
        let now = self.now().mono;
        let after = self.state().limits.hibernate_after;
        let is_unused = |session: &&Session| {
            session.live().and_then(|live| live.used).is_some_and(|used| used.after(after) <= now)
        };
        let unused: Vec<SessionId> =
            self.state().unused().filter(is_unused).map(|session| session.head().id).collect();
        for id in unused {
            self.hibernate(id, Why::Unused);
        }
    }

    /// After a start with a lower limit: what is live beyond it hibernates.
    pub(super) fn keep_within_places(&mut self) {
        while self.state().sessions.live_count() > self.state().limits.live_sessions {
            // Nothing works and nobody looks yet: if all that are left are pinned, there are more pins than places.
            let some = || self.state().sessions.live().map(|session| session.head().id).next();
            let Some(id) = self.state().least_used(None).or_else(some) else { return };
            self.hibernate(id, Why::Room);
        }
    }

    /// The resident memory of the host's process. If that is too much, all that may hibernates; what is used after that stays until the
    /// host says again that it is too much, or it would fall asleep before it is on a screen.
    pub(super) fn weigh(&mut self, bytes: u64) {
        self.state_mut().memory = bytes;
        if bytes >= self.state().limits.soft_memory {
            while let Some(id) = self.state().least_used(None) {
                self.hibernate(id, Why::Memory);
            }
        }
    }

    /// Hibernates idle sessions while what is live has more memory than it should.
    pub(super) fn keep_within_memory(&mut self) {
        while self.state().weight() > self.state().limits.memory_bytes {
            let Some(id) = self.state().least_used(None) else { return };
            self.hibernate(id, Why::Memory);
        }
    }

    /// Refuses new work while the host has all the memory it may.
    pub(super) fn refuse_if_full(&self) -> Result<(), Refusal> {
        let (memory, limit) = (self.state().memory, self.state().limits.hard_memory);
        if memory < limit {
            return Ok(());
        }
        Err(Refusal::HostFull { size: memory.div_ceil(MEGABYTE), limit: limit.div_ceil(MEGABYTE) })
    }

    /// Space for a text of `bytes` in this session, where one of `replaced` goes; idle others hibernate for it.
    pub(super) fn make_space(&mut self, id: SessionId, bytes: usize, replaced: usize) -> Result<(), Refusal> {
        let more = bytes.saturating_sub(replaced);
        if more == 0 {
            return Ok(());
        }
        let state = self.state();
        let limit = state.limits.memory_bytes;
        let size = state.weight() + more;
        let others = state.idle().filter(|session| session.head().id != id);
        let freed: usize = others.filter_map(Session::live).map(Live::weight).sum();
        if size.saturating_sub(freed) > limit {
            return Err(Refusal::SessionsFull { size, limit });
        }
        while self.state().weight() + more > limit {
            let Some(least_used) = self.state().least_used(Some(id)) else { return Ok(()) };
            self.hibernate(least_used, Why::Memory);
        }
        Ok(())
    }

    /// Has the store read a session that sleeps, unless it does so already.
    pub(super) fn begin_waking(&mut self, id: SessionId) -> Result<(), Refusal> {
        if !self.state().waking.contains_key(&id) {
            self.refuse_if_full()?;
            self.make_room()?;
            self.after(Effect::Load { session: id });
            let reaches = self.head(id).map_or(Seq(0), |head| head.seq);
            self.state_mut().waking.insert(id, reaches);
        }
        Ok(())
    }

    /// What the store has of a session that is to wake, or why not. Gives what becomes of the commands that wait for it: they
    /// can be decided now, or are all refused; `None` where there are none, or they wait for another reading.
    pub(super) fn loaded(
        &mut self,
        id: SessionId,
        stored: Result<Box<Stored>, String>,
    ) -> Option<Result<(), Refusal>> {
        let reaches = *self.state().waking.get(&id)?;
        let was_cut = stored.as_ref().is_ok_and(|stored| stored.fault.is_some());
        if let Ok(stored) = &stored
            && !was_cut
        {
            if stored.head.seq < reaches {
                return None; // read for an earlier waking; another one is under way
            }
            if self.sleeps(id) && !stored.head.presence.is_open() {
                // Read while it was archived, and open again meanwhile: such a reading has no memory in it.
                self.after(Effect::Load { session: id });
                return None;
            }
        }
        self.state_mut().waking.remove(&id);
        match stored {
            Ok(stored) => {
                if was_cut && self.sleeps(id) {
                    self.fall_back(id, &stored);
                }
                // Where the log was cut it may have come back as archived: then there is nothing to wake.
                if self.sleeps(id) {
                    self.wake(id, &stored);
                }
                Some(Ok(()))
            }
            Err(why) if self.sleeps(id) => Some(Err(Refusal::CannotWake { why })),
            // It was closed or erased meanwhile, and each command is told that when it is decided.
            Err(_) => Some(Ok(())),
        }
    }

    /// The log turned out to be damaged and was cut: the session goes on from how it stood then.
    fn fall_back(&mut self, id: SessionId, stored: &Stored) {
        let tail_bytes = self.state().limits.tail_bytes;
        let session = Session::restored(stored.clone(), tail_bytes);
        self.state_mut().sessions.restore(session);
        if !self.head(id).is_some_and(|head| head.presence.is_open()) {
            self.give_up_agent(id);
        }
        if self.sleeps(id) {
            self.give_way(id);
            return; // it says so when it is awake
        }
        self.take_up_one(id);
        self.after(Effect::Resync { session: id });
    }

    fn wake(&mut self, id: SessionId, stored: &Stored) {
        // The record makes an empty memory, as it does in a replay; what was read is put into that.
        self.record_buffered(id, Record::Woken);
        let tail_bytes = self.state().limits.tail_bytes;
        if let Some(session) = self.session_mut(id) {
            session.remember(stored, tail_bytes);
        }
        self.use_now(id);
        self.after(Effect::Resync { session: id });
        self.put_right(id);
        self.mark_seen_if_watched(id); // whoever showed it while it slept has read it
        self.changed(id);
    }

    /// Says in the session what did not fit together in what was stored. Also where it sleeps or is archived: whoever lists
    /// sessions sees it.
    pub(super) fn put_right(&mut self, id: SessionId) {
        let faults = self.session(id).map(Session::faults).unwrap_or_default();
        for fault in faults {
            let seq = self.record(id, Record::Repaired { fault });
            self.notify_entry(id, EntryNo(seq.0));
            self.changed(id);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use alloc::boxed::Box;
    use alloc::format;
    use alloc::vec::Vec;

    use crate::session::Session;
    use crate::trace::Player;
    use crate::{Input, Limits, Multiplexer, Presence, SessionId};

    const ID: SessionId = SessionId(1);

    /// The session says something in one more turn, and sleeps again.
    fn turn_and_sleep(player: &mut Player, turn: u32) {
        for line in [
            format!("submit s1 \"prompt {turn}\""),
            "loaded s1".into(),
            format!("text s1 \"answer {turn}\" turn {turn}"),
            format!("done s1 turn {turn}"),
            "tick after 30min".into(),
        ] {
            player.play(&line).unwrap();
        }
        assert_eq!(player.core.view().summary(ID).unwrap().presence, Presence::Hibernated);
    }

    #[test]
    fn a_start_with_fewer_places_than_pins_keeps_to_the_places() {
        let mut player = Player::played(&["create s1", "create s2", "create s3", "pin s1", "pin s2"]);
        let limits = Limits { live_sessions: 1, ..Limits::default() };
        player.core = Multiplexer::recover(limits, player.disk.all()).unwrap();
        let _marked = player.handle(Input::Started);
        let live = player.core.view().sessions().filter(|session| session.presence == Presence::Live);
        assert_eq!(live.map(|session| session.id).collect::<Vec<_>>(), [SessionId(2)]);
    }

    #[test]
    fn what_is_live_keeps_to_the_memory_it_may_have() {
        let lines = ["create s1", "create s2", "draft s1 \"half\"", "submit s2 \"why?\"", "submit s1 \"go\""];
        let mut player = Player::played(&[&lines[..], &["text s1 \"said\"", "done s1", "done s2"]].concat());
        let parts = |player: &Player| -> usize {
            let memories = || player.core.state.sessions.live().filter_map(Session::live);
            let said: usize =
                memories().flat_map(|live| live.newest(usize::MAX).0).map(|one| one.weight()).sum();
            said + "why?".len() + "go".len()
        };
        let weight = player.core.state.weight();
        assert_eq!(weight, parts(&player), "a prompt that may be retried is kept beside its entry");
        for (memory_bytes, live) in [(weight, 2), (weight - 1, 1)] {
            player.core.state.limits.memory_bytes = memory_bytes;
            let _heard = player.play("usage s1 1 1").unwrap();
            let _heard = player.play("tick after 1s").unwrap();
            assert_eq!(player.core.state.sessions.live_count(), live, "{memory_bytes} of {weight}");
        }
    }

    #[test]
    fn a_reading_for_an_earlier_waking_is_late() {
        let mut player = Player::played(&["create s1 name a"]);
        turn_and_sleep(&mut player, 1);
        let early = player.disk.stored(ID).map(Box::new).unwrap();
        turn_and_sleep(&mut player, 2);
        player.play("wake s1").unwrap();
        let effects = player.handle(Input::Loaded { session: ID, stored: Ok(early) });
        assert_eq!(effects, crate::Effects::default(), "somebody still waits for the newer one");
        player.play("loaded s1").unwrap();
        let snapshot = player.core.view().snapshot(ID, usize::MAX).unwrap();
        let texts: Vec<&str> = snapshot.entries.iter().map(crate::Entry::text).collect();
        assert_eq!(texts, ["prompt 1", "answer 1", "prompt 2", "answer 2"]);
    }

    #[test]
    fn a_reading_made_while_it_was_archived_is_made_again() {
        let lines =
            ["create s1 name a", "draft s1 \"half a thought\"", "tick after 30min", "wake s1", "close s1"];
        let mut player = Player::played(&lines);
        let while_archived = player.disk.stored(ID).map(Box::new).unwrap();
        player.play("reopen s1").unwrap();
        let effects = player.handle(Input::Loaded { session: ID, stored: Ok(while_archived) });
        assert_eq!(effects.after, [crate::Effect::Load { session: ID }]);
        player.play("loaded s1").unwrap();
        let snapshot = player.core.view().snapshot(ID, usize::MAX).unwrap();
        assert_eq!(snapshot.draft, "half a thought");
    }
}
