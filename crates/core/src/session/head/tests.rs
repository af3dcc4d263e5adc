//! Heads, by the records that make them.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use alloc::format;

use super::*;
use crate::id::SessionId;
use crate::trace::Player;

/// The head of the session that these lines make.
fn head(lines: &[&str]) -> Head {
    let heads = Player::played(&[&["create s1 name a"], lines].concat()).disk.heads;
    heads.get(&SessionId(1)).cloned().unwrap()
}

/// With each of these lines told, in order, the session's head counts as many as stand beside it.
fn assert_counted(lines: &[(&str, u64)], count: impl Fn(&Head) -> u64) {
    let mut told = Vec::new();
    for (line, expected) in lines {
        told.push(*line);
        assert_eq!(count(&head(&told)), *expected, "{line}");
    }
}

#[test]
fn every_entry_is_counted_once() {
    let lines = [
        ("submit s1 \"why?\"", 1),
        ("sent s1 20 300", 2),
        ("sent s1 20 301", 2),
        ("text s1 \"be\"", 3),
        ("text s1 \"cause\"", 3),
        ("thinking s1 \"or\"", 4),
        ("call s1 1 sh \"ls\"", 5),
        ("result s1 1 done \"a\"", 6),
        ("failed s1 cut", 7),
        ("retry s1", 8),
        ("interrupt s1", 9),
    ];
    assert_counted(&lines, |head| head.entries);
}

#[test]
fn a_preview_is_of_the_last_answer_and_of_nothing_thought() {
    let most = "x".repeat(PREVIEW_CHARS - 1);
    let long = format!("text s1 \"{most}\"");
    for (lines, expected) in [
        (&["text s1 \"a\"", "text s1 \"b\""][..], "ab"),
        (&["text s1 \"a\"", "thinking s1 \"b\""], "a"),
        (&["text s1 \"a\"", "call s1 1 sh \"ls\"", "result s1 1 done \"\"", "text s1 \"b\""], "b"),
        (&[&long, "text s1 \"yz\""], &format!("{most}y")),
        (&[&long, "text s1 \"y\"", "text s1 \"z\""], &format!("{most}y")),
    ] {
        let told = [&["submit s1 \"why?\""], lines, &["done s1"]].concat();
        assert_eq!(head(&told).preview, expected, "{lines:?}");
    }
}

#[test]
fn a_session_weighs_what_its_own_records_do() {
    let player = Player::played(&["create s1 name a", "submit s1 \"why?\"", "text s1 \"so\"", "done s1"]);
    let log = player.disk.log;
    let parent = player.disk.heads.get(&SessionId(1)).map(|head| head.bytes);
    assert_eq!(parent, Some(log.iter().map(Stamped::weight).sum()));
    let texts: u64 = log.iter().map(|stamped| stamped.weight() - RECORD_BYTES).sum();
    assert!(texts >= "a".len() as u64 + "why?".len() as u64 + "so".len() as u64, "{texts}");
    let forked = Player::played(&["create s1 name a", "submit s1 \"why?\"", "done s1", "fork s1 s2"]).disk;
    let own: u64 =
        forked.log.iter().filter(|stamped| stamped.session == SessionId(2)).map(Stamped::weight).sum();
    assert_eq!(forked.heads.get(&SessionId(2)).map(|head| head.bytes), Some(own));
}

#[test]
fn consent_for_a_tool_is_kept_once() {
    let calls = ["call s1 1 sh \"a\" consent", "call s1 2 sh \"b\" consent"];
    let told = [&["submit s1 \"go\""], &calls[..], &["answer s1 1 always", "answer s1 2 always"]].concat();
    assert_eq!(head(&told).rules, [ToolRule::any(RuleEffect::Allow, "sh".into())]);
}

#[test]
fn a_failure_is_known_until_another_turn_ends() {
    let lines = ["submit s1 \"why?\"", "failed s1 cut", "retry s1", "done s1 turn 2"];
    let failed = |told: usize| head(&lines[..told]).failure().map(|failure| failure.kind);
    let cut = Some(FailureKind::Cut);
    assert_eq!([1, 2, 3, 4].map(failed), [None, cut, cut, None]);
}

#[test]
fn failures_are_counted_until_a_turn_is_done() {
    let lines = [
        ("submit s1 \"why?\"", 0),
        ("failed s1 cut", 1),
        ("retry s1", 1),
        ("failed s1 cut turn 2", 2),
        ("retry s1", 2),
        ("interrupt s1", 2),
        ("retry s1", 2),
        ("done s1 turn 4", 0),
    ];
    assert_counted(&lines, |head| head.failures.into());
}

#[test]
fn an_older_answer_is_not_the_last_word_of_a_turn_that_said_nothing() {
    let lines =
        ["submit s1 \"why?\"", "text s1 \"so\"", "done s1", "submit s1 \"how?\"", "failed s1 cut turn 2"];
    let previews = [1, 2, 3, 4, 5].map(|told: usize| head(&lines[..told]).preview);
    assert_eq!(previews, ["", "so", "so", "", ""]);
}

#[test]
fn a_preview_grows_as_the_answer_does() {
    let whole = "First  line\nand\tthe second";
    for split in 0..whole.len() {
        let (before, after) = whole.split_at(split);
        let mut grown = preview(before);
        grown.push_str(after);
        assert_eq!(preview(&grown), "First line and the second", "split at {split}");
    }
    assert_eq!(preview(&"x".repeat(200)).len(), PREVIEW_CHARS);
}
