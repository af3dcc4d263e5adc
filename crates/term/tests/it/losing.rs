//! What was typed is never lost: refusals, a lost host, what comes back where.

use q_core::{Activity, SessionId, Update};
use q_term::Intent;

use crate::world::{But, World, id, session};

fn two() -> World {
    World::with(80, 24, vec![session(1, "one").answer(1, "hi"), session(2, "two").answer(1, "hi")])
}

/// The sessions that prompts are sent to.
fn submitted_to(sent: &[Intent]) -> Vec<SessionId> {
    let to =
        |intent: &Intent| if let Intent::Prompt { session, .. } = intent { Some(*session) } else { None };
    sent.iter().filter_map(to).collect()
}

#[test]
fn a_refused_prompt_comes_back_where_it_was_typed() {
    let mut world = two();
    world.say("too long");
    world.keys(&["Alt+2"]);
    world.ui.refused(Some(0), "the prompt is too long");
    assert!(world.frame().contains("the prompt is too long"));
    world.keys(&["Alt+1"]);
    assert!(world.frame().ends_with("[one] > too long"));
}

#[test]
fn what_comes_back_stands_before_what_was_typed_since() {
    let mut world = two();
    world.say("first");
    world.type_text("second");
    world.ui.refused(Some(0), "no");
    let frame = world.frame();
    assert!(frame.contains("[one] > first\n        second"), "{frame}");
}

#[test]
fn what_was_typed_for_a_session_that_is_closed_elsewhere_goes_to_no_other_unasked() {
    let mut world = two().after(&["Alt+2"]);
    world.type_text("half for two");
    world.update(Update::Gone(id(2)));
    assert!(world.frame().contains("closed elsewhere; now in one"), "{}", world.frame());
    let sent = world.say(" the rest");
    assert_eq!(submitted_to(&sent), []);
    let frame = world.frame();
    assert!(frame.contains("Enter again sends it to one") && frame.ends_with("[one] >  the rest"), "{frame}");
    let sent = world.keys(&["Enter"]);
    assert_eq!(submitted_to(&sent), [id(1)]);
}

#[test]
fn a_session_that_is_closed_here_surprises_nobody() {
    let mut world = two().after(&["Alt+2"]);
    world.say("/close");
    world.update(Update::Gone(id(2)));
    let sent = world.say("hello");
    assert_eq!(submitted_to(&sent), [id(1)]);
}

#[test]
fn nor_does_one_that_was_looked_up_to_be_closed_here() {
    let mut world = two().after(&["Alt+2"]);
    let lookup = world
        .say("/delete two")
        .into_iter()
        .find_map(|intent| if let Intent::Lookup { command, .. } = intent { Some(command) } else { None });
    let two = world.mirror.get(id(2)).unwrap().summary.clone();
    let sent = world.ui.found(&world.mirror, &two, &lookup.expect("it is looked up"));
    assert!(!sent.is_empty());
    world.update(Update::Gone(id(2)));
    let frame = world.frame();
    assert!(!frame.contains("closed elsewhere"), "{frame}");
    let sent = world.say("hello");
    assert_eq!(submitted_to(&sent), [id(1)]);
}

#[test]
fn an_accepted_prompt_does_not_come_back() {
    let mut world = two();
    world.say("hello");
    assert!(world.frame().contains("sending: hello"));
    world.ui.accepted(0);
    assert!(!world.frame().contains("hello"));
    world.ui.host_lost("gone");
    assert!(!world.frame().contains("hello"));
}

#[test]
fn a_refused_command_is_out_of_the_way_and_in_the_history() {
    let mut world = two();
    world.say("/new api");
    world.type_text("what was");
    world.ui.not_opened("10 sessions are open");
    world.type_text(" that?");
    assert!(world.frame().ends_with("[one] > what was that?"), "{}", world.frame());
    world.keys(&["Ctrl+U", "Up"]);
    assert!(world.frame().ends_with("[one] > /new api"), "{}", world.frame());
}

/// A terminal whose first prompt is on its way, to a session that is made for it.
fn said_first() -> World {
    let mut world = World::new(80, 24);
    world.ui.refreshed(&world.mirror);
    world.say("hello");
    world
}

#[test]
fn a_first_prompt_comes_back_when_no_session_can_be_made() {
    let mut world = said_first();
    world.ui.not_opened("the host is stopping");
    let frame = world.frame();
    assert!(frame.contains("the host is stopping") && frame.ends_with("> hello"), "{frame}");
}

#[test]
fn a_first_prompt_comes_back_where_its_session_came_without_an_answer() {
    let mut world = said_first();
    world.ui.host_lost("the host is gone");
    world.mirror = two().mirror;
    world.ui.host_back(&world.mirror);
    world.ui.not_opened("the host was restarted before it answered");
    assert!(world.frame().ends_with("[one] > hello"), "{}", world.frame());
}

#[test]
fn nothing_is_said_to_work_while_there_is_no_host() {
    let mut world = World::with(80, 12, vec![session(1, "api").activity(Activity::Working)]);
    assert!(world.frame().contains("[1 api ⠋]"));
    world.ui.host_lost("the host is gone");
    let frame = world.frame();
    assert!(frame.contains("[1 api ?]") && !frame.contains('⠋'), "{frame}");
}

#[test]
fn what_a_lost_host_did_not_answer_stays_under_way() {
    let mut world = two();
    world.say("on its way");
    world.ui.host_lost("the host is gone");
    let frame = world.frame();
    assert!(frame.contains("not saved: on its way") && frame.ends_with("[one] >"), "{frame}");
    assert_eq!(world.ui.undelivered().collect::<Vec<_>>(), ["on its way"]);
    let mirror = std::mem::take(&mut world.mirror);
    assert_eq!(world.ui.refreshed(&world.mirror), [], "an empty mirror takes the focus away");
    world.mirror = mirror;
    let shown = Intent::Show { session: Some(id(1)), at_end: true, beside: Vec::new() };
    assert_eq!(world.ui.host_back(&world.mirror), [shown]);
    world.ui.refused(Some(0), "the next host refused it");
    assert!(world.frame().ends_with("[one] > on its way"));
    assert_eq!(world.ui.undelivered().collect::<Vec<_>>(), ["on its way"], "typed, and saved nowhere yet");
}

#[test]
fn nothing_is_sent_without_a_host_and_what_is_typed_stays() {
    let mut world = two();
    world.ui.host_lost("the host is gone");
    assert_eq!(world.say("are you there?"), [Intent::Rejoin]);
    let frame = world.frame();
    assert!(
        frame.contains("what you typed stays here") && frame.ends_with("[one] > are you there?"),
        "{frame}"
    );
    world.ui.host_back(&world.mirror);
    let sent =
        Intent::Prompt { key: 0, session: id(1), text: "are you there?".into(), way: q_core::PromptWay::Ask };
    assert_eq!(world.keys(&["Enter"]), [sent]);
}

#[test]
fn what_is_typed_without_a_host_is_saved_with_the_next_one() {
    let mut world = two();
    world.type_text("half a draft");
    let saved = |text: &str| Intent::Tell(q_core::Command::SaveDraft { session: id(1), text: text.into() });
    assert_eq!(world.ui.drafts(), [saved("half a draft")]);
    world.ui.host_lost("the host is gone");
    world.keys(&["Alt+2", "Alt+1"]);
    assert_eq!(world.ui.drafts(), [], "there is nobody to save it");
    assert_eq!(world.ui.undelivered().collect::<Vec<_>>(), ["half a draft"]);
    world.ui.host_back(&world.mirror);
    assert_eq!(world.ui.drafts(), [saved("half a draft")], "the last host may not have kept it");
}

#[test]
fn what_was_edited_elsewhere_goes_to_no_session_that_is_gone() {
    let mut world = two();
    let gone = SessionId(99);
    assert!(!world.ui.edited(&world.mirror, Some(gone), "", "an hour's work"), "nobody would see it again");
    assert!(world.ui.edited(&world.mirror, Some(id(1)), "", "an hour's work"));
    assert!(world.frame().ends_with("[one] > an hour's work"));
    world.ui.host_lost("the host is gone");
    assert!(world.ui.edited(&q_core::Mirror::default(), Some(id(1)), "", "and another"), "it may come again");
}

#[test]
fn a_draft_that_is_refused_is_at_risk_and_that_is_said_once() {
    let mut world = two();
    world.frame();
    world.type_text("too long");
    let saved = |text: &str| Intent::Tell(q_core::Command::SaveDraft { session: id(1), text: text.into() });
    assert_eq!(world.ui.drafts(), [saved("too long")]);
    world.ui.draft_refused(id(1), "4 bytes are the most");
    assert!(world.frame().contains("what you type is not saved: 4 bytes are the most"));
    assert_eq!(world.ui.drafts_at_risk().collect::<Vec<_>>(), ["too long"]);
    world.type_text("!");
    assert_eq!(world.ui.drafts(), [saved("too long!")], "it is tried again");
    world.ui.draft_refused(id(1), "4 bytes are the most");
    assert!(!world.frame().contains("not saved"), "and complained of once");
    assert_eq!(world.ui.drafts_at_risk().collect::<Vec<_>>(), ["too long!"]);
    world.keys(&["Ctrl+U"]);
    world.ui.draft_refused(id(1), "it is gone");
    assert!(!world.frame().contains("not saved"), "nothing is at risk");
}

#[test]
fn without_a_host_nothing_is_wished_for_and_why_is_said() {
    let mut world = two();
    world.ui.host_lost("there is no space");
    for keys in [&["Ctrl+N"] as &[&str], &["Ctrl+X", "w"]] {
        assert_eq!(world.keys(keys), [], "{keys:?}");
        assert!(world.frame().contains("there is no space"), "{keys:?}");
    }
    assert_eq!(world.keys(&["Alt+2"]), [], "switching needs none");
    assert!(world.frame().contains("[two] >"));
    assert_eq!(world.keys(&["Enter"]), [Intent::Rejoin]);
}

#[test]
fn why_there_was_no_host_goes_when_there_is_one() {
    let mut world = two();
    world.ui.host_lost("there is no space");
    world.say("hello");
    assert!(world.frame().contains("what you typed stays here: there is no space"));
    world.ui.host_back(&world.mirror);
    assert!(!world.frame().contains("there is no space"));
}

#[test]
fn leaving_is_possible_without_a_host() {
    let mut world = two();
    world.ui.host_lost("the host is gone");
    assert_eq!(world.say("/quit"), [Intent::Detach]);
    assert_eq!(world.keys(&["Ctrl+D"]), [Intent::Detach]);
}
