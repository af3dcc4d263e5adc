//! What of the blocks of Markdown is open at a place in a text: quotes, items of lists, and fences. Enough to
//! tell a fence that goes on behind the text from one that ends with its quote or item.

/// Columns before a line that leave it what it is; one more makes it code.
const INDENT: usize = 3;

/// What lines stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Quote,
    /// An item whose text begins so many columns further in.
    Item(usize),
}

#[derive(Clone, Copy, Debug)]
struct Fence {
    mark: char,
    length: usize,
    /// In how many containers it stands.
    depth: usize,
}

/// What is open behind the lines so far.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    within: Vec<Container>,
    fence: Option<Fence>,
    /// The last line was of a paragraph: the next one may go on with it without its marks.
    in_paragraph: bool,
}

impl Blocks {
    /// Takes the next line in; gives the place in it where raw HTML would begin.
    pub(super) fn line(&mut self, line: &str) -> Option<usize> {
        let (mut at, inside) = self.enter(line);
        if let Some(open) = self.fence.filter(|fence| inside >= fence.depth) {
            let (columns, text) = indented(rest(line, at));
            let closes = |(mark, length, bare)| bare && mark == open.mark && length >= open.length;
            if columns <= INDENT && fence(text).is_some_and(closes) {
                self.fence = None;
            }
            return None;
        }
        self.fence = None;
        let mut fresh = Vec::new();
        let mut continues = self.in_paragraph;
        let (columns, text) = loop {
            let (columns, text) = indented(rest(line, at));
            match container(text, continues).filter(|_| columns <= INDENT) {
                Some((container, length)) => {
                    fresh.push(match container {
                        Container::Quote => container,
                        Container::Item(indent) => Container::Item(columns + indent),
                    });
                    at = line.len() - text.len() + length;
                    continues = false;
                }
                None => break (columns, text),
            }
        };
        let opens = fence(text).filter(|_| columns <= INDENT);
        let is_text = !text.is_empty() && opens.is_none() && !(text.starts_with('#') || is_rule(text));
        let is_lazy = self.in_paragraph && is_text && fresh.is_empty();
        if !is_lazy {
            self.within.truncate(inside);
        }
        self.within.extend(fresh);
        self.in_paragraph = is_text && (columns <= INDENT || is_lazy);
        self.fence = opens.map(|(mark, length, _)| Fence { mark, length, depth: self.within.len() });
        (text.starts_with('<') && columns <= INDENT).then(|| line.len() - text.len())
    }

    /// The line that closes what would go on behind the text.
    pub(super) fn closing(&self) -> Option<String> {
        let fence = self.fence.filter(|fence| fence.depth == 0)?;
        Some(std::iter::repeat_n(fence.mark, fence.length).collect())
    }

    /// How far the line is in what is open: the place of its own text, and how many containers it goes on with.
    fn enter(&self, line: &str) -> (usize, usize) {
        let mut at = 0;
        for (inside, container) in self.within.iter().enumerate() {
            let (columns, text) = indented(rest(line, at));
            match container {
                Container::Quote if columns <= INDENT && text.starts_with('>') => {
                    at = line.len() - text.len() + quote_mark(text);
                }
                Container::Item(_) if text.is_empty() => {}
                Container::Item(indent) if columns >= *indent => at += bytes_of(rest(line, at), *indent),
                Container::Quote | Container::Item(_) => return (at, inside),
            }
        }
        (at, self.within.len())
    }
}

fn rest(line: &str, at: usize) -> &str {
    line.get(at..).unwrap_or_default()
}

/// The columns before a line's text, and the text.
fn indented(line: &str) -> (usize, &str) {
    let text = line.trim_start_matches([' ', '\t']);
    let blank = line.get(..line.len() - text.len()).unwrap_or_default();
    (blank.chars().fold(0, column_after), text)
}

/// How many bytes of blanks make so many columns.
fn bytes_of(line: &str, columns: usize) -> usize {
    let mut column = 0;
    let within = line.chars().take_while(|c| {
        let fits = column < columns && matches!(c, ' ' | '\t');
        column = column_after(column, *c);
        fits
    });
    within.count()
}

const fn column_after(column: usize, c: char) -> usize {
    if c == '\t' { (column / 4 + 1) * 4 } else { column + 1 }
}

/// The container that a line begins, and the length of its mark.
fn container(text: &str, in_paragraph: bool) -> Option<(Container, usize)> {
    if text.starts_with('>') {
        return Some((Container::Quote, quote_mark(text)));
    }
    if is_rule(text) {
        return None;
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_bullet = text.starts_with(['-', '*', '+']);
    let is_numbered = (1..=9).contains(&digits) && rest(text, digits).starts_with(['.', ')']);
    let mark = if is_bullet { 1 } else { digits + 1 };
    let (blanks, said) = indented(rest(text, mark));
    let is_item = (is_bullet || is_numbered) && (said.is_empty() || blanks > 0);
    // A paragraph goes on over what only looks like an item.
    let interrupts = !said.is_empty() && (is_bullet || text.starts_with("1.") || text.starts_with("1)"));
    if !is_item || in_paragraph && !interrupts {
        return None;
    }
    let blanks = if said.is_empty() || blanks > INDENT + 1 { 1 } else { blanks };
    Some((Container::Item(mark + blanks), mark + bytes_of(rest(text, mark), blanks)))
}

/// The length of a quote's mark, with the blank that belongs to it.
fn quote_mark(text: &str) -> usize {
    if text.starts_with("> ") { 2 } else { 1 }
}

/// Whether it is a line across the page.
fn is_rule(text: &str) -> bool {
    let mut marks = text.chars().filter(|c| !matches!(c, ' ' | '\t'));
    let Some(mark) = marks.next().filter(|c| matches!(c, '-' | '*' | '_')) else { return false };
    let others: Vec<char> = marks.collect();
    others.len() >= 2 && others.iter().all(|other| *other == mark)
}

/// The fence that a line is: its mark, its length, and whether it may close one.
fn fence(line: &str) -> Option<(char, usize, bool)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let length = line.len() - rest.len();
    // What follows backticks must have none: else it is code within a line.
    (length >= 3 && !(mark == '`' && rest.contains('`'))).then(|| (mark, length, rest.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_behind_a_text_is_what_a_reader_would_go_on_with() {
        let closing = |text: &str| {
            let mut blocks = Blocks::default();
            for line in text.lines() {
                blocks.line(line);
            }
            blocks.closing()
        };
        for (text, closed_by) in [
            ("```\na", "```"),
            ("   ~~~~\na", "~~~~"),
            ("- ```\n  a\nb\n```\nc", "```"),
            ("> ```\n```\na", "```"),
            ("> a\n```\nb", "```"),
            ("- a\n```\nb", "```"),
            ("a\n14. ```\nb\n```\nc", "```"),
            ("* * *\n  ```\na", "```"),
            ("-```\n```\na", "```"),
            ("- a\n\nb\n  ```\nc", "```"),
        ] {
            assert_eq!(closing(text).as_deref(), Some(closed_by), "{text:?}");
        }
        for text in [
            "    ```\na",
            "- ```\n  a\n  ```",
            "1. ```\n   a\n   ```",
            "10) a\n\n    ```\n    b\n    ```",
            "> ```\n> a\n> ```",
            "> - ~~~\n>   a\n>   ~~~",
            "- ```\n  a",
            "> ```\n> a",
            "- a\nb\n  ```\n  c\n  ```\nd",
            "- a\nb\n  ```\n  c\nd",
            "-\t```\n\ta\n\t```",
            "```\n- ```\n```",
        ] {
            assert_eq!(closing(text), None, "{text:?}");
        }
    }
}
