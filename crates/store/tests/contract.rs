//! The contract, kept by every store: what is appended comes back, and nothing else.

use std::cell::Cell;
use std::{slice, thread};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use q_core::{
    Batch, Blob, CallNo, Durability, Ending, Entry, EntryNo, Fork, Head, Multiplexer, NameOrigin, Outcome,
    Presence, PromptNo, Record, Seq, SessionId, Setup, Snapshot, Stamped, Summary, Token, Transcript, TurnNo,
    Usage, Voice, WallTime,
};
use q_store::{ByteRange, FjallStore, MemoryStore, Page, Store, StoreError};

use q_crash::driver::{Driver, limits, steps};

/// Each case once for each store.
macro_rules! contract {
    ($($case:ident),+ $(,)?) => {
        mod memory {
            $(#[test]
            fn $case() {
                super::$case(&super::MemoryStore::new());
            })+
        }

        mod disk {
            $(#[test]
            fn $case() {
                let place = tempfile::tempdir().unwrap();
                super::$case(&super::FjallStore::open(&place.path().join("store")).unwrap());
            })+
        }
    };
}

contract!(
    what_a_multiplexer_writes_comes_back,
    an_empty_store_has_nothing,
    what_is_whole_is_verified_and_nothing_is_told,
    records_must_continue_their_log,
    heads_must_match_their_records,
    one_append_is_all_or_nothing,
    pages_reach_back_as_far_as_asked,
    a_fork_reads_its_parents_entries_and_stores_none,
    an_erased_session_leaves_nothing,
    results_are_read_on_behind_their_records,
    results_must_bring_their_blobs,
    reading_never_sees_half_an_append,
);

const SESSION: SessionId = SessionId(1);

fn stamped(session: SessionId, seq: u64, record: Record) -> Stamped {
    Stamped { session, seq: Seq(seq), at: WallTime(seq), record }
}

fn created(session: SessionId) -> Stamped {
    forked(session, 1, None)
}

fn forked(session: SessionId, seq: u64, fork: Option<Fork>) -> Stamped {
    let setup = Setup { agent: "guide".into(), directory: "/src".into(), ..Setup::default() };
    let name = "one".parse().unwrap();
    stamped(session, seq, Record::Created { name, origin: NameOrigin::Chosen, slot: 1, setup, fork })
}

/// One session's records with the head they leave behind.
fn batch(records: Vec<Stamped>, head: Head) -> Batch {
    Batch { records, blobs: vec![], heads: vec![head], durability: Durability::Synced }
}

fn folded(records: &[Stamped]) -> Head {
    let mut head = Head::created(&records[0]).unwrap();
    for record in &records[1..] {
        head.apply(record);
    }
    head
}

fn drafted(seq: u64) -> Stamped {
    drafted_in(SESSION, seq)
}

fn drafted_in(session: SessionId, seq: u64) -> Stamped {
    stamped(session, seq, Record::Drafted { text: format!("draft {seq}") })
}

fn an_empty_store_has_nothing(store: &dyn Store) {
    store.append(&[]).unwrap();
    assert_eq!(store.heads().unwrap(), []);
    assert_eq!(store.page(SESSION, None, 100).unwrap(), Page::default());
    assert_eq!(store.records(SESSION, Seq(0), 100).unwrap(), []);
}

fn what_is_whole_is_verified_and_nothing_is_told(store: &dyn Store) {
    let log = a_conversation();
    for end in 1..log.len() {
        let durability = if end % 2 == 0 { Durability::Synced } else { Durability::Buffered };
        let batch = batch(vec![log[end - 1].clone()], folded(&log[..end]));
        store.append(&[Batch { durability, ..batch }]).unwrap();
        assert_eq!(store.verify().unwrap(), []);
    }
    assert_eq!(store.damage(), []);
}

fn records_must_continue_their_log(store: &dyn Store) {
    let log = [created(SESSION), drafted(2), drafted(3)];
    store.append(&[batch(log.to_vec(), folded(&log))]).unwrap();
    for (seq, expected) in [(1, 4), (3, 4), (5, 4), (0, 4), (u64::MAX, 4)] {
        let mut head = folded(&log);
        head.seq = Seq(seq);
        let refused = store.append(&[batch(vec![drafted(seq)], head)]);
        assert!(
            matches!(refused, Err(StoreError::OutOfOrder { session: SESSION, expected: e, found }) if e == Seq(expected) && found == Seq(seq)),
            "{seq}: {refused:?}"
        );
    }
    // Refused is not failed: the store goes on.
    let longer = [&log[..], &[drafted(4)]].concat();
    store.append(&[batch(vec![drafted(4)], folded(&longer))]).unwrap();
    assert_eq!(store.records(SESSION, Seq(1), 9).unwrap(), longer);
}

fn heads_must_match_their_records(store: &dyn Store) {
    let log = [created(SESSION), drafted(2)];
    let late = Batch { heads: Vec::new(), ..batch(log.to_vec(), folded(&log)) };
    assert!(matches!(
        store.append(&[late]),
        Err(StoreError::OutOfOrder { expected: Seq(2), found: Seq(0), .. })
    ));
    let stale = batch(log.to_vec(), folded(&log[..1]));
    assert!(matches!(
        store.append(&[stale]),
        Err(StoreError::OutOfOrder { expected: Seq(2), found: Seq(1), .. })
    ));
    let alone = batch(Vec::new(), folded(&log));
    assert!(matches!(
        store.append(&[alone]),
        Err(StoreError::OutOfOrder { expected: Seq(0), found: Seq(2), .. })
    ));
    assert_eq!(store.heads().unwrap(), []);
    assert_eq!(store.records(SESSION, Seq(1), 9).unwrap(), []);
}

fn one_append_is_all_or_nothing(store: &dyn Store) {
    let other = SessionId(2);
    let (first, second) = (created(SESSION), created(other));
    let heads = [folded(slice::from_ref(&first)), folded(slice::from_ref(&second))];
    let good = batch(vec![first], heads[0].clone());
    let bad = batch(vec![stamped(other, 7, Record::Closed)], heads[1].clone());
    assert!(store.append(&[good.clone(), bad]).is_err());
    assert_eq!(store.heads().unwrap(), []);
    let also_good = batch(vec![second], heads[1].clone());
    store.append(&[good, also_good]).unwrap();
    assert_eq!(store.heads().unwrap(), heads);
}

/// A prompt of 10 bytes, then answers in pieces, then a retry of the same prompt.
fn a_conversation() -> Vec<Stamped> {
    let turn = TurnNo;
    let began = |seq, no| {
        stamped(
            SESSION,
            seq,
            Record::Began { turn: turn(no), prompt: PromptNo(1), queued: Seq(2), runs: false },
        )
    };
    let said = |seq, no, entry| {
        stamped(
            SESSION,
            seq,
            Record::Said {
                turn: turn(no),
                entry: EntryNo(entry),
                voice: Voice::Answer,
                text: "0123456789".into(),
            },
        )
    };
    let ended = |seq, no, by| {
        let ending = Ending::Interrupted(by);
        stamped(
            SESSION,
            seq,
            Record::Ended {
                turn: turn(no),
                ending,
                usage: Usage::default(),
                reason: String::new(),
                window: None,
            },
        )
    };
    let queued = Record::Queued {
        prompt: PromptNo(1),
        token: Token(1),
        text: "0123456789".into(),
        images: Vec::new(),
        runs: false,
    };
    vec![
        created(SESSION),
        stamped(SESSION, 2, queued),
        began(3, 1),
        said(4, 1, 4),
        drafted(5),
        said(6, 1, 4),
        ended(7, 1, q_core::Interrupter::Crash),
        began(8, 2),
        said(9, 2, 9),
        stamped(SESSION, 10, Record::Drafted { text: String::new() }),
        said(11, 2, 9),
    ]
}

fn pages_reach_back_as_far_as_asked(store: &dyn Store) {
    let log = a_conversation();
    store.append(&[batch(log.clone(), folded(&log))]).unwrap();
    let empty = size_of::<Entry>();
    let (prompt, answer, stop) = (empty + 10, empty + 20, empty);
    let numbers =
        |page: Page| (page.entries.iter().map(|entry| entry.no.0).collect::<Vec<_>>(), page.trimmed);
    for (before, bytes, expected) in [
        (None, 0, (vec![9], true)),
        (None, answer, (vec![9], true)),
        (None, answer + prompt - 1, (vec![9], true)),
        (None, answer + prompt, (vec![8, 9], true)),
        (None, answer + prompt + stop, (vec![7, 8, 9], true)),
        (None, answer + prompt + stop + answer - 1, (vec![7, 8, 9], true)),
        (None, answer + prompt + stop + answer, (vec![4, 7, 8, 9], true)),
        (None, answer + prompt + stop + answer + prompt, (vec![3, 4, 7, 8, 9], false)),
        (None, usize::MAX, (vec![3, 4, 7, 8, 9], false)),
        (Some(9), 0, (vec![8], true)),
        (Some(8), 0, (vec![7], true)),
        (Some(7), 0, (vec![4], true)),
        (Some(4), 0, (vec![3], false)),
        (Some(3), usize::MAX, (vec![], false)),
        (Some(0), usize::MAX, (vec![], false)),
        (Some(u64::MAX), 0, (vec![9], true)),
    ] {
        let page = store.page(SESSION, before.map(EntryNo), bytes).unwrap();
        assert_eq!(numbers(page), expected, "{bytes} bytes before {before:?}");
    }
    // A tail reaches at least as far; the retried prompt's text comes with it.
    let tail = |bytes| {
        let stored = store.stored(folded(&log), bytes).unwrap();
        (stored.tail.iter().map(|stamped| stamped.seq.0).collect::<Vec<_>>(), stored.trimmed)
    };
    assert_eq!(tail(0), (vec![2, 9, 11], true));
    assert_eq!(tail(answer), (vec![2, 9, 11], true));
    assert_eq!(tail(answer + 1), (vec![2, 8, 9, 11], true));
    assert_eq!(tail(usize::MAX), (vec![1, 2, 3, 4, 6, 7, 8, 9, 11], false));
}

fn reading_never_sees_half_an_append(store: &dyn Store) {
    let log: Vec<Stamped> = std::iter::once(created(SESSION)).chain((2..400).map(drafted)).collect();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for (end, pair) in (2..).step_by(2).zip(log.chunks(2)) {
                let durability = Durability::Buffered;
                let head = folded(&log[..end.min(log.len())]);
                store.append(&[Batch { durability, ..batch(pair.to_vec(), head) }]).unwrap();
            }
        });
        while !writer.is_finished() {
            for head in store.heads().unwrap() {
                let seen = store.records(SESSION, Seq(1), usize::MAX).unwrap();
                assert!(seen.len().is_multiple_of(2) || seen.len() == log.len(), "half an append is seen");
                assert_eq!(seen[..], log[..seen.len()]);
                assert_eq!(store.stored(head.clone(), usize::MAX).unwrap().head, head);
                store.page(SESSION, None, usize::MAX).unwrap();
            }
        }
    });
    assert_eq!(store.records(SESSION, Seq(1), usize::MAX).unwrap(), log);
}

fn what_a_multiplexer_writes_comes_back(store: &dyn Store) {
    let mut runner = TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
    let run = Cell::new(0);
    let strategy = (steps(120), 1..6usize, 0..900usize);
    runner
        .run(&strategy, |(steps, group, page_bytes)| {
            run.set(run.get() + 1);
            let mut driver = Driver::new(store, run.get(), group);
            for step in steps {
                driver.take(step);
            }
            driver.settle();
            recovery_equals_the_live_one(&driver)?;
            for head in own_heads(store, &driver) {
                logs_make_their_heads(store, &head)?;
                pages_make_the_transcript(store, head.id, page_bytes)?;
            }
            Ok(())
        })
        .unwrap();
}

fn own_heads(store: &dyn Store, driver: &Driver<'_>) -> Vec<Head> {
    store.heads().unwrap().into_iter().filter(|head| driver.is_own(head.id)).collect()
}

fn shown(multiplexer: &Multiplexer, bytes: usize) -> Vec<(Summary, Option<Snapshot>)> {
    // What waits for the person, and for one of an agent's places, belongs to a turn that no restart takes up again.
    let settled =
        |summary: Summary| Summary { pending: 0, background: 0, held: false, retrying: None, ..summary };
    let view = multiplexer.view();
    let snapshot = |id| {
        let snapshot = view.snapshot(id, bytes)?;
        let summary = settled(snapshot.summary);
        Some(Snapshot { summary, pending: Vec::new(), ..snapshot })
    };
    view.sessions().map(|summary| (settled(summary.clone()), snapshot(summary.id))).collect()
}

fn recovery_equals_the_live_one(driver: &Driver<'_>) -> TestCaseResult {
    let recovered = driver.recovered();
    for bytes in [0, 200, limits().tail_bytes, usize::MAX] {
        prop_assert_eq!(shown(&recovered, bytes), shown(&driver.multiplexer, bytes));
    }
    Ok(())
}

fn logs_make_their_heads(store: &dyn Store, head: &Head) -> TestCaseResult {
    let log = store.records(head.id, Seq(1), usize::MAX).unwrap();
    prop_assert_eq!(&folded(&log), head);
    let mut in_parts = Vec::new();
    let mut from = Seq(0);
    while let part @ [.., last] = &store.records(head.id, from, 3).unwrap()[..] {
        in_parts.extend_from_slice(part);
        from = last.seq.next();
    }
    prop_assert_eq!(in_parts, log);
    Ok(())
}

fn pages_make_the_transcript(store: &dyn Store, session: SessionId, bytes: usize) -> TestCaseResult {
    let mut transcript = Transcript::default();
    for stamped in lineage(store, session) {
        transcript.apply(&stamped);
    }
    let expected: Vec<Entry> = transcript.entries().cloned().collect();
    let mut walked: Vec<Entry> = Vec::new();
    let mut before = None;
    loop {
        let page = store.page(session, before, bytes).unwrap();
        let weight: usize = page.entries.iter().map(Entry::weight).sum();
        prop_assert!(weight <= bytes || page.entries.len() == 1, "{} bytes in a page of {}", weight, bytes);
        prop_assert!(!(page.entries.is_empty() && page.trimmed), "an empty page that promises more");
        let older = expected.len() - walked.len() - page.entries.len();
        prop_assert_eq!(page.trimmed, older > 0);
        if older > 0 {
            prop_assert!(weight + expected[older - 1].weight() > bytes, "one more entry had room");
        }
        before = page.entries.first().map(|entry| entry.no);
        walked.splice(0..0, page.entries);
        if !page.trimmed {
            break;
        }
    }
    prop_assert_eq!(walked, expected);
    Ok(())
}

/// A session's records behind those that it took over, as a fork is defined.
fn lineage(store: &dyn Store, session: SessionId) -> Vec<Stamped> {
    let own = store.records(session, Seq(0), usize::MAX).unwrap();
    let Some(Record::Created { fork: Some(fork), .. }) = own.first().map(|first| &first.record) else {
        return own;
    };
    let mut all = lineage(store, fork.parent);
    all.retain(|stamped| fork.takes_over(stamped));
    all.extend(own);
    all
}

/// One whole turn: a prompt and its answer, in five records. Gives the entry of the prompt and that of the answer.
fn whole_turn(session: SessionId, first: u64, text: &str) -> (Vec<Stamped>, EntryNo, EntryNo) {
    let (no, prompt) = (TurnNo(first), PromptNo(first));
    let entry = EntryNo(first + 2);
    let records = [
        Record::Queued {
            prompt,
            token: Token(first.into()),
            text: format!("{text}?"),
            images: Vec::new(),
            runs: false,
        },
        Record::Began { turn: no, prompt, queued: Seq(first), runs: false },
        Record::Said { turn: no, entry, voice: Voice::Answer, text: format!("{text}!") },
        Record::Ended {
            turn: no,
            ending: Ending::Done,
            usage: Usage::default(),
            reason: String::new(),
            window: None,
        },
    ];
    let records = (first..).zip(records).map(|(seq, record)| stamped(session, seq, record)).collect();
    (records, EntryNo(first + 1), entry)
}

fn texts(page: &Page) -> Vec<&str> {
    page.entries.iter().map(Entry::text).collect()
}

fn a_fork_reads_its_parents_entries_and_stores_none(store: &dyn Store) {
    let [parent, child, grandchild] = [1, 2, 3].map(SessionId);
    let mut log = vec![created(parent)];
    let (one, _, answer_one) = whole_turn(parent, 2, "one");
    let (two, prompt_two, _) = whole_turn(parent, 6, "two");
    log.extend(one);
    log.extend(two);
    store.append(&[batch(log.clone(), folded(&log))]).unwrap();

    // Up to the first answer, although the second turn is stored before the fork is made.
    let fork = Fork { parent, through: Seq(9), last: answer_one, entries: None };
    let mut own = vec![forked(child, 10, Some(fork))];
    own.extend(whole_turn(child, 11, "mine").0);
    store.append(&[batch(own.clone(), folded(&own))]).unwrap();
    let page = store.page(child, None, usize::MAX).unwrap();
    assert_eq!((texts(&page), page.trimmed), (vec!["one?", "one!", "mine?", "mine!"], false));
    assert!(page.entries.is_sorted_by_key(|entry| entry.no), "entries of both are in one order");
    assert_eq!(store.records(child, Seq(0), 99).unwrap(), own, "the fork's log holds its own records alone");

    // What the parent says later is its own.
    let (three, ..) = whole_turn(parent, 10, "three");
    let longer = [log.clone(), three.clone()].concat();
    store.append(&[batch(three, folded(&longer))]).unwrap();
    assert_eq!(texts(&store.page(child, None, usize::MAX).unwrap()), ["one?", "one!", "mine?", "mine!"]);

    // A fork of a fork, at an entry of the first: nothing of the second is in it.
    let fork = Fork { parent: child, through: Seq(14), last: EntryNo(answer_one.0 - 1), entries: None };
    let nested = vec![forked(grandchild, 15, Some(fork))];
    store.append(&[batch(nested.clone(), folded(&nested))]).unwrap();
    assert_eq!(texts(&store.page(grandchild, None, usize::MAX).unwrap()), ["one?"]);

    // Pages and tails go on across the seam, and reach no further than asked.
    let newest = store.page(child, None, 1).unwrap();
    assert_eq!((texts(&newest), newest.trimmed), (vec!["mine!"], true));
    let older = store.page(child, Some(prompt_two), usize::MAX).unwrap();
    assert_eq!(texts(&older), ["one?", "one!"]);
    let mut head = folded(&own);
    head.presence = Presence::Live;
    let stored = store.stored(head, usize::MAX).unwrap();
    let mut transcript = Transcript::default();
    stored.tail.iter().for_each(|record| transcript.apply(record));
    let told: Vec<&str> = transcript.entries().map(Entry::text).collect();
    assert_eq!(told, ["one?", "one!", "mine?", "mine!"]);
}

/// A session with a result of which only the beginning is in its record, the prompt before it, and that result.
fn a_large_result(session: SessionId, all: &str, inline: usize) -> (Batch, EntryNo) {
    let (text, rest) = all.split_at(inline);
    let (of, outcome, whole) = (EntryNo(2), Outcome::Done, all.len() as u64 + 7);
    let resulted = Record::Resulted {
        turn: TurnNo(1),
        call: CallNo(1),
        of,
        outcome,
        text: text.into(),
        kept: all.len() as u64,
        whole,
    };
    let log =
        [created(session), drafted_in(session, 2), stamped(session, 3, resulted), drafted_in(session, 4)];
    let blobs = vec![Blob { session, seq: Seq(3), text: rest.into() }];
    (Batch { blobs, ..batch(log.to_vec(), folded(&log)) }, EntryNo(3))
}

fn results_are_read_on_behind_their_records(store: &dyn Store) {
    let lines: Vec<String> = (0..9_000).map(|n| format!("{n} яблок на 本棚\n")).collect();
    let all = lines.concat();
    let (large, entry) = a_large_result(SESSION, &all, 100);
    store.append(&[large]).unwrap();
    let read_on = |session, entry, bytes: usize| {
        let mut read = String::new();
        loop {
            let more = store.result(session, ByteRange { entry, from: read.len() as u64, bytes }).unwrap();
            assert!(more.len() <= bytes.max(4), "{} bytes where {bytes} were asked for", more.len());
            if more.is_empty() {
                return read;
            }
            read += &more;
        }
    };
    for bytes in [1_000, 4_093, 65_536, usize::MAX] {
        assert!(read_on(SESSION, entry, bytes) == all, "{bytes} at a time");
    }
    for from in [0, 1, 99, 100, 101, 32_867, 32_868, 32_869, 200_001, all.len() - 1] {
        let at = all.floor_char_boundary(from);
        let expected = &all[at..all.floor_char_boundary(at + 24)];
        let read = store.result(SESSION, ByteRange { entry, from: from as u64, bytes: 24 }).unwrap();
        assert!(!read.is_empty() && all[at..].starts_with(&read), "from {from}: {read:?}, not {expected:?}");
    }
    for (session, entry, from) in [
        (SESSION, entry, all.len() as u64),
        (SESSION, entry, u64::MAX),
        (SESSION, EntryNo(0), 0),
        (SESSION, EntryNo(1), 0),
        (SESSION, EntryNo(u64::MAX), 0),
        (SessionId(77), entry, 0),
    ] {
        assert_eq!(
            store.result(session, ByteRange { entry, from, bytes: 99 }).unwrap(),
            "",
            "{session}.{entry} from {from}"
        );
    }
    assert_eq!(store.verify().unwrap(), []);

    // A fork has it too, and stores none of it; what it does not take over it has not.
    for (child, last, has_it) in [(SessionId(8), 3, true), (SessionId(9), 2, false)] {
        let fork = Fork { parent: SESSION, through: Seq(4), last: EntryNo(last), entries: None };
        let own = [forked(child, 5, Some(fork))];
        store.append(&[batch(own.to_vec(), folded(&own))]).unwrap();
        assert!(read_on(child, entry, 50_000) == if has_it { &all[..] } else { "" }, "{has_it}");
    }
}

fn results_must_bring_their_blobs(store: &dyn Store) {
    let (large, _) = a_large_result(SESSION, "all that came out", 3);
    let blob = large.blobs[0].clone();
    let of_another = Blob { session: SessionId(9), ..blob.clone() };
    for (what, blobs) in [
        ("none", vec![]),
        ("too little", vec![Blob { text: blob.text[1..].into(), ..blob.clone() }]),
        ("another's", vec![of_another.clone()]),
        ("another record's", vec![Blob { seq: Seq(2), ..blob.clone() }]),
        ("two", vec![blob.clone(), blob.clone()]),
        ("one more", vec![blob, of_another]),
    ] {
        let refused = store.append(&[Batch { blobs, ..large.clone() }]);
        assert!(matches!(refused, Err(StoreError::OutOfOrder { .. })), "{what}: {refused:?}");
    }
    assert_eq!(store.heads().unwrap(), []);
    store.append(&[large]).unwrap();
}

fn an_erased_session_leaves_nothing(store: &dyn Store) {
    let other = SessionId(9);
    let (log, kept) = ([created(SESSION), drafted(2)], [created(other)]);
    store.append(&[batch(log.to_vec(), folded(&log)), batch(kept.to_vec(), folded(&kept))]).unwrap();
    let erased = Batch {
        records: vec![drafted(3), stamped(SESSION, 4, Record::Erased)],
        blobs: vec![],
        heads: Vec::new(),
        durability: Durability::Synced,
    };
    store.append(&[erased]).unwrap();
    assert_eq!(store.heads().unwrap(), [folded(&kept)]);
    assert_eq!(store.records(SESSION, Seq(0), 99).unwrap(), []);
    assert_eq!(store.page(SESSION, None, 99).unwrap(), Page::default());
    assert_eq!(store.records(other, Seq(0), 99).unwrap(), kept, "nobody else is touched");
    let again = [created(SESSION)];
    store.append(&[batch(again.to_vec(), folded(&again))]).unwrap();
    assert_eq!(store.records(SESSION, Seq(0), 99).unwrap(), again);

    // Nor of what stood beside its records.
    let id = SessionId(5);
    let (large, entry) = a_large_result(id, &"secret ".repeat(20_000), 3);
    let gone = Batch {
        records: vec![stamped(id, 5, Record::Erased)],
        blobs: vec![],
        heads: vec![],
        ..large.clone()
    };
    store.append(&[large]).unwrap();
    store.append(&[gone]).unwrap();
    assert_eq!(store.result(id, ByteRange { entry, from: 0, bytes: 99 }).unwrap(), "");
    assert_eq!(store.verify().unwrap(), []);
}
