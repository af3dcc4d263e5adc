//! How long things take: printed, not asserted, since the machine is shared. `--no-capture` shows it.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "measuring is what this file is for")]

use std::time::Instant;

use q_core::{Body, Update};
use q_term::TerminalEvent;

use crate::world::{But, World, entry, id, key_event, session};

const PARAGRAPH: &str = "Some **bold** prose with `code` in it, long enough to fill a row or two of a wide screen when it is wrapped, \
and then a little more so that there is something to break.\n\n- an item\n- another\n\n```rust\nfn main() {}\n```\n\n";

fn heavy(slot: u32) -> q_core::Snapshot {
    let mut snapshot = session(slot, &format!("heavy-{slot}"));
    let mut weight = 0;
    let mut no = 1;
    while weight < 256 << 10 {
        let answer = PARAGRAPH.repeat(8);
        weight += answer.len() + 40;
        snapshot = snapshot.prompt(no, "and what about the next part?").answer(no + 1, &answer);
        no += 2;
    }
    snapshot
}

#[test]
fn switching_among_heavy_sessions() {
    let mut world = World::with(200, 50, (1..=10).map(heavy).collect());
    let mut times = Vec::new();
    for round in 0..50 {
        let key = key_event(["Alt+1", "Alt+4", "Alt+7", "Alt+9"].get(round % 4).copied().unwrap_or("Alt+1"));
        let begin = Instant::now();
        world.ui.handle(&world.mirror, TerminalEvent::Key(key));
        world.paint();
        times.push(begin.elapsed());
    }
    let first: Vec<_> = times.drain(..4).collect();
    times.sort_unstable();
    println!(
        "switch, 10 x 256 KB at 200x50: first {first:?}; then median {:?}, worst {:?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
}

#[test]
fn a_streaming_answer_beside_two_others() {
    let sessions = || vec![session(1, "stream").answer(1, "Begin. "), heavy(2), heavy(3)];
    for panes in [false, true] {
        let mut world = World::with(200, 50, sessions());
        if panes {
            world.keys(&["Ctrl+X", "v", "Ctrl+X", "v"]);
        }
        world.paint();
        let begin = Instant::now();
        for number in 0..2_000_u64 {
            let (offset, text) = (7 + 5 * number, "word ".to_owned());
            world.update(Update::Text { session: id(1), entry: q_core::EntryNo(1), offset, text });
            world.paint();
        }
        println!(
            "a frame for each of 2,000 tokens, three panes: {panes}: {:?} a token",
            begin.elapsed() / 2_000
        );
    }
}

#[test]
fn one_answer_of_256_kilobytes() {
    let answer = PARAGRAPH.repeat(256 * 1024 / PARAGRAPH.len());
    let mut world = World::with(200, 50, vec![session(1, "small"), session(2, "huge").answer(1, &answer)]);
    let begin = Instant::now();
    world.keys(&["Alt+2"]);
    world.paint();
    println!("switch to one answer of 256 KB, never drawn before: {:?}", begin.elapsed());
}

#[test]
fn a_streaming_answer() {
    let mut world = World::with(200, 50, vec![session(1, "stream")]);
    world.update(Update::Entry { session: id(1), entry: entry(1, Body::Answer("Begin. ".into())) });
    let pieces: Vec<&str> = PARAGRAPH.split_inclusive(' ').collect();
    let mut offset = 7;
    let begin = Instant::now();
    let count = 4_000;
    for number in 0..count {
        let text = pieces[number % pieces.len()];
        world.update(Update::Text { session: id(1), entry: q_core::EntryNo(1), offset, text: text.into() });
        offset += text.len() as u64;
        world.paint();
    }
    println!(
        "a frame for each of {count} tokens ({offset} bytes): {:?} a token",
        begin.elapsed() / count as u32
    );
}

#[test]
fn typing_after_a_paste_of_a_megabyte() {
    for (what, text) in
        [("one line", "word ".repeat(210_000)), ("many lines", "some words in a line\n".repeat(500_000))]
    {
        let mut world = World::with(200, 50, vec![session(1, "paste")]);
        let begin = Instant::now();
        world.ui.handle(&world.mirror, TerminalEvent::Paste(text.clone()));
        world.paint();
        let pasted = begin.elapsed();
        let begin = Instant::now();
        for _ in 0..100 {
            world.keys(&["x"]);
            world.paint();
        }
        println!("{what}: paste of {} bytes {pasted:?}, then {:?} a key", text.len(), begin.elapsed() / 100);
        world.keys(&["Up", "Up"]);
        let intents = world.keys(&["Enter"]);
        assert!(matches!(intents.as_slice(), [q_term::Intent::Prompt { text, .. }] if text.len() > 900_000));
    }
}

#[test]
fn finding_in_a_session_of_ten_thousand_entries() {
    let snapshot = (1..=5_000).fold(session(1, "long"), |snapshot, no| {
        snapshot.prompt(2 * no, "and what about the next part?").answer(2 * no + 1, PARAGRAPH)
    });
    let mut world = World::with(200, 50, vec![snapshot]);
    world.keys(&["Alt+F"]);
    let mut step = |what: &str, key: &str| {
        let begin = Instant::now();
        world.keys(&[key]);
        world.paint();
        println!("find among 10,000 entries, {what}: {:?}", begin.elapsed());
    };
    for letter in ["b", "r", "e", "a", "k"] {
        step("a letter", letter);
    }
    for _ in 0..3 {
        step("an older place", "Enter");
    }
    for what in ["goes to the beginning", "a key there", "a key there"] {
        step(what, "Ctrl+Home");
    }
}

#[test]
fn choosing_among_ten_thousand_sessions() {
    let sessions = (1..=10_000).map(|slot| session(slot, &format!("session-{slot}-of-many")));
    let mut world = World::with(120, 40, sessions.collect());
    let mut times = Vec::new();
    for key in ["Alt+S", "o", "f", "-", "m", "Down", "Down", "Backspace", "9", "Enter"] {
        let begin = Instant::now();
        world.keys(&[key]);
        world.paint();
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    println!("a key in the list of 10,000: median {:?}, worst {:?}", times[5], times[9]);
}

#[test]
fn naming_one_of_twenty_thousand_files() {
    let name = |no: usize| format!("crates/part-{}/Src/module_{}/file_{no}.rs", no % 40, no % 700);
    let all: Vec<String> = (0..20_000).map(name).collect();
    let mut world = World::with(120, 40, vec![session(1, "api")]);
    world.type_text("@");
    world.ui.completed(&world.mirror, Some(id(1)), "", all.iter().take(200).cloned().collect());
    world.ui.found_files(&world.mirror, Some(id(1)), all.clone());
    let mut times = Vec::new();
    let mut typed = String::new();
    for key in "crates/part-1/src/mod_9".chars() {
        typed.push(key);
        let begin = Instant::now();
        world.type_text(&key.to_string());
        let names = all.iter().filter(|name| name.starts_with(&typed)).take(200).cloned().collect();
        world.ui.completed(&world.mirror, Some(id(1)), &typed, names);
        world.paint();
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    println!(
        "a key among 20,000 files: median {:?}, worst {:?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
}
