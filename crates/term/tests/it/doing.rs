//! What the status line says that the session in view does now, and since when.

use q_core::{
    Activity, Body, CallNo, Called, Entry, EntryNo, Outcome, Resulted, Snapshot, Update, WallTime, Wants,
};
use q_term::{Options, TerminalEvent, Ui};

use crate::world::{But, NOW, World, entry, id, line, session};

fn ago(no: u64, seconds: u64, body: Body) -> Entry {
    Entry { at: WallTime(NOW.0 - seconds * 1000), ..entry(no, body) }
}

fn call(no: u64, seconds: u64, tool: &str, input: &str) -> Entry {
    let call = Called { no: CallNo(no), tool: tool.into(), input: input.into(), wants: Wants::Nothing };
    ago(no, seconds, Body::Call(call))
}

fn result(no: u64, seconds: u64, of: u64) -> Entry {
    let (outcome, text) = (Outcome::Done, "ok".to_owned());
    ago(no, seconds, Body::Result(Resulted { of: EntryNo(of), outcome, kept: 2, whole: 2, text }))
}

fn working(entries: Vec<Entry>) -> Snapshot {
    session(1, "api").activity(Activity::Working).but(|shot| shot.entries = entries)
}

/// The end of the status line, without the sign that moves.
fn said(world: &mut World) -> String {
    let frame = world.frame();
    let status = frame.lines().rev().nth(1).unwrap().trim_end_matches(['⠋', '*', '?']).trim_end();
    status.rsplit(" · ").next().unwrap_or_default().to_owned()
}

#[test]
fn what_is_done_is_read_from_the_newest_entries_of_the_turn() {
    let prompt = |seconds| ago(1, seconds, Body::Prompt("why?".into()));
    let long = format!(r#"{{"path":"a","content":"{}"}}"#, "x".repeat(5_000));
    for (entries, expected) in [
        (vec![prompt(12)], "thinks 12 s"),
        (vec![prompt(40), ago(2, 7, Body::Thinking("hm".into()))], "thinks 7 s"),
        (vec![prompt(40), ago(2, 3, Body::Answer("so".into()))], "writes 3 s"),
        (vec![prompt(40), ago(2, 0, Body::Answer("so".into()))], "writes"),
        (vec![prompt(90), call(2, 80, "run", r#"{"argv":["cargo","test"]}"#)], "runs cargo test 1 min 20 s"),
        (vec![prompt(90), call(2, 5, "read", r#"{"path":"a.txt"}"#)], "reads a.txt 5 s"),
        (vec![prompt(90), call(2, 5, "tickets", r#"{"id":7}"#)], r#"calls tickets: {"id":7} 5 s"#),
        // Of several that run at once the oldest, with its own time.
        (
            vec![
                prompt(90),
                call(2, 8, "read", r#"{"path":"a"}"#),
                call(3, 7, "read", r#"{"path":"b"}"#),
                call(4, 7, "read", r#"{"path":"c"}"#),
                result(5, 1, 3),
            ],
            "reads a and 1 more 8 s",
        ),
        // When all have ended the model is asked again.
        (vec![prompt(90), call(2, 9, "read", r#"{"path":"a"}"#), result(3, 4, 2)], "thinks 4 s"),
        // A call of an earlier turn that never ended is none of this one.
        (vec![call(1, 99, "read", r#"{"path":"a"}"#), ago(2, 6, Body::Prompt("and?".into()))], "thinks 6 s"),
        (vec![prompt(90), call(2, 5, "write", &long)], "calls write 5 s"),
        (Vec::new(), "works"),
    ] {
        let mut world = World::with(100, 12, vec![working(entries.clone())]);
        assert!(said(&mut world).starts_with(expected), "{expected}: {} of {entries:?}", said(&mut world));
    }
}

#[test]
fn what_the_person_let_run_runs_since_then() {
    let asks =
        working(vec![ago(1, 400, Body::Prompt("go".into())), call(2, 390, "run", r#"{"argv":["make"]}"#)])
            .activity(Activity::NeedsApproval);
    let mut world = World::with(100, 12, vec![asks.clone()]);
    assert_eq!(said(&mut world), "asks you");
    assert!(!world.ui.wants_ticks(&world.mirror), "nothing ticks while nothing works");
    world.update(line(asks.activity(Activity::Working)));
    world.frame();
    world.wall = WallTime(NOW.0 + 5_000);
    assert_eq!(said(&mut world), "runs make 5 s", "not the minutes in which the person thought");
}

#[test]
fn what_an_earlier_turn_said_is_no_part_of_this_one() {
    let idle = session(1, "api").but(|shot| shot.entries = vec![ago(1, 900, Body::Answer("so".into()))]);
    let mut world = World::with(100, 12, vec![idle.clone()]);
    assert_eq!(said(&mut world), "~/api", "nothing is done");
    world.update(line(idle.activity(Activity::Working).but(|shot| shot.summary.turns += 1)));
    world.frame();
    world.wall = WallTime(NOW.0 + 2_000);
    assert_eq!(said(&mut world), "works 2 s");
    let prompt = Entry { at: world.wall, ..entry(3, Body::Prompt("and?".into())) };
    world.update(Update::Entry { session: id(1), entry: prompt });
    assert_eq!(said(&mut world), "thinks");
}

#[test]
fn nothing_counts_where_nothing_moves_or_nobody_looks() {
    let thinks = working(vec![ago(1, 12, Body::Prompt("why?".into()))]);
    let mut world = World::with(100, 12, vec![thinks.clone()]);
    assert!(world.ui.wants_ticks(&world.mirror));
    world.ui.handle(&world.mirror, TerminalEvent::Focus(false));
    assert!(!world.ui.wants_ticks(&world.mirror), "the window is not in front");
    let mut still = World::new(100, 12);
    still.ui = Ui::new(Options { motion: false, ..Options::default() });
    still.mirror.load(thinks);
    still.ui.refreshed(&still.mirror);
    assert_eq!(said(&mut still), "thinks", "a time that stands still would be wrong");
}

#[test]
fn a_place_that_is_waited_for_is_said_with_its_time() {
    let held = session(1, "api").activity(Activity::Working).but(|shot| shot.summary.held = true);
    let mut world = World::with(100, 12, vec![session(1, "api").but(|shot| shot.summary.turns = 1)]);
    world.update(line(held));
    world.frame();
    world.wall = WallTime(NOW.0 + 9_000);
    assert_eq!(said(&mut world), "waits 9 s");
    assert!(world.frame().contains("waits for a place: its agent is busy"));
}

#[test]
fn a_long_name_is_cut_in_its_middle_and_never_dropped() {
    let name = "investigate-the-login-handler-again";
    for (columns, prompt) in [
        (200, "[investigate-the-…n-handler-again] > "),
        (80, "[investigate-the-…n-handler-again] > "),
        (40, "[investiga…ler-again] > "),
        (30, "[inve…gain] > "),
        (24, "> "),
    ] {
        let frame = World::with(columns, 8, vec![session(1, name)]).frame();
        let row = frame.lines().last().unwrap();
        assert!(row.starts_with(prompt.trim_end()), "{columns}: {row}");
    }
    let work = session(1, name).activity(Activity::Working).queued(&["later"]);
    let bar = World::with(40, 8, vec![work]).frame().lines().next().unwrap().to_owned();
    assert_eq!(bar, " q [1 invest…-again ⠋ (1)]      1 of 10", "its signs stay");
    let frame = World::with(40, 8, vec![session(1, "debug-api")]).frame();
    assert!(frame.lines().last().unwrap().starts_with("[debug-api] >"), "{frame}");
}
