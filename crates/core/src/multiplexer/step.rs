//! One call of the core as it is being decided: what to write, what to do at once, what to do after.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::effect::{Batch, Blob, Durability, Effect, Effects};
use crate::id::{CallNo, Seq, SessionId, TurnNo};
use crate::multiplexer::state::MultiplexerState;
use crate::presence::Presence;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::head::Head;
use crate::session::live::Live;
use crate::snapshot::Update;
use crate::stamped::Stamped;
use crate::time::Now;
use crate::view::View;

/// A call being decided. Records are applied as they are decided, so later decisions of the call see them.
pub(super) struct Step<'a> {
    state: &'a mut MultiplexerState,
    now: Now,
    records: Vec<Stamped>,
    blobs: Vec<Blob>,
    durability: Durability,
    at_once: Vec<Effect>,
    after: Vec<Effect>,
    /// Sessions whose line in the list changed.
    changed: BTreeSet<SessionId>,
}

impl<'a> Step<'a> {
    pub(super) fn new(state: &'a mut MultiplexerState, now: Now) -> Self {
        Self {
            state,
            now,
            records: Vec::new(),
            blobs: Vec::new(),
            durability: Durability::Buffered,
            at_once: Vec::new(),
            after: Vec::new(),
            changed: BTreeSet::new(),
        }
    }

    pub(super) const fn now(&self) -> Now {
        self.now
    }

    pub(super) const fn state(&self) -> &MultiplexerState {
        self.state
    }

    pub(super) const fn state_mut(&mut self) -> &mut MultiplexerState {
        self.state
    }

    pub(super) const fn view(&self) -> View<'_> {
        View { state: self.state }
    }

    pub(super) const fn is_stopping(&self) -> bool {
        self.state.stopping
    }

    pub(super) fn session(&self, id: SessionId) -> Option<&Session> {
        self.state.sessions.get(id)
    }

    pub(super) fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.state.sessions.get_mut(id)
    }

    pub(super) fn head(&self, id: SessionId) -> Option<&Head> {
        self.session(id).map(Session::head)
    }

    pub(super) fn live(&self, id: SessionId) -> Option<&Live> {
        self.session(id).and_then(Session::live)
    }

    pub(super) fn live_mut(&mut self, id: SessionId) -> Option<&mut Live> {
        self.session_mut(id).and_then(Session::live_mut)
    }

    /// A session that exists, wherever it is.
    pub(super) fn known(&self, id: SessionId) -> Result<&Session, Refusal> {
        self.session(id).ok_or(Refusal::NoSuchSession { id })
    }

    /// An open session, or why not.
    pub(super) fn open(&self, id: SessionId) -> Result<&Session, Refusal> {
        let session = self.known(id)?;
        let name = || session.head().name.to_string();
        match session.head().presence {
            Presence::Live | Presence::Hibernated => Ok(session),
            Presence::Closed => Err(Refusal::SessionClosed { name: name() }),
            Presence::Trashed => Err(Refusal::SessionTrashed { name: name() }),
        }
    }

    /// Records a fact that must survive the loss of power, and applies it. Gives its place.
    pub(super) fn record(&mut self, session: SessionId, record: Record) -> Seq {
        // One such record holds up all that stands behind the batch, since a batch is written whole or not at all.
        self.durability = Durability::Synced;
        self.record_buffered(session, record)
    }

    /// Records a fact that may be lost with the power.
    pub(super) fn record_buffered(&mut self, session: SessionId, record: Record) -> Seq {
        // A fork's own records go on from its parent's numbers: the entries of both are in one order.
        let seq = if let Record::Created { fork: Some(fork), .. } = &record {
            fork.through.next()
        } else {
            self.next_seq(session)
        };
        let stamped = Stamped { session, seq, at: self.now.wall, record };
        let tail_bytes = self.state.limits.tail_bytes;
        self.state.sessions.apply(&stamped, tail_bytes);
        self.use_now(session);
        self.records.push(stamped);
        seq
    }

    /// Keeps beside that record the rest of its result, or its images, if there is any.
    pub(super) fn keep_beside(&mut self, session: SessionId, seq: Seq, rest: String) {
        if !rest.is_empty() {
            self.blobs.push(Blob { session, seq, text: rest });
        }
    }

    /// Notes that the session is being used.
    pub(super) fn use_now(&mut self, session: SessionId) {
        let now = self.now.mono;
        if let Some(live) = self.live_mut(session) {
            live.used = Some(now);
        }
    }

    /// The place the session's next record will have.
    pub(super) fn next_seq(&self, session: SessionId) -> Seq {
        self.head(session).map_or(Seq(0), |head| head.seq).next()
    }

    /// Does this without waiting for any batch.
    pub(super) fn at_once(&mut self, effect: Effect) {
        self.at_once.push(effect);
    }

    /// Does this once the batch is durable.
    pub(super) fn after(&mut self, effect: Effect) {
        self.after.push(effect);
    }

    /// Takes back what this very call wanted done in a turn: the turn ends. Gives the calls that it would have
    /// permitted, which therefore never run.
    pub(super) fn take_back(&mut self, id: SessionId, ended: TurnNo) -> Vec<CallNo> {
        let mut calls = Vec::new();
        self.after.retain(|effect| {
            let is_of_it = effect.of_turn() == Some((id, ended));
            if let Effect::Permit { call, .. } = effect
                && is_of_it
            {
                calls.push(*call);
            }
            !is_of_it
        });
        calls
    }

    /// Notes that the session's line changed; every mirror is told once per call.
    pub(super) fn changed(&mut self, session: SessionId) {
        self.changed.insert(session);
    }

    pub(super) fn finish(self) -> Effects {
        let Self { state, records, blobs, durability, at_once, after, changed, .. } = self;
        let view = View { state };
        // A mirror hears of a session before anything happens in it; of how it stands after all that happened; and whoever
        // wished it hears last. So a line that says "idle" means that everything is there.
        let is_new = |id: &SessionId| {
            records.iter().any(|one| one.session == *id && matches!(one.record, Record::Created { .. }))
        };
        let (new, known): (Vec<SessionId>, Vec<SessionId>) = changed.into_iter().partition(is_new);
        let line =
            |id: SessionId| view.summary(id).map(|summary| Effect::Update(Update::Session(summary.into())));
        let (replies, after): (Vec<Effect>, Vec<Effect>) =
            after.into_iter().partition(|effect| matches!(effect, Effect::Reply { .. }));
        let new = new.into_iter().filter_map(line);
        let after = new.chain(after).chain(known.into_iter().filter_map(line)).chain(replies).collect();
        let touched: BTreeSet<SessionId> = records.iter().map(|record| record.session).collect();
        // An erased session has no head by now, and leaves none: the store lets it go with its records.
        let heads = touched
            .iter()
            .filter_map(|id| state.sessions.get(*id))
            .map(|session| session.head().clone())
            .collect();
        let batch = (!records.is_empty()).then_some(Batch { records, blobs, heads, durability });
        Effects { batch, at_once, after }
    }
}
