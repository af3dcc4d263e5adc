//! What a call came to: in a line with the call, or whole beneath it. And a long prompt without its middle.
//!
//! Not here: which of both it is (`layout::flow`).

use std::borrow::Cow;

use q_core::{Body, Called, Entry, EntryNo, Outcome, Resulted};
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use crate::layout::entry::{EntryContext, EntryFold, indented};
use crate::layout::measure::Measure;
use crate::layout::wrap::{self, Row};
use crate::output;
use crate::style::Palette;
use crate::tool_input;
use crate::way::Way;
use crate::words;

/// How many of the last lines show of what came out of a call that did not do what it was to do.
const LAST: usize = 6;
/// The least columns in which a call can be recognised: what stands behind it gives way.
const CALL: usize = 20;

/// A call that has ended, in a line: a sign, the call, how it ended, what came out and how long it ran. Beneath what did not end
/// well stand the last lines of what it said.
pub(super) fn line(
    (no, result): (EntryNo, &Resulted),
    called: &Called,
    fold: EntryFold,
    columns: usize,
    palette: Palette,
) -> Vec<Row> {
    let is_done = result.outcome == Outcome::Done;
    let (sign, style) = if is_done { ("✓ ", palette.mark()) } else { ("✗ ", palette.alarm()) };
    let (end, came) = words::command_end(result);
    let room = columns.saturating_sub(sign.width());
    let call = words::call_headline(called);
    let behind = room.saturating_sub(call.width().min(CALL));
    let behind = fitting(&details(result, (end, came), called, fold), fold, behind);
    let call = wrap::truncated(&call, room.saturating_sub(behind.width())).into_owned();
    let mut rows = vec![Row::from(vec![
        Span::styled(sign, style),
        Span::styled(call, palette.code()),
        Span::styled(behind, Palette::dim()),
    ])];
    if !is_done {
        rows.extend(last_lines((no, result), came, fold, columns, palette));
    }
    rows
}

/// What there is room for of what stands behind a call. On a narrow screen first the hint goes, then what matters least.
fn fitting(details: &[String], fold: EntryFold, room: usize) -> String {
    let said = |count| {
        let said = details.get(..count).unwrap_or_default().join(" · ");
        if said.is_empty() { said } else { format!("  {said}") }
    };
    let hint = if fold.is_newest { fold.hint() } else { String::new() };
    let all = format!("{}{hint}", said(details.len()));
    let less = (0..=details.len()).rev().map(said);
    std::iter::once(all).chain(less).find(|said| said.width() <= room).unwrap_or_default()
}

/// What stands behind a call, what matters most first: `exit code 1`, `12 lines`, `3.2 s`, of an edit `+3 −1`.
fn details(
    result: &Resulted,
    (end, came): (Option<&str>, &str),
    called: &Called,
    fold: EntryFold,
) -> Vec<String> {
    let is_done = result.outcome == Outcome::Done;
    let changed = tool_input::changed_lines(&called.tool, &called.input).filter(|_| is_done);
    let size = || (result.whole > result.text.len() as u64).then(|| words::size(result.whole));
    let lines = words::lines_of(result, came).or_else(size).filter(|_| is_done && changed.is_none());
    let parts = [
        (!is_done).then(|| end.map_or_else(|| result.outcome.words().to_owned(), str::to_owned)),
        changed.map(|(came, went)| format!("+{came} −{went}")),
        lines,
        fold.took.and_then(words::took),
    ];
    parts.into_iter().flatten().collect()
}

/// The end of what a call said that did not do what it was to do, and above it that there is more.
fn last_lines(
    (no, result): (EntryNo, &Resulted),
    came: &str,
    fold: EntryFold,
    columns: usize,
    palette: Palette,
) -> Vec<Row> {
    let rendered = output::rendered(came);
    let lines: Vec<&str> = rendered.trim_end().lines().collect();
    let (before, last) = lines.split_at(lines.len().saturating_sub(LAST));
    let more = words::counted(before.len(), "line");
    let more = format!("… {more} more{}", fold.hint());
    let rest = words::rest(no, result, Way::Slash).unwrap_or_default();
    [
        (if before.is_empty() { "" } else { &more }, Palette::dim()),
        (&last.join("\n"), palette.code()),
        (&rest, Palette::dim()),
    ]
    .into_iter()
    .filter(|(said, _)| !said.is_empty())
    .flat_map(|(said, style)| indented(said, columns, style))
    .collect()
}

/// How a call ended, and beneath that what came of it: all of it, or its beginning and its end.
pub(super) fn whole(
    no: EntryNo,
    (call, result): (Option<&Called>, &Resulted),
    is_whole: bool,
    Measure { columns, .. }: Measure,
    palette: Palette,
) -> Vec<Row> {
    let (said, came) = words::result_parts(call.map(words::call_line).as_deref(), result);
    let mut rows = wrap::plain(&said, columns, Palette::dim());
    let rendered = output::rendered(came);
    let (head, more, tail) = output::folded(&rendered, is_whole);
    let more = more.map(|count| words::lines_more(no, count, Way::Slash));
    for (lines, style) in [
        (head.join("\n"), palette.code()),
        (more.unwrap_or_default(), Palette::dim()),
        (tail.join("\n"), palette.code()),
    ] {
        if !lines.is_empty() {
            rows.extend(indented(&lines, columns, style));
        }
    }
    if let Some(rest) = words::rest(no, result, Way::Slash) {
        rows.extend(indented(&rest, columns, Palette::dim()));
    }
    rows
}

/// A prompt of many lines without those in its middle, where it is folded.
pub(super) fn shortened(text: &str, fold: Option<EntryFold>) -> Cow<'_, str> {
    let Some(fold) = fold.filter(|_| output::is_long(text)) else { return Cow::Borrowed(text) };
    let (head, more, tail) = output::folded(text, false);
    let more = words::counted(more.unwrap_or_default(), "line");
    Cow::Owned(format!("{}\n… {more} more{}\n{}", head.join("\n"), fold.hint(), tail.join("\n")))
}

/// What stands above what came out of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResultHeader<'a> {
    pub(crate) rows: usize,
    /// What of the result's text is said in it: how a command ended.
    pub(crate) said: &'a str,
}

/// The header of a result; nothing of any other entry.
pub(crate) fn result_header<'a>(
    entry: &'a Entry,
    beside: EntryContext<'_>,
    measure: Measure,
) -> Option<ResultHeader<'a>> {
    let Body::Result(result) = &entry.body else { return None };
    let (said, came) = words::result_parts(beside.call.map(words::call_line).as_deref(), result);
    let rows = wrap::plain(&said, measure.columns, Palette::dim()).len();
    Some(ResultHeader { rows, said: result.text.get(..result.text.len() - came.len()).unwrap_or_default() })
}
