//! In which dialect a frame is that could not be read: whoever set another one is told which it looks like.

use crate::dialect::Dialect;

/// What only answers of a dialect have, blanks left out.
const fn signs(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::ChatCompletions => &["\"choices\":["],
        Dialect::Responses => &["\"type\":\"response.", "\"object\":\"response\""],
        Dialect::Anthropic => {
            &["\"type\":\"message_start\"", "\"type\":\"content_block_", "\"type\":\"message\""]
        }
        Dialect::Gemini => &["\"candidates\":["],
        Dialect::Ollama => &["\"done\":false", "\"done\":true"],
        Dialect::Bedrock => &["\"stopReason\":\""],
    }
}

/// How much of a frame is looked at, in bytes.
const LOOKED_AT: usize = 1 << 10;

/// The dialect that a frame is in by its beginning.
pub(super) fn dialect_of(frame: &str) -> Option<Dialect> {
    let beginning = frame.get(..frame.floor_char_boundary(LOOKED_AT)).unwrap_or(frame);
    let text: String = beginning.split_whitespace().collect();
    let has_signs = |dialect: &Dialect| signs(*dialect).iter().any(|sign| text.contains(sign));
    Dialect::ALL.into_iter().find(has_signs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_known_by_what_only_it_has() {
        for (body, dialect) in [
            ("data: {\"id\": 1, \"choices\": [{}]}", Some(Dialect::ChatCompletions)),
            ("[{\n \"candidates\": [", Some(Dialect::Gemini)),
            ("event: x\ndata: {\"type\": \"message_start\"}", Some(Dialect::Anthropic)),
            ("data: {\"type\":\"response.created\"}", Some(Dialect::Responses)),
            ("{\"message\":{},\"done\":false}", Some(Dialect::Ollama)),
            ("{\"output\":{},\"stopReason\":\"end_turn\"}", Some(Dialect::Bedrock)),
            ("{\"status\":\"ok\"}", None),
            ("", None),
        ] {
            assert_eq!(dialect_of(body), dialect, "{body}");
        }
    }
}
