//! Code with its words marked: what each piece of a line is, told by a table of languages and one lexer for all of them.
//!
//! A lexer knows strings, comments, numbers and the words of a language, not its grammar: that costs no memory to speak of, where a
//! grammar of each language costs megabytes, and it is never wrong about where a line ends.

mod language;
mod languages;
mod lexer;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::style::Palette;
use language::Language;
use lexer::{Lexer, TokenClass};

/// The most of one block that is marked, in bytes; what is longer is a log or generated.
const MOST: usize = 256 << 10;

/// What marks the lines of one block, one after the other; nothing for a language that is not known.
pub(super) struct Highlighter {
    lexer: Lexer,
    palette: Palette,
    left: usize,
}

impl Highlighter {
    /// For what stands behind the three backticks: the language is its first word.
    pub(super) fn of(info: &str, palette: Palette) -> Option<Self> {
        let language = Language::named(info)?;
        Some(Self { lexer: Lexer::new(language), palette, left: MOST })
    }

    /// The line in pieces that lie behind one another, each with its style. Lines are to be given in their order.
    pub(super) fn line(&mut self, line: &str) -> Vec<(String, Style)> {
        let Some(left) = self.left.checked_sub(line.len()) else {
            self.left = 0;
            return vec![(line.to_owned(), Style::new())];
        };
        self.left = left;
        let tokens = self.lexer.line(line);
        tokens.map(|(text, class)| (text.to_owned(), self.palette.token(class))).collect()
    }
}

/// Cuts what `pieces` say into the given pieces of text, which are all of it: where a row ends, so does a span.
pub(super) fn cut(pieces: Vec<(String, Style)>, rows: &[String]) -> Vec<Vec<Span<'static>>> {
    let mut pieces = pieces.into_iter();
    let (mut rest, mut style) = pieces.next().unwrap_or_default();
    let of_row = |row: &String| {
        let mut spans = Vec::new();
        let mut room = row.len();
        loop {
            let taken = rest.get(..room.min(rest.len())).map_or(rest.len(), str::len);
            let behind = rest.split_off(taken);
            room -= taken.min(room);
            if taken > 0 {
                spans.push(Span::styled(std::mem::replace(&mut rest, behind), style));
            }
            if room == 0 {
                return spans;
            }
            let Some(next) = pieces.next() else { return spans };
            (rest, style) = next;
        }
    };
    rows.iter().map(of_row).collect()
}

impl Palette {
    /// What a token looks like. Without colours all look alike: none of it is told by its look alone.
    fn token(self, class: TokenClass) -> Style {
        match class {
            TokenClass::Plain => Style::new(),
            TokenClass::Keyword => self.keyword(),
            TokenClass::String | TokenClass::Added => self.string(),
            TokenClass::Number => self.number(),
            TokenClass::Comment => self.comment(),
            TokenClass::Removed => self.removed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PALETTE: Palette = Palette { color: true };

    /// The tokens of a text, each marked by the first letter of what it is; plain ones stand as they are.
    fn marked(language: &str, text: &str) -> String {
        let mut lexer = Lexer::new(Language::named(language).unwrap());
        let line = |line: &str| {
            let token = |(text, class): (&str, TokenClass)| match class {
                TokenClass::Plain => text.to_owned(),
                TokenClass::Keyword => format!("k({text})"),
                TokenClass::String => format!("s({text})"),
                TokenClass::Number => format!("n({text})"),
                TokenClass::Comment => format!("c({text})"),
                TokenClass::Added => format!("+({text})"),
                TokenClass::Removed => format!("-({text})"),
            };
            lexer.line(line).map(token).collect::<String>()
        };
        text.split('\n').map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_stands_in_code_is_told_apart() {
        for (language, text, told) in [
            ("rust", "let x: &'a str = \"a // b\"; // c", "k(let) x: &'a k(str) = s(\"a // b\"); c(// c)"),
            ("rs", "'x' '\\n' r#\"a\"b\"# 0x1f 1_000u8", "s('x') s('\\n') s(r#\"a\"b\"#) n(0x1f) n(1_000u8)"),
            ("rust", "a /* b\nlet\n*/ let", "a c(/* b)\nc(let)\nc(*/) k(let)"),
            ("python", "def f(): # x\n  '''a\n  def\n'''", "k(def) f(): c(# x)\n  s('''a)\ns(  def)\ns(''')"),
            ("py", "x = 'it\\'s' + 1.5e3", "x = s('it\\'s') + n(1.5e3)"),
            ("js", "const a = `b\n${c}`;", "k(const) a = s(`b)\ns(${c}`);"),
            ("tsx", "interface A { b: string } // c", "k(interface) A { b: k(string) } c(// c)"),
            ("go", "func f() { return `a` }", "k(func) f() { k(return) s(`a`) }"),
            ("c++", "int x = 'a'; /* y */ z", "k(int) x = s('a'); c(/* y */) z"),
            ("sh", "if [ \"$x\" ]; then # y", "k(if) [ s(\"$x\") ]; k(then) c(# y)"),
            ("bash", "cat a#b $#", "cat a#b $#"),
            ("sql", "SELECT a FROM b -- c", "k(SELECT) a k(FROM) b c(-- c)"),
            ("sql", "select 'it''s'", "k(select) s('it')s('s')"),
            ("json", "{\"a\": [1, true, null]}", "{s(\"a\"): [n(1), k(true), k(null)]}"),
            ("yaml", "a: \"b\" # c", "a: s(\"b\") c(# c)"),
            ("toml", "a = 1 # b", "a = n(1) c(# b)"),
            ("html", "<a b=\"c\"> <!-- d\n--> e", "<a b=s(\"c\")> c(<!-- d)\nc(-->) e"),
            ("lua", "local x = 1 -- y", "k(local) x = n(1) c(-- y)"),
            ("css", "a { b: 1px } /* c */", "a { b: n(1px) } c(/* c */)"),
            (
                "diff",
                "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same",
                "c(--- a)\nc(+++ b)\nk(@@ -1 +1 @@)\n-(-old)\n+(+new)\n same",
            ),
            ("rust,no_run", "fn", "k(fn)"),
            ("{.python}", "def", "k(def)"),
            ("RUST", "fn", "k(fn)"),
            ("js", "\"open\nlet", "s(\"open)\nk(let)"),
        ] {
            assert_eq!(marked(language, text), told, "{language}");
        }
        for unknown in ["", "text", "brainfuck", "  "] {
            assert!(Language::named(unknown).is_none(), "{unknown:?}");
        }
    }

    #[test]
    fn a_block_without_end_is_marked_as_far_as_there_is_reason_to() {
        let mut highlighter = Highlighter::of("rust", PALETTE).unwrap();
        let long = format!("let {}", "x".repeat(MOST - 7));
        assert_eq!(highlighter.line(&long).len(), 2);
        assert_eq!(highlighter.line("let x").len(), 1);
    }

    proptest! {
        /// Nothing is lost, whatever a model calls code, and rows are what they were before.
        #[test]
        fn marking_changes_no_text(
            name in "rust|python|js|c|sh|html|json|diff|sql|yaml",
            text in "([a-z \"'`#/*<>!+-]|é|日|\\\\|\n|[0-9]){0,80}",
            room in 1usize..12,
        ) {
            let mut highlighter = Highlighter::of(&name, PALETTE).unwrap();
            for line in text.split('\n') {
                let rows = crate::layout::wrap::cut(line, room);
                let spans = cut(highlighter.line(line), &rows);
                let read: Vec<String> =
                    spans.iter().map(|row| row.iter().map(|span| span.content.as_ref()).collect()).collect();
                prop_assert_eq!(read, rows);
            }
        }
    }
}
