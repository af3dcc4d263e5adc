//! Completion while something is typed: what is offered when, what keys do in the list, and that Enter sends what is typed
//! unless something was chosen.

use q_core::{Command, PromptWay, Update};
use q_term::offers::OfferList;
use q_term::written::WrittenText;
use q_term::{Intent, TerminalEvent};

use crate::waiting::{consent, waiting};
use crate::world::{World, id, key_event, session};

const FILES: [&str; 6] =
    ["src/main.rs", "src/mainly.rs", "docs/my notes.md", "domain.txt", "日本/語.txt", "a\u{1b}[31mred"];

/// A terminal whose client answers as one does, with those files.
struct Typist {
    world: World,
    sent: Vec<Intent>,
}

impl Typist {
    fn new() -> Self {
        let mut sessions = vec![session(1, "api"), session(2, "plan"), session(3, "planet")];
        sessions[0].summary.tags = vec!["work".parse().unwrap()];
        sessions[1].summary.tags = vec!["old".parse().unwrap()];
        sessions[0].summary.agent = "acp".into();
        Self { world: World::with(80, 24, sessions), sent: Vec::new() }
    }

    fn answer(&mut self, intents: Vec<Intent>) {
        let (ui, mirror) = (&mut self.world.ui, &self.world.mirror);
        let one = |name: &str, fault: Option<&str>| WrittenText {
            name: name.into(),
            hint: "FILE".into(),
            about: "Looks\u{1b} at one".into(),
            fault: fault.map(str::to_owned),
            ..WrittenText::default()
        };
        for intent in intents {
            if let Intent::Complete { session, begun, anew } = &intent {
                let names = FILES.iter().filter(|name| name.starts_with(begun));
                ui.completed(mirror, *session, begun, names.map(|name| (*name).to_owned()).collect());
                if *anew {
                    let all = FILES.iter().map(|name| (*name).to_owned()).collect();
                    ui.found_files(mirror, *session, all);
                }
            } else if let Intent::CompleteCommand { session } = &intent {
                let commands = vec![one("review", None), one("broken", Some("no")), one("close", None)];
                ui.completed_command(mirror, *session, (commands, vec![one("pdf", None)]));
            } else if let Intent::Offers { session, wanted } = &intent {
                let pair = |name: &str| (name.to_owned(), "of the agent".to_owned());
                let offers = OfferList {
                    modes: vec![pair("code"), pair("plan")],
                    commands: vec![pair("init"), pair("compact")],
                    ..OfferList::default()
                };
                ui.offered(mirror, *session, wanted.clone(), &offers);
            } else {
                self.sent.push(intent);
            }
        }
    }

    fn types(mut self, text: &str) -> Self {
        for typed in text.chars() {
            self = self.presses(&[&typed.to_string()]);
        }
        self
    }

    fn presses(mut self, keys: &[&str]) -> Self {
        for key in keys {
            let intents = self.world.ui.handle(&self.world.mirror, TerminalEvent::Key(key_event(key)));
            self.answer(intents);
        }
        self
    }

    /// The rows of the list: those between the status and the prompt.
    fn list(&mut self) -> Vec<String> {
        let frame = self.world.frame();
        let rows: Vec<&str> = frame.lines().collect();
        let status = rows.iter().position(|row| row.ends_with("~/api")).unwrap();
        rows[status + 1..].iter().filter(|row| !row.starts_with("[api]")).map(|row| (*row).into()).collect()
    }

    fn typed(&mut self) -> String {
        let frame = self.world.frame();
        frame.rsplit("[api] > ").next().unwrap_or_default().to_owned()
    }
}

#[test]
fn what_could_be_meant_stands_above_the_prompt() {
    for (typed, first) in [
        ("/cl", "/close [SESSION]"),
        ("/sw", "/switch NAME|NUMBER"),
        ("/rvw", "/review FILE"),
        ("/ini", "/init"),
        ("//comp", "//compact"),
        ("/switch pla", "plan "),
        ("/switch net", "planet"),
        ("/mode p", "plan"),
        ("/set tem", "temperature"),
        ("/skill p", "pdf FILE"),
        ("/tag ol", "+old"),
        ("/tag -", "-work"),
        ("/new deb", "debug"),
        ("see @main", "@src/main.rs"),
        ("see @notes", "@docs/my notes.md"),
        ("see @語", "@日本/語.txt"),
    ] {
        let list = Typist::new().types(typed).list();
        assert!(list.first().is_some_and(|row| row.starts_with(first)), "{typed}: {list:?}");
    }
    for nothing in ["close", "/broken x", "see @x7", "/switch planet", "/help x", "mail me@main"] {
        assert_eq!(Typist::new().types(nothing).list(), [""; 0], "{nothing}");
    }
    // What can be used no more is offered by nobody, q's own goes first, and nothing is drawn that a terminal would obey.
    let all = Typist::new().types("/brok").list();
    assert!(!all.iter().any(|row| row.starts_with("/broken")), "{all:?}");
    let close = Typist::new().types("/close").list();
    assert_eq!(close.iter().filter(|row| row.starts_with("/close")).count(), 1, "{close:?}");
    assert!(Typist::new().types("/review").list()[0].ends_with("Looks<U+001B> at one"));
    assert!(Typist::new().types("@red").list()[0].contains("a<U+001B>[31mred"));
}

#[test]
fn enter_sends_what_is_typed_unless_something_was_chosen() {
    let told = |typist: &Typist| {
        let prompts = typist.sent.iter().filter_map(|intent| {
            if let Intent::Prompt { text, way: PromptWay::Ask, .. } = intent {
                return Some(text.clone());
            }
            matches!(intent, Intent::Tell(Command::Close { .. })).then(|| "closed".to_owned())
        });
        prompts.collect::<Vec<_>>()
    };
    for (typed, keys, sent, left) in [
        ("see @main", &["Enter"] as &[&str], &["see @main"] as &[&str], ""),
        ("/close", &["Enter"], &["closed"], ""),
        ("see @main", &["Tab", "Enter"], &[], "see @src/main.rs"),
        ("see @main", &["Tab", "Tab", "Enter"], &[], "see @src/mainly.rs"),
        ("see @main", &["Tab", "Down", "Up", "Enter", "Enter"], &["see @src/main.rs"], ""),
        ("see @main", &["Down", "Enter"], &[], "see @src/main.rs"),
        ("see @main", &["Shift+Tab", "Enter"], &[], "see @domain.txt"),
        // Out of the list at its top, closed, and left by a letter: nothing is chosen any more.
        ("see @main", &["Tab", "Up", "Enter"], &["see @main"], ""),
        ("see @main", &["Tab", "Esc", "Enter"], &["see @main"], ""),
        ("see @main", &["Tab", "l", "Enter"], &["see @mainl"], ""),
        // Up is the history's as long as nothing was chosen.
        ("x", &["Enter", "Up", "Enter"], &["x", "x"], ""),
        ("my @note", &["Tab"], &[], "my @\"docs/my notes.md\""),
        ("/clo", &["Tab"], &[], "/close"),
        ("/swi", &["Tab", "p", "l", "Tab"], &[], "/switch plan"),
        ("/switch net", &["Tab", "Enter"], &[], ""),
    ] {
        let mut typist = Typist::new().types(typed).presses(keys);
        assert_eq!(told(&typist), sent, "{typed} {keys:?}");
        assert!(typist.typed().starts_with(left), "{typed} {keys:?}: {}", typist.typed());
    }
}

#[test]
fn a_list_that_was_closed_stays_closed_for_that_word_and_tab_opens_it() {
    let mut typist = Typist::new().types("see @ma").presses(&["Esc"]).types("in");
    assert_eq!(typist.list(), [""; 0]);
    let mut typist = typist.presses(&["Tab"]);
    assert!(typist.list()[0].starts_with("@src/main.rs"), "{:?}", typist.list());
    let mut typist = typist.presses(&["Esc"]).types(" and @dom");
    assert!(typist.list()[0].starts_with("@domain.txt"), "{:?}", typist.list());
    // A session's list is not another's, and is there again with its text.
    let mut typist = typist.presses(&["Alt+2"]);
    assert!(!typist.world.frame().contains("@domain"), "{}", typist.world.frame());
}

/// The names that begin so come late.
fn named(world: &mut World, begun: &str, names: &[&str]) {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    world.ui.completed(&world.mirror, Some(id(1)), begun, names);
}

#[test]
fn a_tab_that_waits_is_done_to_the_text_it_was_pressed_at_or_not_at_all() {
    for (then, left) in [
        (&[] as &[TerminalEvent], "see @src/main.rs"),
        (&[TerminalEvent::Focus(true)], "see @src/main.rs"),
        (&[TerminalEvent::Key(key_event("Ctrl+X"))], "see @src/ma"),
        (&["Alt+S", "Esc"].map(|key| TerminalEvent::Key(key_event(key))), "see @src/ma"),
        (&["Left", "End"].map(|key| TerminalEvent::Key(key_event(key))), "see @src/ma"),
        (&[TerminalEvent::Paste(" @src/ma".into())], "see @src/ma @src/ma"),
    ] {
        let mut world = World::with(80, 24, vec![session(1, "api"), session(2, "plan")]);
        world.type_text("see @src/ma");
        world.keys(&["Tab"]);
        for event in then {
            world.ui.handle(&world.mirror, event.clone());
        }
        named(&mut world, "src/ma", &["src/main.rs"]);
        let frame = world.frame();
        let typed = frame.rsplit("[api] > ").next().unwrap_or_default();
        assert_eq!(typed.trim_end(), left, "{then:?}");
    }
    // Another program wrote another text meanwhile.
    let mut world = World::with(80, 24, vec![session(1, "api")]);
    world.type_text("see @src/ma");
    world.keys(&["Tab"]);
    assert!(world.ui.edited(&world.mirror, Some(id(1)), "see @src/ma", "look at @src/ma"));
    named(&mut world, "src/ma", &["src/main.rs"]);
    assert!(world.frame().trim_end().ends_with("> look at @src/ma"), "{}", world.frame());
}

#[test]
fn tab_waits_for_the_names_that_begin_as_it_is_typed_by_now() {
    let mut world = World::with(80, 24, vec![session(1, "api")]);
    world.type_text("@s");
    named(&mut world, "s", &["src/"]);
    world.type_text("rc/");
    world.keys(&["Tab"]);
    named(&mut world, "s", &["src/"]);
    assert!(world.frame().ends_with("> @src/"), "{}", world.frame());
    named(&mut world, "src/", &["src/main.rs"]);
    assert!(world.frame().contains("> @src/main.rs"), "{}", world.frame());
    // What a late Tab typed is asked for by the next.
    world.type_text("@d");
    world.keys(&["Tab"]);
    named(&mut world, "d", &["docs/"]);
    let asked = world.ui.handle(&world.mirror, TerminalEvent::Key(key_event("Tab")));
    assert!(matches!(asked.as_slice(), [Intent::Complete { begun, .. }] if begun == "docs/"), "{asked:?}");
    named(&mut world, "docs/", &["docs/keys.md"]);
    assert!(world.frame().contains("@docs/keys.md"), "{}", world.frame());
    world.type_text("@x");
    world.keys(&["Tab"]);
    named(&mut world, "x", &[]);
    assert!(world.frame().contains("no other file fits x"), "{}", world.frame());
}

#[test]
fn enter_with_something_chosen_neither_answers_a_question_nor_sends() {
    for (typed, key) in [("/s", "Tab"), ("@main", "Down"), ("y @main", "Down")] {
        let mut typist = Typist::new().types(typed).presses(&[key]);
        let asking = waiting(1, "api", vec![consent(1, "rm -r target", 7)]);
        typist.world.update(Update::Session(Box::new(asking.summary)));
        typist.world.update(Update::Pending { session: id(1), pending: asking.pending });
        let frame = typist.world.frame();
        assert!(frame.contains("rm -r target"), "{frame}");
        let typist = typist.presses(&["Enter"]);
        let is_it =
            |intent: &&Intent| matches!(intent, Intent::Tell(Command::Answer { .. }) | Intent::Prompt { .. });
        assert_eq!(typist.sent.iter().find(is_it), None, "{typed}");
    }
}

#[test]
fn small_screens_have_small_lists_and_the_prompt_stays() {
    for (columns, rows, most) in [(80, 24, 8), (40, 12, 3), (30, 8, 2), (20, 5, 0), (10, 2, 0), (1, 1, 0)] {
        let mut world = World::with(columns, rows, vec![session(1, "api")]);
        world.type_text("/");
        let frame = world.frame();
        let commands = frame.lines().filter(|row| row.starts_with('/')).count();
        assert!(commands <= most && (commands > 0) == (most > 0), "{columns}x{rows}:\n{frame}");
        assert!(rows < 2 || frame.ends_with("> /"), "{columns}x{rows}:\n{frame}");
    }
}

#[test]
fn the_list_at_80_by_24() {
    insta::assert_snapshot!(Typist::new().types("/s").presses(&["Tab"]).world.frame());
}
