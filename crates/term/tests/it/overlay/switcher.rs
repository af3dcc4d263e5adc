//! The list of sessions, as it is seen.

use q_core::{Activity, Command, Kind, Presence, Snapshot, Summary, TagChange, Update};
use q_term::{Intent, TerminalEvent};

use crate::screens::three;
use crate::world::{But, World, asleep, entry, id, key_event, session};

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

fn several(commands: Vec<Command>, said: &str) -> Vec<Intent> {
    vec![Intent::Several(commands, said.to_owned())]
}

fn close(slot: u32) -> Command {
    Command::Close { session: id(slot), even_if_working: false }
}

fn closed(slot: u32, name: &str) -> Summary {
    Summary { slot: 0, presence: Presence::Closed, ..session(slot, name).summary }
}

#[test]
fn what_is_marked_is_told_at_once_and_taken_back_by_one_key() {
    let mut world = World::with(100, 20, many()).after(&["Alt+S", " ", "Down", " "]);
    let frame = world.frame();
    assert!(frame.contains("sessions · 2 marked") && frame.contains("*● 1 front"), "{frame}");
    assert!(frame.contains("Ctrl+W closes 2"), "{frame}");
    let said = "2 sessions closed, the histories stay; Alt+U in the list undoes it";
    // One of them works, and is asked about.
    assert_eq!(world.keys(&["Ctrl+W"]), []);
    let frame = world.frame();
    assert!(frame.contains("Close 2 sessions: front, docs? One of them is still"), "{frame}");
    assert_eq!(world.keys(&["x", "Enter"]), [Intent::Bell, Intent::Bell], "nothing else is an answer");
    let told = |even_if_working| [1, 3].map(|slot| Command::Close { session: id(slot), even_if_working });
    assert_eq!(world.keys(&["y"]), several(told(true).to_vec(), said));
    assert!(world.frame().contains("┌ sessions ─") && world.frame().contains("Alt+U undoes"));
    let reopen = |slot| Command::Reopen { session: id(slot) };
    let undone = several(vec![reopen(1), reopen(3)], "undone: 2 sessions closed, the histories stay");
    assert_eq!(world.keys(&["Alt+U"]), undone);
    assert_eq!(world.keys(&["Alt+U"]), [], "once");
    // Where nothing is lost by it nothing is asked.
    let mut world = World::with(100, 20, many()).after(&["Alt+S", " ", "Down", "Down", " "]);
    assert_eq!(world.keys(&["Ctrl+W"]), several(vec![close(1), close(4)], said));
}

#[test]
fn a_command_is_for_all_that_are_marked_and_undone_of_each() {
    let marked = || World::with(100, 20, many()).after(&["Alt+S", " ", " ", "End", " "]);
    let tag =
        |slot, change: &str| Command::Tag { session: id(slot), changes: vec![TagChange::typed(change)] };
    let undoes = "; Alt+U in the list undoes it";
    let mut world = marked();
    let said = "2 sessions with other tags";
    // The second has that tag, and nothing is done to it.
    assert_eq!(
        world.say("/tag +web"),
        several(vec![tag(1, "+web"), tag(6, "+web")], &format!("{said}{undoes}"))
    );
    assert_eq!(
        world.keys(&["Alt+U"]),
        several(vec![tag(1, "-web"), tag(6, "-web")], &format!("undone: {said}"))
    );
    let mut world = marked();
    let read = vec![Command::MarkRead { session: id(6) }];
    assert_eq!(world.say("/read"), several(read, &format!("1 session read{undoes}")));
    let unread = vec![Command::MarkUnread { session: id(6) }];
    assert_eq!(world.keys(&["Alt+U"]), several(unread, "undone: 1 session read"));
    let mut world = marked();
    assert_eq!(world.say("/delete"), []);
    assert!(world.frame().contains("Delete 3 sessions: front, review-auth, api?"), "{}", world.frame());
    assert_eq!(world.keys(&["n"]), []);
    assert!(world.frame().contains("3 marked"), "they are kept, and marked");
    let mut world = marked();
    assert_eq!(world.say("/reopen"), []);
    assert!(world.frame().contains("there is nothing to be done"), "{}", world.frame());
}

#[test]
fn marks_follow_their_sessions_and_all_that_are_listed_can_be_marked() {
    let mut world = World::with(100, 20, many()).after(&["Alt+S"]);
    world.type_text("rev");
    world.keys(&["Shift+Tab"]);
    assert!(world.frame().contains("2 marked"), "{}", world.frame());
    world.keys(&["Shift+Tab"]);
    assert!(!world.frame().contains("marked ─"), "{}", world.frame());
    world.keys(&["Tab"]);
    world.frame();
    world.update(Update::Gone(id(2)));
    world.frame();
    world.update(Update::Gone(id(5)));
    assert!(world.frame().contains("no session fits"), "{}", world.frame());
    assert!(world.frame().contains("┌ sessions ─"), "a mark goes with its session: {}", world.frame());
}

#[test]
fn no_key_is_for_a_session_that_took_the_place_of_another() {
    let mut world = World::with(100, 20, many()).after(&["Alt+S", "Down", "Down"]);
    world.frame();
    // What stands above goes: the same one is chosen.
    world.update(Update::Gone(id(2)));
    assert_eq!(
        world.keys(&["Enter"]).first(),
        Some(&Intent::Show { session: Some(id(3)), at_end: true, beside: Vec::new() })
    );
    for key in ["Enter", "Ctrl+W", " "] {
        let mut world = World::with(100, 20, many()).after(&["Alt+S", "Down"]);
        world.frame();
        world.mirror.apply(Update::Gone(id(2))).unwrap();
        assert_eq!(world.keys(&[key]), [Intent::Bell], "{key}");
        assert!(world.frame().contains("┌ sessions ─"), "{}", world.frame());
    }
}

#[test]
fn closed_sessions_are_found_by_typing_and_opened_again() {
    let mut world = World::with(100, 20, many()).after(&["Alt+S"]);
    let mut press = |key| world.ui.handle(&world.mirror, TerminalEvent::Key(key_event(key)));
    assert_eq!(press("o"), [Intent::Archive]);
    assert_eq!(press("l"), [], "it is asked for once");
    let page = vec![closed(7, "old-plan"), session(8, "open").summary, closed(2, "review-auth")];
    assert!(world.ui.archived(&world.mirror, page, true));
    assert!(world.ui.archived(&world.mirror, vec![closed(9, "older")], false));
    world.type_text("d");
    // What is open is in the mirror, whatever it was when it was listed.
    assert_eq!(listed(&mut world), ["old-review", "old-plan", "older"]);
    world.keys(&["Ctrl+U"]);
    world.type_text("is:closed");
    assert_eq!(listed(&mut world), ["old-plan", "older"]);
    assert_eq!(world.keys(&["Ctrl+W"]), [], "with text in the filter it edits");
    world.keys(&["Ctrl+U"]);
    world.type_text("is:closed");
    world.frame();
    assert_eq!(world.keys(&["Enter"]), [Intent::Tell(Command::Reopen { session: id(7) })]);
    assert!(!world.frame().contains("┌ sessions"), "{}", world.frame());
    // Nobody looks any more: a page that comes late is wanted no longer.
    assert!(!world.ui.archived(&world.mirror, vec![closed(9, "older")], false));
}

#[test]
fn the_list_is_marked_and_searched_at_each_size() {
    for (columns, rows) in [(80, 24), (40, 12), (200, 50)] {
        let mut world = World::with(columns, rows, many()).after(&["Alt+S", " ", "Down", " "]);
        insta::assert_snapshot!(format!("marked_at_{columns}_by_{rows}"), world.frame());
        let mut world = World::with(columns, rows, many()).after(&["Alt+S"]);
        world.type_text("re");
        assert!(world.ui.archived(&world.mirror, vec![closed(7, "retired"), closed(9, "rewrite-it")], true));
        insta::assert_snapshot!(format!("closed_at_{columns}_by_{rows}"), world.frame());
    }
}
