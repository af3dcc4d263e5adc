//! What durability costs: a durable prompt against a bare append with fdatasync in the same run, and opening stores.
//!
//! `cargo bench -p q-store [-- DIRECTORY]`: figures depend on the disk below that directory.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench may panic and prints figures")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use q_core::{Batch, Durability, Head, NameOrigin, Record, Seq, SessionId, Setup, Stamped, Token, WallTime};
use q_store::{FjallStore, Store, disk_use, examine};

const COMMITS: usize = 2_000;
const SESSIONS: u128 = 10_000;
/// About what one commit of a prompt writes: the record, the head, and what frames them.
const COMMIT_BYTES: usize = 900;

fn main() {
    // `cargo test --all-targets` runs this too, without the word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let base = std::env::args().nth(1).filter(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let place = base.map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
    durable_prompts(place.path());
    many_sessions(place.path());
    stops_and_starts(place.path());
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = Instant::now();
    let result = work();
    (result, before.elapsed())
}

fn print_quantiles(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[times.len() * share / 100].as_micros();
    println!("{what:<44} p50 {:>6} us   p99 {:>6} us", at(50), at(99));
}

/// One and the other in turn, so that a busy disk is busy for both.
fn durable_prompts(place: &Path) {
    let mut bare = File::create(place.join("bare")).unwrap();
    let dir = place.join("store");
    let mut session = Session::new(SessionId(1));
    for life in ["first life", "second life"] {
        let store = FjallStore::open(&dir).unwrap();
        let (mut floor, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..COMMITS {
            let append = || {
                bare.write_all(&[7; COMMIT_BYTES]).unwrap();
                bare.sync_data().unwrap();
            };
            floor.push(timed(append).1);
            let batch = session.prompt();
            ours.push(timed(|| store.append(&[batch]).unwrap()).1);
        }
        print_quantiles(&format!("bare append and fdatasync, {life}"), floor);
        print_quantiles(&format!("durable prompt, {life}"), ours);
    }
}

fn many_sessions(place: &Path) {
    let (dir, killed) = (place.join("many"), place.join("killed"));
    let store = FjallStore::open(&dir).unwrap();
    for id in 1..=SESSIONS {
        let batch = Session::new(SessionId(id)).prompt();
        store.append(&[Batch { durability: Durability::Buffered, ..batch }]).unwrap();
    }
    drop(store);
    let open = |dir: &Path| timed(|| FjallStore::open(dir).unwrap());
    for _ in 0..3 {
        let (store, took) = open(&dir);
        println!("open {SESSIONS} sessions, closed before              {:>6} us", took.as_micros());
        let (heads, took) = timed(|| store.heads().unwrap());
        println!("  and read their {} heads                 {:>6} us", heads.len(), took.as_micros());
        fs::remove_dir_all(&killed).ok();
        copy(&dir, &killed);
        let (_, took) = open(&killed);
        println!("open {SESSIONS} sessions, user died             {:>6} us", took.as_micros());
    }
    let (examination, took) = timed(|| examine(&killed));
    println!(
        "examine {} KB                                {:>6} us",
        examination.bytes >> 10,
        took.as_micros()
    );
}

/// Sessions with a past: what it takes to leave their store, and to open it again; behind a kill, to open what was left.
fn stops_and_starts(place: &Path) {
    let (dir, killed) = (place.join("past"), place.join("past-killed"));
    let (mut stops, mut starts, mut starts_killed) = (Vec::new(), Vec::new(), Vec::new());
    let mut stops_of_little = Vec::new();
    let mut sessions: Vec<Session> = (1..=10).map(|id| Session::new(SessionId(id))).collect();
    for round in 0..10 {
        let (store, took) = timed(|| FjallStore::open(&dir).unwrap());
        if round > 0 {
            starts.push(took);
        }
        stops_of_little.push(timed(|| drop(store)).1);
        let store = FjallStore::open(&dir).unwrap();
        for _ in 0..1_000 {
            for session in &mut sessions {
                let batch = session.prompt();
                store.append(&[Batch { durability: Durability::Buffered, ..batch }]).unwrap();
            }
        }
        store.sync().unwrap();
        fs::remove_dir_all(&killed).ok();
        copy(&dir, &killed);
        let before = disk_use(&dir);
        stops.push(timed(|| drop(store)).1);
        println!(
            "  round {round}: {} KB on the disk, {} KB behind the stop",
            before >> 10,
            disk_use(&dir) >> 10
        );
        starts_killed.push(timed(|| FjallStore::open(&killed).unwrap()).1);
    }
    print_quantiles("stop behind nothing", stops_of_little);
    print_quantiles("stop behind 20,000 records", stops);
    print_quantiles("open behind such a stop", starts);
    print_quantiles("open behind a kill", starts_killed);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

struct Session {
    id: SessionId,
    head: Option<Head>,
}

impl Session {
    const fn new(id: SessionId) -> Self {
        Self { id, head: None }
    }

    /// A prompt queued, after the session's creation the first time.
    fn prompt(&mut self) -> Batch {
        let mut records = Vec::new();
        if self.head.is_none() {
            let created = Record::Created {
                name: format!("session-{}", self.id.0).parse().unwrap(),
                origin: NameOrigin::Chosen,
                slot: 1,
                setup: Setup { agent: "guide".into(), directory: "/src/api".into(), ..Setup::default() },
                fork: None,
            };
            let created = self.stamped(created);
            self.head = Head::created(&created);
            records.push(created);
        }
        let seq = self.head.as_ref().map_or(1, |head| head.seq.0 + 1);
        let queued = Record::Queued {
            prompt: q_core::PromptNo(seq),
            token: Token(seq.into()),
            text: "why does the login handler answer with an error when the header is missing?".into(),
            images: Vec::new(),
            runs: false,
        };
        let queued = self.stamped(queued);
        let unqueued = Record::Unqueued { prompt: q_core::PromptNo(seq) };
        records.push(queued.clone());
        let head = self.head.as_mut().unwrap();
        head.apply(&queued);
        let unqueued = Stamped { seq: head.seq.next(), record: unqueued, ..queued };
        head.apply(&unqueued);
        records.push(unqueued);
        Batch { records, blobs: vec![], heads: vec![head.clone()], durability: Durability::Synced }
    }

    fn stamped(&self, record: Record) -> Stamped {
        let seq = self.head.as_ref().map_or(Seq(1), |head| head.seq.next());
        Stamped { session: self.id, seq, at: WallTime(1_700_000_000_000), record }
    }
}
