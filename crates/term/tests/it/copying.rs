//! What `/copy` hands to the clipboard.

use q_core::Snapshot;
use q_term::Intent;

use crate::world::{But, World, session};

fn talk() -> Snapshot {
    session(1, "api")
        .prompt(1, "one?")
        .answer(2, "First:\n\n```sh\nls -l\n```\n\nand\n\n```\npwd\n```")
        .prompt(3, "two?")
        .answer(4, "**Second**, without code\u{1b}[31m.\n")
}

fn copied(line: &str) -> Result<String, String> {
    let mut world = World::with(80, 16, vec![talk()]);
    let intents = world.say(line);
    let copied = intents
        .into_iter()
        .find_map(|intent| if let Intent::Copy(text) = intent { Some(text) } else { None });
    copied.ok_or_else(|| world.frame())
}

#[test]
fn the_source_is_copied_and_not_what_is_drawn() {
    for (line, expected) in [
        ("/copy", "**Second**, without code<U+001B>[31m."),
        ("/copy 1", "**Second**, without code<U+001B>[31m."),
        ("/copy 2", "First:\n\n```sh\nls -l\n```\n\nand\n\n```\npwd\n```"),
        ("/copy code", "pwd\n"),
        ("/copy code 2", "ls -l\n"),
    ] {
        assert_eq!(copied(line).as_deref(), Ok(expected), "{line}");
    }
}

#[test]
fn what_is_not_there_is_said() {
    for (line, said) in [
        ("/copy 3", "no such answer here"),
        ("/copy code 3", "no such block of code"),
        ("/copy 0", "`0` is no number"),
        ("/copy x", "`x` is no number"),
    ] {
        let frame = copied(line).unwrap_err();
        assert!(frame.contains(said), "{line}: {frame}");
    }
}

#[test]
fn what_was_copied_is_said_with_the_way_out() {
    let mut world = World::with(110, 16, vec![talk()]);
    world.say("/copy");
    let frame = world.frame();
    assert!(frame.contains("copied the answer: 1 line") && frame.contains("q show api --entry 4"), "{frame}");
}
