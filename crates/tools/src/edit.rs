//! `edit`: exact replacements in a file, all of one call or none. What is not found exactly is never guessed: what differs only in
//! white space is shown, for the model to say.

use std::borrow::Cow;

use serde::Deserialize;

use crate::changes::ChangeKeeper;
use crate::definition::ToolDefinition;
use crate::directory::{FileContent, WorkingDirectory};
use crate::relative_path::RelativePath;
use crate::replace::{Before, refuse_protected, refuse_read_only};
use crate::seen::{Known, SeenFiles, changed};
use crate::view::{self, has_crlf};

pub(crate) const DEFINITION: ToolDefinition = ToolDefinition {
    name: "edit",
    about: "Replaces exact pieces of a text file. Each `old` must stand in the file exactly once, white space and all, unless `all` is set; several edits of one call are made in their order, all or none. The person is asked first.",
    schema: r#"{"type":"object","properties":{"path":{"type":"string","description":"The file, from the session's directory on"},"edits":{"type":"array","minItems":1,"items":{"type":"object","properties":{"old":{"type":"string","description":"What stands there, exactly, without line numbers"},"new":{"type":"string","description":"What is to stand there"},"all":{"type":"boolean","description":"Whether to replace it wherever it stands"}},"required":["old","new"],"additionalProperties":false}}},"required":["path","edits"],"additionalProperties":false}"#,
    reads: false,
};

/// The most edits of one call.
const MAX_EDITS: usize = 100;
/// The largest file that edits may make, in bytes.
const MAX_RESULT: usize = crate::directory::MAX_FILE as usize;
/// How many places are named where one was meant.
const PLACES: usize = 8;
/// The most lines of what was not found that are looked for with other white space, and the largest file in bytes.
const MAX_NEAR_LINES: usize = 200;
const MAX_NEAR: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditArguments {
    pub(crate) path: String,
    edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    old: String,
    new: String,
    #[serde(default)]
    all: bool,
}

/// What the file is and what it becomes, and how many pieces that replaces.
fn plan(
    directory: &WorkingDirectory,
    seen: &SeenFiles,
    place: &RelativePath,
    arguments: &EditArguments,
) -> Result<(FileContent, Vec<u8>, usize), String> {
    refuse_protected(place)?;
    let content = directory.read(place)?;
    refuse_read_only(place, content.mode)?;
    if seen.compare(place, &content.bytes) == Known::Changed {
        return Err(changed(place));
    }
    let (bytes, count) = apply(&content.bytes, &arguments.edits).map_err(|why| format!("{place}: {why}"))?;
    Ok((content, bytes, count))
}

/// Says before anybody is asked what would make it fail.
pub(crate) fn check(
    directory: &WorkingDirectory,
    seen: &SeenFiles,
    place: &RelativePath,
    arguments: &EditArguments,
) -> Result<(), String> {
    plan(directory, seen, place, arguments).map(drop)
}

pub(crate) fn carry_out(
    directory: &WorkingDirectory,
    seen: &SeenFiles,
    keeper: &ChangeKeeper,
    place: &RelativePath,
    arguments: &EditArguments,
) -> Result<String, String> {
    let (content, bytes, count) = plan(directory, seen, place, arguments)?;
    let before = Before::FileContent { bytes: &content.bytes, mode: content.mode };
    let beside = keeper.replace(directory, place, before, &bytes)?;
    seen.note(place, &bytes);
    let pieces = if count == 1 { "1 piece" } else { &format!("{count} pieces") };
    Ok(format!("{place}: {pieces} replaced\n{beside}"))
}

/// Makes all edits, or says which of them cannot be made.
fn apply(bytes: &[u8], edits: &[Edit]) -> Result<(Vec<u8>, usize), String> {
    if edits.is_empty() || edits.len() > MAX_EDITS {
        return Err(format!("a call makes between 1 and {MAX_EDITS} edits"));
    }
    if view::is_binary(bytes) {
        return Err(format!("it is no text ({} bytes)", bytes.len()));
    }
    let (is_text, crlf) = (std::str::from_utf8(bytes).is_ok(), has_crlf(bytes));
    let (mut text, mut count) = (bytes.to_vec(), 0);
    for (index, edit) in edits.iter().enumerate() {
        let which =
            if edits.len() == 1 { String::new() } else { format!("edit {} of {}: ", index + 1, edits.len()) };
        let nothing = |why: &str| Err(format!("{which}{why}; nothing was changed"));
        if edit.old.is_empty() {
            return nothing("`old` is empty");
        }
        if edit.old == edit.new {
            return nothing("`old` and `new` are the same");
        }
        if !is_text && !edit.new.is_ascii() {
            return nothing("the file is not UTF-8, and `new` is more than ASCII");
        }
        let (old, new) = if crlf && !edit.old.contains('\r') && !edit.new.contains('\r') {
            (with_crlf(edit.old.as_bytes()), with_crlf(edit.new.as_bytes()))
        } else {
            (Cow::Borrowed(edit.old.as_bytes()), Cow::Borrowed(edit.new.as_bytes()))
        };
        let found = places(&text, &old);
        match found.len() {
            0 => return nothing(&format!("`old` does not stand in the file{}", nearest(&text, &edit.old))),
            1 => {}
            _several if edit.all => {}
            several => {
                let lines = lines_of(&text, found.iter().copied().take(PLACES));
                let more = if several > PLACES { ", …" } else { "" };
                return nothing(&format!(
                    "`old` stands there {several} times (lines {lines}{more}): give more of what is around it, or set `all`"
                ));
            }
        }
        if text.len() + found.len() * new.len() > MAX_RESULT {
            return nothing("the file would be too large");
        }
        text = replaced(&text, &found, old.len(), &new);
        count += found.len();
    }
    Ok((text, count))
}

/// Where a piece stands, from the beginning on, none over another.
fn places(text: &[u8], piece: &[u8]) -> Vec<usize> {
    // Linear whatever the piece, unlike a comparison at each byte.
    memchr::memmem::find_iter(text, piece).collect()
}

fn replaced(text: &[u8], places: &[usize], length: usize, new: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len() + places.len() * new.len());
    let mut at = 0;
    for &place in places {
        made.extend_from_slice(text.get(at..place).unwrap_or_default());
        made.extend_from_slice(new);
        at = place + length;
    }
    made.extend_from_slice(text.get(at..).unwrap_or_default());
    made
}

/// The numbers of the lines in which these places are.
fn lines_of(text: &[u8], places: impl Iterator<Item = usize>) -> String {
    let line = |place: usize| 1 + text.iter().take(place).filter(|byte| **byte == b'\n').count();
    places.map(|place| line(place).to_string()).collect::<Vec<_>>().join(", ")
}

/// Where the same stands with other white space, in words; nothing where it does not.
fn nearest(text: &[u8], old: &str) -> String {
    let without = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted: Vec<String> = old.trim_matches('\n').lines().map(without).collect();
    if text.len() > MAX_NEAR || wanted.len() > MAX_NEAR_LINES || wanted.iter().all(String::is_empty) {
        return String::new();
    }
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().collect();
    let there: Vec<String> = lines.iter().map(|line| without(line)).collect();
    let Some(at) = there.windows(wanted.len()).position(|window| window == wanted) else {
        return String::new();
    };
    let same = lines.get(at..at + wanted.len()).unwrap_or_default().join("\n");
    let last = at + wanted.len();
    let first = at + 1;
    let lines = if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
    format!(" exactly. With other white space it does, in {lines}:\n{same}\n")
}

/// A text whose lines end with a line feed, with a carriage return in front of each.
pub(crate) fn with_crlf(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\n') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(replaced(text, &places(text, b"\n"), 1, b"\r\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use proptest::prelude::*;

    use super::*;

    fn edit(old: &str, new: &str, all: bool) -> Edit {
        Edit { old: old.into(), new: new.into(), all }
    }

    fn applied(text: &[u8], edits: &[Edit]) -> Result<Vec<u8>, String> {
        apply(text, edits).map(|(bytes, _)| bytes)
    }

    #[test]
    fn exact_pieces_are_replaced_and_nothing_is_guessed() {
        for (text, edits, expected) in [
            ("a b c", vec![edit("b", "x", false)], Ok("a x c")),
            ("a b b", vec![edit("b", "x", true)], Ok("a x x")),
            ("a.c abc", vec![edit("a.c", "$0", false)], Ok("$0 abc")),
            ("a b", vec![edit("a", "b b", false), edit("b b b", "c", false)], Ok("c")),
            ("a\r\nb\r\n", vec![edit("a\nb", "c\nd", false)], Ok("c\r\nd\r\n")),
            ("a\r\nb\n", vec![edit("a\r\nb", "c", false)], Ok("c\n")),
            ("a\r\nb\n", vec![edit("a\nb", "c", false)], Err("does not stand in the file")),
            ("aXa", vec![edit("a", "b", false)], Err("2 times (lines 1, 1)")),
            (
                "a b",
                vec![edit("a", "x", false), edit("y", "z", false)],
                Err("edit 2 of 2: `old` does not stand"),
            ),
            ("a", vec![edit("", "x", false)], Err("`old` is empty")),
            ("a", vec![edit("a", "a", false)], Err("are the same")),
            ("a\0b", vec![edit("a", "b", false)], Err("no text")),
            ("a", vec![], Err("between 1 and 100")),
            (
                "fn a() {\n\tb( c );\n}\n",
                vec![edit("fn a() {\n    b( c );\n}", "", false)],
                Err("With other white space it does, in lines 1 to 3:\nfn a() {\n\tb( c );\n}\n"),
            ),
        ] {
            let said = applied(text.as_bytes(), &edits);
            match expected {
                Ok(expected) => assert_eq!(said.as_deref(), Ok(expected.as_bytes()), "{text:?}"),
                Err(expected) => {
                    let why = said.unwrap_err();
                    assert!(why.contains(expected), "{text:?}: {why}");
                    assert!(why.contains("nothing was changed") || !why.contains("`old`"), "{why}");
                }
            }
        }
        let latin = b"caf\xe9 a";
        assert!(applied(latin, &[edit("a", "b", false)]).unwrap_err().contains("2 times"));
        assert_eq!(applied(latin, &[edit(" a", " b", false)]), Ok(b"caf\xe9 b".to_vec()));
        assert!(applied(latin, &[edit(" a", " ü", false)]).unwrap_err().contains("not UTF-8"));
    }

    proptest! {
        /// Whatever is replaced, every byte outside of it stays as it was, in its order.
        #[test]
        fn everything_outside_of_what_is_replaced_is_unchanged(
            front in prop::collection::vec(any::<u8>().prop_filter("text", |byte| *byte != 0), 0..60),
            behind in prop::collection::vec(any::<u8>().prop_filter("text", |byte| *byte != 0), 0..60),
            new in "[a-z\n]{0,12}",
        ) {
            let old = "<<the piece>>";
            let text = [front.as_slice(), old.as_bytes(), &behind].concat();
            let new = if new == old { String::new() } else { new };
            prop_assume!(!has_crlf(&text));
            let made = applied(&text, &[edit(old, &new, false)]).unwrap();
            prop_assert_eq!(made, [front.as_slice(), new.as_bytes(), &behind].concat());
        }

        /// Several edits are made all or none.
        #[test]
        fn edits_are_made_all_or_none(text in "[abc \n]{0,40}", pieces in prop::collection::vec(("[abc]{1,2}", "[xyz]{0,3}"), 1..5)) {
            let edits: Vec<Edit> = pieces.iter().map(|(old, new)| edit(old, new, false)).collect();
            let mut expected = Some(text.clone());
            for (old, new) in &pieces {
                expected = expected.filter(|text| text.match_indices(old.as_str()).count() == 1).map(|text| text.replacen(old.as_str(), new, 1));
            }
            prop_assert_eq!(applied(text.as_bytes(), &edits).ok(), expected.map(String::into_bytes));
        }
    }
}
