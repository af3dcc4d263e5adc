//! One entry laid out. An answer that grows is laid out again only from its last block on.

use std::time::Duration;

use q_core::{Body, Called, Entry, EntryNo, Sources};
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use crate::changes;
use crate::keys::Chord;
use crate::layout::block::Block;
use crate::layout::changed;
use crate::layout::ended_call;
use crate::layout::markdown;
use crate::layout::measure::Measure;
use crate::layout::wrap::{self, Row, Wrapper};
use crate::output;
use crate::plan;
use crate::project;
use crate::quoted;
use crate::sanitize;
use crate::sources;
use crate::style::Palette;
use crate::tool_input;
use crate::way::Way;
use crate::words;

/// How many bytes before the old end are compared to tell growth from replacement.
const GUARD: usize = 32;
/// Before what a tool was given and what came out.
const INDENT: &str = "    ";
/// How many rows show of what a call puts out while it runs.
const OUTPUT_ROWS: usize = 8;

/// An entry's rows at one measure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntryLayout {
    measure: Measure,
    len: usize,
    guard: Vec<u8>,
    shown: ShownAs,
    pub(crate) blocks: Vec<Block>,
}

/// What an entry looks like depends on, of the entries around it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EntryContext<'a> {
    /// The call that it is the result of.
    pub(crate) call: Option<&'a Called>,
    /// Whether another entry stands for it, so that it has no rows: the result for what its call put out until then, a plan for
    /// the one before it and for the call that told it.
    pub(crate) is_over: bool,
    /// Whether it is a call that its result says in a line.
    pub(crate) is_away: bool,
    /// Whether a result has all its lines, however many.
    pub(crate) is_whole: bool,
    /// Of a thought that has ended, or a call with its result, that it is one row; of a prompt, that its middle is left out where it
    /// is long.
    pub(crate) fold: Option<EntryFold>,
}

impl EntryContext<'_> {
    /// All of that but the call, which does not change.
    const fn shown(&self) -> ShownAs {
        let has_no_rows = self.has_no_rows();
        ShownAs { has_no_rows, is_whole: self.is_whole, fold: self.fold }
    }

    /// Whether another entry says it, or all that is shown of it.
    pub(crate) const fn has_no_rows(&self) -> bool {
        self.is_over || self.is_away
    }
}

/// As what it was laid out: as one that another stands for, as one that is whole, or folded.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ShownAs {
    has_no_rows: bool,
    is_whole: bool,
    fold: Option<EntryFold>,
}

/// How long what is folded took, where that is known, and how it is unfolded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryFold {
    /// What unfolds it; where no key does, that is said by its command.
    pub(crate) key: Option<Chord>,
    pub(crate) took: Option<Duration>,
    /// Whether no other of its kind is below it: one of many says how they are unfolded.
    pub(crate) is_newest: bool,
}

impl EntryFold {
    /// What unfolds it, as it stands behind what is folded.
    pub(crate) fn hint(self) -> String {
        self.key.map_or_else(|| " (/thoughts)".to_owned(), |key| format!(" ({key})"))
    }
}

impl EntryLayout {
    /// Lays an entry out, with what is still true of an earlier shape.
    pub(crate) fn of(
        entry: &Entry,
        beside: EntryContext<'_>,
        measure @ Measure { columns, prose: width }: Measure,
        palette: Palette,
        earlier: Option<Self>,
    ) -> Self {
        let text = entry.text();
        let blocks = match &entry.body {
            _ if beside.has_no_rows() => Vec::new(),
            Body::Prompt(said) => {
                let folded = quoted::folded(&said.text);
                let folded = ended_call::shortened(&folded, beside.fold);
                let shown = prompt(&words::with_images(&folded, &said.images), width);
                vec![Block { end: said.text.len(), ..shown }]
            }
            Body::Answer(text) => answer(text, measure, palette, earlier),
            Body::Thinking(text) if let Some(fold) = beside.fold => {
                vec![block(text, vec![folded_thought(text, fold, width)])]
            }
            Body::Thinking(text) => {
                let earlier = earlier.filter(|earlier| earlier.shown.fold.is_none());
                let mut blocks = answer(text, measure, palette, earlier);
                let rows = blocks.iter_mut().flat_map(|block| &mut block.rows);
                rows.for_each(|row| row.style = row.style.patch(Palette::dim()));
                blocks
            }
            Body::Call(call) => {
                let called = words::call(call);
                let changes = tool_input::changes_files(&call.tool);
                let lines = if changes { changed::rows } else { unmarked };
                vec![block(text, exact(&called, columns, palette, lines))]
            }
            Body::Output(output) => vec![block(text, newest_rows(&output.text, columns, palette))],
            Body::Plan(steps) => {
                vec![block(
                    text,
                    wrap::plain(&sanitize::visible(&plan::listed(steps)), width, palette.code()),
                )]
            }
            Body::Sources(told) => vec![block(text, listed(entry.no, told, width))],
            Body::Result(result) => {
                let whole =
                    || ended_call::whole(entry.no, (beside.call, result), beside.is_whole, measure, palette);
                let line = |(fold, call)| ended_call::line((entry.no, result), call, fold, columns, palette);
                vec![block(text, beside.fold.zip(beside.call).map_or_else(whole, line))]
            }
            Body::Repair(fault) => notice(text, &words::repair(*fault, Way::Slash), width, palette),
            Body::Reversed(reversed) => notice(text, &changes::reversed(reversed), width, palette),
            Body::Continued => notice(text, words::CONTINUED, width, palette),
            Body::ProjectFiles(files) => notice(text, &project::told(files, Way::Slash), width, palette),
            Body::LeftOut(sent) => notice(text, &words::left_out(*sent), width, palette),
            Body::Compaction(compaction) => {
                let said = format!("— {}", words::compaction(compaction, Way::Slash));
                let mut rows = wrap::plain(&said, width, palette.notice());
                if !compaction.text().is_empty() {
                    rows.extend(indented(&sanitize::visible(compaction.text()), width, Palette::dim()));
                }
                vec![block(text, rows)]
            }
            Body::Stop(stop) => {
                let said = format!("— {}", words::stop(stop, Way::Slash));
                vec![Block { end: 0, rows: wrap::plain(&said, width, palette.alarm()) }]
            }
        };
        let guard = text.as_bytes().iter().rev().take(GUARD).copied().collect();
        Self { measure, len: text.len(), guard, shown: beside.shown(), blocks }
    }

    /// Whether this is how the entry looks now.
    pub(crate) fn is_true_of(&self, entry: &Entry, beside: EntryContext<'_>, measure: Measure) -> bool {
        self.shown == beside.shown()
            && self.len == entry.text().len()
            && self.grows_into(entry.text(), measure)
    }

    /// Whether `text` continues what this was made from.
    fn grows_into(&self, text: &str, measure: Measure) -> bool {
        let old = text.as_bytes().get(..self.len).unwrap_or_default();
        self.measure == measure && old.len() == self.len && old.iter().rev().take(GUARD).eq(self.guard.iter())
    }

    /// How many blocks no growth of `text` changes: all but the last, and but the one before it while all of the last is on
    /// a line that has not ended (what looks like a fence may yet turn out to continue the paragraph above).
    pub(crate) fn closed(&self, text: &str) -> usize {
        let line = text.get(..self.len).and_then(|old| old.rfind('\n')).map_or(0, |feed| feed + 1);
        let before_last = self.blocks.len().saturating_sub(1);
        let before = before_last.checked_sub(1).and_then(|index| self.blocks.get(index));
        before_last - usize::from(before.is_some_and(|block| block.end >= line))
    }

    /// Rows in all, the empty ones between blocks included.
    pub(crate) fn height(&self) -> usize {
        self.blocks.iter().map(|block| block.rows.len()).sum::<usize>() + self.blocks.len().saturating_sub(1)
    }

    /// Bytes it takes, roughly.
    pub(crate) fn weight(&self) -> usize {
        self.len + self.height() * size_of::<Row>() * 2
    }
}

fn listed(no: EntryNo, told: &Sources, width: usize) -> Vec<Row> {
    let said = sources::listed(no, told, "SESSION", Way::Slash);
    wrap::plain(&sanitize::visible(&said), width, Palette::dim())
}

/// What `q` itself says in a transcript, in the place of that text.
fn notice(text: &str, said: &str, width: usize, palette: Palette) -> Vec<Block> {
    vec![block(text, wrap::plain(&format!("— {said}"), width, palette.notice()))]
}

fn prompt(text: &str, width: usize) -> Block {
    block(text, wrap::plain(&with_tabs_expanded(&sanitize::visible(text)), width, Style::new()))
}

/// All of an entry's text as one block.
fn block(text: &str, rows: Vec<Row>) -> Block {
    Block { end: text.len(), rows }
}

fn with_tabs_expanded(shown: &str) -> String {
    let lines: Vec<_> = shown.split('\n').map(sanitize::expand_tabs).collect();
    lines.join("\n")
}

/// Rows of a text in one style.
fn unmarked(shown: &str, width: usize, style: Style, _palette: Palette) -> Vec<Row> {
    wrap::exact(shown, width, style)
}

/// Rows of which all but the first are indented, with every character in them.
fn exact(
    shown: &str,
    width: usize,
    palette: Palette,
    lines: fn(&str, usize, Style, Palette) -> Vec<Row>,
) -> Vec<Row> {
    let indent = indent(width);
    let room = width.saturating_sub(wrap::columns(&indent));
    // The first row is as wide as the others: each begins where it would have been broken.
    let rows = lines(shown, room, palette.code(), palette).into_iter().enumerate();
    rows.map(|(number, row)| {
        let indent = if number > 0 { indent.clone() } else { Vec::new() };
        Row { spans: indent.into_iter().chain(row.spans).collect(), ..row }
    })
    .collect()
}

/// Rows that are all indented, as code is.
pub(super) fn indented(shown: &str, width: usize, style: Style) -> Vec<Row> {
    wrapped(shown, (indent(width), indent(width)), width, style)
}

/// The last rows of what a call puts out: all of it comes with the result. It grows piece by piece and may be long, so only
/// its last lines are laid out.
fn newest_rows(output: &str, width: usize, palette: Palette) -> Vec<Row> {
    let begin = output.rmatch_indices('\n').nth(OUTPUT_ROWS).map_or(0, |(feed, _)| feed + 1);
    let output = output.get(begin..).unwrap_or_default();
    let mut rows = indented(&output::rendered(output), width, Palette::dim().patch(palette.code()));
    rows.drain(..rows.len().saturating_sub(OUTPUT_ROWS));
    rows
}

fn wrapped(
    shown: &str,
    (first, rest): (Vec<Span<'static>>, Vec<Span<'static>>),
    width: usize,
    style: Style,
) -> Vec<Row> {
    let mut rows = Wrapper::new(width, first, rest);
    for (number, line) in with_tabs_expanded(shown.trim_end()).split('\n').enumerate() {
        if number > 0 {
            rows.newline();
        }
        rows.push(line, style);
    }
    rows.finish()
}

/// A thought in a row: how long it took, how it begins, and where there is more, how to see it.
fn folded_thought(text: &str, fold: EntryFold, width: usize) -> Row {
    let begin: Vec<&str> = text.split_whitespace().take(width).collect();
    let said = format!("{}: {}", words::thought(fold.took), sanitize::visible_line(&begin.join(" ")));
    let is_whole = said.width() <= width && text.trim().lines().count() <= 1;
    // Behind a thought of which more is there than its row shows.
    let unfolds = fold.hint();
    let more = if is_whole || width <= unfolds.width() * 3 { "" } else { &unfolds };
    let shown = wrap::truncated(&said, width.saturating_sub(more.width()));
    Row::from(vec![Span::styled(format!("{shown}{more}"), Palette::dim())])
}

/// Nothing on screens too narrow for it.
fn indent(width: usize) -> Vec<Span<'static>> {
    if width > INDENT.len() * 2 { vec![wrap::drawn(Span::raw(INDENT))] } else { Vec::new() }
}

fn answer(text: &str, measure: Measure, palette: Palette, earlier: Option<EntryLayout>) -> Vec<Block> {
    let mut blocks = match earlier {
        Some(mut earlier) if earlier.grows_into(text, measure) => {
            earlier.blocks.truncate(earlier.closed(text));
            earlier.blocks
        }
        Some(_) | None => Vec::new(),
    };
    let from = blocks.last().map_or(0, |block| block.end);
    blocks.extend(markdown::blocks(text.get(from..).unwrap_or_default(), from, measure, palette));
    if blocks.is_empty() && text.width() > 0 {
        // A definition of a link alone makes no block; what was said is shown nevertheless.
        blocks.push(prompt(text, measure.prose));
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use q_core::WallTime;

    const PALETTE: Palette = Palette { color: true };
    const FORTY: Measure = Measure { columns: 40, prose: 40 };

    fn entry(text: &str) -> Entry {
        Entry { no: EntryNo(1), at: WallTime(0), body: Body::Answer(text.into()) }
    }

    fn pieces() -> impl Strategy<Value = Vec<String>> {
        let piece = prop_oneof![
            "[a-z ]{1,8}",
            prop::sample::select(vec![
                "\n",
                "\n\n",
                "- ",
                "1. ",
                "# ",
                "```\n",
                "```",
                "> ",
                "| a | b |\n",
                "|---|---|\n",
                "    ",
                "---\n",
                "===\n",
                "**",
                "`",
                "<div>\n",
                "[a](b)",
                "  - ",
                "\t",
                "日本",
                "é",
                "\u{1b}",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 1..40)
    }

    proptest! {
        #[test]
        fn growing_piece_by_piece_looks_like_all_at_once(pieces in pieces(), width in 4usize..60) {
            let mut text = String::new();
            let mut grown = None;
            for piece in &pieces {
                text.push_str(piece);
                grown = Some(EntryLayout::of(&entry(&text), EntryContext::default(), Measure::new(width, None), PALETTE, grown));
            }
            prop_assert_eq!(grown, Some(EntryLayout::of(&entry(&text), EntryContext::default(), Measure::new(width, None), PALETTE, None)));
        }

        #[test]
        fn what_is_no_prose_is_no_wider_than_there_is_room(pieces in pieces(), columns in 4usize..60, most in 4u16..60) {
            let measure = Measure::new(columns, Some(most));
            let shape = EntryLayout::of(&entry(&pieces.concat()), EntryContext::default(), measure, PALETTE, None);
            for row in shape.blocks.iter().flat_map(|block| &block.rows) {
                prop_assert!(row.width() <= columns, "{:?}", row);
            }
        }

        #[test]
        fn no_row_is_wider_than_the_screen(pieces in pieces(), width in 4usize..60) {
            let shape = EntryLayout::of(&entry(&pieces.concat()), EntryContext::default(), Measure::new(width, None), PALETTE, None);
            for row in shape.blocks.iter().flat_map(|block| &block.rows) {
                prop_assert!(row.width() <= width, "{:?}", row);
            }
        }
    }

    #[test]
    fn a_line_that_has_not_ended_may_still_belong_to_the_paragraph_above() {
        let half = EntryLayout::of(&entry("text\n```"), EntryContext::default(), FORTY, PALETTE, None);
        let whole =
            EntryLayout::of(&entry("text\n```code```"), EntryContext::default(), FORTY, PALETTE, Some(half));
        assert_eq!(whole.blocks.len(), 1);
    }

    #[test]
    fn another_text_is_not_taken_for_growth() {
        let shape = EntryLayout::of(&entry("one two three"), EntryContext::default(), FORTY, PALETTE, None);
        assert!(shape.is_true_of(&entry("one two three"), EntryContext::default(), FORTY));
        assert!(!shape.is_true_of(
            &entry("one two three"),
            EntryContext::default(),
            Measure { columns: 41, ..FORTY }
        ));
        assert!(!shape.is_true_of(&entry("one two thirty"), EntryContext::default(), FORTY));
        assert!(!shape.grows_into("something else entirely", FORTY));
    }
}
