//! In which dialect a body is that could not be read: whoever set another one is told which it looks like.

use crate::dialect::Dialect;

/// What only answers of a dialect have, blanks left out.
const SIGNS: [(&str, Dialect); 10] = [
    ("\"choices\":[", Dialect::ChatCompletions),
    ("\"candidates\":[", Dialect::Gemini),
    ("\"type\":\"message_start\"", Dialect::Anthropic),
    ("\"type\":\"content_block_", Dialect::Anthropic),
    ("\"type\":\"message\"", Dialect::Anthropic),
    ("\"type\":\"response.", Dialect::Responses),
    ("\"object\":\"response\"", Dialect::Responses),
    ("\"done\":false", Dialect::Ollama),
    ("\"done\":true", Dialect::Ollama),
    ("\"stopReason\":\"", Dialect::Bedrock),
];

/// The dialect that a body is in by its beginning, if that is not the one that was set.
pub(super) fn other_than(set: Dialect, beginning: &[u8]) -> Option<Dialect> {
    let text: String = String::from_utf8_lossy(beginning).split_whitespace().collect();
    let (_, dialect) = SIGNS.into_iter().find(|(sign, _)| text.contains(sign))?;
    (dialect != set).then_some(dialect)
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
            for set in Dialect::ALL {
                assert_eq!(other_than(set, body.as_bytes()), dialect.filter(|found| *found != set), "{body}");
            }
        }
    }
}
