//! Followers of a store in memory, behind the writer that ships.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};

use q_core::{
    Batch, ClientId, Command, Durability, Fault, Input, Instant, Limits, Multiplexer, Now, Record, ReplyTo,
    RequestId, Seq, SessionId, Setup, Stamped, WallTime,
};
use q_store::{MemoryStore, Store};

use super::feed::WAITING_BYTES;
use super::follower::{Follower, Resume};
use super::{Followers, Following};
use crate::pipeline::CommitNo;
use crate::writer::{CommitReport, Writer};

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);
const C: SessionId = SessionId(3);
const D: SessionId = SessionId(4);

type Logs = BTreeMap<SessionId, BTreeMap<Seq, Record>>;

/// What a follower has, as its contract says.
#[derive(Clone, Debug, Default, PartialEq)]
struct Copy {
    logs: Logs,
    forgotten: BTreeSet<SessionId>,
    /// Places it was given records from.
    told: Vec<(SessionId, Seq)>,
    /// How many records that were.
    records: usize,
}

/// Keeps all it is given. Where there is a gate, it is held up there each time.
struct Copier {
    behind: Option<BTreeMap<SessionId, Seq>>,
    copy: Arc<Mutex<Copy>>,
    gate: Option<Receiver<()>>,
}

impl Follower for Copier {
    fn name(&self) -> &'static str {
        "copier"
    }

    fn resume(&self) -> Resume {
        self.behind.clone().map_or(Resume::Next, Resume::Behind)
    }

    fn take(&mut self, session: SessionId, from: Seq, records: &[Stamped]) {
        if let Some(gate) = &self.gate {
            let _opened_for_good = gate.recv();
        }
        let mut copy = self.copy.lock().unwrap();
        copy.told.push((session, from));
        copy.records += records.len();
        let log = copy.logs.entry(session).or_default();
        log.split_off(&from);
        for (place, stamped) in (from.0..).zip(records) {
            assert_eq!((stamped.session, stamped.seq), (session, Seq(place)), "there is no gap");
            log.insert(stamped.seq, stamped.record.clone());
        }
    }

    fn forget(&mut self, session: SessionId) {
        let mut copy = self.copy.lock().unwrap();
        copy.logs.remove(&session);
        copy.forgotten.insert(session);
    }
}

/// A store, what decides, and who follows.
struct World {
    core: Multiplexer,
    store: Arc<MemoryStore>,
    followers: Followers,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let as_store: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        let followers = Followers::new(Arc::downgrade(&as_store));
        Self { core: Multiplexer::new(Limits::default()), store, followers }
    }

    fn follow(&mut self, behind: Option<BTreeMap<SessionId, Seq>>, gate: Option<Receiver<()>>) -> Seen {
        let copy = Arc::<Mutex<Copy>>::default();
        let copier = Copier { behind, copy: Arc::clone(&copy), gate };
        Seen { copy, following: self.followers.follow(copier).unwrap() }
    }

    /// What the core decides on a wish.
    fn decide(&mut self, command: Command) -> Batch {
        let now = Now { mono: Instant(0), wall: WallTime(0) };
        let to = ReplyTo { client: ClientId(1), request: RequestId(1) };
        self.core.handle(now, Input::Wish { to, command }).batch.unwrap()
    }

    fn commit(&mut self, command: Command) {
        let batch = self.decide(command);
        self.store.append(std::slice::from_ref(&batch)).unwrap();
        self.followers.committed(vec![batch]);
    }

    fn create(&mut self, sessions: &[SessionId]) {
        for session in sessions {
            self.commit(create(*session));
        }
    }

    fn logs(&self) -> Logs {
        logs(&self.store)
    }
}

/// All that is stored.
fn logs(store: &MemoryStore) -> Logs {
    let heads = store.heads().unwrap().into_iter();
    let records = heads.flat_map(|head| store.records(head.id, Seq(1), usize::MAX).unwrap());
    let mut logs = Logs::new();
    for Stamped { session, seq, record, .. } in records {
        logs.entry(session).or_default().insert(seq, record);
    }
    logs
}

/// A follower from outside.
struct Seen {
    copy: Arc<Mutex<Copy>>,
    following: Following,
}

impl Seen {
    /// What it has once it is through.
    fn copy(&self) -> Copy {
        self.following.caught_up();
        self.copy.lock().unwrap().clone()
    }
}

fn create(id: SessionId) -> Command {
    let setup = Setup { agent: "guide".into(), directory: "/d".into(), ..Setup::default() };
    Command::Create { id, name: None, setup, tags: Vec::new() }
}

fn draft(session: SessionId, text: String) -> Command {
    Command::SaveDraft { session, text }
}

fn erase(session: SessionId) -> Command {
    Command::Erase { session, even_if_working: true }
}

/// A text that fills what may wait for a follower in a few commits.
fn long(n: usize) -> String {
    format!("{n}").repeat(WAITING_BYTES / 8)
}

#[test]
fn one_that_is_slow_delays_no_commit_and_misses_nothing() {
    let mut world = World::new();
    let (gate, slow) = mpsc::channel();
    let (slow, quick) = (world.follow(None, Some(slow)), world.follow(None, None));
    let batches: Vec<Batch> = (0..40)
        .map(|n| {
            world.decide(if n < 3 {
                create(SessionId(1 + n))
            } else {
                draft(SessionId(1 + n % 3), long(n as usize))
            })
        })
        .collect();
    let World { store, followers, .. } = world;
    let (reports, reported) = mpsc::channel();
    let as_store: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
    let report = move |written| reports.send(written).unwrap();
    let writer = Writer::start(as_store, report, move |batches| followers.committed(batches)).unwrap();
    for (commit, batch) in (1..).map(CommitNo).zip(batches) {
        writer.write(commit, batch);
        // All of them are, while the slow one has not let go of the first.
        assert!(
            matches!(reported.recv().unwrap(), CommitReport::UpTo { commit: written, .. } if written == commit)
        );
    }
    assert!(slow.copy.lock().unwrap().told.is_empty());
    assert!(slow.following.0.bytes() <= WAITING_BYTES, "what waits for it has a bound");
    let logs = logs(&store);
    assert_eq!(quick.copy().logs, logs, "nor does it delay another");
    drop(gate);
    let copy = slow.copy();
    assert_eq!(copy.logs, logs);
    assert_eq!(copy.records, logs.values().map(BTreeMap::len).sum::<usize>(), "nothing is told twice");
    assert!(copy.told.len() < 20, "most of it was read in the store: {:?}", copy.told);
    drop(writer);
}

#[test]
fn one_that_comes_back_is_told_what_it_lacks_and_nothing_twice() {
    let mut world = World::new();
    world.create(&[A, B, C]);
    for n in 0..5 {
        world.commit(draft(A, format!("{n}")));
    }
    let end = |session| world.store.head(session).unwrap().unwrap().seq;
    let (ahead, gone) = (Seq(end(C).0 + 7), D);
    let behind = BTreeMap::from([(A, Seq(3)), (C, ahead), (gone, Seq(9))]);
    let (a, c) = (end(A), end(C));
    let seen = world.follow(Some(behind), None);
    let Copy { logs, forgotten, told, .. } = seen.copy();
    assert_eq!(
        told,
        [(C, c.next()), (A, Seq(4)), (B, Seq(1))],
        "what it has too much, and then what it lacks"
    );
    assert_eq!(logs[&A].keys().copied().collect::<Vec<_>>(), (4..=a.0).map(Seq).collect::<Vec<_>>());
    assert_eq!(logs[&B], world.logs()[&B]);
    assert_eq!(forgotten, BTreeSet::from([gone]));
    world.commit(draft(A, "more".into()));
    assert_eq!(seen.copy().told.last(), Some(&(A, a.next())), "and goes on");
}

#[test]
fn erasure_is_told_whether_one_is_behind_or_not() {
    for is_behind in [false, true] {
        let mut world = World::new();
        let (gate, held) = mpsc::channel();
        let seen = world.follow(None, Some(held));
        world.create(&[A, B]);
        let gate = is_behind.then_some(gate);
        for n in 0..20 {
            world.commit(draft(A, long(n)));
        }
        world.create(&[C]);
        world.commit(erase(C));
        world.commit(erase(A));
        for n in 0..20 {
            world.commit(draft(B, long(n)));
        }
        drop(gate);
        let copy = seen.copy();
        assert_eq!(copy.logs, world.logs(), "behind: {is_behind}");
        assert_eq!(copy.forgotten, BTreeSet::from([A, C]), "behind: {is_behind}");
    }
}

#[test]
fn a_log_that_was_cut_goes_on_with_other_records() {
    let mut world = World::new();
    let seen = world.follow(None, None);
    let cut = Record::Repaired { fault: Fault::LogCut { lost: Some(2) } };
    for (seq, record) in [
        (1, Record::Woken),
        (2, Record::Woken),
        (3, Record::Woken),
        (4, Record::Woken),
        (3, cut.clone()),
        (4, Record::Closed),
    ] {
        let stamped = Stamped { session: A, seq: Seq(seq), at: WallTime(0), record };
        let (blobs, heads, durability) = (Vec::new(), Vec::new(), Durability::Synced);
        world.followers.committed(vec![Batch { records: vec![stamped], blobs, heads, durability }]);
    }
    let expected = [Record::Woken, Record::Woken, cut, Record::Closed];
    assert_eq!(seen.copy().logs[&A].values().cloned().collect::<Vec<_>>(), expected);
}

/// A follower that panics at the first record.
struct Panics;

impl Follower for Panics {
    fn name(&self) -> &'static str {
        "panics"
    }

    fn take(&mut self, _: SessionId, _: Seq, _: &[Stamped]) {
        panic!("as a test does")
    }

    fn forget(&mut self, _: SessionId) {}
}

#[test]
fn one_that_panics_is_in_nobodys_way() {
    let mut world = World::new();
    let panics = world.followers.follow(Panics).unwrap();
    let seen = world.follow(None, None);
    world.create(&[A, B]);
    panics.caught_up();
    world.commit(draft(A, "a".into()));
    panics.caught_up();
    assert_eq!(seen.copy().logs, world.logs());
}

#[test]
fn nobody_waits_for_one_whose_host_is_gone() {
    let mut world = World::new();
    let seen = world.follow(None, None);
    world.create(&[A]);
    let logs = world.logs();
    drop(world);
    assert_eq!(seen.copy().logs, logs, "it ends with what waited for it");
}
