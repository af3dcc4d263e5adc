//! What came of a call, as text for a model: bounded, with what hides made visible, and what is no text named and left out.

use std::fmt::Write as _;

use crate::protocol::{CallToolResult, ContentBlock, ResourceContents};
use q_tools::{MAX_OUTPUT, without_tags};

/// What came of a call of a server's tool, as a model is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedReply {
    pub text: String,
    pub ending: ServedEnding,
}

/// How such a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedEnding {
    Done,
    /// The server says that it failed, or refuses it.
    Failed,
    /// It never reached a server.
    NeverRan,
    /// Nobody knows what it did: its server has ended, or it took too long.
    CutShort,
}

impl ServedReply {
    pub(crate) fn new(ending: ServedEnding, text: impl Into<String>) -> Self {
        Self { text: text.into(), ending }
    }

    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self::new(ServedEnding::Done, text)
    }

    pub(crate) fn never_ran(text: impl Into<String>) -> Self {
        Self::new(ServedEnding::NeverRan, text)
    }
}

/// In the place of what the protocol had not got yet.
const UNKNOWN: &str = "(something is left out here that q does not know)";

/// The text of a result. Of a long one the beginning is kept.
pub(crate) fn of(result: &CallToolResult) -> ServedReply {
    let mut text = String::new();
    for block in &result.content {
        add_block(&mut text, block);
    }
    if result.content.is_empty()
        && let Some(structured) = &result.structured_content
    {
        add(&mut text, &structured.to_string());
    }
    let is_failed = result.is_error == Some(true);
    ServedReply::new(if is_failed { ServedEnding::Failed } else { ServedEnding::Done }, bounded(text))
}

/// A piece of what a server says: its text, or what is left out of it.
pub(crate) fn add_block(text: &mut String, block: &ContentBlock) {
    match block {
        ContentBlock::Text(said) => add(text, &said.text),
        ContentBlock::Image(image) => left_out(text, "an image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => left_out(text, "a sound", &audio.mime_type, &audio.data),
        ContentBlock::Resource(embedded) => add_contents(text, &embedded.resource),
        ContentBlock::ResourceLink(link) => add(text, &format!("{}: {}", link.name, link.uri)),
        _not_known_yet => add(text, UNKNOWN),
    }
}

/// What a resource holds: its text behind its address, or its size.
pub(crate) fn add_contents(text: &mut String, contents: &ResourceContents) {
    match contents {
        ResourceContents::TextResourceContents { uri, text: said, .. } => {
            add(text, &format!("{uri}:\n{said}"));
        }
        ResourceContents::BlobResourceContents { uri, blob, .. } => left_out(text, "a file", uri, blob),
        _not_known_yet => add(text, UNKNOWN),
    }
}

pub(crate) fn add(text: &mut String, more: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(more);
}

/// How many bytes those of a text in base64 are.
fn decoded_bytes(encoded: &str) -> usize {
    encoded.trim_end_matches('=').len() * 3 / 4
}

fn left_out(text: &mut String, what: &str, kind: &str, encoded: &str) {
    let kind: String = kind.chars().take(200).collect();
    add(text, &format!("({what} is left out here: {kind}, {} bytes)", decoded_bytes(encoded)));
}

/// Not more of it than any tool may say.
pub(crate) fn bounded(mut text: String) -> String {
    let length = text.len();
    text.truncate(text.floor_char_boundary(MAX_OUTPUT));
    if text.len() < length {
        let _never = write!(text, "\n(… {} bytes are left out here …)\n", length - text.len());
    }
    without_tags(text.into()).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_is_text_within_a_bound_and_says_what_is_left_out() {
        let long = "x".repeat(MAX_OUTPUT + 10);
        for (what, result, expected, is_failed) in [
            (
                "texts",
                json!({ "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] }),
                "a\nb",
                false,
            ),
            (
                "a failure",
                json!({ "content": [{ "type": "text", "text": "no" }], "isError": true }),
                "no",
                true,
            ),
            (
                "an image",
                json!({ "content": [{ "type": "image", "data": "aGk=", "mimeType": "image/png" }] }),
                "(an image is left out here: image/png, 2 bytes)",
                false,
            ),
            (
                "files",
                json!({ "content": [
                    { "type": "resource", "resource": { "uri": "x:/1", "text": "t" } },
                    { "type": "resource", "resource": { "uri": "x:/2", "blob": "AAAA" } },
                ] }),
                "x:/1:\nt\n(a file is left out here: x:/2, 3 bytes)",
                false,
            ),
            (
                "structure alone",
                json!({ "content": [], "structuredContent": { "n": 1 } }),
                "{\"n\":1}",
                false,
            ),
            ("nothing", json!({ "content": [] }), "", false),
        ] {
            let reply = of(&serde_json::from_value(result).unwrap());
            let ending = if is_failed { ServedEnding::Failed } else { ServedEnding::Done };
            assert_eq!(reply, ServedReply::new(ending, expected), "{what}");
        }
        let reply =
            of(&serde_json::from_value(json!({ "content": [{ "type": "text", "text": long }] })).unwrap());
        assert!(reply.text.ends_with("\n(… 10 bytes are left out here …)\n"), "{}", reply.text.len());
    }
}
