//! `read`: a text file, with line numbers.

use serde::Deserialize;

use crate::definition::ToolDefinition;
use crate::directory::WorkingDirectory;
use crate::relative_path::RelativePath;
use crate::seen::SeenFiles;
use crate::view;

pub(crate) const DEFINITION: ToolDefinition = ToolDefinition {
    name: "read",
    about: "Reads a text file beneath the session's directory and shows it with line numbers (a number, a tab, the line; the number and the tab are not part of the file). Long files come in parts: the last line says how to go on. Links are not followed.",
    schema: r#"{"type":"object","properties":{"path":{"type":"string","description":"The file, from the session's directory on"},"from":{"type":"integer","minimum":1,"description":"The first line to show; 1 unless given"},"lines":{"type":"integer","minimum":1,"description":"How many lines to show; 2000 unless given"}},"required":["path"],"additionalProperties":false}"#,
    reads: true,
};

/// How many lines are shown unless said.
const LINES: usize = 2000;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadArguments {
    pub(crate) path: String,
    from: Option<usize>,
    lines: Option<usize>,
}

impl ReadArguments {
    /// The lines that are wanted, as they are: to be read by a program. All of them unless it says.
    pub(crate) fn lines_of(&self, content: &[u8]) -> String {
        let text = String::from_utf8_lossy(content);
        let from = self.from.unwrap_or(1).max(1) - 1;
        text.split_inclusive('\n').skip(from).take(self.lines.unwrap_or(usize::MAX)).collect()
    }
}

/// Says before anybody is asked that there is nothing to read.
pub(crate) fn check(directory: &WorkingDirectory, place: &RelativePath) -> Result<(), String> {
    directory.look_at_file(place)
}

pub(crate) fn carry_out(
    directory: &WorkingDirectory,
    seen: &SeenFiles,
    place: &RelativePath,
    arguments: &ReadArguments,
) -> Result<String, String> {
    let content = text_of(directory, seen, place)?;
    Ok(view::numbered(&content, arguments.from.unwrap_or(1).max(1), arguments.lines.unwrap_or(LINES)))
}

/// All of a file, if it is text; from here on the model knows it.
pub(crate) fn text_of(
    directory: &WorkingDirectory,
    seen: &SeenFiles,
    place: &RelativePath,
) -> Result<Vec<u8>, String> {
    let content = directory.read(place)?;
    if view::is_binary(&content.bytes) {
        return Err(format!("{place}: it is no text ({} bytes)", content.bytes.len()));
    }
    seen.note(place, &content.bytes);
    Ok(content.bytes)
}
