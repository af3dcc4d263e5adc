//! The inbox, as it is seen and answered from; and that no key answers what it was not meant for.

use q_core::{
    Activity, AgentFailure, Answer, CallNo, Command, Digest, FailureKind, PendingCall, Snapshot, TurnNo,
    Update, WallTime, Wants,
};
use q_term::{Intent, TerminalEvent};

use crate::waiting::{answer, consent, pending, waiting};
use crate::world::{But, NOW, World, id, session};

/// Opens it, and looks at it.
fn opened(columns: u16, rows: u16, sessions: Vec<Snapshot>) -> World {
    let mut world = World::with(columns, rows, sessions).after(&["Ctrl+X", "i"]);
    world.frame();
    world
}

fn failed(slot: u32, name: &str) -> Snapshot {
    let failure = AgentFailure::new(FailureKind::Cut, "connection reset");
    session(slot, name).prompt(1, "go on").failed(failure).unread(1, 1, 0)
}

fn read(slot: u32) -> Vec<Intent> {
    vec![Intent::Tell(Command::MarkRead { session: id(slot) })]
}

/// One of each kind: an edit with its difference, a question, a failure, an answer that nobody read.
fn of_each() -> Vec<Snapshot> {
    let edit = PendingCall {
        tool: "edit".into(),
        ..consent(
            1,
            r#"{"path":"src/login.rs","edits":[{"old":"let id = 1;\n","new":"let id = \u202e2;\n"}]}"#,
            7,
        )
    };
    let question = pending(2, Wants::Words, "Which database?", 9);
    vec![
        session(1, "here"),
        waiting(2, "review-auth", vec![edit]),
        waiting(3, "plan", vec![question]).activity(Activity::NeedsInput),
        failed(4, "deploy"),
        session(5, "docs").prompt(1, "write it").answer(2, "It **stands** now.").unread(2, 1, 0),
    ]
}

#[test]
fn all_that_waits_is_listed_and_one_of_it_shown_whole() {
    for (columns, rows) in [(80, 24), (40, 12), (200, 50)] {
        let mut world = opened(columns, rows, of_each());
        let size = format!("the_inbox_at_{columns}_by_{rows}");
        insta::assert_snapshot!(size, world.frame());
    }
    let mut world = opened(80, 24, of_each()).after(&["Down", "Down"]);
    insta::assert_snapshot!("a_failure_in_the_inbox", world.frame());
}

#[test]
fn each_kind_is_answered_where_it_stands_and_the_next_one_follows() {
    let mut world = opened(100, 30, of_each());
    assert_eq!(world.say("y"), [answer(2, 1, 7, Answer::Once)]);
    world.update(Update::Pending { session: id(2), pending: Vec::new() });
    assert!(world.frame().contains("Which database?") && world.frame().contains("type the answer"));
    // Whatever letter it begins with, it is the answer.
    assert_eq!(world.say("yes: q, d or n"), [answer(3, 2, 9, Answer::Words("yes: q, d or n".into()))]);
    world.mirror.load(session(2, "review-auth"));
    world.mirror.load(session(3, "plan"));
    world.ui.refreshed(&world.mirror);
    assert!(world.frame().contains("connection reset"), "{}", world.frame());
    assert_eq!(world.keys(&["d"]), read(4));
    world.mirror.load(session(4, "deploy"));
    world.ui.refreshed(&world.mirror);
    assert!(world.frame().contains("It stands now."), "{}", world.frame());
    assert_eq!(world.keys(&["d"]), read(5));
    world.mirror.load(session(5, "docs"));
    world.ui.refreshed(&world.mirror);
    assert!(world.frame().contains("nothing waits here any more"), "{}", world.frame());
    world.keys(&["Enter"]);
    assert!(world.frame().ends_with("[here] > ask something, or /help"), "{}", world.frame());
}

#[test]
fn words_redirect_and_all_of_a_tool_are_answered_at_once() {
    let two = || vec![session(1, "here"), waiting(2, "api", vec![consent(1, "ls", 7), consent(2, "pwd", 8)])];
    let mut world = opened(100, 30, two());
    let words = Answer::Words("use exa".into());
    assert_eq!(world.say("n use exa"), [answer(2, 1, 7, words)]);
    let mut world = opened(100, 30, two()).after(&["Down"]);
    world.frame();
    assert_eq!(world.say("y"), [answer(2, 2, 8, Answer::Once)]);
    let mut world = opened(100, 30, two());
    assert_eq!(world.say("A"), [], "the second one was not read");
    assert!(world.frame().contains("read it to its end first"), "{}", world.frame());
    world.frame();
    let told = [(1, 7), (2, 8)].map(|(call, digest)| Command::Answer {
        session: id(2),
        turn: TurnNo(2),
        call: CallNo(call),
        digest: Digest::numbered(digest),
        answer: Answer::Once,
    });
    let said = "allowed, this once: 2 calls of shell".to_owned();
    assert_eq!(world.say("A"), [Intent::Several(told.to_vec(), said)]);
}

/// What can happen to the list between a look at it and a key.
enum Meanwhile {
    /// One that waits for longer comes in above.
    OlderCame,
    /// The one that is shown is answered elsewhere.
    Answered,
    /// It is answered elsewhere, and another one of its session waits.
    Replaced,
    /// All the others are answered elsewhere.
    OthersAnswered,
}

fn happens(world: &mut World, what: &Meanwhile) {
    match what {
        Meanwhile::OlderCame => {
            let older = PendingCall { since: WallTime(NOW.0 - 900_000), ..consent(1, "rm -rf /", 3) };
            world.mirror.load(waiting(4, "older", vec![older]));
        }
        Meanwhile::Answered => world.mirror.load(session(2, "api")),
        Meanwhile::Replaced => world.mirror.load(waiting(2, "api", vec![consent(2, "rm -rf /", 4)])),
        Meanwhile::OthersAnswered => world.mirror.load(session(3, "docs")),
    }
    world.ui.refreshed(&world.mirror);
    world.paint();
}

#[test]
fn no_key_answers_what_it_was_not_meant_for() {
    use Meanwhile::{Answered, OlderCame, OthersAnswered, Replaced};
    let mine = || vec![answer(2, 1, 7, Answer::Once)];
    let sessions = || {
        vec![
            session(1, "here"),
            waiting(2, "api", vec![consent(1, "ls", 7)]),
            waiting(3, "docs", vec![consent(3, "make", 5)]),
        ]
    };
    for (what, before_the_line, within_it) in [
        // What is chosen stays chosen, wherever it stands.
        (OlderCame, mine(), mine()),
        (OthersAnswered, mine(), mine()),
        // The next one has come into view, and nobody has read it; of the one that was meant nothing is left.
        (Answered, vec![], vec![]),
        (Replaced, vec![], vec![]),
    ] {
        let mut world = opened(100, 30, sessions());
        happens(&mut world, &what);
        assert_eq!(world.say("y"), before_the_line);
        let mut world = opened(100, 30, sessions());
        world.type_text("y");
        happens(&mut world, &what);
        world.wait_ms(5_000);
        world.paint();
        assert_eq!(world.keys(&["Enter"]), within_it);
    }
}

#[test]
fn what_came_into_view_counts_once_it_could_be_read() {
    let sessions =
        || vec![session(1, "here"), waiting(2, "api", vec![consent(1, "ls", 7)]), failed(3, "deploy")];
    for (after, is_read) in [(0, false), (299, false), (300, true)] {
        let mut world = World::with(100, 30, sessions());
        world.keys(&["Ctrl+X", "i"]);
        world.paint();
        world.wait_ms(after);
        assert_eq!(!world.say("y").is_empty(), is_read, "after {after} ms");
        // The answer brings the failure into view: the key that answered it twice is none for that.
        let mut world = opened(100, 30, sessions());
        world.keys(&["Down"]);
        world.paint();
        world.wait_ms(after);
        assert_eq!(!world.keys(&["d"]).is_empty(), is_read, "after {after} ms");
    }
    // What went on meanwhile is something else.
    let mut world = opened(100, 30, sessions()).after(&["Down"]);
    world.frame();
    let later = failed(3, "deploy").but(|shot| shot.summary.touched = NOW);
    world.mirror.load(later);
    world.ui.refreshed(&world.mirror);
    world.paint();
    assert_eq!(world.keys(&["d"]), []);
    world.wait_ms(300);
    assert_eq!(world.keys(&["d"]), read(3));
}

#[test]
fn what_does_not_fit_is_read_to_its_end_where_it_stands() {
    let long = "true\n".repeat(60);
    let mut world = opened(80, 24, vec![session(1, "here"), waiting(2, "api", vec![consent(1, &long, 7)])]);
    assert!(world.frame().contains("PgDn to its end, then y or n"), "{}", world.frame());
    assert_eq!(world.say("y"), []);
    assert!(world.frame().contains("read it to its end first, then answer"), "{}", world.frame());
    world.keys(&["End"]);
    world.frame();
    assert_eq!(world.say("y"), [answer(2, 1, 7, Answer::Once)]);
}

#[test]
fn it_opens_by_a_key_alone_and_the_next_session_is_a_key_away() {
    let mut world = World::with(100, 30, vec![session(1, "here"), session(2, "api")]);
    world.type_text("half a ");
    world.mirror.load(waiting(2, "api", vec![consent(1, "ls", 7)]));
    world.ui.refreshed(&world.mirror);
    world.frame();
    world.type_text("thought");
    assert!(world.frame().ends_with("[here] > half a thought"), "{}", world.frame());
    world.keys(&["Ctrl+X", "i"]);
    world.frame();
    world.keys(&["Alt+A"]);
    assert!(world.frame().ends_with("[api] >"), "{}", world.frame());
    let mut world = World::with(80, 24, vec![session(1, "api")]);
    assert_eq!(world.say("/inbox"), []);
    assert!(world.frame().contains("nothing needs you"));
}

#[test]
fn what_the_inbox_did_not_show_yet_cannot_be_answered_by_its_number() {
    let mut world =
        World::with(80, 20, vec![session(1, "here"), waiting(2, "api", vec![consent(0, "ls", 7)])]);
    world.keys(&["Ctrl+X", "i"]);
    assert_eq!(world.say("/approve 1"), []);
    world.frame();
    assert_eq!(world.say("/approve 1"), [answer(2, 0, 7, Answer::Once)]);
}

#[test]
fn words_for_a_question_that_went_meanwhile_are_no_command() {
    let question = pending(2, Wants::Words, "Close or keep it?", 9);
    let plan = || vec![waiting(3, "plan", vec![question.clone()]).activity(Activity::NeedsInput)];
    let mut world = opened(80, 24, [vec![session(1, "here")], plan()].concat());
    world.type_text("close");
    world.frame();
    world.update(Update::Pending { session: id(3), pending: Vec::new() });
    world.frame();
    assert_eq!(world.keys(&["Enter"]), []);
    let frame = world.frame();
    assert!(frame.contains("it waits no longer") && frame.contains("> close"), "{frame}");
}

#[test]
fn several_lines_are_not_cut_to_one() {
    let question = pending(2, Wants::Words, "Which ones?", 9);
    let plan = waiting(3, "plan", vec![question]).activity(Activity::NeedsInput);
    let mut world = opened(80, 24, vec![session(1, "here"), plan]);
    world.ui.handle(&world.mirror, TerminalEvent::Paste("one\ntwo\n".into()));
    assert!(
        world.frame().contains("several lines are answered at the session's prompt"),
        "{}",
        world.frame()
    );
    assert_eq!(world.keys(&["Backspace"]), []);
}
