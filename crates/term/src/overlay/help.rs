//! The help page, made from the table of actions.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use crate::command::table::{CommandRow, Group, ROWS, When};
use crate::command::{self, TOPICS};
use crate::keymap::Keymap;
use crate::layout::markdown;
use crate::layout::wrap::{Row, Wrapper, filled, plain};
use crate::overlay::component::OverlayContext;
use crate::overlay::page::Sheet;
use crate::style::Palette;

/// Marks keys that work on an empty prompt only.
const EMPTY_ONLY: &str = "°";

/// What can be done; with a topic, what mentions it, behind what the manual says of it.
#[derive(Debug, Default)]
pub(crate) struct HelpSheet {
    pub(crate) topic: Option<String>,
    /// Of the manual, in Markdown.
    pub(crate) manual: Option<String>,
}

impl Sheet for HelpSheet {
    fn room(&self, screen: Rect) -> (u16, u16) {
        (screen.width.saturating_sub(4).min(120), screen.height.saturating_sub(2))
    }

    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        if let Some(page) = self.topic.as_deref().and_then(command::topic_page) {
            return page_rows(page, width);
        }
        let manual = self.manual.as_deref().map(|manual| markdown::page(manual, width, context.palette));
        let mut all = manual.unwrap_or_default();
        all.extend(rows(context.keymap, self.topic.as_deref(), width));
        all
    }
}

fn rows(keymap: &Keymap, topic: Option<&str>, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (group, title) in Group::TITLED {
        let wanted: Vec<&CommandRow> = ROWS
            .iter()
            .filter(|row| row.group == group && topic.is_none_or(|topic| keymap.mentions(row, topic)))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        if !rows.is_empty() {
            rows.push(Row::default());
        }
        rows.push(Row::styled(title, Palette::strong()));
        for row in wanted {
            rows.extend(entry(keymap, row, width));
        }
    }
    rows.push(Row::default());
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    for line in [
        format!("More of one thing: /help and one of {}.", topics.join(", ")),
        format!("{EMPTY_ONLY} on an empty prompt; with text in it the key edits, as listed under Editing."),
        "Other keys are set in the configuration: [keys]; q keys, in the shell, shows what arrives."
            .to_owned(),
        "A prompt that begins with / is typed with two: //like this.".to_owned(),
        "Questions about q: open a session with the guide and ask it; it needs no network.".to_owned(),
    ] {
        rows.extend(plain(&line, width, Palette::dim()));
    }
    rows
}

/// The page of a topic, its title first.
fn page_rows(page: &[&str], width: usize) -> Vec<Row> {
    let style = |no: usize| if no == 0 { Palette::strong() } else { Style::new() };
    page.iter().enumerate().flat_map(|(no, line)| plain(line, width, style(no))).collect()
}

/// Ways on the left, what they do on the right; below one another where the screen is narrow.
fn entry(keymap: &Keymap, row: &CommandRow, width: usize) -> Vec<Row> {
    let left = if width >= 70 { width * 2 / 5 } else { width };
    let narrow = left == width;
    let ways = ways(keymap, row);
    let ways: Vec<Row> = filled(ways.iter().map(String::as_str), left.saturating_sub(4))
        .into_iter()
        .map(|line| Row::styled(format!("  {line}"), Palette::strong()))
        .collect();
    if narrow {
        let mut text = Wrapper::new(width, vec![Span::raw("      ")], vec![Span::raw("      ")]);
        text.push(row.help, Style::new());
        return ways.into_iter().chain(text.finish()).collect();
    }
    let text = plain(row.help, width - left, Style::new());
    let count = ways.len().max(text.len());
    let mut ways = ways.into_iter();
    let mut text = text.into_iter();
    (0..count)
        .map(|_| {
            let mut line = ways.next().unwrap_or_default();
            let used: usize = line.spans.iter().map(|span| span.content.width()).sum();
            line.push_span(" ".repeat(left.saturating_sub(used)));
            for span in text.next().unwrap_or_default().spans {
                line.push_span(span);
            }
            line
        })
        .collect()
}

fn ways(keymap: &Keymap, row: &CommandRow) -> Vec<String> {
    let mut ways = match keymap.of(row.action) {
        Some(keys) if !keys.has_digits() => keys
            .direct
            .iter()
            .map(|(key, when)| match when {
                When::Always | When::Text => key.to_string(),
                When::Empty => format!("{key}{EMPTY_ONLY}"),
            })
            .collect(),
        Some(_) | None => vec![keymap.direct_keys(row.action)],
    };
    let others = [keymap.leader_keys(row.action), row.command()];
    ways.extend(others.into_iter().filter(|way| !way.is_empty()));
    ways
}
