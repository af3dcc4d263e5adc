//! A change of files as rows: lines that go and lines that come, and in those that were written anew the words that are other ones.
//!
//! Nothing of it is told by colour alone: a line has its sign, and a word is underlined.

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::layout::wrap::{self, Row};
use crate::sanitize;
use crate::style::Palette;
use crate::word_changes;

/// No more lines of a change are compared word by word: who reads more of it reads lines.
const COMPARED: usize = 500;

/// Rows of a text in which lines that go begin with `-` and lines that come with `+`; every character of it is in them. Other lines
/// have that style.
pub(crate) fn rows(shown: &str, width: usize, style: Style, palette: Palette) -> Vec<Row> {
    let lines: Vec<_> = shown.split('\n').map(sanitize::expand_tabs).collect();
    let mut marked: Vec<Vec<Range<usize>>> = vec![Vec::new(); lines.len()];
    for (old, new) in pairs(&lines).into_iter().take(COMPARED) {
        let text = |at: usize| lines.get(at).and_then(|line| line.get(1..)).unwrap_or_default();
        let (in_old, in_new) = word_changes::changed_words(text(old), text(new));
        for (at, words) in [(old, in_old), (new, in_new)] {
            if let Some(marked) = marked.get_mut(at) {
                *marked = words.into_iter().map(|word| word.start + 1..word.end + 1).collect();
            }
        }
    }
    let styled = lines.iter().zip(marked).flat_map(|(line, words)| {
        let style = match line.as_bytes().first() {
            Some(b'-') => palette.removed(),
            Some(b'+') => palette.added(),
            Some(_) | None => style,
        };
        let mut start = 0;
        wrap::exact(line, width, style)
            .into_iter()
            .map(move |row| with_marks(&row, &words, &mut start))
            .collect::<Vec<_>>()
    });
    styled.collect()
}

/// Which lines stand for each other: of lines that go and as many that come right behind them each one.
fn pairs(lines: &[impl AsRef<str>]) -> Vec<(usize, usize)> {
    let sign = |at: usize| lines.get(at).and_then(|line| line.as_ref().bytes().next());
    let run =
        |from: usize, wanted: u8| (from..lines.len()).take_while(|at| sign(*at) == Some(wanted)).count();
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let gone = run(at, b'-');
        let come = run(at + gone, b'+');
        if gone == come {
            pairs.extend((at..at + gone).map(|old| (old, old + gone)));
        }
        at += (gone + come).max(1);
    }
    pairs
}

/// A row, which begins at that byte of its line, with these places of the line marked; the start is then the next row's.
fn with_marks(row: &Row, words: &[Range<usize>], start: &mut usize) -> Row {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for span in &row.spans {
        let here = *start..*start + span.content.len();
        let mut cuts: Vec<usize> = vec![here.start, here.end];
        cuts.extend(words.iter().flat_map(|word| [word.start, word.end]).filter(|cut| here.contains(cut)));
        cuts.sort_unstable();
        cuts.dedup();
        for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
            let text = span.content.get(from - here.start..to - here.start).unwrap_or_default();
            let is_marked = words.iter().any(|word| word.start <= *from && *to <= word.end);
            let style = if is_marked { span.style.patch(CHANGED) } else { span.style };
            spans.push(Span::styled(text.to_owned(), style));
        }
        *start = here.end;
    }
    Row { spans, style: row.style, alignment: row.alignment }
}

/// A word that is another one than before.
const CHANGED: Style = Style::new().add_modifier(Modifier::UNDERLINED).add_modifier(Modifier::BOLD);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PALETTE: Palette = Palette { color: false };

    /// Each row with its marked parts in brackets.
    fn shown(rows: &[Row]) -> Vec<String> {
        let part = |span: &Span<'_>| {
            let is_marked = span.style.add_modifier.contains(Modifier::UNDERLINED);
            if is_marked { format!("[{}]", span.content) } else { span.content.to_string() }
        };
        rows.iter().map(|row| row.spans.iter().map(part).collect()).collect()
    }

    #[test]
    fn words_are_marked_in_lines_that_stand_for_each_other() {
        let change = "src/a.rs\n@@ line 1\n fn a() {\n-    let old = 1;\n-    same(1)\n+    let new = 1;\n+    same(2)\n }\n+added";
        let rows = rows(change, 40, Style::new(), PALETTE);
        assert_eq!(
            shown(&rows),
            [
                "src/a.rs",
                "@@ line 1",
                " fn a() {",
                "-    let [old] = 1;",
                "-    same([1])",
                "+    let [new] = 1;",
                "+    same([2])",
                " }",
                "+added"
            ]
        );
        let narrow = super::rows("-abc abc x\n+abc abc yy", 5, Style::new(), PALETTE);
        assert_eq!(shown(&narrow), ["-abc ", "abc [x]", "+abc ", "abc [y]", "[y]"]);
        let uneven = super::rows("-one\n+two\n+three", 40, Style::new(), PALETTE);
        assert!(shown(&uneven).iter().all(|row| !row.contains('[')));
    }

    proptest! {
        /// Whatever is marked, each character of the text is there, in rows as without marks.
        #[test]
        fn marks_change_no_text(text in "([-+ ]?[a-c .\t日é]{0,12}\n){0,6}", width in 1usize..20) {
            let plain: Vec<_> = wrap::exact(&text, width, Style::new()).iter().map(ToString::to_string).collect();
            let marked: Vec<_> = rows(&text, width, Style::new(), PALETTE).iter().map(ToString::to_string).collect();
            prop_assert_eq!(plain, marked);
        }
    }
}
