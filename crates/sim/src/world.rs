//! A core and a disk that never fails: plays workloads, keeps everything that was written and done.

use std::collections::BTreeMap;
use std::time::Duration;

use q_core::{
    Durability, Effect, Effects, Head, Input, Instant, Limits, Mirror, Multiplexer, Now, Presence, SessionId,
    Snapshot, Stamped, Stored, WallTime,
};

use crate::workload::{Action, Step};

/// More than any snapshot in a workload.
const EVERYTHING: usize = usize::MAX;

/// The world as far as one core can see it.
#[derive(Clone, Debug)]
pub struct World {
    /// The core under test.
    pub core: Multiplexer,
    /// Its limits.
    pub limits: Limits,
    /// Every record written, in order.
    pub log: Vec<Stamped>,
    /// Every session's head as last written.
    pub heads: BTreeMap<SessionId, Head>,
    /// What a client that watches from the beginning has.
    pub mirror: Mirror,
    /// Updates the mirror could not take.
    pub missed: u32,
    now: Duration,
    requests: u64,
}

impl World {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self {
            core: Multiplexer::new(limits.clone()),
            limits,
            log: Vec::new(),
            heads: BTreeMap::new(),
            mirror: Mirror::default(),
            missed: 0,
            now: Duration::ZERO,
            requests: 0,
        }
    }

    /// Plays one step; gives the input it became and the effects it had.
    pub fn play(&mut self, step: &Step) -> (Input, Effects) {
        self.now += Duration::from_millis(step.after_ms);
        self.requests += 1;
        match step.action.resolve(self, self.requests) {
            Some(input) => {
                let effects = self.tell(input.clone());
                (input, effects)
            }
            None => (Input::Started, self.crash()),
        }
    }

    /// Tells the core something now.
    pub fn tell(&mut self, input: Input) -> Effects {
        let now =
            Now { mono: Instant(self.now.as_micros() as u64), wall: WallTime(self.now.as_millis() as u64) };
        let effects = self.core.handle(now, input);
        if let Some(batch) = &effects.batch {
            self.log.extend(batch.records.iter().cloned());
            self.heads.extend(batch.heads.iter().map(|head| (head.id, head.clone())));
        }
        for effect in effects.at_once.iter().chain(&effects.after) {
            if let Effect::Update(update) = effect {
                self.missed += u32::from(self.mirror.apply(update.clone()).is_err());
            }
        }
        effects
    }

    /// Moves exactly to the core's next deadline and tells it that time passed; `false` when it has none.
    pub fn follow_deadline(&mut self) -> bool {
        let Some(deadline) = self.core.next_deadline() else { return false };
        self.now = self.now.max(Duration::from_micros(deadline.at.0));
        let _leave = self.tell(Input::Tick);
        true
    }

    /// The host dies: all that is not written is gone. Then it starts again.
    pub fn crash(&mut self) -> Effects {
        self.core = self.recovered();
        self.mirror.clear();
        for snapshot in self.snapshots() {
            self.mirror.load(snapshot);
        }
        self.tell(Input::Started)
    }

    /// What recovery makes of what is written.
    ///
    /// # Panics
    /// When what was written cannot be read: that is a failure of the core.
    pub fn recovered(&self) -> Multiplexer {
        let stored = self.heads.values().map(|head| {
            let is_live = head.presence == Presence::Live;
            let tail =
                self.log.iter().filter(|record| is_live && record.session == head.id).cloned().collect();
            Stored { head: head.clone(), tail, trimmed: false }
        });
        match Multiplexer::recover(self.limits.clone(), stored.collect::<Vec<_>>()) {
            Ok(core) => core,
            Err(error) => panic!("what was written must be readable: {error}"),
        }
    }

    /// Snapshots of all live sessions, whole.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        snapshots(&self.core)
    }

    /// The head of every session made anew from the records alone.
    pub fn replayed_heads(&self) -> BTreeMap<SessionId, Head> {
        let mut heads: BTreeMap<SessionId, Head> = BTreeMap::new();
        for record in &self.log {
            match heads.get_mut(&record.session) {
                Some(head) => head.apply(record),
                None => heads.extend(Head::created(record).map(|head| (head.id, head))),
            }
        }
        heads
    }
}

/// Snapshots of all live sessions of a core, whole.
pub fn snapshots(core: &Multiplexer) -> Vec<Snapshot> {
    let view = core.view();
    view.sessions().filter_map(|session| view.snapshot(session.id, EVERYTHING)).collect()
}

/// Whether a batch survives the loss of power.
pub fn is_synced(effects: &Effects) -> bool {
    effects.batch.as_ref().is_some_and(|batch| batch.durability == Durability::Synced)
}

/// A workload without other sessions' part: what `session` could have seen alone. Time passes as before.
pub fn purged(steps: &[Step], session: u128) -> Vec<Step> {
    let alone = |action: &Action| match action {
        Action::Show { client, session: shown, at_end } => Action::Show {
            client: *client,
            session: shown.filter(|shown| *shown == session),
            at_end: *at_end,
        },
        Action::Wish(about, _) | Action::Agent { session: about, .. } if *about != session => Action::Tick,
        Action::Wish(..)
        | Action::Agent { .. }
        | Action::Attach(_)
        | Action::Detach(_)
        | Action::Tick
        | Action::Crash => action.clone(),
    };
    steps.iter().map(|step| Step { after_ms: step.after_ms, action: alone(&step.action) }).collect()
}
