//! What is pasted into the prompt: folded where it is long, and sent whole.

use q_term::{Intent, TerminalEvent};

use crate::world::{But, World, session};

fn pasted(world: &mut World, text: &str) {
    world.ui.handle(&world.mirror, TerminalEvent::Paste(text.into()));
}

fn log() -> String {
    (1..=412).fold(String::new(), |log, no| log + &format!("{no} error: it broke\n"))
}

fn sent(intents: &[Intent]) -> Option<&str> {
    intents
        .iter()
        .find_map(|intent| if let Intent::Prompt { text, .. } = intent { Some(text.as_str()) } else { None })
}

#[test]
fn a_long_paste_is_a_word_and_is_sent_whole() {
    let mut world = World::with(80, 12, vec![session(1, "api").prompt(1, "hello")]);
    world.type_text("why? ");
    pasted(&mut world, &log());
    world.frame();
    world.type_text(" and now");
    insta::assert_snapshot!(world.frame());
    let intents = world.keys(&["Enter"]);
    assert_eq!(sent(&intents), Some(format!("why? {} and now", log()).as_str()));
    world.keys(&["Up"]);
    assert!(
        world.frame().contains("412 error"),
        "from the history it comes as what it is: {}",
        world.frame()
    );
}

#[test]
fn it_is_unfolded_by_the_key_of_folds() {
    let mut world = World::with(80, 24, vec![session(1, "api").prompt(1, "hello")]);
    for _again in 0..2 {
        pasted(&mut world, &log());
        let frame = world.frame();
        assert!(frame.contains("[api] > [paste, 412 lines]"), "{frame}");
        world.keys(&["Ctrl+o"]);
        let frame = world.frame();
        assert!(frame.contains("412 error: it broke") && !frame.contains("[paste"), "{frame}");
        world.keys(&["Ctrl+c"]);
    }
}

#[test]
fn what_is_folded_goes_with_one_key_and_comes_back_with_another() {
    let mut world = World::with(80, 12, vec![session(1, "api").prompt(1, "hello")]);
    world.type_text("a");
    pasted(&mut world, &log());
    for (key, line) in [
        ("Left", "[api] > a[paste, 412 lines]"),
        ("x", "[api] > ax[paste, 412 lines]"),
        ("Ctrl+d", "[api] > ax"),
        ("Alt+u", "[api] > ax[paste, 412 lines]"),
        ("End", "[api] > ax[paste, 412 lines]"),
        ("Backspace", "[api] > ax"),
    ] {
        world.keys(&[key]);
        let frame = world.frame();
        assert!(frame.lines().any(|row| row == line), "{key}: {frame}");
    }
}

#[test]
fn a_short_paste_is_text() {
    let mut world = World::with(80, 12, vec![session(1, "api").prompt(1, "hello")]);
    pasted(&mut world, "one\ntwo\n");
    assert!(!world.frame().contains("[paste"), "{}", world.frame());
}

#[test]
fn the_same_text_put_back_again_is_folded_once() {
    let mut world = World::with(80, 12, vec![session(1, "api").prompt(1, "hello")]);
    pasted(&mut world, &log());
    for key in ["Ctrl+u", "Ctrl+y", "Alt+y", "Alt+y"] {
        world.keys(&[key]);
        let frame = world.frame();
        let shown = if key == "Ctrl+u" { "[api] >" } else { "[api] > [paste, 412 lines]" };
        assert!(frame.trim_end().ends_with(shown), "{key}: {frame}");
    }
}
