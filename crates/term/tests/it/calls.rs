//! Calls in a transcript: in sight while they run or wait, a line with their result once they have ended.

use crossterm::event::MouseButton::Left;
use crossterm::event::MouseEventKind::{Down, Up};
use q_core::{
    Activity, Body, CallNo, CallOutput, Called, Entry, EntryNo, Mark, Outcome, Prompted, Resulted, Snapshot,
    Update, WallTime, Wants,
};

use crate::waiting::{consent, waiting};
use crate::world::{But, World, entry, id, session};

fn call(no: u64, tool: &str, input: &str) -> Entry {
    let (tool, input) = (tool.to_owned(), input.to_owned());
    entry(no, Body::Call(Called { no: CallNo(no), tool, input, wants: Wants::Nothing }))
}

/// The result of that call, so many milliseconds after it.
fn result(no: u64, of: u64, after: u64, outcome: Outcome, text: &str) -> Entry {
    let (kept, whole) = (text.len() as u64, text.len() as u64);
    let body = Body::Result(Resulted { of: EntryNo(of), outcome, text: text.into(), kept, whole });
    let at = entry(no, Body::Continued).at;
    Entry { at: WallTime(at.0 + after), ..entry(no, body) }
}

fn run(argv: &str) -> String {
    let words: Vec<String> = argv.split(' ').map(|word| format!("\"{word}\"")).collect();
    format!(r#"{{"argv":[{}]}}"#, words.join(","))
}

fn lines(count: usize) -> String {
    (1..=count).fold(String::new(), |lines, no| lines + &format!("line {no}\n"))
}

const EDIT: &str = r#"{"path":"src/a.rs","edits":[{"old":"fn a() {\n    1\n}\n","new":"fn a() {\n    2;\n    3;\n    4\n}\n"}]}"#;

/// A turn that called several tools, and answered.
fn worked() -> Snapshot {
    session(1, "api").prompt(1, "make it work").but(|snapshot| {
        snapshot.entries.extend([
            call(2, "read", r#"{"path":"src/a.rs"}"#),
            result(3, 2, 20, Outcome::Done, &lines(120)),
            call(4, "edit", EDIT),
            result(5, 4, 30, Outcome::Done, "changed src/a.rs"),
            call(6, "run", &run("cargo test")),
            result(7, 6, 3_240, Outcome::Failed, &format!("exit code 101\n{}", lines(40))),
            call(8, "run", &run("cargo test --workspace")),
            result(9, 8, 64_000, Outcome::Done, &lines(300)),
        ]);
    })
}

#[test]
fn a_call_that_has_ended_is_a_line_with_its_result() {
    let mut world = World::with(80, 24, vec![worked().answer(10, "It works.")]);
    insta::assert_snapshot!(world.frame());
    let mut narrow = World::with(40, 24, vec![worked().answer(10, "It works.")]);
    insta::assert_snapshot!(narrow.frame());
}

#[test]
fn the_key_and_a_click_unfold_it_and_fold_it_again() {
    let mut world = World::with(80, 24, vec![worked().answer(10, "It works.")]);
    let folded = world.frame();
    for at in ["edit src/a.rs", "+     2;"] {
        let at = world.place(at);
        world.wait_ms(2_000);
        world.mouse(Down(Left), at);
        world.mouse(Up(Left), at);
        assert_eq!(
            world.frame().contains("-     1"),
            world.frame().contains("+     3;"),
            "{}",
            world.frame()
        );
    }
    assert_eq!(world.frame(), folded);
    world.keys(&["Ctrl+o"]);
    let all = world.frame();
    assert!(all.contains("line 300") && !all.contains("✓"), "{all}");
    world.keys(&["Ctrl+o"]);
    assert_eq!(world.frame(), folded);
}

#[test]
fn what_waits_or_runs_is_never_folded() {
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "rm -r target", 7)])]);
    let frame = world.frame();
    assert!(frame.contains(" call   shell: rm -r target") && !frame.contains("✓"), "{frame}");
    let working = session(1, "api").prompt(1, "go").activity(Activity::Working).but(|snapshot| {
        let output = Body::Output(CallOutput { of: EntryNo(2), text: "half of it".into() });
        snapshot.entries.extend([call(2, "run", &run("cargo test")), entry(3, output)]);
    });
    let mut world = World::with(80, 24, vec![working]);
    let frame = world.frame();
    assert!(frame.contains("call   run cargo test") && frame.contains("half of it"), "{frame}");
    world.update(Update::Entry { session: id(1), entry: result(4, 2, 500, Outcome::Done, "all of it") });
    let frame = world.frame();
    assert!(frame.contains("✓ run cargo test  1 line · 0.5 s") && !frame.contains("of it"), "{frame}");
}

#[test]
fn how_it_ended_is_said_in_a_word() {
    for (outcome, text, said) in [
        (Outcome::Done, "", "✓ run ls  2.0 s"),
        (Outcome::Failed, "no such program", "✗ run ls  failed · 2.0 s"),
        (Outcome::Failed, "exit code 2\noops", "✗ run ls  exit code 2 · 2.0 s"),
        (Outcome::Denied, "use make", "✗ run ls  denied · 2.0 s"),
        (Outcome::CutShort, "half", "run ls: cut short; what it did"),
    ] {
        let snapshot = session(1, "api").prompt(1, "go").but(|snapshot| {
            snapshot.entries.extend([call(2, "run", &run("ls")), result(3, 2, 2_000, outcome, text)]);
        });
        let frame = World::with(80, 24, vec![snapshot]).frame();
        assert!(frame.contains(said), "{said}: {frame}");
        let last = text.lines().last().filter(|_| outcome != Outcome::Done);
        assert!(last.is_none_or(|last| frame.contains(&format!("    {last}"))), "{frame}");
    }
}

#[test]
fn the_time_a_person_took_to_consent_is_not_the_calls() {
    let asked = |with_output: bool| {
        session(1, "api").prompt(1, "go").but(|snapshot| {
            let called =
                Called { no: CallNo(1), tool: "run".into(), input: run("ls"), wants: Wants::Consent };
            let output = Body::Output(CallOutput { of: EntryNo(2), text: "a".into() });
            let at = entry(1, Body::Continued).at.0;
            snapshot.entries.push(Entry { at: WallTime(at - 600_000), ..entry(2, Body::Call(called)) });
            snapshot.entries.extend(with_output.then(|| entry(3, output)));
            snapshot.entries.push(result(4, 2, 1_500, Outcome::Done, "a"));
        })
    };
    for (with_output, said) in [(true, "✓ run ls  1 line · 1.5 s"), (false, "✓ run ls  1 line (Ctrl+O)")]
    {
        let frame = World::with(80, 24, vec![asked(with_output)]).frame();
        assert!(frame.contains(said), "{frame}");
    }
}

#[test]
fn what_a_person_had_the_shell_run_is_there_to_be_read() {
    let snapshot = session(1, "api").but(|snapshot| {
        let typed = Prompted { runs: true, ..Prompted::from("!ls") };
        snapshot.entries.extend([
            entry(1, Body::Prompt(typed)),
            call(2, "shell", "ls"),
            result(3, 2, 10, Outcome::Done, "Cargo.toml\nsrc"),
        ]);
    });
    let frame = World::with(80, 24, vec![snapshot]).frame();
    assert!(frame.contains("Cargo.toml") && !frame.contains("✓"), "{frame}");
}

#[test]
fn what_is_new_is_marked_above_a_folded_call() {
    let mut old = worked();
    old.entries.truncate(1);
    let mut world = World::with(80, 24, vec![old.clone().answer(2, "seen"), session(2, "docs")]);
    world.keys(&["Alt+2"]);
    let new = worked().but(|snapshot| {
        snapshot.entries.drain(1..);
        snapshot.entries.push(entry(2, Body::Answer("seen".into())));
        snapshot.entries.push(call(3, "read", r#"{"path":"a"}"#));
        snapshot.entries.push(result(4, 3, 10, Outcome::Done, "x"));
        (snapshot.summary.unread, snapshot.summary.seen) = (1, Mark { entry: EntryNo(2), bytes: 4 });
    });
    world.mirror.load(new);
    world.keys(&["Alt+1"]);
    let frame = world.frame();
    let rows: Vec<&str> = frame.lines().map(str::trim).collect();
    let mark = rows.iter().position(|row| row.starts_with("── new")).unwrap_or_else(|| panic!("{frame}"));
    assert!(rows[mark + 1].starts_with("✓ read a"), "{frame}");
    assert!(rows[mark + 2..].iter().take(3).all(|row| row.is_empty()), "{frame}");
}

#[test]
fn a_call_is_unfolded_where_something_is_found_in_it() {
    let mut world = World::with(80, 24, vec![worked().answer(10, "It works.")]).told("/find 3;");
    let frame = world.frame();
    assert!(frame.contains("+     3;") && frame.contains("1 of 1"), "{frame}");
    let mut world = World::with(80, 24, vec![worked().answer(10, "It works.")]).told("/find line 117");
    assert!(world.frame().contains("line 117"), "{}", world.frame());
}

#[test]
fn a_long_prompt_is_shown_without_its_middle() {
    let long = lines(412);
    let mut world = World::with(80, 30, vec![session(1, "api").prompt(1, &format!("why?\n{long}"))]);
    let frame = world.frame();
    assert!(frame.contains("why?") && frame.contains("… 393 lines more (Ctrl+O)"), "{frame}");
    assert!(frame.contains("line 412") && !frame.contains("line 200"), "{frame}");
    world.say("/find line 200");
    assert!(world.frame().contains("line 200"), "{}", world.frame());
    let short = lines(20);
    let mut world = World::with(80, 30, vec![session(1, "api").prompt(1, &short)]);
    assert!(!world.frame().contains("more"), "{}", world.frame());
}
