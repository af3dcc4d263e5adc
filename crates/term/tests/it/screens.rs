//! Whole screens, as people see them.

use q_core::{
    Activity, AgentFailure, Body, BudgetScope, BudgetUse, CallNo, CallOutput, Called, Compaction, EntryNo,
    FailureKind, Interrupter, Kind, Outcome, PlanStep, Resulted, Snapshot, Source, Sources, StepState, Stop,
    Wants, WindowUse,
};
use q_term::{Options, Ui};

use crate::world::{But, World, entry, id, session};

const ANSWER: &str = "The handler **unwraps** a missing header, so a request without `Authorization` ends in a panic:\n\n\
```rust\nlet token = request.headers().get(\"authorization\").unwrap();\n```\n\n\
Two ways out:\n\n1. answer `401` when it is missing\n2. make the extractor optional, see [the docs](https://docs.rs/axum)\n";

pub(crate) fn one() -> Vec<Snapshot> {
    vec![
        session(1, "debug-api")
            .kind(Kind::Debug)
            .model("openai", "gpt-4o")
            .prompt(3, "why does the login handler return 500?\nI only see it on Mondays.")
            .answer(5, ANSWER)
            .but(|snapshot| snapshot.summary.usage.output = 12_400),
    ]
}

fn failure() -> AgentFailure {
    AgentFailure { kind: FailureKind::RateLimited, detail: "429 too many requests".into() }
}

pub(crate) fn three() -> Vec<Snapshot> {
    let mut sessions = one();
    sessions.push(
        session(2, "s3-plan")
            .kind(Kind::Planning)
            .prompt(2, "plan it")
            .answer(4, "First, measure.")
            .unread(2, 2, 0),
    );
    sessions.push(
        session(3, "review-auth")
            .kind(Kind::Review)
            .prompt(2, "review the change")
            .answer(4, "It looks")
            .stop(6, Stop::Failed(failure()))
            .failed(failure())
            .unread(2, 2, 0),
    );
    let streaming = sessions
        .remove(0)
        .activity(Activity::Working)
        .answer(9, "Next I would look at the *middleware*, beca");
    sessions.insert(0, streaming);
    sessions
}

fn long() -> Vec<Snapshot> {
    let mut snapshot = session(1, "long-talk");
    for turn in 0..30 {
        snapshot = snapshot
            .prompt(turn * 4 + 1, &format!("question {turn}"))
            .answer(turn * 4 + 3, &format!("answer {turn}, with a few words more"));
    }
    vec![snapshot]
}

macro_rules! screen {
    ($world:expr) => {
        insta::assert_snapshot!($world.frame())
    };
}

/// What a world looks like: a name, and the world.
macro_rules! screens {
    ($($name:ident: $world:expr;)*) => {$(
        #[test]
        fn $name() {
            screen!($world);
        }
    )*};
}

screens! {
    welcome: World::new(80, 24);
    welcome_wide: World::new(120, 40);
    an_empty_session: World::with(80, 24, vec![session(1, "session-1")]);
    one_idle_session: World::with(80, 24, one());
    one_idle_session_wide: World::with(200, 50, one());
    three_sessions: World::with(80, 24, three());
    three_sessions_wide: World::with(120, 40, three());
    help_on_many_sessions: World::with(80, 24, three()).told("/help multi-session");
    the_leaders_hint: World::with(80, 24, one()).after(&["Ctrl+X"]);
    the_leaders_hint_wide: World::with(120, 40, one()).after(&["Ctrl+X"]);
    a_refused_command_says_how_it_comes_back: World::with(80, 24, three()).told("/switch s3plan");
    what_is_new_is_marked: World::with(80, 24, three()).after(&["Alt+3"]);
    scrolled_up: World::with(80, 24, long()).after(&["PageUp", "Shift+Up"]);
    at_the_end: World::with(80, 24, long());
    a_small_screen: World::with(20, 5, three());
}

#[test]
fn prose_takes_the_width_there_is_or_as_much_as_is_set() {
    let words = "word ".repeat(60);
    let answer = format!("{words}\n\n```\n{}\n```\n", "x".repeat(150));
    let sessions = vec![session(1, "wide").prompt(1, &words).answer(2, &answer)];
    for (columns, text_width, prose) in [(200, None, 191), (200, Some(100), 100), (80, Some(100), 71)] {
        let mut world = World::with(columns, 40, sessions.clone());
        world.ui = Ui::new(Options { text_width, ..Options::default() });
        world.ui.refreshed(&world.mirror);
        let frame = world.frame();
        let widest =
            |part: &str| frame.lines().filter(|row| row.contains(part)).map(|row| row.chars().count()).max();
        let prose_columns = widest("word word").unwrap() - "guide   ".len();
        assert!(prose_columns <= prose && prose_columns + 5 > prose, "{prose_columns} of {prose}: {frame}");
        let is_code_whole = frame.contains(&"x".repeat(150));
        assert_eq!(is_code_whole, columns == 200, "code takes what there is: {frame}");
    }
}

#[test]
fn an_answer_seen_in_part_is_marked_inside() {
    let mut sessions = one();
    sessions.push(
        session(2, "docs")
            .prompt(2, "write it")
            .answer(4, "Seen part.\n\nNew part.\n\nAnother.")
            .unread(1, 4, 10),
    );
    screen!(World::with(80, 24, sessions).after(&["Alt+2"]));
}

#[test]
fn interrupted_here() {
    let work = session(1, "work").prompt(1, "go").answer(2, "Going").interrupted(3, Interrupter::Crash);
    screen!(World::with(80, 24, vec![work]));
}

/// A plan, a call whose output streams, and one that is over.
#[test]
fn tools_at_work() {
    let step = |text: &str, state| PlanStep { text: text.into(), state };
    let plan = vec![step("read the handler", StepState::Done), step("run the tests", StepState::Active)];
    let call = |no, input: &str| Called {
        no: CallNo(no),
        tool: "sh".into(),
        input: input.into(),
        wants: Wants::Nothing,
    };
    let output = |of, text: String| Body::Output(CallOutput { of: EntryNo(of), text });
    let result =
        Resulted { of: EntryNo(3), outcome: Outcome::Done, text: "src/login.rs".into(), kept: 12, whole: 12 };
    let lines = (1..=12).map(|test| format!("test {test} ... ok")).collect::<Vec<_>>().join("\n");
    let bodies = vec![
        Body::Prompt("fix it".into()),
        Body::Plan(plan),
        Body::Call(call(1, "ls src")),
        output(3, "src/login.rs".into()),
        Body::Result(result),
        Body::Call(call(2, "cargo test")),
        output(6, lines),
    ];
    let sessions =
        vec![session(1, "work").model("openai", "gpt-5").activity(Activity::Working).but(|snapshot| {
            snapshot.summary.answering = "gpt-5-2026-08".into();
            snapshot.entries = bodies.into_iter().zip(1..).map(|(body, no)| entry(no, body)).collect();
        })];
    screen!(World::with(80, 30, sessions));
}

/// A plan that was told three times in two turns: of each turn the newest stands there, without the calls that told it.
#[test]
fn a_plan_that_changes_stays_in_one_place() {
    let plan = |state, next| {
        let step = |text: &str, state| PlanStep { text: text.into(), state };
        Body::Plan(vec![step("read the handler", state), step("run the tests", next)])
    };
    let call = |no, wants| {
        let input = r#"{"steps":[{"text":"read the handler","state":"active"}]}"#.into();
        Body::Call(Called { no: CallNo(no), tool: "todo".into(), input, wants })
    };
    let result = |of, outcome| {
        Body::Result(Resulted { of: EntryNo(of), outcome, text: "so".into(), kept: 2, whole: 2 })
    };
    let bodies = vec![
        Body::Prompt("fix it".into()),
        call(1, Wants::Nothing),
        plan(StepState::Active, StepState::Open),
        result(2, Outcome::Done),
        Body::Answer("I read it.".into()),
        call(2, Wants::Nothing),
        plan(StepState::Done, StepState::Done),
        result(6, Outcome::Done),
        Body::Prompt("again".into()),
        call(1, Wants::Nothing),
        plan(StepState::Open, StepState::Open),
        result(10, Outcome::Done),
        call(2, Wants::Nothing),
        result(13, Outcome::Failed),
        call(3, Wants::Nothing),
    ];
    let sessions = vec![session(1, "work").activity(Activity::Working).but(|snapshot| {
        snapshot.entries = bodies.into_iter().zip(1..).map(|(body, no)| entry(no, body)).collect();
    })];
    screen!(World::with(80, 24, sessions));
}

/// Sources below their answer: what each is called and who has it, however hostile its words.
#[test]
fn an_answer_with_its_sources() {
    let source = |title: &str, place: &str, quote: &str| Source {
        title: title.into(),
        place: place.into(),
        quote: quote.into(),
    };
    let mut all = vec![
        source("The Rust Reference", "https://me:pw@doc.rust-lang.org/reference/a.html#b", "as it says"),
        source("", "https://example.org", ""),
        source("notes.pdf", "page 3 to 4", ""),
        source("", "", "only\nquoted"),
        source("two\nlines \u{1b}]0;x\u{7}\u{202e}evil", "javascript:alert(1)", ""),
    ];
    all.extend((6..=10).map(|no| source(&format!("Page {no}"), "https://a.test/", "")));
    let bodies = [
        Body::Prompt("why?".into()),
        Body::Answer("because".into()),
        Body::Sources(Sources { all, left_out: 2 }),
    ];
    let sessions = vec![session(1, "work").model("openai", "gpt-5").but(|snapshot| {
        snapshot.entries = bodies.into_iter().zip(1..).map(|(body, no)| entry(no, body)).collect();
    })];
    screen!(World::with(80, 24, sessions));
}

/// A summary, and how full the window is; where there is no room for that, the rest of the status line stays.
#[test]
fn a_conversation_that_was_compacted() {
    for columns in [80, 50] {
        let text = "The login handler fails on Mondays.\nOpen: the test.".into();
        let summary = Compaction::Summary { text, of: 412_000, left_out: 3 };
        let failed = Compaction::Stopped(Stop::Failed(failure()));
        let bodies = [
            Body::Prompt("why?".into()),
            Body::Answer("because".into()),
            Body::Compaction(failed),
            Body::Compaction(summary),
            Body::Prompt("and then?".into()),
            Body::Answer("so".into()),
        ];
        let sessions = vec![session(1, "work").model("openai", "gpt-5").but(|snapshot| {
            snapshot.summary.usage.output = 12_400;
            snapshot.summary.window =
                Some(WindowUse { tokens: 12_345, is_counted: columns < 80, of: 128_000, bytes: 0 });
            snapshot.entries = bodies.into_iter().zip(1..).map(|(body, no)| entry(no, body)).collect();
        })];
        screen!(World::with(columns, 24, sessions));
    }
}

/// From four fifths on a budget stands in the status line; there it stays where the rest has no room.
#[test]
fn a_budget_that_is_nearly_spent() {
    for (columns, scope, spent) in [
        (80, BudgetScope::Session, 79_999),
        (80, BudgetScope::Session, 80_000),
        (50, BudgetScope::Day, 120_000),
    ] {
        let sessions = vec![session(1, "work").model("openai", "gpt-5").but(|snapshot| {
            snapshot.summary.usage.output = 80_000;
            snapshot.summary.window =
                Some(WindowUse { tokens: 12_345, is_counted: true, of: 128_000, bytes: 0 });
            snapshot.summary.budget = Some(BudgetUse { scope, spent, of: 100_000 });
        })];
        screen!(World::with(columns, 24, sessions));
    }
}

#[test]
fn a_prompt_that_nothing_answered() {
    let sessions = vec![
        session(1, "work")
            .prompt(1, "say it in a way that the server refuses")
            .stop(2, Stop::Failed(failure()))
            .prompt(3, "and now in another")
            .answer(4, "Here it is.")
            .prompt(5, "more")
            .answer(6, "Mo")
            .interrupted(7, Interrupter::User),
    ];
    screen!(World::with(80, 24, sessions));
}

#[test]
fn queued_and_on_the_way() {
    let mut world = World::with(
        80,
        24,
        vec![three().remove(0).queued(&["and then run the tests", "write\na changelog"])],
    );
    world.say("one more");
    screen!(world);
}

#[test]
fn a_prompt_of_many_lines() {
    let mut world = World::with(80, 24, one());
    world.type_text("first line\\");
    world.keys(&["Enter"]);
    world.type_text("second line");
    world.keys(&["Alt+Enter"]);
    world.type_text("a third line that is long enough to need a second row on a screen of eighty columns");
    screen!(world);
}

#[test]
fn many_sessions_on_a_narrow_screen() {
    let sessions = (1..=10).map(|slot| session(slot, &format!("session-{slot}"))).collect();
    screen!(World::with(60, 12, sessions).after(&["Alt+6"]));
}

#[test]
fn wide_and_joined_characters() {
    let sessions = vec![
        session(1, "世界")
            .prompt(1, "日本語の質問です。どうすればいいですか？ 👨\u{200d}👩\u{200d}👧 e\u{301}")
            .answer(2, "| 列 | b |\n|---|---|\n| 値値 | x |\n\n\u{1b}[2Jcleared? \u{202e}reversed\u{200b}"),
    ];
    screen!(World::with(44, 16, sessions));
}

#[test]
fn without_a_host() {
    let mut world = World::with(80, 24, one());
    world.say("is anybody there?");
    world.ui.host_lost(
        "the host cannot start: no space for the store /home/ann/.local/share/q/store; free some, then try again",
    );
    screen!(world);
}

#[test]
fn colour_is_never_the_only_sign() {
    let mut plain = World::with(80, 24, three());
    plain.ui =
        Ui::new(Options { color: false, motion: false, home: "/home/ann".into(), ..Default::default() });
    plain.ui.refreshed(&plain.mirror);
    let text = plain.frame();
    for (sign, what) in [
        ("[1 debug-api *]", "in view and working"),
        ("2 s3-plan +2", "unread"),
        ("3 review-auth ✗", "failed"),
    ] {
        assert!(text.contains(sign), "{what}: {text}");
    }
    let cells = plain.terminal().backend().buffer().content();
    assert!(
        cells
            .iter()
            .all(|cell| cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset)
    );
    assert_eq!(plain.ui.focus(), Some(id(1)));
}
