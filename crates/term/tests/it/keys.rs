//! Keys → intents, as a table.

use crossterm::event::{KeyCode, KeyModifiers};
use q_core::{Activity, Command, Interrupter, PromptNo, SessionId};
use q_term::command::{Action, Arguments, Flags, UserCommand};
use q_term::keys::Chord;
use q_term::{Intent, TerminalEvent};

use crate::world::{But, World, id, session};

fn world() -> World {
    World::with(
        80,
        24,
        vec![
            session(1, "api").prompt(1, "old question").answer(2, "answer"),
            session(2, "plan").activity(Activity::Working).queued(&["next", "after"]),
            session(5, "review").prompt(1, "look").interrupted(2, Interrupter::User).unread(1, 1, 0),
            session(7, "docs").answer(2, "done").unread(1, 0, 0),
        ],
    )
}

fn show(slot: u32) -> Intent {
    Intent::Show { session: Some(id(slot)), at_end: true, beside: Vec::new() }
}

fn new() -> Intent {
    Intent::Make(Arguments::default())
}

fn made(kind: &str, name: Option<&str>) -> Intent {
    Intent::Make(Arguments { kind: kind.into(), name: name.map(str::to_owned), ..Arguments::default() })
}

fn fork(name: Option<&str>) -> Intent {
    let name = name.map(str::to_owned);
    Intent::Tell(Command::Fork { session: id(1), id: SessionId::UNDRAWN, at: None, name })
}

fn submit(text: &str) -> Intent {
    Intent::Prompt { key: 0, session: id(1), text: text.into(), way: q_core::PromptWay::Ask }
}

fn close(slot: u32, even_if_working: bool) -> Intent {
    Intent::Tell(Command::Close { session: id(slot), even_if_working })
}

fn rename(slot: u32, name: &str) -> Intent {
    Intent::Tell(Command::Rename { session: id(slot), name: name.into() })
}

fn interrupt(slot: u32) -> Intent {
    Intent::Tell(Command::Interrupt { session: id(slot) })
}

fn turn(slot: u32, action: Action) -> Intent {
    Intent::Turn { session: id(slot), command: UserCommand { action, arguments: Arguments::default() } }
}

fn lookup(address: &str, action: Action, force: bool) -> Intent {
    let flags = Flags { force, ..Flags::default() };
    let arguments = Arguments { session: Some(address.into()), flags, ..Arguments::default() };
    Intent::Lookup { address: address.into(), command: UserCommand { action, arguments } }
}

fn session_id(slot: u32) -> SessionId {
    id(slot)
}

#[test]
fn keys_that_go_somewhere() {
    for (keys, slot) in [
        (&["Alt+2"][..], 2),
        (&["Alt+é"], 2),
        (&["Ctrl+X", "5"], 5),
        (&["Ctrl+X", "]"], 2),
        (&["Ctrl+X", "["], 7),
        (&["Ctrl+PageDown"], 2),
        (&["Ctrl+PageUp"], 7),
        (&["Ctrl+Tab"], 2),
        (&["Ctrl+Shift+Tab"], 7),
        (&["Alt+7", "Alt+L"], 1),
        (&["Alt+7", "Alt+д"], 1),
        (&["Alt+7", "Ctrl+X", "Tab"], 1),
        (&["Alt+A"], 5),
        (&["Alt+A", "Alt+A"], 7),
        (&["Ctrl+X", "a"], 5),
        (&["Alt+S", "Down", "Enter"], 2),
        (&["Ctrl+X", "l", "d", "o", "Enter"], 7),
        (&["Ctrl+X", "l", "7", "Enter"], 7),
        (&["Ctrl+X", "l", "Up", "Enter"], 7),
        (&["Alt+S", "Alt+5"], 5),
    ] {
        let mut world = world();
        let intents = world.keys(keys);
        assert_eq!(intents.last(), Some(&show(slot)), "{keys:?}");
        assert_eq!(world.ui.focus(), Some(id(slot)), "{keys:?}");
    }
}

#[test]
fn commands_that_go_somewhere() {
    for (typed, slot) in [
        ("/switch plan", 2),
        ("/switch 5", 5),
        ("/sw rev", 5),
        ("/switch PLAN", 2),
        ("/next", 2),
        ("/prev", 7),
        ("/attend", 5),
    ] {
        let mut world = world();
        assert_eq!(world.say(typed), [show(slot)], "{typed}");
        world.keys(&["Alt+1"]);
        assert!(world.frame().ends_with("[api] >"), "{typed} left something typed");
    }
}

#[test]
fn keys_that_ask_for_something() {
    for (keys, intents) in [
        (&["Ctrl+N"][..], vec![new()]),
        (&["Ctrl+X", "n"], vec![new()]),
        (&["Ctrl+X", "т"], vec![new()]),
        (&["x", "Ctrl+N"], vec![]),
        (&["Ctrl+W"], vec![close(1, false)]),
        (&["Ctrl+X", "w"], vec![close(1, false)]),
        (&["x", "Ctrl+W"], vec![]),
        (&["Alt+2", "Ctrl+X", "w", "n"], vec![show(2)]),
        (&["Alt+2", "Ctrl+X", "w", "Esc"], vec![show(2)]),
        (&["Alt+2", "Ctrl+X", "w", "x"], vec![show(2), Intent::Bell]),
        (&["Alt+2", "Ctrl+X", "w", "y"], vec![show(2), close(2, true)]),
        (&["Ctrl+X", "r", "2", "Enter"], vec![rename(1, "api2")]),
        (&["Ctrl+R", "Enter", "Enter"], vec![submit("old question")]),
        (&["Ctrl+X", "r", "Enter"], vec![]),
        (&["Alt+S", "Down", "Ctrl+R", "s", "Enter"], vec![rename(2, "plans")]),
        (&["Alt+S", "Ctrl+W"], vec![close(1, false)]),
        (&["Ctrl+D"], vec![Intent::Detach]),
        (&["x", "Backspace", "Ctrl+X", "d"], vec![Intent::Detach]),
        (
            &["x", "Ctrl+X", "d"],
            vec![
                Intent::Tell(Command::SaveDraft { session: session_id(1), text: "x".into() }),
                Intent::Detach,
            ],
        ),
        (&["Ctrl+C"], vec![]),
        (&["Alt+2", "Ctrl+C"], vec![show(2), interrupt(2)]),
        (&["Alt+2", "x", "Ctrl+C"], vec![show(2), interrupt(2)]),
        (&["Ctrl+L"], vec![Intent::Redraw]),
        (&["Ctrl+Z"], vec![Intent::Suspend]),
        (&["Ctrl+X", "Ctrl+X"], vec![]),
        (&["Ctrl+X", "Esc", "n"], vec![]),
        (&["Ctrl+X", "x"], vec![]),
        (&["Enter"], vec![]),
        (&[" ", "Enter"], vec![]),
        (&["h", "i", "Enter"], vec![submit("hi")]),
        (&["h", "\\", "Enter", "i", "Enter"], vec![submit("h\ni")]),
        (&["h", "Alt+Enter", "i", "Enter"], vec![submit("h\ni")]),
        (&["h", "Shift+Enter", "i", "Enter"], vec![submit("h\ni")]),
        (&["h", "Ctrl+J", "i", "Enter"], vec![submit("h\ni")]),
        (&["Up", "Enter"], vec![submit("old question")]),
        (&["h", "Ctrl+C", "Up", "Enter"], vec![submit("h")]),
        (&["o", "l", "d", "Ctrl+R", "Enter", "Enter"], vec![submit("old question")]),
    ] {
        assert_eq!(world().keys(keys), intents, "{keys:?}");
    }
}

#[test]
fn commands_that_ask_for_something() {
    for (typed, intent) in [
        ("/new", new()),
        ("/new debug", made("debug", None)),
        ("/new debug foo", made("debug", Some("foo"))),
        ("/close", close(1, false)),
        ("/close docs", close(7, false)),
        ("/close! plan", close(2, true)),
        ("/rename api-v2", rename(1, "api-v2")),
        ("/retry", turn(1, Action::Retry)),
        ("/fork", fork(None)),
        ("/fork other", fork(Some("other"))),
        ("/reopen old", lookup("old", Action::Reopen, false)),
        ("/delete", Intent::Tell(Command::Trash { session: id(1), even_if_working: false })),
        ("/delete! plan", lookup("plan", Action::Delete, true)),
        ("/unread plan", Intent::Tell(Command::MarkUnread { session: id(2) })),
        ("/read plan", Intent::Tell(Command::MarkRead { session: id(2) })),
        ("/pin", Intent::Tell(Command::Pin { session: id(1), pinned: true })),
        ("/detach", Intent::Detach),
        ("/redraw", Intent::Redraw),
        ("//etc/hosts", submit("/etc/hosts")),
    ] {
        let mut world = world();
        assert_eq!(world.say(typed), [intent], "{typed}");
        assert!(world.frame().ends_with("[api] >"), "{typed} stayed in the editor");
    }
}

#[test]
fn what_is_steered_goes_into_what_runs() {
    let mut world = world();
    world.keys(&["Alt+2"]);
    let steered =
        Intent::Prompt { key: 0, session: id(2), text: "that way".into(), way: q_core::PromptWay::Steer };
    assert_eq!(world.say("/steer that way"), [steered]);
}

#[test]
fn a_waiting_prompt_is_taken_back_into_the_editor() {
    for (typed, prompt, text) in [("/unqueue", 2, "after"), ("/unqueue 1", 1, "next")] {
        let mut world = world();
        world.keys(&["Alt+2"]);
        assert_eq!(
            world.say(typed),
            [Intent::Tell(Command::Unqueue { session: id(2), prompt: PromptNo(prompt) })]
        );
        assert!(world.frame().ends_with(&format!("[plan] > {text}")), "{typed}");
    }
}

#[test]
fn a_mistaken_command_says_why_and_is_one_key_away() {
    for (typed, why) in [
        ("/swich plan", "did you mean /switch?"),
        ("/switch pln", "did you mean plan?"),
        ("/close zzz", "there is no session `zzz`"),
        ("/rename", "needs a name"),
        ("/rename a b", "try a-b"),
        ("/new 1", "must begin with a letter"),
        ("/unqueue 3", "no prompt waits here"),
        ("/etc/hosts", "typed //"),
        ("/new debgu", "did you mean /new debug?"),
        ("/steer that way", "nothing runs here"),
        ("/help frobnicate", "nothing in the help mentions `frobnicate`"),
        ("/help export", "in a shell: q export SESSION"),
        ("/help serch", "did you mean"),
    ] {
        let mut world = world();
        let asked = world.say(typed);
        // Whether somebody wrote such a command only the client knows; here nobody did.
        if let [Intent::Written { line, otherwise, .. }] = asked.as_slice() {
            assert!(line == typed && ["/swich plan", "/etc/hosts"].contains(&typed), "{typed}");
            world.ui.unknown_command(otherwise);
        } else {
            assert_eq!(asked, [], "{typed}");
        }
        let frame = world.frame();
        assert!(frame.split_whitespace().collect::<Vec<_>>().join(" ").contains(why), "{typed}: {frame}");
        assert!(frame.ends_with("[api] >"), "{typed}: {frame}");
        let said = frame.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("Up brings it back"), "{typed}: {frame}");
        world.keys(&["Up"]);
        assert!(world.frame().ends_with(&format!("[api] > {typed}")), "{typed}");
    }
}

#[test]
fn a_kind_is_asked_about_and_names_are_names() {
    let name = |kind: &str, name: &str| made(kind, Some(name));
    for (typed, intents) in [
        ("/new bogus", vec![name("", "bogus")]),
        ("/new plan", vec![name("", "plan")]),
        ("/new debug-api", vec![name("", "debug-api")]),
        ("/new review2", vec![name("", "review2")]),
        ("/new -- debgu", vec![name("", "debgu")]),
        ("/new debug -- debug", vec![name("debug", "debug")]),
        ("/new debgu", vec![]),
        ("/new Debug", vec![]),
        ("/new plannign api", vec![]),
        ("/new --", vec![]),
    ] {
        assert_eq!(world().say(typed), intents, "{typed}");
    }
}

#[test]
fn what_alt_gr_makes_is_typed_and_chords_stay_chords() {
    let key = |typed, held| TerminalEvent::Key(Chord::pressed(KeyCode::Char(typed), held));
    let (alt, ctrl, shift) = (KeyModifiers::ALT, KeyModifiers::CONTROL, KeyModifiers::SHIFT);
    for (typed, held, shown) in [
        ('{', alt, "x{"),
        ('@', alt, "x@"),
        ('\\', alt, "x\\"),
        ('0', alt, "x0"),
        ('€', alt, "x€"),
        ('ł', alt, "xł"),
        ('Ł', alt | shift, "xŁ"),
        ('{', alt | ctrl, "x{"),
        ('[', alt | shift, "x["),
        ('q', alt, "x"),
        ('Q', alt | shift, "x"),
        ('ж', alt, "x"),
        ('x', alt | ctrl, "x"),
        ('{', ctrl, "x"),
        (' ', alt, "x"),
    ] {
        let mut world = world();
        world.type_text("x");
        assert_eq!(world.ui.handle(&world.mirror, key(typed, held)), [], "{typed} {held:?}");
        let frame = world.frame();
        assert!(frame.ends_with(&format!("[api] > {shown}")), "{typed} {held:?}: {frame}");
    }
    // What is bound is what it was: Alt+2 in two layouts, Alt+L, Alt+B.
    for (typed, slot) in [('2', 2), ('é', 2), ('7', 7)] {
        assert_eq!(world().ui.handle(&world().mirror, key(typed, alt)).last(), Some(&show(slot)), "{typed}");
    }
    let mut world = world();
    world.type_text("one two");
    for typed in ['b', 'и'] {
        world.ui.handle(&world.mirror, key(typed, alt));
    }
    world.type_text("|");
    assert!(world.frame().ends_with("[api] > |one two"), "{}", world.frame());
}

#[test]
fn on_a_page_a_line_that_is_no_command_is_refused_and_the_page_stays() {
    let mut world = world();
    world.ui.show_skills(None, vec!["  pdf  Fills forms".to_owned()]);
    assert_eq!(world.say("/reveiw a.rs"), []);
    let said = world.frame().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Fills forms") && said.contains("are typed at the prompt"), "{said}");
    world.keys(&["Esc", "Up"]);
    assert!(world.frame().ends_with("[api] > /reveiw a.rs"), "{}", world.frame());
}

#[test]
fn what_is_typed_on_a_page_that_is_only_read_goes_to_the_prompt() {
    for typed in ["!ls", "look at it", "Über", "1 2"] {
        let mut on_page = world();
        on_page.ui.show_skills(None, vec!["  pdf  Fills forms".to_owned()]);
        assert_eq!(on_page.say(typed), world().say(typed), "{typed}");
        assert!(!on_page.frame().contains("Fills forms"), "{typed}");
    }
}
