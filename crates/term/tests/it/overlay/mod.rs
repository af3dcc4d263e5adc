//! What overlays advertise works in them; each has its screens in a file of its own.

mod confirm;
mod help;
mod inbox;
mod queue;
mod rename;
mod switcher;

use q_core::{
    Activity, Answer, CallNo, Command, Digest, PendingCall, PromptNo, Snapshot, TurnNo, WallTime, Wants,
};
use q_term::command::Arguments;
use q_term::{Intent, TerminalEvent};

use crate::world::{But, NOW, World, id, session};

fn pending() -> PendingCall {
    PendingCall {
        turn: TurnNo(2),
        call: CallNo(1),
        tool: "shell".into(),
        input: "ls".into(),
        digest: Digest::numbered(7),
        wants: Wants::Consent,
        always: Some(q_core::ToolRule::any(q_core::RuleEffect::Allow, "shell".into())),
        circumstance: q_core::Circumstance::Plain,
        since: WallTime(NOW.0 - 1000),
    }
}

fn sessions() -> Vec<Snapshot> {
    vec![
        session(1, "api").activity(Activity::Working).queued(&["first", "second", "third"]),
        session(2, "plan").activity(Activity::NeedsApproval).but(|snapshot| {
            snapshot.summary.pending = 1;
            snapshot.pending = vec![pending()];
        }),
    ]
}

fn show(slot: u32) -> Intent {
    Intent::Show { session: Some(id(slot)), at_end: true, beside: Vec::new() }
}

fn tell(command: Command) -> Vec<Intent> {
    vec![Intent::Tell(command)]
}

const SESSION: q_core::SessionId = q_core::SessionId(1 << 120);

fn answer(answer: Answer) -> Vec<Intent> {
    let (session, turn, call, digest) = (id(2), TurnNo(2), CallNo(1), Digest::numbered(7));
    tell(Command::Answer { session, turn, call, digest, answer })
}

/// Opens, what is advertised, what is pressed for it, what comes of it, what is on the screen then and what is not.
type Case = (&'static [&'static str], &'static str, &'static str, Vec<Intent>, &'static str, &'static str);

#[test]
fn whatever_an_overlay_advertises_works_in_it() {
    let queue: &[&str] = &["/queue", "Enter"];
    let inbox: &[&str] = &["Ctrl+X", "i"];
    let help: &[&str] = &["F1"];
    let list: &[&str] = &["Alt+S"];
    let close: &[&str] = &["Ctrl+W"];
    let delete: &[&str] = &["/delete", "Enter"];
    let rename: &[&str] = &["Ctrl+R"];
    let new = || vec![Intent::Make(Arguments::default())];
    let unqueue = |prompt| tell(Command::Unqueue { session: SESSION, prompt: PromptNo(prompt) });
    let moved = Command::Move { session: SESSION, prompt: PromptNo(3), place: 0 };
    let edited = Command::Edit { session: SESSION, prompt: PromptNo(2), text: "anew".into() };
    let now = Command::SendNow { session: SESSION, prompt: PromptNo(2) };
    let closed = Command::Close { session: SESSION, even_if_working: true };
    let trashed = Command::Trash { session: SESSION, even_if_working: true };
    let renamed = Command::Rename { session: SESSION, name: "apix".into() };
    let cases: Vec<Case> = vec![
        (queue, "/unqueue [NUMBER]", "/unqueue 2⏎", unqueue(2), "[api] > second", "┌ queue"),
        (queue, "/edit NUMBER [TEXT]", "/edit 3⏎", unqueue(3), "[api] > third", "┌ queue"),
        (queue, "/edit NUMBER [TEXT]", "/edit 2 anew⏎", tell(edited), "┌ queue", "> /edit"),
        (queue, "/move NUMBER PLACE", "/move 3 1⏎", tell(moved), "┌ queue", "> /move"),
        (queue, "/now [NUMBER]", "/now 2⏎", tell(now), "┌ queue", "> /now"),
        (queue, "Esc leaves", "Esc", vec![], "[api] >", "┌ queue"),
        (queue, "/ begins a command", "/mo", vec![], "> /mo", "Esc leaves"),
        (queue, "/ begins a command", "/mo Esc", vec![], "Esc leaves", "> /mo"),
        (queue, "/ begins a command", "/move 9 1⏎", vec![], "there is no such number", "> /move"),
        (inbox, "y a n answer", "y ⏎", answer(Answer::Once), "┌ inbox", "> y"),
        (inbox, "y a n answer", "a ⏎", answer(Answer::Always), "┌ inbox", "> a"),
        (inbox, "y a n answer", "n ⏎", answer(Answer::Deny), "┌ inbox", "> n"),
        (inbox, "y a n answer", "y Esc", vec![], "y a n answer", "> y"),
        (inbox, "↑ ↓ others", "Down", vec![], "┌ inbox", "> "),
        (inbox, "PgUp PgDn scroll", "PageDown", vec![], "┌ inbox", "> "),
        (inbox, "Enter goes there", "⏎", vec![show(2)], "[plan] >", "┌ inbox"),
        (inbox, "/ command", "/always 1⏎", answer(Answer::Always), "┌ inbox", "> /always"),
        (inbox, "/ command", "/deny 1 no⏎", answer(Answer::Words("no".into())), "┌ inbox", "> /deny"),
        (inbox, "/ command", "/switch plan⏎", vec![show(2)], "[plan] >", "┌ inbox"),
        (inbox, "/ command", "/answer yes⏎", vec![], "nothing in this session waits", "> /answer"),
        (inbox, "Esc leaves", "Esc", vec![], "[api] >", "┌ inbox"),
        (help, "↑ ↓ PgUp PgDn scroll", "PageDown", vec![], "┌ help", "│ Sessions"),
        (help, "↑ ↓ PgUp PgDn scroll", "Down", vec![], "┌ help", "│ Sessions"),
        (help, "↑ ↓ PgUp PgDn scroll", "Down Up", vec![], "│ Sessions", "[api] > x"),
        (help, "/new [KIND] [NAME]", "/new⏎", new(), "[api] >", "┌ help"),
        (help, "Ctrl+X n", "Ctrl+X n", new(), "[api] >", "┌ help"),
        (help, "Ctrl+N", "Ctrl+N", new(), "[api] >", "┌ help"),
        (help, "Alt+1…9", "Alt+2", vec![show(2)], "[plan] >", "┌ help"),
        (help, "Alt+S", "Alt+S", vec![], "┌ sessions", "┌ help"),
        (help, "/ begins a command", "/swich plan⏎", vec![], "there is no /swich", "> /swich"),
        (help, "/ begins a command", "/rename a b⏎", vec![], "try a-b", "> /rename"),
        (help, "Esc leaves", "Esc", vec![], "[api] >", "┌ help"),
        (list, "Enter goes there", "Down ⏎", vec![show(2)], "[plan] >", "┌ sessions"),
        (list, "Ctrl+R renames", "Ctrl+R", vec![], "┌ rename", "┌ sessions"),
        (list, "Ctrl+R renames", "p Ctrl+R", vec![], "┌ rename", "┌ sessions"),
        (list, "Ctrl+W closes", "Ctrl+W", vec![], "┌ close", "┌ sessions"),
        (list, "/ command", "/new⏎", new(), "[api] >", "┌ sessions"),
        (list, "/ command", "/x Esc", vec![], "Ctrl+W closes", "/x"),
        (list, "Esc leaves", "Esc", vec![], "[api] >", "┌ sessions"),
        (close, "y closes it", "y", tell(closed), "[api] >", "┌ close"),
        (close, "n keeps it", "n", vec![], "[api] >", "┌ close"),
        (delete, "y deletes it", "y", tell(trashed), "[api] >", "┌ delete"),
        (delete, "n keeps it", "n", vec![], "[api] >", "┌ delete"),
        (rename, "Enter renames", "x ⏎", tell(renamed), "[api] >", "┌ rename"),
        (rename, "Esc leaves", "x Esc", vec![], "[api] >", "┌ rename"),
    ];
    for (opens, advertised, pressed, intents, then, no_more) in cases {
        let mut world = World::with(100, 30, sessions());
        press(&mut world, opens);
        let before = world.frame();
        assert!(before.contains(advertised), "{opens:?} does not advertise {advertised:?}:\n{before}");
        let keys: Vec<String> = if pressed.starts_with('/') { typed(pressed) } else { words(pressed) };
        let done = press(&mut world, &keys.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(done, intents, "{advertised:?} by {pressed:?}");
        let after = world.frame();
        assert!(after.contains(then), "{advertised:?} by {pressed:?}: no {then:?} in\n{after}");
        assert!(!after.contains(no_more), "{advertised:?} by {pressed:?}: {no_more:?} in\n{after}");
    }
}

/// A command letter by letter, `⏎` at its end; a last word `Esc` is the key.
fn typed(pressed: &str) -> Vec<String> {
    let (text, key) = match pressed.strip_suffix(" Esc") {
        Some(text) => (text, Some("Esc".to_owned())),
        None => (pressed, None),
    };
    text.chars()
        .map(|typed| if typed == '⏎' { "Enter".into() } else { typed.to_string() })
        .chain(key)
        .collect()
}

fn words(pressed: &str) -> Vec<String> {
    pressed.split(' ').map(|key| if key == "⏎" { "Enter".into() } else { key.to_owned() }).collect()
}

/// Keys as they are written; what begins with a slash and has more behind it is typed.
fn press(world: &mut World, keys: &[&str]) -> Vec<Intent> {
    let mut intents = Vec::new();
    for key in keys {
        if key.starts_with('/') && key.len() > 1 {
            intents.extend(world.type_text(key));
        } else {
            intents.extend(world.keys(&[key]));
        }
    }
    intents
}

#[test]
fn with_text_in_the_filter_ctrl_w_edits_it_and_is_not_advertised() {
    let mut world = World::with(100, 30, sessions());
    world.keys(&["Alt+S", "p", "l"]);
    let frame = world.frame();
    assert!(!frame.contains("Ctrl+W closes") && frame.contains("Enter goes there"), "{frame}");
    assert_eq!(world.keys(&["Ctrl+W"]), []);
    assert!(world.frame().contains("filter:  ") && world.frame().contains("┌ sessions"), "{}", world.frame());
}

#[test]
fn a_prompt_taken_back_in_the_queue_box_costs_no_draft() {
    let mut world = World::with(100, 30, sessions());
    press(&mut world, &["/queue", "Enter", "Esc"]);
    world.type_text("half a thought");
    world.ui.handle(&world.mirror, TerminalEvent::Key(crate::world::key_event("F1")));
    world.type_text("/unqueue 2");
    world.keys(&["Enter"]);
    assert!(world.frame().ends_with("[api] > second"), "{}", world.frame());
    world.keys(&["Up"]);
    assert!(world.frame().ends_with("[api] > half a thought"), "{}", world.frame());
}

#[test]
fn a_page_follows_what_changes_and_keeps_the_draft_beneath_it() {
    let mut world = World::with(100, 30, sessions());
    world.type_text("half a thought");
    world.keys(&["Ctrl+X", "i"]);
    assert!(world.frame().contains("┌ inbox"));
    world.ui.handle(&world.mirror, TerminalEvent::Paste("/deny 1\nmore".into()));
    assert!(world.frame().contains("> /deny 1"), "{}", world.frame());
    assert_eq!(world.keys(&["Enter"]), answer(Answer::Deny));
    world.update(q_core::Update::Pending { session: id(2), pending: vec![] });
    assert!(world.frame().contains("nothing waits here any more"), "{}", world.frame());
    world.keys(&["Esc"]);
    assert!(world.frame().ends_with("[api] > half a thought"), "{}", world.frame());
}
