//! The core under test with a disk that never fails: plays workloads, keeps everything that was written and done.

use std::collections::BTreeMap;
use std::time::Duration;

use q_core::trace::{Disk, Player};
use q_core::{
    Durability, Effect, Effects, Head, Input, Instant, Limits, Mirror, Multiplexer, Record, SessionId,
    Snapshot, Stamped, Update,
};

use crate::workload::{CommandTemplate, Stimulus, WorkloadStep};

/// More than any snapshot in a workload.
const EVERYTHING: usize = usize::MAX;

/// A core, and the world as far as one core can see it.
#[derive(Clone, Debug)]
pub struct SystemUnderTest {
    player: Player,
    /// Every record ever written, those of erased sessions too.
    pub written: Vec<Stamped>,
    /// What a client that watches from the beginning has.
    pub mirror: Mirror,
    /// Updates the mirror could not take.
    pub missed: u32,
    requests: u64,
}

impl SystemUnderTest {
    pub fn new(limits: Limits) -> Self {
        Self {
            player: Player::new(limits),
            written: Vec::new(),
            mirror: Mirror::default(),
            missed: 0,
            requests: 0,
        }
    }

    /// The core under test.
    pub fn core(&self) -> &Multiplexer {
        &self.player.core
    }

    pub fn disk(&self) -> &Disk {
        &self.player.disk
    }

    /// Plays one step; gives the input it became and the effects it had.
    pub fn play(&mut self, step: &WorkloadStep) -> (Input, Effects) {
        self.player.pass(Duration::from_millis(step.after_ms), step.stimulus.wall());
        self.requests += 1;
        match (step.stimulus.resolve(self.disk(), self.requests), &step.stimulus) {
            (Some(input), _) => {
                let effects = self.handle(input.clone());
                (input, effects)
            }
            (None, Stimulus::Stop) => {
                let effects = self.handle(Input::Stopping);
                let _marked = self.crash();
                (Input::Stopping, effects)
            }
            (None, _) => (Input::Started, self.crash()),
        }
    }

    /// Gives the core an input now, and keeps what comes of it.
    pub fn handle(&mut self, input: Input) -> Effects {
        let effects = self.player.handle(input);
        self.written.extend(effects.batch.iter().flat_map(|batch| &batch.records).cloned());
        for effect in effects.at_once.iter().chain(&effects.after) {
            if let Effect::Update(update) = effect {
                self.missed += u32::from(self.mirror.apply(update.clone()).is_err());
            } else if let Effect::Resync { session } = effect {
                self.resync(*session);
            }
        }
        effects
    }

    fn resync(&mut self, session: SessionId) {
        if let Some(snapshot) = self.core().view().snapshot(session, EVERYTHING) {
            self.mirror.load(snapshot);
        }
    }

    /// Moves to this point of time and tells nobody.
    pub fn go_to(&mut self, at: Instant) {
        self.player.go_to(at);
    }

    /// Moves exactly to the core's next deadline and tells it that time passed; `false` when it has none.
    pub fn follow_deadline(&mut self) -> bool {
        let Some(deadline) = self.core().next_deadline() else { return false };
        self.player.go_to(deadline.at);
        let _effects = self.handle(Input::Tick);
        true
    }

    /// The host dies: all that is not written is gone. Then it starts again.
    pub fn crash(&mut self) -> Effects {
        self.player.core = self.recovered();
        // A client of the new host begins from nothing: it may have seen what was never written.
        self.mirror.clear();
        let open: Vec<_> =
            self.core().view().sessions().filter(|summary| summary.presence.is_open()).collect();
        for summary in open {
            let id = summary.id;
            self.missed += u32::from(self.mirror.apply(Update::Session(summary.into())).is_err());
            self.resync(id);
        }
        self.handle(Input::Started)
    }

    /// What recovery makes of what is written.
    ///
    /// # Panics
    /// When what was written cannot be read: that is a failure of the core.
    pub fn recovered(&self) -> Multiplexer {
        match Multiplexer::recover(self.core().limits().clone(), self.disk().all()) {
            Ok(core) => core,
            Err(error) => panic!("what was written must be readable: {error}"),
        }
    }

    /// Snapshots of all live sessions, whole.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        snapshots(self.core())
    }

    /// The head of every session made anew from the records alone.
    pub fn replayed_heads(&self) -> BTreeMap<SessionId, Head> {
        let mut heads: BTreeMap<SessionId, Head> = BTreeMap::new();
        for record in &self.written {
            match (&record.record, heads.get_mut(&record.session)) {
                (Record::Erased, _) => {
                    heads.remove(&record.session);
                }
                (_, Some(head)) => head.apply(record),
                (_, None) => heads.extend(Head::created(record).map(|head| (head.id, head))),
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
pub fn purged(steps: &[WorkloadStep], session: u128) -> Vec<WorkloadStep> {
    let alone = |stimulus: &Stimulus| {
        if let Stimulus::Show { client, session: shown, at_end, beside } = stimulus {
            let beside = beside.filter(|(beside, _)| *beside == session);
            let shown = shown.filter(|shown| *shown == session);
            Stimulus::Show { client: *client, session: shown, at_end: *at_end, beside }
        } else if stimulus.session().is_some_and(|about| about != session) {
            Stimulus::Tick
        } else {
            stimulus.clone()
        }
    };
    steps
        .iter()
        .map(|step| WorkloadStep { after_ms: step.after_ms, stimulus: alone(&step.stimulus) })
        .collect()
}

/// Whether a step touches what sessions share by design beside limits: names, and the history that forks take over.
pub fn is_shared(step: &WorkloadStep) -> bool {
    matches!(
        &step.stimulus,
        Stimulus::Command(
            _,
            CommandTemplate::Create { named: false }
                | CommandTemplate::Rename(_)
                | CommandTemplate::Fork { .. }
        ) | Stimulus::Agent { event: q_core::AgentEvent::Title(_), .. }
    )
}
