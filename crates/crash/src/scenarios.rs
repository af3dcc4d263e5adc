//! What writers do when they are killed: each scenario a place to begin at and some lives, as data.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use q_core::Seq;
use q_store::{Damage, FjallStore, Store, losses};

use super::driver::{DriverStep, steps_of};
use super::engine;
use super::history::{Life, StoreContents, Witnessed, line};
use super::image::{Image, golden, scratch};
use super::power::{ANCHOR, Harm, JOURNAL, harm, journal_end};

/// What stands at the store's place when the first life begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Nothing,
    /// A store that was left in good order.
    Closed,
    /// One whose writer was killed.
    Killed,
    /// One whose last commits did not reach the disk whole.
    PowerCut,
    /// One of the first layout: it is brought to today's.
    Older,
    /// One whose rows are in tables.
    Tables,
    /// One with a damaged marker: it is written anew.
    Marker,
    /// One with a damaged anchor.
    Anchor,
    /// One without the engine's version.
    Version,
    /// One with a damaged list of tables: the database is built anew.
    List,
    /// One with a damaged row in a table: the same, and a record is lost.
    Table,
    /// One with a damaged last record in the journal, which is lost.
    Record,
}

/// What a writer does.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub start: Start,
    /// From opening the store to leaving it, one after the other.
    pub lives: Vec<Life>,
}

/// All that must hold in a scenario, wherever it is cut short.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The files that it begins with.
    pub image: Option<Image>,
    /// What a store holds once it is open, and after each commit.
    pub states: Vec<StoreContents>,
    /// How the writer tells of each commit.
    pub lines: Vec<String>,
    /// What was lost before anybody wrote.
    pub damage: Vec<Damage>,
}

const RUN: u64 = 1;

fn turn(session: usize) -> Vec<DriverStep> {
    vec![
        DriverStep::Submit(session, "what of it?".into()),
        DriverStep::Text(session, "this is what there is ".into()),
        DriverStep::Text(session, "to say, in a few words".into()),
        DriverStep::Done(session),
    ]
}

fn times(count: usize, steps: impl Fn(usize) -> Vec<DriverStep>) -> Vec<DriverStep> {
    (0..count).flat_map(steps).collect()
}

fn creations(count: usize) -> Vec<DriverStep> {
    vec![DriverStep::Create; count]
}

/// One life, which goes on with what there is if there is something.
fn scenario(name: &'static str, start: Start, steps: Vec<DriverStep>) -> Scenario {
    let before = u64::from(start != Start::Nothing);
    Scenario { name, start, lives: vec![Life { run: RUN, before, group: 1, steps }] }
}

fn grouped(name: &'static str, group: usize, steps: Vec<DriverStep>) -> Scenario {
    Scenario { name, start: Start::Nothing, lives: vec![Life { run: RUN, before: 0, group, steps }] }
}

fn turns(count: usize) -> Vec<DriverStep> {
    times(count, |n| turn(n % 3))
}

/// Text that is written unsynced, for a while.
fn streamed(n: usize) -> Vec<DriverStep> {
    let text = "and this is text that waits for no disk at all ";
    let piece = || [DriverStep::Text(n % 2, text.into()), DriverStep::Wait(120)];
    let began = [DriverStep::Submit(n % 2, "go on".into())];
    began.into_iter().chain(piece()).chain(piece()).chain(piece()).chain([DriverStep::Done(n % 2)]).collect()
}

fn forked(n: usize) -> Vec<DriverStep> {
    [vec![DriverStep::Fork(0, None)], turn(n + 1), turn(0)].concat()
}

fn erased(n: usize) -> Vec<DriverStep> {
    [vec![DriverStep::Create], turn(n + 1), vec![DriverStep::Erase(n)]].concat()
}

fn compacted(n: usize) -> Vec<DriverStep> {
    [erased(n), vec![DriverStep::Compact]].concat()
}

fn archived(n: usize) -> Vec<DriverStep> {
    [turn(n % 3), vec![DriverStep::Close(n % 3), DriverStep::Reopen(n % 3)]].concat()
}

fn drafted(n: usize) -> Vec<DriverStep> {
    vec![DriverStep::Draft(n % 2, format!("half a thought, {n}")), DriverStep::Wait(300)]
}

fn called(n: usize) -> Vec<DriverStep> {
    vec![
        DriverStep::Submit(0, "look".into()),
        DriverStep::Call(0, n.is_multiple_of(2)),
        DriverStep::Think(0, "so".into()),
        DriverStep::Result(0, "it is there".into()),
        DriverStep::Done(0),
    ]
}

fn queued(n: usize) -> Vec<DriverStep> {
    let next = n as u64 + 1;
    vec![
        DriverStep::Submit(0, format!("and {n}?")),
        DriverStep::Submit(0, format!("and {n}?")),
        DriverStep::Edit(0, next, "otherwise".into()),
        DriverStep::Fail(0),
        DriverStep::Unqueue(0, next),
        DriverStep::Retry(0),
        DriverStep::Interrupt(0),
        DriverStep::Done(0),
    ]
}

fn large(_: usize) -> Vec<DriverStep> {
    vec![DriverStep::Submit(0, "what of all this? ".repeat(20_000)), DriverStep::Done(0)]
}

/// A result of which most stands beside its record.
fn read(n: usize) -> Vec<DriverStep> {
    let all = "and this is in it, too\n".repeat(n * 600);
    vec![
        DriverStep::Submit(0, "read it".into()),
        DriverStep::Call(0, false),
        DriverStep::Result(0, all),
        DriverStep::Done(0),
    ]
}

fn forgotten(n: usize) -> Vec<DriverStep> {
    let forget = [DriverStep::Fork(0, None), DriverStep::Erase(1), DriverStep::Erase(0), DriverStep::Compact];
    [read(n + 3), forget.to_vec()].concat()
}

/// Lives one after the other over one store.
fn restarted(name: &'static str, lives: u64, steps: &[DriverStep]) -> Scenario {
    let life = |before| Life { run: RUN, before, group: 1, steps: steps.to_vec() };
    Scenario { name, start: Start::Nothing, lives: (0..lives).map(life).collect() }
}

/// All scenarios, in the order in which they run.
pub fn all() -> Vec<Scenario> {
    use Start::{
        Anchor, Closed, Killed, List, Marker, Nothing, Older, PowerCut, Record, Table, Tables, Version,
    };
    vec![
        scenario("first-start", Nothing, turn(0)),
        scenario("prompts", Nothing, [creations(2), turns(40)].concat()),
        scenario("streamed-text", Nothing, [creations(1), times(30, streamed)].concat()),
        grouped("group-commit", 5, [creations(3), times(90, |n| turn(n % 4))].concat()),
        scenario("forks", Nothing, [turn(0), times(14, forked)].concat()),
        scenario("erased-sessions", Nothing, times(16, erased)),
        scenario("compacting", Nothing, times(5, compacted)),
        scenario(
            "compacting-tables",
            Tables,
            [vec![DriverStep::Erase(0)], turn(1), vec![DriverStep::Compact], turns(4)].concat(),
        ),
        scenario("archive", Nothing, [creations(2), times(25, archived)].concat()),
        scenario("drafts", Nothing, [creations(1), times(60, drafted)].concat()),
        scenario("tool-calls", Nothing, times(25, called)),
        scenario("queue-and-failures", Nothing, times(20, queued)),
        restarted("restarts", 6, &times(6, |n| turn(n % 2))),
        scenario("existing-store", Closed, turns(25)),
        scenario("killed-before", Killed, turns(25)),
        scenario("older-layout", Older, [turns(4), times(6, read)].concat()),
        scenario("power-cut-before", PowerCut, turns(20)),
        scenario("rows-in-tables", Tables, turns(20)),
        scenario("large-prompts", Nothing, times(12, large)),
        // The first life leaves more in the journal than a stop leaves there, the second begins with an empty one.
        restarted("emptied-journal", 2, &[times(4, large), turn(0)].concat()),
        scenario("large-results", Nothing, times(20, read)),
        scenario("large-results-erased", Nothing, times(6, forgotten)),
        scenario("damaged-marker", Marker, turns(15)),
        scenario("damaged-anchor", Anchor, turns(15)),
        scenario("missing-version", Version, turns(15)),
        scenario("damaged-list", List, turns(15)),
        scenario("damaged-table", Table, turns(15)),
        scenario("damaged-record", Record, turns(15)),
        grouped("anything", 2, steps_of(1, 150)),
        grouped("anything-else", 1, steps_of(2, 150)),
    ]
}

impl Scenario {
    /// Plays it through without a kill, and notes what must hold.
    pub fn prepare(&self) -> Prepared {
        let image = self.start.image();
        let place = scratch();
        let dir = place.path().join("store");
        if let Some(image) = &image {
            image.write(&dir);
        }
        let (states, lines) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let mut damage = Vec::new();
        for life in &self.lives {
            let store = FjallStore::open(&dir).unwrap();
            let note = || {
                states
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(StoreContents::of(&store).unwrap());
            };
            // A later life begins with what the last commit of the one before it left, which is noted.
            if life.before == self.lives[0].before {
                note();
            }
            life.play(&Witnessed::new(&store, |batches| {
                note();
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line(life.run, batches));
            }));
            damage = losses(&dir);
        }
        let states = states.into_inner().unwrap_or_else(PoisonError::into_inner);
        let lines = lines.into_inner().unwrap_or_else(PoisonError::into_inner);
        Prepared { image, states, lines, damage }
    }
}

impl Start {
    /// The files of a store that is in this state.
    pub fn image(self) -> Option<Image> {
        if self == Self::Nothing {
            return None;
        }
        if self == Self::Older {
            return Some(Image::of(&golden(1)));
        }
        let place = scratch();
        let dir = place.path().join("store");
        let store = FjallStore::open(&dir).unwrap();
        Life { run: RUN, before: 0, group: 1, steps: [creations(2), times(6, |n| turn(n % 3))].concat() }
            .play(&store);
        if matches!(self, Self::Killed | Self::PowerCut) {
            return Some(self.left_behind(&dir, &store));
        }
        drop(store);
        if matches!(self, Self::Tables | Self::List | Self::Table) {
            engine::flush(&dir);
            drop(FjallStore::open(&dir).unwrap());
        }
        let damaged = self.damaged(&Image::of(&dir));
        if self != Self::Table {
            return Some(damaged);
        }
        // A damaged row is met when it is read, and repaired when the store is opened next.
        damaged.write(&dir);
        let store = FjallStore::open(&dir).unwrap();
        for head in store.heads().unwrap() {
            drop(store.records(head.id, Seq(1), usize::MAX));
        }
        drop(store);
        Some(Image::of(&dir))
    }

    fn left_behind(self, dir: &Path, store: &dyn Store) -> Image {
        let acknowledged = journal_end(&Image::of(dir));
        let texts = (0..8).flat_map(|n| [DriverStep::Text(n % 2, "more, ".repeat(8)), DriverStep::Wait(200)]);
        let asked = [DriverStep::Submit(0, "go on".into()), DriverStep::Submit(1, "go on".into())];
        let steps = asked.into_iter().chain(texts).collect();
        let mut synced = acknowledged;
        {
            let life = Life { run: RUN, before: 1, group: 1, steps };
            let ends = Mutex::new(synced);
            life.play(&Witnessed::new(store, |batches| {
                if super::history::is_synced(batches) {
                    *ends.lock().unwrap_or_else(PoisonError::into_inner) = journal_end(&Image::of(dir));
                }
            }));
            synced = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
        let image = Image::of(dir);
        let unsynced = synced..journal_end(&image);
        if self == Self::Killed {
            return image;
        }
        let from = unsynced.start + unsynced.len() / 3;
        image.with(Path::new(JOURNAL), |bytes| harm(bytes, Harm::GarbagePage, from, &unsynced))
    }

    fn damaged(self, image: &Image) -> Image {
        let flipped = |path: &Path, at: &dyn Fn(&[u8]) -> usize| {
            image.with(path, |bytes| {
                let at = at(bytes);
                bytes[at] ^= 0x10;
            })
        };
        let in_middle = |bytes: &[u8]| bytes.len() / 2;
        let named = |what: &str| -> PathBuf {
            image.files.keys().find(|path| path.to_string_lossy().contains(what)).cloned().unwrap()
        };
        match self {
            Self::Nothing | Self::Older | Self::Closed | Self::Killed | Self::PowerCut | Self::Tables => {
                image.clone()
            }
            Self::Marker => flipped(Path::new("q-store"), &in_middle),
            Self::Anchor => flipped(Path::new(ANCHOR), &|bytes| bytes.len() - 10),
            Self::Version => {
                let mut image = image.clone();
                image.files.remove(Path::new("version"));
                image
            }
            Self::List => flipped(&named("/current"), &|_| 0),
            Self::Table => flipped(&named("keyspaces/1/tables/"), &|bytes| bytes.len() / 4),
            // The text of the last answer, near the journal's end.
            Self::Record => flipped(Path::new(JOURNAL), &|bytes| {
                let end = bytes.len();
                let text = b"this is what there is ";
                bytes[..end].windows(text.len()).rposition(|window| window == text).unwrap() + 3
            }),
        }
    }
}
