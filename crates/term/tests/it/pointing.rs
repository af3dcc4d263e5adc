//! The mouse: what it points at, scrolls, selects.

use crossterm::event::MouseButton::{Left, Right};
use crossterm::event::MouseEventKind::{Down, Drag, ScrollDown, ScrollUp, Up};
use crossterm::event::{KeyModifiers, MouseEvent};
use q_core::{Body, Snapshot};
use q_term::{Intent, TerminalEvent};

use crate::world::{But, World, entry, id, session};

fn talk() -> Snapshot {
    (1..=20).fold(session(1, "api"), |snapshot, no| {
        snapshot
            .prompt(2 * no, &format!("question {no}"))
            .answer(2 * no + 1, &format!("the answer {no} is src/lib.rs"))
    })
}

fn copied(intents: &[Intent]) -> Option<&str> {
    intents.iter().find_map(|intent| if let Intent::Copy(text) = intent { Some(text.as_str()) } else { None })
}

#[test]
fn the_wheel_scrolls_and_what_is_new_follows_again_at_the_end() {
    let mut world = World::with(80, 12, vec![talk()]);
    let end = world.frame();
    world.mouse(ScrollUp, (10, 5));
    assert!(world.frame().contains("more lines"), "{}", world.frame());
    world.mouse(ScrollDown, (10, 5));
    assert_eq!(world.frame(), end);
}

#[test]
fn a_click_on_a_name_in_the_bar_goes_there() {
    let mut world = World::with(80, 12, vec![talk(), session(2, "docs"), session(3, "plan")]);
    for (name, slot) in [("docs", 2), ("plan", 3), ("api", 1)] {
        let at = world.place(name);
        world.mouse(Down(Left), at);
        world.mouse(Up(Left), at);
        assert_eq!(world.ui.focus(), Some(id(slot)), "{name}");
    }
    let at = world.place("3 of 10");
    world.mouse(Down(Left), at);
    assert_eq!(world.ui.focus(), Some(id(1)), "no name is there");
}

#[test]
fn a_click_in_the_list_goes_there_and_the_wheel_chooses() {
    let sessions = || vec![talk(), session(2, "docs"), session(3, "plan")];
    let mut world = World::with(80, 16, sessions()).told("/sessions");
    let (_, filter) = world.place("filter:");
    world.mouse(Down(Left), (20, filter + 2));
    assert_eq!(world.ui.focus(), Some(id(2)));
    assert!(!world.frame().contains("filter:"));
    let mut world = World::with(80, 16, sessions()).told("/sessions");
    world.mouse(Down(Left), (20, filter));
    assert!(world.frame().contains("filter:"), "the filter is no session");
    world.mouse(ScrollDown, (20, filter));
    world.keys(&["Enter"]);
    assert_eq!(world.ui.focus(), Some(id(1)), "three rows on of three");
}

#[test]
fn what_is_dragged_over_is_selected_and_copied_as_it_was_written() {
    let prose = format!("Begin {}end.\n\n```\nlet x = 1;\nlet y = 2;\n```", "word ".repeat(30));
    let mut world = World::with(60, 20, vec![session(1, "api").prompt(1, "why?").answer(2, &prose)]);
    let (from, to) = (world.place("Begin"), world.place("y = 2"));
    world.mouse(Down(Left), from);
    assert!(world.reversed().iter().all(|text| !text.contains("Begin")));
    world.mouse(Drag(Left), (to.0 + 4, to.1));
    assert!(world.reversed().iter().any(|text| text.contains("Begin word")));
    let intents = world.mouse(Up(Left), (to.0 + 4, to.1));
    let expected = format!("Begin {}end.\n\nlet x = 1;\nlet y = 2", "word ".repeat(30));
    assert_eq!(copied(&intents), Some(expected.as_str()));
    assert!(world.frame().contains("copied the selection: 4 lines"), "{}", world.frame());
    world.keys(&["Esc"]);
    assert!(world.reversed().iter().all(|text| !text.contains("Begin")));
}

#[test]
fn dragged_backwards_it_is_the_same() {
    let mut world = World::with(60, 20, vec![session(1, "api").prompt(1, "why?").answer(2, "one two three")]);
    let (one, three) = (world.place("one"), world.place("three"));
    world.mouse(Down(Left), (three.0 + 4, three.1));
    world.mouse(Drag(Left), one);
    assert_eq!(copied(&world.mouse(Up(Left), one)), Some("one two three"));
}

#[test]
fn a_double_click_takes_a_word_and_a_slow_one_nothing() {
    let mut world =
        World::with(60, 20, vec![session(1, "api").prompt(1, "why?").answer(2, "see src/lib.rs, ok")]);
    let at = world.place("lib");
    for (pause, expected) in [(100, Some("src/lib.rs")), (600, None)] {
        world.wait_ms(2_000);
        world.mouse(Down(Left), at);
        assert_eq!(copied(&world.mouse(Up(Left), at)), None, "one click copies nothing");
        world.wait_ms(pause);
        world.mouse(Down(Left), at);
        assert_eq!(copied(&world.mouse(Up(Left), at)), expected, "after {pause} ms");
    }
}

#[test]
fn what_is_selected_moves_with_the_text_and_stays_with_its_session() {
    let mut world = World::with(80, 12, vec![talk(), session(2, "docs")]);
    let at = world.place("answer 19");
    world.mouse(Down(Left), at);
    world.mouse(Drag(Left), (at.0 + 8, at.1));
    world.mouse(Up(Left), (at.0 + 8, at.1));
    let selected = |world: &mut World| world.reversed().contains(&"answer 19".to_owned());
    assert!(selected(&mut world));
    world.mouse(ScrollUp, at);
    assert!(selected(&mut world), "{}", world.frame());
    world.keys(&["Alt+2"]);
    assert!(!selected(&mut world));
    world.keys(&["Alt+1"]);
    assert!(selected(&mut world));
}

#[test]
fn dragging_to_the_edge_scrolls() {
    let mut world = World::with(80, 12, vec![talk()]);
    let at = world.place("answer 20");
    world.mouse(Down(Left), at);
    for _ in 0..40 {
        world.mouse(Drag(Left), (at.0, 0));
    }
    let intents = world.mouse(Up(Left), (at.0, 0));
    let text = copied(&intents).unwrap();
    assert!(text.contains("the answer 12 is src/lib.rs\n\nquestion 13"), "{text}");
}

#[test]
fn a_click_unfolds_a_thought_and_folds_it_again() {
    let snapshot = talk().but(|snapshot| {
        snapshot.entries.push(entry(50, Body::Thinking("First.\n\nThen the rest.".into())));
    });
    let mut world = World::with(80, 16, vec![snapshot.answer(51, "So.")]);
    let at = world.place("thought");
    for is_whole in [true, false] {
        world.wait_ms(2_000);
        world.mouse(Down(Left), at);
        world.mouse(Up(Left), at);
        assert_eq!(world.frame().contains("(Ctrl+O)"), !is_whole, "{}", world.frame());
    }
}

#[test]
fn shift_and_other_buttons_are_the_terminals() {
    let mut world = World::with(80, 12, vec![talk(), session(2, "docs")]);
    let (column, row) = world.place("docs");
    for (kind, modifiers) in [(Down(Left), KeyModifiers::SHIFT), (Down(Right), KeyModifiers::NONE)] {
        let mouse = TerminalEvent::Mouse(MouseEvent { kind, column, row, modifiers });
        world.ui.handle(&world.mirror, mouse);
        assert_eq!(world.ui.focus(), Some(id(1)));
    }
}

#[test]
fn a_double_click_takes_the_word_of_a_thought_and_leaves_it_folded() {
    let snapshot = talk().but(|snapshot| {
        let lines = ["Rest of it."; 6].join("\n\n");
        snapshot.entries.push(entry(50, Body::Thinking(format!("First.\n\n{lines}"))));
    });
    let mut world = World::with(80, 16, vec![snapshot.answer(51, "So.")]);
    let at = world.place("thought");
    world.wait_ms(2_000);
    for expected in [None, Some("thought")] {
        world.mouse(Down(Left), at);
        assert_eq!(copied(&world.mouse(Up(Left), at)), expected);
        world.wait_ms(100);
    }
    assert!(world.frame().contains("(Ctrl+O)"), "{}", world.frame());
}
