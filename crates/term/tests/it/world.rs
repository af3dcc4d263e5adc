//! A terminal in front of a mirror that tests fill.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers, MouseEvent, MouseEventKind};
use q_core::{
    Activity, AgentFailure, Body, Entry, EntryNo, Instant, Kind, Mark, Mirror, Policy, Presence, PromptNo,
    QueuedPrompt, SessionId, Settings, Snapshot, Summary, Update, Usage, WallTime,
};
use q_term::keys::Chord;
use q_term::offers::OfferUse;
use q_term::{Intent, Options, TerminalEvent, Ui, draw, lay_out};
use ratatui::backend::TestBackend;
use ratatui::style::Modifier;
use ratatui::{Frame, Terminal};
use unicode_width::UnicodeWidthStr;

pub(crate) const NOW: WallTime = WallTime(10_000_000);

pub(crate) struct World {
    pub(crate) ui: Ui,
    pub(crate) mirror: Mirror,
    /// What the clock of this terminal shows; looking at a frame takes a second.
    pub(crate) at: Instant,
    /// What the calendar says.
    pub(crate) wall: WallTime,
    terminal: Terminal<TestBackend>,
}

impl World {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let options = Options { home: "/home/ann".into(), ..Options::default() };
        Self {
            ui: Ui::new(options),
            mirror: Mirror::default(),
            at: Instant(1_000_000),
            wall: NOW,
            terminal: Terminal::new(TestBackend::new(columns, rows)).unwrap(),
        }
    }

    pub(crate) fn with(columns: u16, rows: u16, sessions: Vec<Snapshot>) -> Self {
        let mut world = Self::new(columns, rows);
        for snapshot in sessions {
            world.mirror.load(snapshot);
        }
        world.ui.refreshed(&world.mirror);
        world.frame();
        world
    }

    /// The same, after these keys.
    pub(crate) fn after(mut self, keys: &[&str]) -> Self {
        self.keys(keys);
        self
    }

    /// The same, after this line.
    pub(crate) fn told(mut self, line: &str) -> Self {
        self.say(line);
        self
    }

    /// The screen as text.
    pub(crate) fn frame(&mut self) -> String {
        self.paint();
        self.wait_ms(1000);
        let buffer = self.terminal.backend().buffer();
        let rows = buffer.content().chunks(buffer.area.width.into()).map(|cells| {
            let mut row = String::new();
            let mut hidden = 0;
            for cell in cells {
                if hidden == 0 {
                    row.push_str(cell.symbol());
                    hidden = cell.symbol().width().max(1);
                }
                hidden -= 1;
            }
            row.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn paint(&mut self) {
        let (ui, mirror, wall) = (&mut self.ui, &self.mirror, self.wall);
        let paint = |frame: &mut Frame<'_>| {
            lay_out(ui, mirror, frame.area(), wall);
            draw(frame, ui, mirror);
        };
        self.terminal.draw(paint).unwrap();
        self.ui.drawn(self.at);
    }

    /// Time goes by.
    pub(crate) fn wait_ms(&mut self, ms: u64) {
        self.at = self.at.after(Duration::from_millis(ms));
        self.ui.tell_time(self.at);
    }

    pub(crate) fn terminal(&self) -> &Terminal<TestBackend> {
        &self.terminal
    }

    /// Presses keys as they are written: `Ctrl+X`, `Enter`, `n`.
    pub(crate) fn keys(&mut self, written: &[&str]) -> Vec<Intent> {
        written
            .iter()
            .flat_map(|key| self.ui.handle(&self.mirror, TerminalEvent::Key(key_event(key))))
            .filter(|intent| !only_asks_what_there_is(intent))
            .collect()
    }

    /// The terminal has another size from now on.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) -> Vec<Intent> {
        self.terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        self.ui.handle(&self.mirror, TerminalEvent::Resize(columns, rows))
    }

    pub(crate) fn type_text(&mut self, text: &str) -> Vec<Intent> {
        let key = |typed| TerminalEvent::Key(Chord::pressed(KeyCode::Char(typed), KeyModifiers::NONE));
        let intents = text.chars().flat_map(|typed| self.ui.handle(&self.mirror, key(typed)));
        intents.filter(|intent| !only_asks_what_there_is(intent)).collect()
    }

    /// The mouse does that there.
    pub(crate) fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16)) -> Vec<Intent> {
        let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        self.ui.handle(&self.mirror, TerminalEvent::Mouse(mouse))
    }

    /// The text that stands out most in a frame, row by row.
    pub(crate) fn reversed(&mut self) -> Vec<String> {
        self.paint();
        let buffer = self.terminal.backend().buffer();
        let rows = buffer.content().chunks(buffer.area.width.into()).map(|cells| {
            let marked = cells.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            marked.map(ratatui::buffer::Cell::symbol).collect::<String>()
        });
        rows.filter(|row| !row.is_empty()).collect()
    }

    /// Where a text stands on the screen: its column and row.
    pub(crate) fn place(&mut self, text: &str) -> (u16, u16) {
        let frame = self.frame();
        let found = frame
            .lines()
            .enumerate()
            .find_map(|(row, line)| line.find(text).map(|at| (line[..at].width() as u16, row as u16)));
        found.unwrap_or_else(|| panic!("no {text:?} in\n{frame}"))
    }

    /// Types a line and presses Enter.
    pub(crate) fn say(&mut self, text: &str) -> Vec<Intent> {
        let mut intents = self.type_text(text);
        intents.extend(self.keys(&["Enter"]));
        intents
    }

    pub(crate) fn update(&mut self, update: Update) -> Vec<Intent> {
        self.mirror.apply(update).unwrap();
        self.ui.refreshed(&self.mirror)
    }
}

/// Whether it follows from something being typed, whatever comes of that: `completing` is about these.
fn only_asks_what_there_is(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::Archive
            | Intent::CompleteCommand { .. }
            | Intent::Complete { .. }
            | Intent::Models { shows: false, .. }
            | Intent::Offers { wanted: OfferUse::Complete, .. }
    )
}

pub(crate) fn key_event(written: &str) -> Chord {
    let mut held = KeyModifiers::NONE;
    let mut rest = written;
    for (prefix, modifier) in
        [("Ctrl+", KeyModifiers::CONTROL), ("Alt+", KeyModifiers::ALT), ("Shift+", KeyModifiers::SHIFT)]
    {
        if let Some(tail) = rest.strip_prefix(prefix).filter(|tail| !tail.is_empty()) {
            held |= modifier;
            rest = tail;
        }
    }
    let code = match rest {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "Backspace" => KeyCode::Backspace,
        function if function.len() > 1 && function.starts_with('F') => {
            KeyCode::F(function[1..].parse().expect("a function key"))
        }
        single => {
            let typed = single.chars().next().expect("a key");
            KeyCode::Char(if held.contains(KeyModifiers::CONTROL) {
                typed.to_ascii_lowercase()
            } else {
                typed
            })
        }
    };
    Chord::pressed(code, held)
}

pub(crate) fn id(slot: u32) -> SessionId {
    SessionId(u128::from(slot) << 120)
}

pub(crate) fn session(slot: u32, name: &str) -> Snapshot {
    Snapshot {
        summary: Summary {
            id: id(slot),
            name: name.parse().unwrap(),
            slot,
            kind: Kind::Development,
            agent: "guide".into(),
            model: String::new(),
            directory: "/home/ann/api".into(),
            policy: Policy::Ask,
            settings: Settings::default(),
            tags: Vec::new(),
            pinned: false,
            parent: None,
            inherited: None,
            trashed: None,
            held: false,
            background: 0,
            retrying: None,
            pending: 0,
            presence: Presence::Live,
            activity: Activity::Idle,
            unread: 0,
            seen: Mark::default(),
            queued: 0,
            entries: 0,
            turns: 0,
            usage: Usage::default(),
            budget: None,
            failure: None,
            failures: 0,
            stop_reason: String::new(),
            answering: String::new(),
            interrupter: None,
            acknowledged: false,
            sent: None,
            window: None,
            preview: String::new(),
            created: WallTime(NOW.0 - 7_200_000),
            touched: WallTime(NOW.0 - 300_000),
        },
        entries: Vec::new(),
        trimmed: false,
        queue: Vec::new(),
        draft: String::new(),
        pending: Vec::new(),
    }
}

/// The same one while it hibernates.
pub(crate) fn asleep(slot: u32, name: &str) -> Snapshot {
    session(slot, name).but(|snapshot| snapshot.summary.presence = Presence::Hibernated)
}

/// A session's line, changed.
pub(crate) fn line(snapshot: Snapshot) -> Update {
    Update::Session(Box::new(snapshot.summary))
}

/// Changes a snapshot in a row of calls.
pub(crate) trait But: Sized {
    fn but(self, change: impl FnOnce(&mut Snapshot)) -> Self;

    fn prompt(self, no: u64, text: &str) -> Self {
        self.but(|snapshot| snapshot.entries.push(entry(no, Body::Prompt(text.into()))))
    }

    fn answer(self, no: u64, text: &str) -> Self {
        self.but(|snapshot| {
            snapshot.summary.preview = text.lines().next().unwrap_or_default().chars().take(80).collect();
            snapshot.entries.push(entry(no, Body::Answer(text.into())));
        })
    }

    fn stop(self, no: u64, stop: q_core::Stop) -> Self {
        self.but(|snapshot| snapshot.entries.push(entry(no, Body::Stop(stop))))
    }

    /// Its last turn was ended by that one, and nothing was done since.
    fn interrupted(self, no: u64, by: q_core::Interrupter) -> Self {
        self.stop(no, q_core::Stop::Interrupted(by)).activity(Activity::Interrupted)
    }

    fn kind(self, kind: Kind) -> Self {
        self.but(|snapshot| snapshot.summary.kind = kind)
    }

    fn model(self, agent: &str, model: &str) -> Self {
        self.but(|snapshot| {
            snapshot.summary.agent = agent.into();
            snapshot.summary.model = model.into();
        })
    }

    fn activity(self, activity: Activity) -> Self {
        self.but(|snapshot| snapshot.summary.activity = activity)
    }

    fn unread(self, unread: u32, entry: u64, bytes: u64) -> Self {
        self.but(|snapshot| {
            snapshot.summary.unread = unread;
            snapshot.summary.seen = Mark { entry: EntryNo(entry), bytes };
        })
    }

    fn failed(self, failure: AgentFailure) -> Self {
        self.activity(Activity::Failed).but(|snapshot| snapshot.summary.failure = Some(failure))
    }

    fn queued(self, texts: &[&str]) -> Self {
        self.but(|snapshot| {
            snapshot.summary.queued = texts.len() as u32;
            snapshot.queue = texts
                .iter()
                .zip(1..)
                .map(|(text, number)| QueuedPrompt { prompt: PromptNo(number), text: (*text).into() })
                .collect();
        })
    }
}

impl But for Snapshot {
    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

pub(crate) fn entry(no: u64, body: Body) -> Entry {
    Entry { no: EntryNo(no), at: NOW, body }
}
