//! What follows from what: focus, drafts, scrolling, pages, ticks.

use q_core::{Activity, Body, Command, EntryNo, Presence, Update};
use q_term::command::Arguments;
use q_term::{Intent, TerminalEvent};

use crate::world::{But, World, entry, id, session};

fn show(slot: u32, at_end: bool) -> Intent {
    Intent::Show { session: Some(id(slot)), at_end, beside: Vec::new() }
}

fn three() -> World {
    World::with(80, 24, vec![session(1, "one"), session(2, "two"), session(3, "three")])
}

fn close(world: &mut World, slot: u32) -> Vec<Intent> {
    let mut summary = world.mirror.get(id(slot)).unwrap().summary.clone();
    summary.presence = Presence::Closed;
    world.update(Update::Session(summary.into()))
}

#[test]
fn the_first_in_view_is_the_lowest_slot() {
    let mut world = World::new(80, 24);
    assert_eq!(
        world.ui.refreshed(&world.mirror),
        [Intent::Show { session: None, at_end: false, beside: Vec::new() }]
    );
    world.mirror.load(session(4, "four"));
    world.mirror.load(session(2, "two"));
    assert_eq!(world.ui.refreshed(&world.mirror), [show(2, true)]);
    assert_eq!(world.ui.refreshed(&world.mirror), []);
}

#[test]
fn when_the_session_in_view_closes_the_one_before_comes_back() {
    let mut world = three();
    world.keys(&["Alt+3", "Alt+2"]);
    assert_eq!(close(&mut world, 2), [show(3, true)]);
    assert_eq!(close(&mut world, 1), []);
    assert_eq!(close(&mut world, 3), [Intent::Show { session: None, at_end: false, beside: Vec::new() }]);
}

#[test]
fn a_created_session_is_shown_also_when_it_comes_later() {
    let mut world = three();
    world.mirror.load(session(4, "four"));
    assert_eq!(world.ui.created(&world.mirror, id(4)), [show(4, true)]);
    assert_eq!(world.ui.created(&world.mirror, id(5)), []);
    world.mirror.load(session(5, "five"));
    assert_eq!(world.ui.refreshed(&world.mirror), [show(5, true)]);
}

#[test]
fn a_prompt_typed_before_there_is_a_session_opens_one() {
    let mut world = World::with(80, 24, Vec::new());
    let intents = world.say("how do I switch?");
    assert_eq!(intents, [Intent::Make(Arguments::default())]);
    assert!(world.frame().contains("sending: how do I switch?"));
    world.mirror.load(session(1, "session-1"));
    let intents = world.ui.created(&world.mirror, id(1));
    assert_eq!(
        intents,
        [
            Intent::Prompt {
                key: 0,
                session: id(1),
                text: "how do I switch?".into(),
                way: q_core::PromptWay::Ask
            },
            show(1, true)
        ]
    );
}

fn submit(key: u64, text: &str) -> Intent {
    Intent::Prompt { key, session: id(1), text: text.into(), way: q_core::PromptWay::Ask }
}

#[test]
fn what_is_typed_while_the_first_session_opens_is_its_draft() {
    for mirrored_first in [false, true] {
        let mut world = World::with(80, 24, Vec::new());
        world.say("first");
        world.type_text("and half a");
        world.keys(&["Esc", "Left"]);
        if mirrored_first {
            world.mirror.load(session(1, "session-1"));
            assert_eq!(
                world.ui.refreshed(&world.mirror),
                [],
                "the session is not shown before it is answered for"
            );
        }
        let intents = world.ui.created(&world.mirror, id(1));
        world.mirror.load(session(1, "session-1"));
        assert!(intents.starts_with(&[submit(0, "first")]), "{intents:?}");
        world.ui.refreshed(&world.mirror);
        world.type_text("|");
        assert!(world.frame().ends_with("[session-1] > and half |a"), "{}", world.frame());
        world.keys(&["Ctrl+U", "Ctrl+K", "Up"]);
        assert!(world.frame().ends_with("[session-1] > first"), "{}", world.frame());
    }
}

#[test]
fn prompts_sent_before_the_first_session_is_there_queue_in_it() {
    let mut world = World::with(80, 24, Vec::new());
    let new = Intent::Make(Arguments::default());
    assert_eq!(world.say("one"), [new]);
    assert_eq!(world.say("two"), [], "a second session was asked for");
    assert_eq!(world.say("three"), []);
    let frame = world.frame();
    assert!(frame.contains("sending: one") && frame.contains("sending: three"), "{frame}");
    // The answer comes before the session does, and Enter is pressed in between.
    let intents = world.ui.created(&world.mirror, id(1));
    assert_eq!(intents, [submit(0, "one"), submit(1, "two"), submit(2, "three")]);
    assert_eq!(world.say("four"), [submit(3, "four")]);
    world.mirror.load(session(1, "session-1"));
    assert_eq!(world.ui.refreshed(&world.mirror), [show(1, true)]);
}

#[test]
fn a_prompt_sent_behind_a_command_that_opens_a_session_goes_there() {
    let mut world = World::with(80, 24, Vec::new());
    world.say("/new debug api");
    assert_eq!(world.say("why?"), []);
    world.mirror.load(session(1, "api"));
    assert_eq!(world.ui.created(&world.mirror, id(1)), [submit(0, "why?"), show(1, true)]);
}

#[test]
fn what_was_sent_to_a_session_that_is_refused_comes_back_before_what_was_typed_since() {
    let mut world = World::with(80, 24, Vec::new());
    world.say("one");
    world.say("two");
    world.type_text("three");
    world.ui.not_opened("no place");
    let frame = world.frame();
    assert!(frame.contains("> one\n  two\n  three") && frame.contains("no place"), "{frame}");
    world.keys(&["Ctrl+C"]);
    assert_eq!(world.say("again"), [Intent::Make(Arguments::default())]);
}

#[test]
fn each_session_keeps_its_draft() {
    let mut world = three();
    world.type_text("half a thou");
    assert_eq!(
        world.keys(&["Alt+2"]),
        [Intent::Tell(Command::SaveDraft { session: id(1), text: "half a thou".into() }), show(2, true)]
    );
    assert!(world.frame().ends_with("[two] > ask something, or /help"));
    assert_eq!(world.ui.drafts(), []);
    world.keys(&["Alt+1"]);
    world.type_text("ght");
    assert!(world.frame().ends_with("[one] > half a thought"));
    assert_eq!(
        world.ui.drafts(),
        [Intent::Tell(Command::SaveDraft { session: id(1), text: "half a thought".into() })]
    );
    assert_eq!(world.ui.drafts(), []);
}

#[test]
fn a_draft_from_elsewhere_is_adopted_only_where_nothing_else_is_typed() {
    let draft = |text: &str| Update::Draft { session: id(1), text: text.into() };
    let mut world = three();
    world.update(draft("typed there"));
    assert!(world.frame().ends_with("[one] > typed there"));
    world.type_text(" and here");
    world.update(draft("typed there again"));
    assert!(world.frame().ends_with("[one] > typed there and here"));
    // The echo of a draft of ours changes nothing.
    let saved = world.ui.drafts();
    assert_eq!(
        saved,
        [Intent::Tell(Command::SaveDraft { session: id(1), text: "typed there and here".into() })]
    );
    world.type_text("!");
    world.update(draft("typed there and here"));
    assert!(world.frame().ends_with("[one] > typed there and here!"));
}

#[test]
fn a_sent_prompt_leaves_no_draft() {
    let mut world = three();
    world.type_text("hello");
    world.ui.drafts();
    world.update(Update::Draft { session: id(1), text: "hello".into() });
    world.keys(&["Enter"]);
    world.update(Update::Draft { session: id(1), text: String::new() });
    assert_eq!(world.ui.drafts(), []);
    assert!(world.frame().ends_with("[one] > ask something, or /help"));
}

fn long(trimmed: bool) -> World {
    let mut snapshot = session(1, "long").but(|snapshot| snapshot.trimmed = trimmed);
    for turn in 10..60 {
        snapshot = snapshot
            .prompt(turn * 4, &format!("question {turn}"))
            .answer(turn * 4 + 2, &format!("answer {turn}"));
    }
    World::with(80, 24, vec![snapshot])
}

#[test]
fn scrolling_tells_whether_the_end_is_in_sight() {
    let mut world = long(false);
    assert_eq!(world.keys(&["PageUp"]), [show(1, false)]);
    assert_eq!(world.keys(&["PageUp"]), []);
    assert_eq!(world.keys(&["PageDown"]), []);
    assert_eq!(world.keys(&["PageDown"]), [show(1, true)]);
    assert_eq!(world.keys(&["Shift+Up", "Ctrl+End"]), [show(1, false), show(1, true)]);
}

#[test]
fn a_scrolled_view_stays_while_the_end_grows() {
    let mut world = long(false);
    world.keys(&["PageUp"]);
    let top_row = |frame: &str| frame.lines().nth(1).unwrap().to_owned();
    let before = top_row(&world.frame());
    world.update(Update::Entry {
        session: id(1),
        entry: entry(1_000, Body::Answer("more\n\nand more".into())),
    });
    let frame = world.frame();
    assert_eq!(top_row(&frame), before);
    assert!(frame.contains("↓ 14 more lines (End)"), "{frame}");
}

#[test]
fn a_page_is_asked_for_once_when_the_top_is_in_sight() {
    let mut world = long(true);
    assert_eq!(
        world.keys(&["Ctrl+Home"]),
        [Intent::Page { session: id(1), before: EntryNo(40) }, show(1, false)]
    );
    assert_eq!(world.keys(&["Shift+Up"]), []);
    world.mirror.prepend(id(1), EntryNo(40), vec![entry(38, Body::Answer("older".into()))], true);
    assert_eq!(world.ui.refreshed(&world.mirror), []);
    assert!(world.frame().lines().nth(2).unwrap().contains("question 10"));
    assert_eq!(world.keys(&["PageUp"]), [Intent::Page { session: id(1), before: EntryNo(38) }]);
}

#[test]
fn a_short_transcript_asks_for_what_is_before_it() {
    let world = World::with(
        80,
        24,
        vec![session(1, "short").answer(9, "hi").but(|snapshot| snapshot.trimmed = true)],
    );
    let mut other = World::new(80, 24);
    other.mirror = world.mirror;
    assert!(other.ui.refreshed(&other.mirror).contains(&Intent::Page { session: id(1), before: EntryNo(9) }));
}

#[test]
fn nothing_ticks_unless_something_works_in_sight() {
    let mut world =
        World::with(80, 24, vec![session(1, "one"), session(2, "two").activity(Activity::Working)]);
    assert!(world.ui.wants_ticks(&world.mirror));
    world.ui.handle(&world.mirror, TerminalEvent::Focus(false));
    assert!(!world.ui.wants_ticks(&world.mirror));
    world.ui.handle(&world.mirror, TerminalEvent::Focus(true));
    let before = world.frame();
    world.ui.tick();
    assert_ne!(world.frame(), before);
    assert!(!three().ui.wants_ticks(&three().mirror));
}

#[test]
fn the_command_that_leaves_is_no_draft() {
    let mut world = three();
    assert_eq!(world.say("/detach"), [Intent::Detach]);
}
