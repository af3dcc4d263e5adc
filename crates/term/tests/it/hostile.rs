//! Whatever is typed, said and sized: nothing panics, and no control character reaches a cell.

use proptest::prelude::*;
use q_core::{Activity, AgentFailure, Body, EntryNo, FailureKind, Interrupter, Mark, Snapshot, Stop};
use q_term::TerminalEvent;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::world::{But, NOW, World, entry, id, key_event, session};

const KEYS: &[&str] = &[
    "Ctrl+X",
    "Ctrl+N",
    "Ctrl+W",
    "Ctrl+R",
    "Ctrl+C",
    "Ctrl+D",
    "Ctrl+L",
    "Ctrl+U",
    "Ctrl+K",
    "Ctrl+Y",
    "Alt+1",
    "Alt+3",
    "Alt+L",
    "Alt+S",
    "Alt+A",
    "Alt+Enter",
    "Enter",
    "Esc",
    "Tab",
    "Shift+Tab",
    "@",
    "Up",
    "Down",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "Shift+Up",
    "Ctrl+Home",
    "Ctrl+End",
    "Backspace",
    "F1",
    "n",
    "l",
    "w",
    "r",
    "y",
    "]",
    "[",
    "?",
    "/",
    "2",
    "Ctrl+PageUp",
    "Ctrl+PageDown",
];

const HIDES: [char; 4] = ['\u{202e}', '\u{200b}', '\u{2066}', '\u{e0001}'];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        any::<String>(),
        "[a-z *`#>|\n-]{0,60}",
        prop::sample::select(vec![
            "\u{1b}[2J\u{1b}]0;x\u{7}",
            "\u{9b}31m",
            "\u{202e}abc\u{200b}",
            "👨\u{200d}👩\u{200d}👧",
            "日本語テキスト",
            "e\u{301}\u{301}\u{301}",
            "\t\t|",
            "/switch",
            "/new a b c",
            "//",
            "```\n",
            "&#27;[31m",
        ])
        .prop_map(str::to_owned),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        text().prop_map(|text| Body::Prompt(text.into())),
        text().prop_map(Body::Answer),
        text().prop_map(|detail| Body::Stop(Stop::Failed(AgentFailure { kind: FailureKind::Cut, detail }))),
        Just(Body::Stop(Stop::Interrupted(Interrupter::Crash))),
        text().prop_map(|text| Body::Output(q_core::CallOutput { of: EntryNo(1), text })),
        (text(), text(), text()).prop_map(|(title, place, quote)| {
            let all = vec![q_core::Source { title, place, quote }];
            Body::Sources(q_core::Sources { all, left_out: 1 })
        }),
        text().prop_map(|text| Body::Plan(vec![q_core::PlanStep { text, state: q_core::StepState::Active }])),
        Just(Body::Continued),
        Just(Body::LeftOut(q_core::Sent { entries: 267, left_out: u64::MAX })),
    ]
}

fn snapshot(slot: u32) -> impl Strategy<Value = Snapshot> {
    (prop::collection::vec(body(), 0..8), text(), text(), 0u32..4, 0u64..9, any::<bool>()).prop_map(
        move |(bodies, draft, agent, unread, seen, working)| {
            session(slot, &format!("s{slot}")).but(|snapshot| {
                snapshot.summary.answering.clone_from(&agent);
                snapshot.entries = bodies.into_iter().zip(1..).map(|(body, no)| entry(no, body)).collect();
                snapshot.draft = draft.clone();
                snapshot.summary.agent.clone_from(&agent);
                snapshot.summary.directory = agent;
                snapshot.summary.preview.clone_from(&draft);
                snapshot.summary.unread = unread;
                snapshot.summary.seen = Mark { entry: EntryNo(seen), bytes: seen };
                snapshot.trimmed = working;
                snapshot.summary.activity = if working { Activity::Working } else { Activity::Failed };
            })
        },
    )
}

#[derive(Clone, Debug)]
enum Step {
    Key(&'static str),
    Paste(String),
    Grow(u32, String),
    Size(u16, u16),
    Refuse(String),
    Lose,
    Close(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::sample::select(KEYS).prop_map(Step::Key),
        2 => text().prop_map(Step::Paste),
        2 => (1u32..4, text()).prop_map(|(slot, text)| Step::Grow(slot, text)),
        1 => (1u16..130, 1u16..50).prop_map(|(columns, rows)| Step::Size(columns, rows)),
        1 => text().prop_map(Step::Refuse),
        1 => Just(Step::Lose),
        1 => (1u32..4).prop_map(Step::Close),
    ]
}

fn take(world: &mut World, step: Step, number: u64) {
    match step {
        Step::Key(key) => drop(world.ui.handle(&world.mirror, TerminalEvent::Key(key_event(key)))),
        Step::Paste(text) => drop(world.ui.handle(&world.mirror, TerminalEvent::Paste(text))),
        Step::Grow(slot, text) => {
            let new = entry(100 + number, Body::Answer(text));
            let _missed = world.mirror.apply(q_core::Update::Entry { session: id(slot), entry: new });
            world.ui.refreshed(&world.mirror);
        }
        Step::Size(columns, rows) => {
            drop(world.ui.handle(&world.mirror, TerminalEvent::Resize(columns, rows)));
        }
        Step::Refuse(text) => world.ui.refused(Some(number), text),
        Step::Lose => {
            world.ui.host_lost("gone");
            world.ui.host_back(&world.mirror);
        }
        Step::Close(slot) => {
            if let Some(session) = world.mirror.get(id(slot)) {
                let mut summary = session.summary.clone();
                summary.presence = q_core::Presence::Closed;
                let _missed = world.mirror.apply(q_core::Update::Session(summary.into()));
                world.ui.refreshed(&world.mirror);
            }
        }
    }
}

fn draw_at(world: &mut World, columns: u16, rows: u16) -> Result<(), TestCaseError> {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let (ui, mirror) = (&mut world.ui, &world.mirror);
    let paint = |frame: &mut ratatui::Frame<'_>| {
        q_term::lay_out(ui, mirror, frame.area(), NOW);
        q_term::draw(frame, ui, mirror);
    };
    terminal.draw(paint).unwrap();
    for cell in terminal.backend().buffer().content() {
        let symbol = cell.symbol();
        prop_assert!(!symbol.chars().any(char::is_control), "{:?}", symbol);
        prop_assert!(!symbol.contains(HIDES), "{:?}", symbol);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_events_on_any_sessions_at_any_size(
        first in snapshot(1),
        second in snapshot(2),
        third in snapshot(3),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::with(80, 24, vec![first, second, third]);
        let (mut columns, mut rows) = (80, 24);
        for (number, step) in (0..).zip(steps) {
            if let Step::Size(wide, high) = step {
                (columns, rows) = (wide, high);
            }
            take(&mut world, step, number);
            draw_at(&mut world, columns, rows)?;
        }
        for (columns, rows) in [(1, 1), (2, 1), (1, 9), (20, 5), (79, 24), (500, 1)] {
            draw_at(&mut world, columns, rows)?;
        }
    }
}
