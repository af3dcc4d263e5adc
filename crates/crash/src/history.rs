//! Histories: every commit a store took, and what must be there after any number of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use q_core::{Batch, Durability, Head, Seq, SessionId, Stamped};
use q_store::{Damage, MemoryStore, Store, StoreError, StoreLayer, losses};

use super::driver::{Driver, DriverStep};
use super::image::{self, BrokenPromise};
use super::results::with_all_of_it;

/// One life of a process that writes: what it does between opening the store and leaving it.
#[derive(Clone, Debug)]
pub struct Life {
    /// Whose sessions it writes.
    pub run: u64,
    /// How many lives the run had before; it goes on with their sessions.
    pub before: u64,
    /// So many batches share a commit.
    pub group: usize,
    pub steps: Vec<DriverStep>,
}

impl Life {
    pub fn play(&self, store: &dyn Store) {
        let mut driver = match self.before {
            0 => Driver::new(store, self.run, self.group),
            before => Driver::resumed(store, self.run, self.group, before),
        };
        for step in &self.steps {
            driver.take(step.clone());
        }
        driver.settle();
    }
}

/// A store that has every commit told to somebody once it is taken.
pub struct Witnessed<'a> {
    store: &'a dyn Store,
    #[expect(clippy::type_complexity, reason = "one function, named nowhere else")]
    took: Box<dyn Fn(&[Batch]) + Send + Sync + 'a>,
}

impl<'a> Witnessed<'a> {
    /// Calls `took` behind each commit that `store` took.
    pub fn new(store: &'a dyn Store, took: impl Fn(&[Batch]) + Send + Sync + 'a) -> Self {
        Self { store, took: Box::new(took) }
    }
}

impl StoreLayer for Witnessed<'_> {
    fn behind(&self) -> &dyn Store {
        self.store
    }

    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        self.store.append(batches)?;
        (self.took)(batches);
        Ok(())
    }
}

/// Whether a commit is acknowledged; if not, it is written and no more.
pub fn is_synced(batches: &[Batch]) -> bool {
    batches.iter().any(|batch| batch.durability == Durability::Synced)
}

/// A taken commit in one line: the run, whether it is acknowledged, and where each session ends behind it.
pub fn line(run: u64, batches: &[Batch]) -> String {
    let mut line = format!("{run} {}", if is_synced(batches) { "synced" } else { "written" });
    let ends: BTreeMap<SessionId, Seq> = batches
        .iter()
        .flat_map(|batch| &batch.records)
        .map(|stamped| (stamped.session, stamped.seq))
        .collect();
    for (session, seq) in ends {
        write!(line, " {session}:{seq}").ok();
    }
    line.push('\n');
    line
}

/// All that a store holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoreContents {
    heads: BTreeMap<SessionId, Head>,
    /// The text of each result is all that is kept of it.
    records: BTreeMap<SessionId, Vec<Stamped>>,
}

impl StoreContents {
    /// What a store holds now.
    pub fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let heads: BTreeMap<SessionId, Head> =
            store.heads()?.into_iter().map(|head| (head.id, head)).collect();
        let mut records = BTreeMap::new();
        for (&session, head) in &heads {
            let found = match store.records(session, Seq(1), usize::MAX) {
                Err(StoreError::Damaged { .. }) => around_damage(store, session, head.seq)?,
                found => found?,
            };
            let mut whole = Vec::with_capacity(found.len());
            for stamped in found {
                match with_all_of_it(store, stamped) {
                    Err(StoreError::Damaged { .. }) => {}
                    stamped => whole.push(stamped?),
                }
            }
            records.insert(session, whole);
        }
        Ok(Self { heads, records })
    }

    /// What a store holds that took these commits and nothing else.
    pub fn after(commits: &[Vec<Batch>]) -> Self {
        let store = MemoryStore::new();
        for batches in commits {
            store.append(batches).unwrap();
        }
        Self::of(&store).unwrap()
    }

    /// The part of one run.
    #[must_use]
    pub fn of_run(&self, run: u64) -> Self {
        self.only(|session| session.0 >> 64 == u128::from(run))
    }

    /// The part of some sessions.
    fn only(&self, is_wanted: impl Fn(&SessionId) -> bool) -> Self {
        let mut part = self.clone();
        part.heads.retain(|id, _| is_wanted(id));
        part.records.retain(|id, _| is_wanted(id));
        part
    }

    /// The runs that have sessions.
    pub fn runs(&self) -> BTreeSet<u64> {
        self.heads.keys().map(|id| (id.0 >> 64) as u64).collect()
    }

    /// The part of the runs before one.
    #[must_use]
    pub fn before_run(&self, run: u64) -> Self {
        self.runs().into_iter().filter(|earlier| *earlier < run).fold(Self::default(), |mut before, run| {
            let Self { heads, records } = self.of_run(run);
            before.heads.extend(heads);
            before.records.extend(records);
            before
        })
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.records.values().map(|records| records.len() as u64).sum()
    }

    /// How `found` falls short of this, which must be there; nothing if it holds all of it.
    pub fn missing_in(&self, found: &Self) -> Option<String> {
        for (session, records) in &self.records {
            let there = found.records.get(session).map_or(&[][..], Vec::as_slice);
            if let Some(gone) = records.iter().find(|stamped| !there.contains(stamped)) {
                return Some(format!("session {session}, record {}", gone.seq));
            }
        }
        None
    }

    /// Where the two differ, for a person.
    pub fn difference(&self, other: &Self) -> String {
        let sessions: BTreeSet<&SessionId> = self.records.keys().chain(other.records.keys()).collect();
        let count = |state: &Self, id: &SessionId| state.records.get(id).map(Vec::len);
        for id in sessions {
            if self.records.get(id) != other.records.get(id) {
                let (one, two) = (count(self, id), count(other, id));
                return format!("session {id} has {two:?} records where it had {one:?}, or others");
            }
            if self.heads.get(id) != other.heads.get(id) {
                return format!(
                    "the head of {id} is {:?} and was {:?}",
                    other.heads.get(id),
                    self.heads.get(id)
                );
            }
        }
        "nothing".into()
    }
}

/// The records that are whole, where some are not: whoever asks knows which those are.
fn around_damage(store: &dyn Store, session: SessionId, end: Seq) -> Result<Vec<Stamped>, StoreError> {
    let mut whole = Vec::new();
    for seq in (1..=end.0).map(Seq) {
        match store.records(session, seq, 1) {
            Err(StoreError::Damaged { .. }) => {}
            found => whole.extend(found?),
        }
    }
    Ok(whole)
}

/// The commits of some lives, in order.
pub fn commits(store: &dyn Store, life: &Life) -> Vec<Vec<Batch>> {
    let commits = Mutex::new(Vec::new());
    let note = |batches: &[Batch]| {
        commits.lock().unwrap_or_else(PoisonError::into_inner).push(batches.to_vec());
    };
    life.play(&Witnessed::new(store, note));
    commits.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What must hold of a store whose writer was killed: it opens, tells of no damage beyond `known`, holds what one of
/// `allowed` does (the first of which was acknowledged), takes more, and is the same when it is opened again.
pub fn look_at_killed(
    dir: &Path,
    known: &[Damage],
    judge: impl Fn(&StoreContents) -> Result<(), BrokenPromise>,
) -> Result<StoreContents, BrokenPromise> {
    let store = image::open(dir)?;
    as_known(dir, known)?;
    let state = StoreContents::of(&store).map_err(|error| BrokenPromise::Lost(error.to_string()))?;
    judge(&state)?;
    // A store that opens and takes nothing more would be lost as well.
    image::go_on(&store)?;
    if let Some(found) = store.verify()?.first().filter(|_| known.is_empty()) {
        return Err(BrokenPromise::Wrong(format!("only reading everything finds {found:?}")));
    }
    let state = StoreContents::of(&store)?;
    drop(store);
    let store = image::open(dir)?;
    as_known(dir, known)?;
    let again = StoreContents::of(&store)?;
    if again == state {
        Ok(state)
    } else {
        Err(BrokenPromise::Lost(format!("opened again: {}", state.difference(&again))))
    }
}

fn as_known(dir: &Path, known: &[Damage]) -> Result<(), BrokenPromise> {
    let bare = |damage: &[Damage]| -> BTreeSet<Damage> {
        damage.iter().map(|damage| Damage { quarantine: None, ..damage.clone() }).collect()
    };
    let told = losses(dir);
    if bare(&told) == bare(known) {
        Ok(())
    } else {
        Err(BrokenPromise::Wrong(format!("told of {told:?} where there is {known:?}")))
    }
}

/// Whether what is there is what was taken, or that with the commit that was on its way. Of that, what it erases may be gone
/// alone: the anchor is told first.
pub fn as_taken(
    taken: &StoreContents,
    on_its_way: &StoreContents,
    found: &StoreContents,
) -> Result<(), BrokenPromise> {
    let is_kept = |id: &SessionId| found.heads.contains_key(id) || on_its_way.heads.contains_key(id);
    if found == taken || found == on_its_way || *found == taken.only(is_kept) {
        return Ok(());
    }
    Err(match taken.missing_in(found) {
        // An erased session's records may be gone by the commit on its way.
        Some(what) if taken.missing_in(on_its_way).is_none() => BrokenPromise::Lost(what),
        Some(_) | None => {
            BrokenPromise::Wrong(format!("half a commit, or more: {}", taken.difference(found)))
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::driver::DriverStep::{self, Create, Erase, Submit};

    /// What a store holds after each of some steps, which are the same every time.
    fn after(steps: &[DriverStep]) -> StoreContents {
        let life = Life { run: 1, before: 0, group: 1, steps: steps.to_vec() };
        StoreContents::after(&commits(&MemoryStore::new(), &life))
    }

    #[test]
    fn of_a_commit_on_its_way_only_what_it_erases_may_be_there_alone() {
        let (one, two) = (Submit(0, "a".into()), Submit(1, "b".into()));
        let begun = [Create, Create, one];
        let taken = after(&begun);
        let erased = after(&[&begun[..], &[Erase(1)]].concat());
        let on_its_way = after(&[&begun[..], &[Erase(1), two]].concat());
        let nothing = StoreContents::default();
        for (name, found, is_fine) in [
            ("taken", &taken, true),
            ("with the commit", &on_its_way, true),
            ("erased alone", &erased, true),
            ("all gone", &nothing, false),
        ] {
            assert_eq!(as_taken(&taken, &on_its_way, found).is_ok(), is_fine, "{name}");
        }
        assert!(as_taken(&taken, &taken, &erased).is_err(), "nobody erased it");
    }
}
