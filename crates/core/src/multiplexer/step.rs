//! One call of the core as it is being decided: what to write, what to do at once, what to do after.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::effect::{Batch, Durability, Effect, Effects};
use crate::id::{Seq, SessionId};
use crate::multiplexer::Multiplexer;
use crate::record::{Record, Stamped};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::head::Presence;
use crate::time::Now;
use crate::view::Update;

/// A call being decided. Records are applied as they are decided, so later decisions of the call see them.
pub(super) struct Step<'a> {
    multiplexer: &'a mut Multiplexer,
    now: Now,
    records: Vec<Stamped>,
    durability: Durability,
    at_once: Vec<Effect>,
    after: Vec<Effect>,
    /// Sessions whose line in the list changed.
    changed: BTreeSet<SessionId>,
}

impl<'a> Step<'a> {
    pub(super) fn new(multiplexer: &'a mut Multiplexer, now: Now) -> Self {
        Self {
            multiplexer,
            now,
            records: Vec::new(),
            durability: Durability::Buffered,
            at_once: Vec::new(),
            after: Vec::new(),
            changed: BTreeSet::new(),
        }
    }

    pub(super) const fn now(&self) -> Now {
        self.now
    }

    pub(super) const fn multiplexer(&self) -> &Multiplexer {
        self.multiplexer
    }

    pub(super) const fn multiplexer_mut(&mut self) -> &mut Multiplexer {
        self.multiplexer
    }

    pub(super) const fn is_stopping(&self) -> bool {
        self.multiplexer.stopping
    }

    pub(super) fn session(&self, id: SessionId) -> Option<&Session> {
        self.multiplexer.sessions.get(&id)
    }

    pub(super) fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.multiplexer.sessions.get_mut(&id)
    }

    /// An open session, or why not.
    pub(super) fn open(&self, id: SessionId) -> Result<&Session, Refusal> {
        let session = self.session(id).ok_or(Refusal::NoSuchSession { id })?;
        match session.head().presence {
            Presence::Live => Ok(session),
            Presence::Closed => {
                Err(Refusal::SessionClosed { name: alloc::string::ToString::to_string(&session.head().name) })
            }
        }
    }

    /// Records a fact that must survive the loss of power, and applies it. Gives its place.
    pub(super) fn record(&mut self, session: SessionId, record: Record) -> Seq {
        self.durability = Durability::Synced;
        self.record_buffered(session, record)
    }

    /// Records a fact that may be lost with the power.
    pub(super) fn record_buffered(&mut self, session: SessionId, record: Record) -> Seq {
        let seq = self.next_seq(session);
        let stamped = Stamped { session, seq, at: self.now.wall, record };
        let tail_bytes = self.multiplexer.limits.tail_bytes;
        if let Some(known) = self.multiplexer.sessions.get_mut(&session) {
            known.apply(&stamped, tail_bytes);
        } else if let Some(created) = Session::created(&stamped) {
            self.multiplexer.sessions.insert(session, created);
        }
        self.records.push(stamped);
        seq
    }

    /// The place the session's next record will have.
    pub(super) fn next_seq(&self, session: SessionId) -> Seq {
        self.session(session).map_or(Seq(0), |session| session.head().seq).next()
    }

    /// Does this without waiting for any batch.
    pub(super) fn at_once(&mut self, effect: Effect) {
        self.at_once.push(effect);
    }

    /// Does this once the batch is durable.
    pub(super) fn after(&mut self, effect: Effect) {
        self.after.push(effect);
    }

    /// Notes that the session's line changed; every mirror is told once per call.
    pub(super) fn changed(&mut self, session: SessionId) {
        self.changed.insert(session);
    }

    pub(super) fn finish(self) -> Effects {
        let Self { multiplexer, records, durability, at_once, after, changed, .. } = self;
        let view = multiplexer.view();
        // A mirror hears of a session before anything happens in it; of how it stands after all that happened; and whoever
        // wished it hears last. So a line that says "idle" means that everything is there.
        let is_new = |id: &SessionId| {
            records.iter().any(|one| one.session == *id && matches!(one.record, Record::Created { .. }))
        };
        let (new, known): (Vec<SessionId>, Vec<SessionId>) = changed.into_iter().partition(is_new);
        let line = |id: SessionId| view.summary(id).map(|summary| Effect::Update(Update::Session(summary)));
        let (replies, after): (Vec<Effect>, Vec<Effect>) =
            after.into_iter().partition(|effect| matches!(effect, Effect::Reply { .. }));
        let new = new.into_iter().filter_map(line);
        let after = new.chain(after).chain(known.into_iter().filter_map(line)).chain(replies).collect();
        let touched: BTreeSet<SessionId> = records.iter().map(|record| record.session).collect();
        let heads = touched
            .iter()
            .filter_map(|id| multiplexer.sessions.get(id))
            .map(|session| session.head().clone())
            .collect();
        let batch = (!records.is_empty()).then_some(Batch { records, heads, durability });
        Effects { batch, at_once, after }
    }
}
