//! What waits for the person: calls in the transcript and above the prompt, the inbox, answers bound to what was shown.

use q_core::{
    Activity, Answer, Body, CallNo, Called, Circumstance, Command, Digest, Entry, EntryNo, Outcome,
    PendingCall, Resulted, RuleEffect, RulePattern, Snapshot, ToolRule, TurnNo, Update, WallTime, Wants,
};
use q_term::Intent;
use q_term::project::UntrustedPaths;

use crate::world::{But, NOW, World, entry, id, session};

pub(crate) fn pending(call: u64, wants: Wants, input: &str, digest: u64) -> PendingCall {
    PendingCall {
        turn: TurnNo(2),
        call: CallNo(call),
        tool: "shell".into(),
        input: input.into(),
        digest: Digest::numbered(digest),
        wants,
        always: (wants == Wants::Consent).then(|| ToolRule::any(RuleEffect::Allow, "shell".into())),
        circumstance: Circumstance::Plain,
        since: WallTime(NOW.0 - 120_000 + call * 1000),
    }
}

pub(crate) fn consent(call: u64, input: &str, digest: u64) -> PendingCall {
    pending(call, Wants::Consent, input, digest)
}

pub(crate) fn waiting(slot: u32, name: &str, calls: Vec<PendingCall>) -> Snapshot {
    let mut snapshot = session(slot, name).prompt(1, "tidy up").activity(Activity::NeedsApproval);
    for call in &calls {
        let body = Body::Call(Called {
            no: call.call,
            tool: call.tool.clone(),
            input: call.input.clone(),
            wants: call.wants,
        });
        snapshot = snapshot.but(|snapshot| snapshot.entries.push(entry(1 + call.call.0, body)));
    }
    snapshot.but(|snapshot| {
        snapshot.summary.pending = calls.len() as u32;
        snapshot.pending = calls;
    })
}

pub(crate) fn answer(slot: u32, call: u64, digest: u64, answer: Answer) -> Intent {
    let (session, turn, call, digest) = (id(slot), TurnNo(2), CallNo(call), Digest::numbered(digest));
    Intent::Tell(Command::Answer { session, turn, call, digest, answer })
}

#[test]
fn a_call_is_shown_whole_and_asks_above_the_prompt() {
    let calls = vec![consent(1, "rm -r target\n&& cargo build \u{1b}[2J", 7)];
    let mut world = World::with(80, 16, vec![waiting(1, "api", calls), session(2, "docs")]);
    insta::assert_snapshot!(world.frame());
}

#[test]
fn thoughts_calls_results_and_repairs_are_told_apart() {
    let result = |outcome, text: &str, kept, whole| {
        Body::Result(Resulted { of: EntryNo(3), outcome, text: text.into(), kept, whole })
    };
    let called =
        Called { no: CallNo(1), tool: "read".into(), input: "src/lib.rs".into(), wants: Wants::Nothing };
    let snapshot = session(1, "api").prompt(1, "what is in it?").but(|snapshot| {
        snapshot.entries.extend([
            entry(2, Body::Thinking("The *file* first.\n\nThen the tests.".into())),
            entry(3, Body::Call(called)),
            entry(4, result(Outcome::Done, "//! A library.\n\tpub mod a;\n\u{1b}]0;owned\u{7}", 37, 400_000)),
            entry(5, result(Outcome::Done, "//! Another.", 90_000, 400_000)),
            entry(6, Body::Answer("A library.".into())),
            entry(7, Body::Repair(q_core::Fault::LogCut { lost: Some(3) })),
        ]);
    });
    insta::assert_snapshot!(World::with(80, 24, vec![snapshot]).frame());
}

#[test]
fn a_thought_is_one_line_once_it_has_ended() {
    let long = "The file first.\n\nThen the tests, and after them whatever else there is to look at in it.";
    let thought =
        |no, at, text: &str| Entry { at: WallTime(NOW.0 - at), ..entry(no, Body::Thinking(text.into())) };
    let snapshot =
        session(1, "api").prompt(1, "what is in it?").activity(Activity::Working).but(|snapshot| {
            snapshot.entries.extend([
                thought(2, 157_000, long),
                Entry { at: WallTime(NOW.0 - 144_600), ..entry(3, Body::Answer("A library.".into())) },
                thought(4, 140_000, "Short."),
                Entry { at: WallTime(NOW.0 - 15_000), ..entry(5, Body::Answer("With tests.".into())) },
                thought(6, 7_000, "Is that\nall?"),
            ]);
        });
    let mut world = World::with(80, 24, vec![snapshot]);
    insta::assert_snapshot!(world.frame());
    world.keys(&["Ctrl+o"]);
    insta::assert_snapshot!(world.frame());
}

#[test]
fn an_answer_is_for_exactly_what_was_shown() {
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
    world.frame();
    assert_eq!(world.say("/approve"), [answer(1, 1, 7, Answer::Once)]);
    assert_eq!(world.say("/always 1"), [answer(1, 1, 7, Answer::Always)]);
    assert_eq!(world.say("/deny"), [answer(1, 1, 7, Answer::Deny)]);
    assert_eq!(world.say("/deny 1 use exa"), [answer(1, 1, 7, Answer::Words("use exa".into()))]);
}

#[test]
fn what_was_not_on_the_screen_cannot_be_answered() {
    let mut world = World::with(80, 24, vec![session(1, "api").activity(Activity::Working)]);
    let called = Called { no: CallNo(1), tool: "shell".into(), input: "ls".into(), wants: Wants::Consent };
    world.update(Update::Entry { session: id(1), entry: entry(2, Body::Call(called)) });
    world.update(Update::Pending { session: id(1), pending: vec![consent(1, "ls", 7)] });
    // The call is there, but no frame has shown it yet.
    assert_eq!(world.say("/approve"), []);
    assert!(world.frame().contains("another call waits now: asks: may shell run this? ls; look and answer"));
    world.frame();
    assert_eq!(world.say("/approve"), [answer(1, 1, 7, Answer::Once)]);
}

#[test]
fn a_number_is_never_given_to_something_else() {
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
    world.frame();
    world.update(Update::Pending { session: id(1), pending: vec![consent(2, "rm -rf /", 8)] });
    assert!(world.frame().contains(" ? 2 y shows it whole first · n no · shell: rm -rf /"));
    assert_eq!(world.say("/approve 1"), []);
    assert!(world.frame().contains("nothing waits with the number 1"));
    // Its entry has not come: it is read on a page, and answered from there.
    assert_eq!(world.say("/approve 2"), []);
    assert!(world.frame().contains("may shell run this? rm -rf /"), "{}", world.frame());
    assert_eq!(world.say("/approve 2"), [answer(1, 2, 8, Answer::Once)]);
}

#[test]
fn several_that_wait_must_be_told_apart() {
    let calls = vec![consent(1, "ls", 7), consent(2, "pwd", 8)];
    let mut world = World::with(80, 24, vec![waiting(1, "api", calls)]);
    world.frame();
    assert_eq!(world.say("/approve"), []);
    assert!(world.frame().contains("several wait here: 1, 2"));
}

#[test]
fn what_stands_around_a_call_is_said_where_nothing_is_cut() {
    let touch = r#"{"argv":["touch","/tmp/foo"]}"#;
    let replaces = || Circumstance::replaces(2, "@@ line 1\n-a\n-b\n+new\n".into());
    for (tool, input, circumstance, row, whole) in [
        ("run", touch, Circumstance::Plain, "run touch /tmp/foo", "may this run? touch"),
        (
            "run",
            touch,
            Circumstance::Unheld,
            "run without a sandbox: touch",
            "may this run without a sandbox? touch",
        ),
        (
            "run",
            touch,
            Circumstance::Denied,
            "failed in the sandbox; run without it: touch",
            "(it failed in the sandbox just now, which may have denied it)",
        ),
        (
            "run_sandboxed",
            touch,
            Circumstance::Plain,
            "run in a sandbox (writes here only, no network): touch",
            "has no network)",
        ),
        (
            "write",
            r#"{"path":"a","content":"new\n"}"#,
            Circumstance::New,
            "write a",
            "may a be written (4 bytes, 1 line)?\n+ new",
        ),
        (
            "write",
            r#"{"path":"a","content":"new\n"}"#,
            replaces(),
            "write over 2 lines of a",
            "? It replaces 2 lines:\n@@ line 1\n-a\n-b\n+new\nall of it:\n+ new",
        ),
    ] {
        let call = PendingCall { tool: tool.into(), circumstance, ..consent(1, input, 7) };
        let said = q_term::words::pending(&call);
        assert!(said.contains(whole), "{said}");
        let mut world = World::with(80, 24, vec![waiting(1, "api", vec![call])]);
        world.frame();
        assert!(world.frame().contains(row), "{}", world.frame());
    }
}

#[test]
fn trust_is_asked_about_when_no_call_waits() {
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
    let paths = UntrustedPaths {
        texts: vec!["AGENTS.md".into(), "CLAUDE.md".into()],
        servers: vec![".mcp.json".into()],
        ..UntrustedPaths::default()
    };
    world.ui.ask_trust(id(1), "/home/someone/p", &paths);
    world.frame();
    let frame = world.frame();
    assert!(frame.contains("trust in this directory is asked about after that"), "{frame}");
    assert_eq!(world.say("y"), [answer(1, 1, 7, Answer::Once)]);
    world.update(Update::Pending { session: id(1), pending: Vec::new() });
    let frame = world.frame();
    assert!(frame.contains(" ? y trusts") && frame.contains("servers of .mcp.json wait"), "{frame}");
}

#[test]
fn what_is_begun_on_a_page_answers_nothing_beneath() {
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
    world.frame();
    world.wait_ms(5_000);
    world.ui.show_skills(Some(id(1)), vec!["  pdf  Fills forms".to_owned()]);
    world.frame();
    world.wait_ms(5_000);
    // A page may be over the question: a letter for it is none for what is beneath.
    assert_eq!(world.say("y"), []);
    world.frame();
    world.wait_ms(5_000);
    assert_eq!(world.say("y"), [answer(1, 1, 7, Answer::Once)]);
}

/// What is answered to each of these calls at once.
fn answers(calls: &[(u64, u64)], answer: &Answer, said: &str) -> Vec<Intent> {
    let told = calls.iter().map(|&(call, digest)| {
        let (session, turn) = (id(1), TurnNo(2));
        let (call, digest, answer) = (CallNo(call), Digest::numbered(digest), answer.clone());
        Command::Answer { session, turn, call, digest, answer }
    });
    vec![Intent::Several(told.collect(), said.to_owned())]
}

/// Two calls of one tool, one of another, a question, and one of the first tool in another session.
fn several_wait(columns: u16, rows: u16) -> World {
    let mut other = consent(3, "x", 9);
    other.tool = "edit".into();
    let here = vec![consent(1, "ls", 7), consent(2, "pwd", 8), other, pending(4, Wants::Words, "Which?", 10)];
    let mut world = World::with(
        columns,
        rows,
        vec![waiting(1, "api", here), waiting(2, "docs", vec![consent(1, "make", 11)])],
    );
    world.frame();
    world
}

#[test]
fn all_of_a_tool_is_what_was_shown_of_it_in_one_session() {
    let both = [(1, 7), (2, 8)];
    let allowed = "allowed, this once: 2 calls of shell";
    for (typed, answer, said) in [
        ("A", Answer::Once, allowed),
        ("/approve all", Answer::Once, allowed),
        ("/approve 2 all", Answer::Once, allowed),
        ("/deny all", Answer::Deny, "denied: 2 calls of shell"),
        ("/deny all use ls", Answer::Words("use ls".into()), "denied: 2 calls of shell; the agent was told"),
    ] {
        let mut world = several_wait(80, 40);
        assert!(world.frame().contains("A all 2 of shell"), "{}", world.frame());
        assert_eq!(world.say(typed), answers(&both, &answer, said), "{typed}");
    }
    let mut world = several_wait(80, 40);
    let other = answers(&[(3, 9)], &Answer::Once, "allowed, this once: 1 call of edit");
    assert_eq!(world.say("/approve 3 all"), other, "of another tool");
    // In the inbox it is for what is shown there, and its session.
    let mut world = several_wait(80, 50);
    world.say("/inbox");
    world.frame();
    assert_eq!(world.say("A"), answers(&both, &Answer::Once, allowed));
}

#[test]
fn one_that_came_after_the_line_was_begun_is_not_among_all() {
    for typed in ["A", "/approve all"] {
        let mut world = World::with(80, 40, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
        world.frame();
        world.type_text(typed);
        let calls = vec![consent(1, "ls", 7), consent(2, "rm -r .", 8)];
        world.mirror.load(waiting(1, "api", calls));
        world.ui.refreshed(&world.mirror);
        world.frame();
        let first = answers(&[(1, 7)], &Answer::Once, "allowed, this once: 1 call of shell");
        assert_eq!(world.keys(&["Enter"]), first, "{typed}");
    }
}

#[test]
fn all_run_only_when_each_was_on_the_screen_whole() {
    let long = "true\n".repeat(60);
    let calls = |second: &str| vec![consent(1, &long, 7), consent(2, second, 8)];
    let mut world = World::with(80, 24, vec![waiting(1, "api", calls("ls"))]);
    world.frame();
    assert_eq!(world.say("A"), [], "the first one is shown");
    assert!(world.frame().contains("asks"), "{}", world.frame());
    let mut world = World::with(80, 24, vec![waiting(1, "api", calls(&long))]);
    world.frame();
    assert_eq!(world.say("A"), [], "both are listed");
    assert!(world.frame().contains("inbox · 1 of 2"), "{}", world.frame());
    assert_eq!(world.say("A"), [], "the end was not in sight");
    world.keys(&["End"]);
    world.frame();
    assert_eq!(world.say("A"), [], "nor was that of the other");
    assert!(world.frame().contains("inbox · 2 of 2"), "{}", world.frame());
    world.keys(&["End"]);
    world.frame();
    let both = answers(&[(1, 7), (2, 8)], &Answer::Once, "allowed, this once: 2 calls of shell");
    assert_eq!(world.say("A"), both);
}

/// A call asks, and is told no elsewhere once `typed` is typed; another one asks in its place.
fn another_one_asks(typed: &str) -> World {
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "echo A", 7)])]);
    world.frame();
    world.type_text(typed);
    world.paint();
    let next = waiting(1, "api", vec![consent(2, "echo BBBB", 8)]);
    world.mirror.load(next);
    world.ui.refreshed(&world.mirror);
    world.paint();
    world
}

#[test]
fn an_answer_is_for_what_was_on_the_screen_when_its_first_key_was_typed() {
    for typed in ["/approve", "/always", "/deny", "/deny use make", "y", "a", "n", "/approve 1", "/approve 2"]
    {
        for after in [0, 20, 200, 5_000] {
            let mut world = another_one_asks(typed);
            world.wait_ms(after);
            assert_eq!(world.keys(&["Enter"]), [], "{typed} after {after} ms");
            let frame = world.frame();
            let why = if typed.ends_with('1') {
                "nothing waits with the number 1"
            } else {
                "another call waits now"
            };
            assert!(frame.contains(why), "{typed}: {frame}");
            // What is typed anew is for what is there now.
            assert_eq!(world.say("y"), [answer(1, 2, 8, Answer::Once)], "{typed}");
        }
    }
}

#[test]
fn keys_that_came_before_a_call_could_be_read_do_not_count() {
    for (shown_for, is_read) in [(0, false), (28, false), (299, false), (300, true)] {
        for typed in ["y", "/approve", "/deny"] {
            let mut world = World::with(80, 24, vec![session(1, "api").activity(Activity::Working)]);
            world.frame();
            world.mirror.load(waiting(1, "api", vec![consent(1, "ls", 7)]));
            world.ui.refreshed(&world.mirror);
            world.paint();
            world.wait_ms(shown_for);
            assert_eq!(!world.say(typed).is_empty(), is_read, "{typed} after {shown_for} ms");
        }
    }
    // Typed before there was anything to answer, however long before Enter.
    let mut world = World::with(80, 24, vec![session(1, "api").activity(Activity::Working)]);
    world.frame();
    world.type_text("/approve");
    world.mirror.load(waiting(1, "api", vec![consent(1, "ls", 7)]));
    world.ui.refreshed(&world.mirror);
    world.frame();
    assert_eq!(world.keys(&["Enter"]), []);
    // A word that answered something is never sent as a prompt.
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
    world.frame();
    world.type_text("y");
    world.mirror.load(session(1, "api"));
    world.ui.refreshed(&world.mirror);
    assert_eq!(world.keys(&["Enter"]), []);
    assert!(world.frame().contains("it waits no longer; nothing was answered"));
}

#[test]
fn a_word_answers_while_a_call_waits_and_any_other_text_is_a_prompt() {
    let words = || Answer::Words("use grep".into());
    for (word, given) in [
        ("y", Answer::Once),
        ("a", Answer::Always),
        (" n ", Answer::Deny),
        ("y 1", Answer::Once),
        ("a  1", Answer::Always),
        ("n 1", Answer::Deny),
        ("n use grep", words()),
        ("n 1 use grep", words()),
    ] {
        let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
        world.frame();
        assert_eq!(world.say(word), [answer(1, 1, 7, given)]);
    }
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
    world.frame();
    for prompt in ["y not", "a plan", "N 1", "yes, but why?"] {
        let sent = world.say(prompt);
        assert!(matches!(sent.as_slice(), [Intent::Prompt { .. }]), "{sent:?}");
    }
    assert!(world.frame().contains("the question still waits: y, a or n answers it"), "{}", world.frame());
    // Where nothing waits it is a prompt as any.
    let mut world = World::with(80, 24, vec![session(1, "api")]);
    world.frame();
    assert!(matches!(world.say("y").as_slice(), [Intent::Prompt { .. }]));
}

#[test]
fn what_does_not_fit_is_read_to_its_end_before_it_may_run() {
    let line = format!("true {} ; rm -rf ~", "# nothing to see here\n".repeat(60));
    let input = serde_json_line(&line);
    let mut call = consent(1, &input, 7);
    call.tool = "run".into();
    let argv = vec!["sh".to_owned(), "-c".to_owned(), line];
    let pattern = RulePattern::Exactly(argv);
    call.always = Some(ToolRule { effect: RuleEffect::Allow, tool: "run".into(), pattern });
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![call])]);
    let frame = world.frame();
    assert!(
        frame.contains(" ? 1 run in a shell: true") && frame.contains("\n   y shows it whole first · n no\n"),
        "{frame}"
    );
    for _ in 0..2 {
        // From the prompt it is opened, whatever is typed there.
        assert_eq!(world.say("/approve"), []);
        let frame = world.frame();
        assert!(frame.contains("may this run in a shell? true") && !frame.contains("rm -rf"), "{frame}");
        world.keys(&["Esc"]);
        world.frame();
    }
    assert_eq!(world.say("y"), []);
    assert!(world.frame().contains("read to the end, then y or n"), "{}", world.frame());
    assert_eq!(world.say("y"), [], "its end was not in sight");
    assert!(world.frame().contains("read it to its end first, then answer"), "{}", world.frame());
    world.keys(&["End"]);
    let frame = world.frame();
    assert!(
        frame.contains("; rm -rf ~") && frame.contains("y once · a always exactly this here · n no"),
        "{frame}"
    );
    assert_eq!(world.say("y"), [answer(1, 1, 7, Answer::Once)]);
    assert!(world.frame().ends_with("[api] >"), "{}", world.frame());
    // What was read may be answered from the prompt as well.
    assert_eq!(world.say("/approve 1"), [answer(1, 1, 7, Answer::Once)]);
}

#[test]
fn no_space_of_a_call_is_swallowed() {
    let line = format!("echo a{}; rm b", " ".repeat(400));
    let mut call = consent(1, &serde_json_line(&line), 7);
    call.tool = "run".into();
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![call])]);
    let frame = world.frame();
    let rows: Vec<&str> = frame.lines().collect();
    let of = |text: &str| rows.iter().position(|row| row.contains(text)).unwrap();
    assert_eq!(of("; rm b") - of("echo a"), 6, "{frame}");
    // It can be seen whole where it stands.
    assert_eq!(world.say("y"), [answer(1, 1, 7, Answer::Once)]);
}

/// The arguments of a command in a shell.
fn serde_json_line(line: &str) -> String {
    format!(r#"{{"shell":"{}"}}"#, line.replace('\n', "\\n"))
}

fn question(input: &str) -> Snapshot {
    waiting(1, "api", vec![pending(1, Wants::Words, input, 9)]).activity(Activity::NeedsInput)
}

#[test]
fn words_answer_the_question_in_view_and_are_a_prompt_where_nothing_asks() {
    let mut world = World::with(80, 24, vec![question("Which?")]);
    assert!(world.frame().contains("? 1 type the answer · asks you: Which?"), "{}", world.frame());
    assert!(world.frame().ends_with("[api] > the answer, or /deny"), "{}", world.frame());
    let words = |words: &str| answer(1, 1, 9, Answer::Words(words.into()));
    assert_eq!(world.say("Postgres, and y"), [words("Postgres, and y")]);
    // A single letter is an answer as any: nothing asks for consent.
    assert_eq!(world.say("y"), [words("y")]);
    // Where consent is asked for too, letters are for that, and words wait.
    let both = vec![consent(1, "ls", 7), pending(2, Wants::Words, "Which?", 9)];
    let mut world = World::with(80, 24, vec![waiting(1, "api", both)]);
    world.frame();
    assert!(matches!(world.say("Postgres").as_slice(), [Intent::Prompt { .. }]));
}

#[test]
fn words_whose_question_came_or_went_meanwhile_are_sent_nowhere() {
    let mut world = World::with(80, 24, vec![session(1, "api").activity(Activity::Working)]);
    world.type_text("and the tests");
    world.mirror.load(question("Which?"));
    world.ui.refreshed(&world.mirror);
    world.frame();
    assert_eq!(world.keys(&["Enter"]), []);
    let frame = world.frame();
    assert!(
        frame.contains("a question came while you typed") && frame.contains("> and the tests"),
        "{frame}"
    );
    assert_eq!(world.keys(&["Enter"]), [answer(1, 1, 9, Answer::Words("and the tests".into()))]);
    let mut world = World::with(80, 24, vec![question("Which?")]);
    world.frame();
    world.type_text("Postgres");
    world.mirror.load(session(1, "api").activity(Activity::Working));
    world.ui.refreshed(&world.mirror);
    world.frame();
    assert_eq!(world.keys(&["Enter"]), []);
    let frame = world.frame();
    assert!(frame.contains("the question waits no longer") && frame.contains("> Postgres"), "{frame}");
    assert!(matches!(world.keys(&["Enter"]).as_slice(), [Intent::Prompt { .. }]));
}
