//! What `/copy` takes of a session: an answer as it was written, or a block of code in one, with nothing hidden in it.
//!
//! Not here: how it gets to the clipboard (the client's business).

use q_core::mirror::Mirrored;
use q_core::{Body, Entry};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::command::Arguments;
use crate::counted::counted;
use crate::sanitize;
use crate::words;

/// More bytes than this are not handed to a terminal at once: in base64 that is a little below 100 kB, which those take that
/// bound it at all.
pub const MOST: usize = 74_000;

/// What goes to the clipboard, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedText {
    pub text: String,
    pub said: String,
    /// What helps where a terminal keeps nothing; empty where that was said already.
    pub if_empty: String,
}

impl CopiedText {
    /// That text, cut where it is too much; `what` is it, and `elsewhere` says where all of it is, and what helps where a
    /// terminal keeps nothing.
    pub(crate) fn of(what: &str, text: &str, elsewhere: &str) -> Self {
        let shown = sanitize::visible(text);
        let end = shown.floor_char_boundary(MOST);
        let kept = shown.get(..end).unwrap_or_default().to_owned();
        let size = words::size(kept.len() as u64);
        let said = if end < shown.len() {
            let whole = words::size(shown.len() as u64);
            format!("copied only the first {size} of {whole}: terminals take no more; all of it: {elsewhere}")
        } else {
            let lines = counted(kept.lines().count(), "line");
            format!("copied {what}: {lines}, {size}")
        };
        let if_empty =
            if end < shown.len() { String::new() } else { format!("clipboard still empty? {elsewhere}") };
        Self { text: kept, said, if_empty }
    }
}

/// What `/copy` with these arguments takes of a session, or why nothing.
pub fn wanted(session: &Mirrored, arguments: &Arguments) -> Result<CopiedText, String> {
    let number = arguments.number.unwrap_or(1);
    let texts = session.entries.iter().rev().filter_map(answer);
    if !arguments.flags.code {
        let mut answers = texts;
        let (entry, text) = answers.nth(number - 1).ok_or_else(|| too_few(session, "answer"))?;
        return Ok(CopiedText::of("the answer", text.trim_end(), &elsewhere(session, entry)));
    }
    let mut left = number - 1;
    for (entry, text) in texts {
        let mut blocks = code_blocks(text);
        if let Some(at) = blocks.len().checked_sub(left + 1) {
            let block = blocks.swap_remove(at);
            return Ok(CopiedText::of("the code", &block, &elsewhere(session, entry)));
        }
        left -= blocks.len();
    }
    Err(too_few(session, "block of code"))
}

/// The way out by the shell.
fn elsewhere(session: &Mirrored, entry: &Entry) -> String {
    let name = session.summary.name.as_str();
    format!("in the shell: q show {name} --entry {} | pbcopy (or wl-copy)", entry.no)
}

fn answer(entry: &Entry) -> Option<(&Entry, &str)> {
    let Body::Answer(text) = &entry.body else { return None };
    (!text.trim().is_empty()).then_some((entry, text.as_str()))
}

fn too_few(session: &Mirrored, what: &str) -> String {
    if session.trimmed {
        format!("no such {what} among the entries at hand; scroll up for older ones")
    } else {
        format!("there is no such {what} here; they are counted from the newest, which is 1")
    }
}

/// The blocks of code of an answer, from its beginning on, each without what stands around it.
fn code_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for event in Parser::new(text) {
        match (event, &mut open) {
            (Event::Start(Tag::CodeBlock(_)), _) => open = Some(String::new()),
            (Event::Text(text), Some(code)) => code.push_str(&text),
            (Event::End(TagEnd::CodeBlock), _) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_code_are_taken_as_they_were_written() {
        for (text, expected) in [
            (
                "a\n\n```rust\nfn main() {\n\t\"# no heading\"\n}\n```\nb",
                vec!["fn main() {\n\t\"# no heading\"\n}\n"],
            ),
            ("- one\n\n  ```\n  in a list\n  ```\n\n```sh\nls\n```", vec!["in a list\n", "ls\n"]),
            ("    indented\n", vec!["indented\n"]),
            ("```\nnever closed", vec!["never closed"]),
            ("no `code` block", vec![]),
        ] {
            assert_eq!(code_blocks(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_much_is_cut_between_characters_and_said() {
        let CopiedText { text, said, .. } = CopiedText::of("it", &"é".repeat(MOST), "there");
        assert!(text.len() <= MOST && text.len() > MOST - 2);
        assert!(said.contains("copied only the first") && said.contains("there"), "{said}");
        let CopiedText { text, said, if_empty } = CopiedText::of("it", "a\u{1b}]0;x\u{7}\r\nb\tc", "there");
        assert_eq!(text, "a<U+001B>]0;x<U+0007>\nb\tc");
        assert!(said.starts_with("copied it: 2 lines") && if_empty.ends_with("there"), "{said} {if_empty}");
    }
}
