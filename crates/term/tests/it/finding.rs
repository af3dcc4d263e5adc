//! Finding a text in the transcript in view, and going from prompt to prompt.

use crossterm::event::MouseButton::Left;
use crossterm::event::MouseEventKind::Down;
use q_core::{Body, CallNo, Called, EntryNo, Outcome, Resulted, Snapshot, Update, Wants};
use q_term::Intent;

use crate::world::{But, World, entry, id, session};

/// A session in which every tenth answer has the word.
fn long(entries: u64) -> Snapshot {
    (1..=entries).fold(session(1, "api"), |snapshot, no| match no % 20 {
        0 => snapshot.answer(no, &format!("answer {no} has a **Needle** in it")),
        even if even % 2 == 0 => snapshot.answer(no, &format!("answer {no} is about hay")),
        _ => snapshot.prompt(no, &format!("question {no}")),
    })
}

/// What stands in the line where it is typed.
fn last_line(frame: &str) -> &str {
    frame.rsplit('\n').next().unwrap_or(frame)
}

#[test]
fn the_newest_place_is_found_first_and_each_key_goes_further_back() {
    let mut world = World::with(80, 16, vec![long(100)]).told("/find needle");
    let steps = [("", 1), ("n", 2), ("Enter", 3), ("Shift+Enter", 2), ("N", 1), ("N", 5), ("Up", 1)];
    for (key, place) in steps {
        world.keys(if key.is_empty() { &[] } else { std::slice::from_ref(&key) });
        let frame = world.frame();
        assert!(last_line(&frame).contains(&format!("{place} of 5")), "{key}: {frame}");
        assert!(frame.contains(&format!("answer {} has", 120 - 20 * place)), "{key}: {frame}");
        let current = world.reversed();
        assert!(current.iter().any(|text| text == "Needle"), "{key}: {current:?}");
    }
    world.keys(&["n", "n", "Esc"]);
    let frame = world.frame();
    assert!(frame.contains("answer 60 has") && last_line(&frame).starts_with("[api] >"), "{frame}");
    assert!(!world.reversed().contains(&"Needle".to_owned()));
}

#[test]
fn what_is_typed_is_looked_for_at_once() {
    let mut world = World::with(80, 16, vec![long(100)]).after(&["Alt+F"]);
    for (typed, said) in [("has", "1 of 5"), (" a n", "1 of 5"), ("x", "nothing found")] {
        world.type_text(typed);
        assert!(last_line(&world.frame()).contains(said), "{typed}: {}", world.frame());
    }
    world.keys(&["Backspace", "Enter", "n"]);
    assert!(world.frame().contains("answer 60 has"), "n goes on once it was looked for");
    world.type_text("ee");
    assert!(last_line(&world.frame()).contains("find: has a nee"), "{}", world.frame());
    insta::assert_snapshot!(world.frame());
}

#[test]
fn a_capital_counts_where_one_is_typed() {
    for (typed, said) in [("needle", "1 of 5"), ("Needle", "1 of 5"), ("NEEDLE", "nothing found")] {
        let mut world = World::with(80, 16, vec![long(100)]).told(&format!("/find {typed}"));
        assert!(last_line(&world.frame()).contains(said), "{typed}");
    }
}

#[test]
fn a_place_is_found_where_the_row_ends_between_its_words() {
    let answer = format!("{} the two words", "x ".repeat(29));
    let mut world = World::with(70, 10, vec![session(1, "api").prompt(1, "?").answer(2, &answer)]);
    world.say("/find two words");
    let shown = world.reversed().join(" ");
    assert!(shown.contains("two") && shown.contains("words"), "{shown}");
}

#[test]
fn older_entries_are_asked_for_until_something_is_found() {
    let mut newest = long(100);
    newest.entries.drain(..90);
    newest.trimmed = true;
    let page = |first: u64, last: u64| -> Vec<_> {
        long(last).entries.into_iter().filter(|entry| entry.no.0 >= first).collect()
    };
    let asked = |before| Intent::Page { session: id(1), before: EntryNo(before) };
    let mut world = World::with(80, 16, vec![newest]).told("/find question 3");
    assert!(last_line(&world.frame()).contains("looking further back"), "{}", world.frame());
    world.mirror.prepend(id(1), EntryNo(91), page(61, 90), true);
    assert!(world.ui.refreshed(&world.mirror).contains(&asked(61)), "nothing on that page");
    world.mirror.prepend(id(1), EntryNo(61), page(31, 60), true);
    let intents = world.ui.refreshed(&world.mirror);
    assert!(!intents.contains(&asked(31)), "found: {intents:?}");
    let frame = world.frame();
    assert!(frame.contains("question 39") && last_line(&frame).contains("1 of 5+"), "{frame}");
    world.keys(&["n", "n", "n", "n"]);
    assert!(world.keys(&["n"]).contains(&asked(31)));
    world.mirror.prepend(id(1), EntryNo(31), page(1, 30), false);
    assert!(!world.ui.refreshed(&world.mirror).contains(&asked(1)));
    let frame = world.frame();
    assert!(frame.contains("question 3") && last_line(&frame).contains("6 of 6"), "{frame}");
    world.keys(&["n"]);
    assert!(last_line(&world.frame()).contains("1 of 6"), "round again");
}

#[test]
fn no_more_is_read_back_than_is_kept() {
    let mut newest = long(100);
    newest.entries.drain(..90);
    newest.trimmed = true;
    let mut world = World::with(80, 16, vec![newest]).told("/find nowhere");
    let huge = "x".repeat(q_core::mirror::PAGED_BYTES);
    world.mirror.prepend(id(1), EntryNo(91), vec![entry(90, Body::Answer(huge))], true);
    let intents = world.ui.refreshed(&world.mirror);
    assert!(!intents.iter().any(|intent| matches!(intent, Intent::Page { .. })), "{intents:?}");
    assert!(world.frame().contains("no more is read back here; /pager"), "{}", world.frame());
    assert_eq!(world.keys(&["Enter"]), []);
    assert_eq!(world.ui.reads_back(), [id(1)]);
    world.keys(&["Esc"]);
    world.keys(&["Ctrl+End"]);
    assert_eq!(world.ui.reads_back(), []);
}

#[test]
fn what_comes_while_it_is_open_is_counted_and_a_place_stays_in_sight() {
    let mut world = World::with(80, 16, vec![long(100)]).told("/find needle").after(&["n"]);
    let before = world.frame();
    world.update(Update::Entry { session: id(1), entry: entry(101, Body::Answer("needle".into())) });
    world.update(Update::Text { session: id(1), entry: EntryNo(101), offset: 6, text: " needle".into() });
    let after = world.frame();
    assert!(last_line(&after).contains("4 of 7"), "{after}");
    assert_eq!(before.lines().nth(3), after.lines().nth(3));
}

#[test]
fn a_folded_thought_is_unfolded_where_something_is_found_in_it() {
    let thought = format!("{}\n\nThen, deep in it, the needle.", "First this. ".repeat(20));
    let snapshot = session(1, "api").prompt(1, "?").but(|snapshot| {
        snapshot.entries.push(entry(2, Body::Thinking(thought)));
    });
    let mut world = World::with(80, 16, vec![snapshot.answer(3, "So.")]);
    assert!(!world.frame().contains("deep in it"));
    world.say("/find needle");
    assert!(world.frame().contains("deep in it"), "{}", world.frame());
}

#[test]
fn another_session_is_gone_to_from_the_line() {
    let mut world = World::with(80, 16, vec![long(20), session(2, "docs")]).told("/find needle");
    world.keys(&["Alt+2"]);
    assert!(last_line(&world.frame()).starts_with("[docs] >"), "{}", world.frame());
}

#[test]
fn prompts_are_gone_to_one_by_one() {
    let mut world = World::with(80, 10, vec![long(40)]);
    let top = |world: &mut World| world.frame().lines().nth(1).unwrap_or_default().to_owned();
    world.keys(&["Alt+Up"]);
    let first = top(&mut world);
    assert!(first.contains("question"), "{first}");
    world.keys(&["Alt+Up"]);
    let second = top(&mut world);
    assert!(second.contains("question") && second != first, "{second}");
    world.keys(&["Alt+Down"]);
    assert_eq!(top(&mut world), first);
    for _ in 0..30 {
        world.keys(&["Alt+Up"]);
    }
    assert!(top(&mut world).contains("question 1"), "{}", world.frame());
    for _ in 0..30 {
        world.keys(&["Alt+Down"]);
    }
    assert!(world.frame().contains("answer 40"), "behind the last prompt is the end");
}

#[test]
fn a_place_in_a_result_is_not_the_same_word_in_the_line_above_it() {
    let lines: Vec<_> =
        (1..=20).map(|no| format!("line {no}{}", if no == 19 { " of cargo" } else { "" })).collect();
    for (outcome, begin, wanted, expected) in [
        (Outcome::Done, "", "cargo", "line 19 of cargo"),
        (Outcome::Failed, "exit code 1\n", "cargo", "line 19 of cargo"),
        (Outcome::Failed, "exit code 1\n", "exit code", "exit code 1"),
    ] {
        let text = format!("{begin}{}", lines.join("\n"));
        let (kept, whole) = (text.len() as u64, text.len() as u64);
        let called =
            Called { no: CallNo(1), tool: "shell".into(), input: "cargo test".into(), wants: Wants::Nothing };
        let snapshot = session(1, "api").prompt(1, "?").but(|snapshot| {
            snapshot.entries.extend([
                entry(2, Body::Call(called)),
                entry(3, Body::Result(Resulted { of: EntryNo(2), outcome, text, kept, whole })),
            ]);
        });
        let answer = ["so"; 30].join("\n\n");
        let snapshot = snapshot.answer(4, &answer);
        let mut world = World::with(80, 10, vec![snapshot]).told(&format!("/find {wanted}"));
        assert!(world.frame().contains(expected), "{wanted}: {}", world.frame());
    }
}

#[test]
fn nothing_is_waited_for_that_does_not_come() {
    type Happens = fn(&mut World);
    let newest = |first: u64| {
        let mut newest = long(100);
        newest.entries.retain(|entry| entry.no.0 >= first);
        newest.trimmed = true;
        newest
    };
    let happens: [(&str, Happens); 4] = [
        ("another step", |world| drop(world.keys(&["N"]))),
        ("a refused page", |world| world.ui.page_refused()),
        ("a lost host", |world| world.ui.host_lost("gone")),
        ("older ones go", |world| {
            let mut later = long(100);
            later.entries.drain(..95);
            later.trimmed = true;
            world.mirror.load(later);
            world.ui.refreshed(&world.mirror);
        }),
    ];
    for (what, happens) in happens {
        let mut world = World::with(80, 16, vec![newest(91)]).told("/find nowhere");
        assert!(last_line(&world.frame()).contains("looking further back"), "{what}: {}", world.frame());
        happens(&mut world);
        assert!(!world.frame().contains("looking further back"), "{what}: {}", world.frame());
    }
}

#[test]
fn a_search_ends_where_another_session_comes_into_view() {
    let mut world = World::with(80, 16, vec![long(20), session(2, "docs")]).told("/find needle");
    world.frame();
    let at = world.place("docs");
    world.mouse(Down(Left), at);
    let frame = world.frame();
    assert!(!frame.contains("find: needle") && last_line(&frame).starts_with("[docs] >"), "{frame}");
}
