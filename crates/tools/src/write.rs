//! `write`: all of a file.

use q_core::Circumstance;
use serde::Deserialize;

use crate::changes::ChangeKeeper;
use crate::definition::ToolDefinition;
use crate::diff::diff;
use crate::directory::{FileContent, WorkingDirectory};
use crate::edit::with_crlf;
use crate::relative_path::RelativePath;
use crate::replace::{Before, refuse_protected, refuse_read_only};
use crate::seen::{Known, SeenFiles, changed};
use crate::view::{MARK, has_crlf, lines};
use std::borrow::Cow;

pub(crate) const DEFINITION: ToolDefinition = ToolDefinition {
    name: "write",
    about: "Writes a whole file, and makes the directories above it. A file that is there already must have been read before, and is refused when somebody else has changed it since. To change a part of a file, use edit. The person is asked first.",
    schema: r#"{"type":"object","properties":{"path":{"type":"string","description":"The file, from the session's directory on"},"content":{"type":"string","description":"All that is to stand in it"}},"required":["path","content"],"additionalProperties":false}"#,
    reads: false,
};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteArguments {
    pub(crate) path: String,
    content: String,
}

/// What of the file was there, for whoever writes over it; nothing where there is none.
fn before(
    directory: &WorkingDirectory,
    seen: &SeenFiles,
    place: &RelativePath,
) -> Result<Option<FileContent>, String> {
    refuse_protected(place)?;
    // Directories that are not there yet are made with it.
    let Some(content) = directory.read_if_there(place)? else { return Ok(None) };
    refuse_read_only(place, content.mode)?;
    match seen.compare(place, &content.bytes) {
        Known::Same => Ok(Some(content)),
        Known::Changed => Err(changed(place)),
        Known::Never => {
            Err(format!("{place} is there already; nothing was written. Read it first, or use edit."))
        }
    }
}

/// Says before anybody is asked what would make it fail, and what it would take the place of.
pub(crate) fn check(
    directory: &WorkingDirectory,
    seen: &SeenFiles,
    place: &RelativePath,
    arguments: &WriteArguments,
) -> Result<Circumstance, String> {
    let Some(there) = before(directory, seen, place)? else { return Ok(Circumstance::New) };
    let content = as_it_was(&there.bytes, arguments.content.as_bytes());
    let difference = diff(Some(&there.bytes), Some(&content));
    Ok(Circumstance::replaces(lines(&there.bytes).count() as u64, difference))
}

pub(crate) fn carry_out(
    directory: &WorkingDirectory,
    seen: &SeenFiles,
    keeper: &ChangeKeeper,
    place: &RelativePath,
    arguments: &WriteArguments,
) -> Result<String, String> {
    let content = arguments.content.as_bytes();
    let (bytes, said, beside) = match before(directory, seen, place)? {
        None => {
            let nothing = Before::Nothing { mode: directory.mode_of_new_files() };
            let beside = keeper.replace(directory, place, nothing, content)?;
            (content.to_vec(), "made".to_owned(), beside)
        }
        Some(there) => {
            let bytes = as_it_was(&there.bytes, content);
            let before = Before::FileContent { bytes: &there.bytes, mode: there.mode };
            let beside = keeper.replace(directory, place, before, &bytes)?;
            let were = match lines(&there.bytes).count() {
                1 => "1 line".to_owned(),
                count => format!("{count} lines"),
            };
            (bytes, format!("written in place of {were}, {} bytes", there.bytes.len()), beside)
        }
    };
    seen.note(place, &bytes);
    Ok(format!("{place} is {said} ({} bytes)\n{beside}", bytes.len()))
}

/// The content with the line ends and the byte order mark that the file had.
fn as_it_was(before: &[u8], content: &[u8]) -> Vec<u8> {
    let content = if has_crlf(before) && !content.contains(&b'\r') {
        with_crlf(content)
    } else {
        Cow::Borrowed(content)
    };
    let mark = if before.starts_with(MARK) && !content.starts_with(MARK) { MARK } else { b"" };
    [mark, &content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_marks_stay_as_they_were() {
        for (before, content, expected) in [
            (b"a\r\n".as_slice(), b"b\nc\n".as_slice(), b"b\r\nc\r\n".as_slice()),
            (b"a\r\n", b"b\r\n", b"b\r\n"),
            (b"a\n", b"b\n", b"b\n"),
            (b"a\r\nb\n", b"c\n", b"c\n"),
            (b"\xef\xbb\xbfa\n", b"b\n", b"\xef\xbb\xbfb\n"),
            (b"\xef\xbb\xbfa\r\n", b"\xef\xbb\xbfb\n", b"\xef\xbb\xbfb\r\n"),
        ] {
            assert_eq!(as_it_was(before, content), expected, "{before:?} {content:?}");
        }
    }
}
