//! Markdown → rows, one block after another.
//!
//! Not here: which blocks are laid out again while an answer grows (`entry`).

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use crate::layout::block::Block;
use crate::layout::code::{self, Highlighter};
use crate::layout::indent::Indent;
use crate::layout::measure::Measure;
use crate::layout::table::Table;
use crate::layout::wrap::{Row, Wrapper, columns, cut, cut_rows, drawn};
use crate::sanitize;
use crate::style::Palette;

/// Before each row of code.
const CODE_BAR: &str = "│ ";

/// The blocks of `text`, whose first byte is byte `base` of its entry.
pub(super) fn blocks(text: &str, base: usize, measure: Measure, palette: Palette) -> Vec<Block> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer = MarkdownWriter::new(measure, palette);
    let mut blocks = Vec::new();
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        if matches!(event, Event::Start(_)) {
            depth += 1;
        } else if matches!(event, Event::End(_)) {
            depth = depth.saturating_sub(1);
        }
        writer.take(event);
        if depth == 0 {
            blocks.push(Block { end: base + range.end, rows: writer.block() });
        }
    }
    blocks
}

/// A page of Markdown, in rows of at most `width`.
pub(crate) fn page(text: &str, width: usize, palette: Palette) -> Vec<Row> {
    let mut rows = Vec::new();
    for block in blocks(text, 0, Measure::new(width, None), palette) {
        rows.extend(block.rows);
        rows.push(Row::default());
    }
    rows
}

/// A link or an image while its text is read.
#[derive(Debug)]
struct Target {
    url: String,
    text: String,
    image: bool,
}

/// A block of code while it is read.
#[derive(Debug)]
struct CodeBlock {
    text: String,
    /// What stands behind the backticks that begin it.
    info: String,
}

#[derive(Debug)]
struct MarkdownWriter {
    width: usize,
    /// The widest row of prose.
    prose: usize,
    palette: Palette,
    rows: Vec<Row>,
    indent: Indent,
    /// The number of the next item in each open list; `None` in one without numbers.
    lists: Vec<Option<u64>>,
    inline: Option<Wrapper>,
    styles: Vec<Style>,
    targets: Vec<Target>,
    code: Option<CodeBlock>,
    table: Option<Table>,
    /// Whether an empty row parts what follows from what stands before it in the same block.
    gap: bool,
}

impl MarkdownWriter {
    fn new(Measure { columns, prose }: Measure, palette: Palette) -> Self {
        Self {
            width: columns.max(1),
            prose: prose.max(1),
            palette,
            rows: Vec::new(),
            indent: Indent::default(),
            lists: Vec::new(),
            inline: None,
            styles: vec![Style::new()],
            targets: Vec::new(),
            code: None,
            table: None,
            gap: false,
        }
    }

    /// The rows of the block that ended.
    fn block(&mut self) -> Vec<Row> {
        self.end_inline();
        self.gap = false;
        self.indent.clear();
        self.lists.clear();
        self.styles.truncate(1);
        std::mem::take(&mut self.rows)
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                let style = self.style().patch(self.palette.code());
                self.push(&format!("`{text}`"), style);
            }
            Event::Html(text) | Event::InlineHtml(text) => self.push(&text, Palette::dim()),
            Event::FootnoteReference(text) => self.push(&format!("[{text}]"), Palette::dim()),
            // In a conversation a line break is meant: poems, addresses and logs come as paragraphs.
            Event::SoftBreak | Event::HardBreak => self.push("\n", self.style()),
            Event::Rule => {
                let width = self.prose;
                self.open_block();
                let mut prefix = self.indent.first(self.width);
                let rule = "─".repeat(width.saturating_sub(columns(&prefix)));
                prefix.push(Span::styled(rule, Palette::dim()));
                self.rows.push(Row::from(prefix));
                self.gap = true;
            }
            Event::TaskListMarker(done) => self.push(if done { "[x] " } else { "[ ] " }, self.style()),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.open_block(),
            Tag::Heading { level, .. } => {
                self.open_block();
                let style = self.style().patch(Palette::strong());
                self.push(heading_mark(level), style.patch(Palette::dim()));
                self.styles.push(style);
            }
            Tag::BlockQuote(_) => {
                self.open_block();
                self.indent.quote();
            }
            Tag::CodeBlock(kind) => {
                self.open_block();
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some(CodeBlock { text: String::new(), info });
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.open_block();
                } else {
                    self.end_inline();
                }
                self.lists.push(first);
            }
            Tag::Item => self.start_item(),
            Tag::Table(_) => {
                self.open_block();
                self.table = Some(Table::default());
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            Tag::TableCell => {
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(String::new());
                }
            }
            Tag::Emphasis => self.styles.push(self.style().add_modifier(Modifier::ITALIC)),
            Tag::Strong => self.styles.push(self.style().add_modifier(Modifier::BOLD)),
            Tag::Strikethrough => self.styles.push(self.style().add_modifier(Modifier::CROSSED_OUT)),
            Tag::Link { dest_url, .. } => self.start_target(&dest_url, false),
            Tag::Image { dest_url, .. } => self.start_target(&dest_url, true),
            Tag::Superscript
            | Tag::Subscript
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.end_block(),
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.end_block();
            }
            TagEnd::BlockQuote(_) => {
                self.end_block();
                self.indent.leave();
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::List(_) => {
                self.end_inline();
                self.lists.pop();
            }
            TagEnd::Item => {
                // An item without text shows its marker all the same.
                if self.indent.has_marker() {
                    self.open_inline();
                }
                self.end_inline();
                self.indent.leave();
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let prefix = self.indent.first(self.width);
                    self.rows.extend(table.lay_out(self.width, &prefix));
                    self.gap = true;
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_target(),
            TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::TableCell
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn start_item(&mut self) {
        self.end_inline();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            Some(None) | None => "• ".to_owned(),
        };
        self.indent.item(marker);
    }

    fn start_target(&mut self, url: &str, image: bool) {
        if image {
            self.push("[image: ", self.style());
        }
        self.styles.push(self.style().add_modifier(Modifier::UNDERLINED));
        self.targets.push(Target { url: url.to_owned(), text: String::new(), image });
    }

    fn end_target(&mut self) {
        self.styles.pop();
        let Some(target) = self.targets.pop() else { return };
        if target.image {
            self.push("]", self.style());
        }
        // Where a link leads is always in sight.
        if target.text != target.url && !target.url.is_empty() {
            self.push(&format!(" ({})", target.url), Palette::dim());
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.text.push_str(text);
            return;
        }
        if let Some(target) = self.targets.last_mut() {
            target.text.push_str(text);
        }
        self.push(text, self.style());
    }

    fn push(&mut self, text: &str, style: Style) {
        let shown = sanitize::visible(text);
        if let Some(cell) =
            self.table.as_mut().and_then(|table| table.rows.last_mut()).and_then(|row| row.last_mut())
        {
            cell.push_str(&shown.replace(['\n', '\t'], " "));
            return;
        }
        self.open_inline();
        if let Some(wrapper) = &mut self.inline {
            wrapper.push(&shown, style);
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn open_inline(&mut self) {
        if self.inline.is_none() {
            let first = self.indent.first(self.width);
            let rest = self.indent.rest(self.width);
            self.inline = Some(Wrapper::new(self.prose, first, rest));
        }
    }

    fn end_inline(&mut self) {
        if let Some(wrapper) = self.inline.take() {
            let mut rows = wrapper.finish();
            // An HTML block ends with a line feed of its own.
            if rows.len() > 1 && rows.last().is_some_and(|row| row.width() == 0) {
                rows.pop();
            }
            self.rows.extend(rows);
        }
    }

    fn open_block(&mut self) {
        self.end_inline();
        if self.gap {
            let prefix = self.indent.rest(self.width);
            self.rows.push(Row::from(prefix));
            self.gap = false;
        }
    }

    fn end_block(&mut self) {
        self.end_inline();
        self.gap = true;
    }

    fn end_code(&mut self) {
        let Some(code) = self.code.take() else { return };
        let is_blank = |span: &Span<'_>| span.content.trim().is_empty();
        // Code is text from its bar on; only a list item's marker stands before it.
        let bare = |spans: Vec<Span<'static>>| -> Vec<_> {
            spans.into_iter().map(|span| if is_blank(&span) { drawn(span) } else { span }).collect()
        };
        let first = bare(self.indent.first(self.width));
        let rest = bare(self.indent.rest(self.width));
        let room = self.width.saturating_sub(columns(&rest));
        // On the narrowest screens the code itself needs the bar's place.
        let bar = if room > CODE_BAR.width() + 1 { CODE_BAR } else { "" };
        let room = (room - bar.width()).max(1);
        let mut prefix = first;
        let shown = sanitize::visible(&code.text);
        let mut highlighter = Highlighter::of(&code.info, self.palette);
        for line in shown.strip_suffix('\n').unwrap_or(&shown).split('\n') {
            let line = sanitize::expand_tabs(line);
            let marked = match &mut highlighter {
                Some(highlighter) => highlighter.line(&line),
                None => vec![(line.to_string(), self.palette.code())],
            };
            let pieces = code::cut(marked, &cut(&line, room)).into_iter().map(|row| {
                let mut spans = std::mem::replace(&mut prefix, rest.clone());
                spans.push(drawn(Span::styled(bar, Palette::dim())));
                spans.extend(row);
                Row::from(spans)
            });
            self.rows.extend(cut_rows(pieces.collect()));
        }
        self.gap = true;
    }
}

const fn heading_mark(level: HeadingLevel) -> &'static str {
    match level {
        HeadingLevel::H1 => "# ",
        HeadingLevel::H2 => "## ",
        HeadingLevel::H3 => "### ",
        HeadingLevel::H4 => "#### ",
        HeadingLevel::H5 => "##### ",
        HeadingLevel::H6 => "###### ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, width: usize) -> String {
        let palette = Palette { color: false };
        let blocks = blocks(text, 0, Measure::new(width, None), palette);
        let rows: Vec<String> = blocks
            .iter()
            .map(|block| {
                block
                    .rows
                    .iter()
                    .map(|row| row.to_string().trim_end().to_owned())
                    .collect::<Vec<_>>()
                    .join("\n")
            })
            .collect();
        rows.join("\n~\n")
    }

    #[test]
    fn what_answers_are_made_of() {
        insta::assert_snapshot!(shown(
            "# Title\n\nSome **bold**, _slanted_ and `code` text that is long enough to need more than one row.\n\
             \n- one\n- two\n  with more\n  1. deep\n  2. deeper\n- [x] done\n\n1. loose\n\n   second paragraph\n\n2. item\n\n\
             > quoted\n> text\n>\n> - in a quote\n\n```rust\nfn main() {\n\tprintln!(\"a line longer than the width of the screen\");\n}\n```\n\n\
             | name | count |\n|---|--:|\n| a | 1 |\n| `b` | 22 |\n\n---\n\n[text](https://example.org) and <https://example.org> \
             and ![alt](x.png)\n\n<div>\nraw\n</div>\n\n    indented code\n\nlast  \nline",
            44
        ));
    }

    #[test]
    fn a_table_that_does_not_fit_is_told_cell_by_cell() {
        insta::assert_snapshot!(shown(
            "| name | what it does |\n|---|---|\n| fjall | keeps records on the disk |\n| ratatui | draws |\n",
            20
        ));
    }

    #[test]
    fn what_hides_in_markdown_is_shown() {
        for (text, said) in [
            ("a&#27;[2Jb", "a<U+001B>[2Jb"),
            ("`x\u{202e}y`", "`x<U+202E>y`"),
            ("```\n\u{1b}]0;t\u{7}\n```", "│ <U+001B>]0;t<U+0007>"),
            ("[click](http://evil\u{200b}.example)", "click (http://evil<U+200B>.example)"),
            ("[http://good.example](http://evil.example)", "http://good.example (http://evil.example)"),
        ] {
            assert_eq!(shown(text, 60), said);
        }
    }

    #[test]
    fn nesting_without_end_stays_narrow() {
        let deep = ">".repeat(2_000) + " x";
        assert!(shown(&deep, 20).lines().all(|row| row.width() <= 20));
    }
}
