//! Where sessions go when they are done with: the archive, the trash, and nothing.

use alloc::string::ToString;

use crate::effect::{Effect, Reply};
use crate::entry::Interrupter;
use crate::id::SessionId;
use crate::multiplexer::state::MultiplexerState;
use crate::multiplexer::step::Step;
use crate::name::{Name, NameOrigin};
use crate::presence::Presence;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::roster;
use crate::snapshot::Update;
use crate::time::WallTime;

impl MultiplexerState {
    /// When the next session in the trash is erased.
    pub(super) fn next_erasure(&self) -> Option<WallTime> {
        self.next_erasable().map(|(since, _)| since.after(self.limits.trash_for))
    }

    /// The session that is in the trash the longest. One whose history others read stays.
    fn next_erasable(&self) -> Option<(WallTime, SessionId)> {
        self.sessions.trash().find(|&(_, id)| self.sessions.forks_of(id) == 0)
    }
}

impl Step<'_> {
    pub(super) fn close(&mut self, id: SessionId, even_if_working: bool) -> Result<Reply, Refusal> {
        self.open(id)?;
        self.put_away(id, even_if_working, Record::Closed)
    }

    /// The turn ends before its agent is parked, and both before the session leaves the open.
    fn put_away(&mut self, id: SessionId, even_if_working: bool, record: Record) -> Result<Reply, Refusal> {
        self.stop_turn(id, even_if_working)?;
        self.give_up_agent(id);
        self.record(id, record);
        self.changed(id);
        Ok(Reply::Done)
    }

    /// Back from the archive: a name and a slot again. It sleeps until it is used.
    pub(super) fn reopen(&mut self, id: SessionId) -> Result<Reply, Refusal> {
        let head = self.known(id)?.head();
        let (name, origin) = (head.name.clone(), head.origin);
        match head.presence {
            Presence::Closed => {}
            Presence::Trashed => return Err(Refusal::SessionTrashed { name: name.to_string() }),
            Presence::Live | Presence::Hibernated => {
                return Err(Refusal::AlreadyOpen { name: name.to_string(), slot: head.slot });
            }
        }
        // Somebody else may have taken the name meanwhile.
        self.keep_name_if_free(id, &name, origin);
        let slot = roster::free_slot(&self.state().sessions);
        self.record(id, Record::Reopened { slot });
        self.changed(id);
        Ok(Reply::Done)
    }

    pub(super) fn keep_name_if_free(&mut self, id: SessionId, name: &Name, origin: NameOrigin) {
        let free = roster::unique_name(&self.state().sessions, Some(id), name);
        if free != *name {
            self.record(id, Record::Renamed { name: free, origin });
        }
    }

    /// A session whose log was cut stands as it once did: open perhaps, with a name or a slot that others have by now.
    /// Theirs stay.
    pub(super) fn give_way(&mut self, id: SessionId) {
        let Some(head) = self.head(id).filter(|head| head.presence.is_open()) else { return };
        let (name, origin, slot) = (head.name.clone(), head.origin, head.slot);
        self.keep_name_if_free(id, &name, origin);
        if roster::shares_slot(&self.state().sessions, id, slot) {
            // No record moves a slot alone; these two together do.
            self.record(id, Record::Closed);
            let slot = roster::free_slot(&self.state().sessions);
            self.record(id, Record::Reopened { slot });
        }
        self.changed(id);
    }

    pub(super) fn trash(&mut self, id: SessionId, even_if_working: bool) -> Result<Reply, Refusal> {
        let head = self.known(id)?.head();
        if !head.presence.may_become(Presence::Trashed) {
            return Err(Refusal::SessionTrashed { name: head.name.to_string() });
        }
        self.put_away(id, even_if_working, Record::Trashed)
    }

    pub(super) fn restore(&mut self, id: SessionId) -> Result<Reply, Refusal> {
        let head = self.known(id)?.head();
        if head.presence != Presence::Trashed {
            return Err(Refusal::NotInTrash { name: head.name.to_string() });
        }
        self.record(id, Record::Restored);
        self.changed(id);
        Ok(Reply::Done)
    }

    /// Gone for good, with its history; refused while forks read that.
    pub(super) fn erase(&mut self, id: SessionId, even_if_working: bool) -> Result<Reply, Refusal> {
        let name = self.known(id)?.head().name.to_string();
        let forks = self.state().sessions.forks_of(id);
        if forks > 0 {
            return Err(Refusal::HasForks { name, forks });
        }
        self.stop_turn(id, even_if_working)?;
        self.obliterate(id);
        Ok(Reply::Done)
    }

    pub(super) fn obliterate(&mut self, id: SessionId) {
        self.give_up_agent(id);
        self.record(id, Record::Erased);
        self.note_spending();
        self.after(Effect::Update(Update::Gone(id)));
    }

    /// Ends a running turn, if the person said so.
    fn stop_turn(&mut self, id: SessionId, even_if_working: bool) -> Result<(), Refusal> {
        let head = self.known(id)?.head();
        if head.turn.is_some() {
            if !even_if_working {
                return Err(Refusal::StillWorking { name: head.name.to_string() });
            }
            self.cut_turn(id, Interrupter::User);
        }
        Ok(())
    }

    /// Erases what was in the trash for long enough. One that goes may have been the last fork of another that is due too.
    pub(super) fn empty_trash(&mut self) {
        while let Some((since, id)) = self.state().next_erasable() {
            if since.after(self.state().limits.trash_for) > self.now().wall {
                return;
            }
            self.obliterate(id);
        }
    }
}
