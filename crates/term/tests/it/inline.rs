//! The inline face in an emulator that keeps its scrollback: what stands there is written once and stays.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use proptest::prelude::*;
use q_core::{Activity, Body, Called, EntryNo, Update};
use q_term::inline::InlineOutput;
use q_term::{Face, Options, Ui, inline_frame};
use ratatui::layout::Size;

use crate::waiting::consent;
use crate::world::{But as _, World, entry, id, line, session};

/// What a terminal shows, and what it keeps above that.
#[derive(Clone)]
struct Emulator(Rc<RefCell<vt100::Parser>>);

impl Write for Emulator {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().process(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Inline {
    world: World,
    emulator: Emulator,
    out: InlineOutput<Emulator>,
    size: Size,
}

impl Inline {
    fn new(columns: u16, rows: u16, sessions: Vec<q_core::Snapshot>) -> Self {
        let mut world = World::new(columns, rows);
        world.ui = Ui::new(Options { face: Face::Inline, color: false, ..Options::default() });
        for snapshot in sessions {
            world.mirror.load(snapshot);
        }
        world.ui.refreshed(&world.mirror);
        let parser = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 5_000);
        let emulator = Emulator(Rc::new(RefCell::new(parser)));
        let out = InlineOutput::new(emulator.clone(), false);
        let mut inline = Self { world, emulator, out, size: Size { width: columns, height: rows } };
        inline.paint();
        inline
    }

    fn paint(&mut self) {
        loop {
            let frame = inline_frame(&mut self.world.ui, &self.world.mirror, self.size, self.world.wall);
            let goes_on = frame.goes_on;
            self.out.show(frame).unwrap();
            if !goes_on {
                break;
            }
        }
        self.world.ui.drawn(self.world.at);
        self.world.wait_ms(1000);
    }

    fn update(&mut self, update: Update) {
        self.world.update(update);
        self.paint();
    }

    fn keys(&mut self, keys: &[&str]) {
        self.world.keys(keys);
        self.paint();
    }

    /// All rows, those that were scrolled away first.
    fn rows(&self) -> Vec<String> {
        let mut parser = self.emulator.0.borrow_mut();
        let screen = parser.screen_mut();
        let width = self.size.width;
        let mut rows = Vec::new();
        for above in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(above);
            rows.extend(screen.rows(0, width).next());
        }
        screen.set_scrollback(0);
        rows.extend(screen.rows(0, width));
        rows.into_iter().map(|row| row.trim_end().to_owned()).collect()
    }

    /// The rows above those that are drawn.
    fn kept(&self) -> Vec<String> {
        let rows = self.rows();
        let prompt = rows.iter().rposition(|row| row.starts_with("[api] >")).expect("a prompt");
        let kept = rows.get(..prompt).unwrap_or_default();
        let end = kept.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        kept.get(..end).unwrap_or_default().to_vec()
    }

    fn text(&self) -> String {
        self.rows().join("\n").trim_end().to_owned()
    }
}

/// The transcript as the whole screen shows it, all of it in sight.
fn on_the_whole_screen(columns: u16, snapshot: q_core::Snapshot) -> Vec<String> {
    let mut world = World::new(columns, 3_000);
    world.mirror.load(snapshot);
    world.ui.refreshed(&world.mirror);
    let frame = world.frame();
    let rows: Vec<&str> = frame.lines().skip(1).take(2_990).collect();
    let end = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
    let begin = rows.iter().position(|row| !row.is_empty()).unwrap_or(0);
    rows.get(begin..end).unwrap_or_default().iter().map(|row| (*row).to_owned()).collect()
}

fn pieces() -> impl Strategy<Value = Vec<String>> {
    let told = [
        "\n",
        "\n\n",
        "- ",
        "# ",
        "```\n",
        "```rust\n",
        "~~~\n",
        "> ",
        "| a | b |\n|---|---|\n",
        "**",
        "`",
        "日本",
        "é",
        "\t",
        "\u{1b}[2J",
    ];
    let piece = prop_oneof!["[a-z ]{1,30}", prop::sample::select(told.to_vec()).prop_map(str::to_owned)];
    prop::collection::vec(piece, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_conversation_stands_in_the_scrollback_each_row_once(
        answers in prop::collection::vec(pieces(), 1..4),
        columns in 30u16..90,
        rows in 8u16..30,
    ) {
        let mut inline = Inline::new(columns, rows, vec![session(1, "api")]);
        let mut whole = session(1, "api");
        for (number, answer) in answers.iter().enumerate() {
            let no = number as u64 * 2 + 1;
            let prompt = Body::Prompt(format!("question {number}").as_str().into());
            whole.entries.push(entry(no, prompt.clone()));
            inline.update(line(session(1, "api").activity(Activity::Working)));
            inline.update(Update::Entry { session: id(1), entry: entry(no, prompt) });
            inline.update(Update::Entry { session: id(1), entry: entry(no + 1, Body::Answer(String::new())) });
            let mut said = String::new();
            for piece in answer {
                let offset = said.len() as u64;
                said.push_str(piece);
                inline.update(Update::Text { session: id(1), entry: EntryNo(no + 1), offset, text: piece.clone() });
            }
            whole.entries.push(entry(no + 1, Body::Answer(said)));
            inline.update(line(session(1, "api")));
        }
        prop_assert_eq!(inline.kept(), on_the_whole_screen(columns, whole));
    }
}

#[test]
fn a_list_leaves_no_trace() {
    let told = vec![session(1, "api").prompt(1, "why?").answer(2, "Because."), session(2, "plan")];
    let mut inline = Inline::new(80, 24, told);
    let before = inline.kept();
    inline.keys(&["Ctrl+X", "l"]);
    assert!(inline.text().contains("sessions ─"), "{}", inline.text());
    inline.keys(&["Esc"]);
    assert_eq!(inline.kept(), before);
}

#[test]
fn a_switch_is_a_rule_with_the_last_words_and_what_is_new() {
    let words: String = (0..40).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
    let plan = session(2, "plan").prompt(1, "first").answer(2, &words).prompt(3, "second").answer(4, "News.");
    let told = vec![session(1, "api").prompt(1, "why?").answer(2, "Because."), plan.unread(1, 3, 0)];
    let mut inline = Inline::new(80, 24, told);
    inline.keys(&["Alt+2"]);
    insta::assert_snapshot!("a_switch", inline.text());
    inline.keys(&["Alt+1"]);
    let text = inline.text();
    assert_eq!((text.matches("News.").count(), text.matches("[api] ─").count()), (1, 2), "{text}");
}

#[test]
fn what_others_say_is_not_written() {
    let mut inline = Inline::new(80, 24, vec![session(1, "api"), session(2, "plan")]);
    inline.update(Update::Entry { session: id(2), entry: entry(1, Body::Prompt("elsewhere".into())) });
    assert!(!inline.text().contains("elsewhere"));
    assert!(inline.text().contains("[1 api]"), "the bar is there: {}", inline.text());
}

#[test]
fn a_call_is_in_sight_until_it_is_answered_and_is_kept_then() {
    let pending = consent(1, "cargo test", 7);
    let (tool, input) = (pending.tool.clone(), pending.input.clone());
    let call = Called { no: pending.call, tool, input, wants: pending.wants };
    let mut inline = Inline::new(80, 24, vec![session(1, "api").prompt(1, "test it")]);
    inline.update(line(session(1, "api").activity(Activity::NeedsApproval)));
    inline.update(Update::Entry { session: id(1), entry: entry(2, Body::Call(call)) });
    inline.update(Update::Pending { session: id(1), pending: vec![pending] });
    let text = inline.text();
    assert!(text.contains("y once"), "shown whole, it can be answered: {text}");
    inline.keys(&["y", "Enter"]);
    inline.update(Update::Pending { session: id(1), pending: Vec::new() });
    inline.update(line(session(1, "api")));
    assert!(inline.kept().iter().any(|row| row.contains("cargo test")), "{}", inline.text());
}

#[test]
fn a_narrower_terminal_that_breaks_lines_anew_is_erased_as_far_as_its_rows_reach() {
    // Nine columns of text in a region of two rows: at four columns they are three and one.
    let told: Vec<u8> = Vec::new();
    let mut out = InlineOutput::new(told, true);
    let mut region = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 10, 2));
    region.set_string(0, 0, "123456789", ratatui::style::Style::new());
    let cursor = Some(ratatui::layout::Position { x: 2, y: 1 });
    out.show(q_term::InlineFrame { above: None, goes_on: false, region, cursor }).unwrap();
    assert_eq!(out.rows_above_cursor(), 1);
    out.resized(4);
    assert_eq!(out.rows_above_cursor(), 3);
    out.resized(20);
    assert_eq!(out.rows_above_cursor(), 3, "wider again it is where it was");
}
