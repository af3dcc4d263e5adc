//! The list of sessions, as it is seen.

use q_core::{Activity, Kind, Snapshot, Update};

use crate::screens::three;
use crate::world::{But, World, asleep, entry, id, session};

#[test]
fn the_switcher() {
    insta::assert_snapshot!(World::with(80, 24, three()).after(&["Ctrl+X", "l", "Down"]).frame());
}

#[test]
fn the_switcher_wide_and_filtered() {
    let mut world = World::with(120, 40, three());
    world.say("/sessions");
    world.type_text("re");
    insta::assert_snapshot!(world.frame());
}

#[test]
fn a_small_screen_with_a_list() {
    insta::assert_snapshot!(World::with(20, 5, three()).after(&["Alt+S"]).frame());
}

fn many() -> Vec<Snapshot> {
    let tagged =
        |snapshot: Snapshot, tag: &str| snapshot.but(|shot| shot.summary.tags = vec![tag.parse().unwrap()]);
    vec![
        session(1, "front").kind(Kind::Planning),
        tagged(session(2, "review-auth").kind(Kind::Review).activity(Activity::NeedsApproval), "web"),
        tagged(session(3, "docs").activity(Activity::Working), "text"),
        session(4, "billing")
            .model("openai", "gpt-5")
            .but(|shot| shot.summary.directory = "/srv/pay/core".into()),
        asleep(5, "old-review"),
        session(6, "api").kind(Kind::Debug).unread(2, 0, 0).but(|shot| shot.summary.pinned = true),
    ]
}

/// The names in the list, from top to bottom.
fn listed(world: &mut World) -> Vec<String> {
    let frame = world.frame();
    let rows = frame.lines().skip_while(|row| !row.contains("filter: ")).skip(1);
    let rows = rows.take_while(|row| row.starts_with('│') && !row.contains("no session fits"));
    rows.filter_map(|row| {
        row.split_whitespace().find(|word| word.chars().any(char::is_alphabetic)).map(str::to_owned)
    })
    .collect()
}

#[test]
fn what_is_typed_narrows_the_list_by_what_is_known_of_a_session() {
    for (typed, names) in [
        ("rev", "review-auth old-review"),
        ("ra", "review-auth"),
        ("6", "api"),
        // Terms may be half typed, and all must fit.
        ("is:waiting", "review-auth api"),
        ("is:work", "docs"),
        ("is:asleep rev", "old-review"),
        // What is known besides the name.
        ("is:pinned", "api"),
        ("kind:debug", "api"),
        ("#web", "review-auth"),
        ("#t", "docs"),
    ] {
        let mut world = World::with(80, 20, many()).after(&["Alt+S"]);
        world.type_text(typed);
        assert_eq!(listed(&mut world).join(" "), names, "{typed}");
    }
    for typed in ["agent:gpt", "in:pay", "paycore"] {
        let mut world = World::with(80, 20, many()).after(&["Alt+S"]);
        world.type_text(typed);
        assert_eq!(listed(&mut world), ["billing"], "{typed}");
    }
    for none in ["kind:debug is:asleep", "is:nonsense"] {
        let mut world = World::with(80, 20, many()).after(&["Alt+S"]);
        world.type_text(none);
        assert!(world.frame().contains("no session fits"), "{none}: {}", world.frame());
    }
}

#[test]
fn words_of_a_conversation_find_their_session_behind_what_is_known_of_others() {
    let said = session(1, "front").prompt(1, "why?").answer(2, "A billing error, and Nothing Else.");
    let mut sessions = many();
    sessions[0] = said;
    for (typed, first) in [("nothing", "front"), ("billing", "billing"), ("why?", "front")] {
        let mut world = World::with(80, 20, sessions.clone()).after(&["Alt+S"]);
        world.type_text(typed);
        let names = listed(&mut world);
        assert!(names.first().is_some_and(|row| row.contains(first)), "{typed}: {names:?}");
    }
}

#[test]
fn the_session_that_is_chosen_is_seen_beside_the_list_as_it_goes_on() {
    let mut world = World::with(120, 24, three()).after(&["Alt+S", "Down"]);
    let frame = world.frame();
    for seen in ["idle · 5m ago", "/home/ann/api", "2 unread", "› plan it", "  First, measure."] {
        assert!(frame.contains(seen), "{seen}: {frame}");
    }
    let more = entry(9, q_core::Body::Answer("Then *cut*.".into()));
    world.update(Update::Entry { session: id(2), entry: more });
    assert!(world.frame().contains("  Then cut."), "laid out as the transcript is: {}", world.frame());
    world.keys(&["Down"]);
    assert!(world.frame().contains("the server asks to slow down"), "{}", world.frame());
    let mut narrow = World::with(100, 24, three()).after(&["Alt+S", "Down"]);
    assert!(!narrow.frame().contains("› plan it"), "there is no room beside it");
}
