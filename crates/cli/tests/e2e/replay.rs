//! Traces of bug reports and failing simulations, played.

use std::fs;

use crate::world::World;

#[test]
fn a_trace_is_played_with_its_effects_beneath_each_line() {
    let world = World::new();
    let file = world.home.path().join("trace.txt");
    fs::write(
        &file,
        "limit live_sessions 1\n> create s1 name plan\n  what happened before\n> submit s1 \"why?\"\n",
    )
    .unwrap();
    let said = world.q(&["replay", file.to_str().unwrap()]).succeeded();
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[0], "> create s1 name plan");
    assert!(lines.contains(&"  persist synced s1.1 created plan in slot 1 for development"), "{said:?}");
    assert!(said.out.contains("> submit s1 \"why?\"\n  persist"), "{said:?}");
    assert!(!said.out.contains("what happened before"));
    assert_eq!(world.home.host_pid(), None, "nothing of the person's is touched");
}

#[test]
fn a_line_that_cannot_be_read_is_named() {
    let world = World::new();
    let file = world.home.path().join("trace.txt");
    for (written, told) in [
        ("create s1 name plan\nsubmitt s1 \"why?\"\n", "line 2"),
        ("limit live_session 2\n", "no such limit"),
    ] {
        fs::write(&file, written).unwrap();
        world.q(&["replay", file.to_str().unwrap()]).exited(2).told(told);
    }
    world.q(&["replay", "/nowhere.txt"]).exited(2).told("/nowhere.txt cannot be read");
}

#[test]
fn what_a_trace_does_to_a_terminal_is_shown_and_not_done() {
    let world = World::new();
    let file = world.home.path().join("trace.txt");
    fs::write(&file, "> create s1 name plan\n> submit s1 \"a\u{1b}[2Jb\"\n").unwrap();
    let said = world.q(&["replay", file.to_str().unwrap()]).succeeded();
    assert!(said.out.contains("<U+001B>[2J") && !said.out.contains('\u{1b}'), "{said:?}");
}
