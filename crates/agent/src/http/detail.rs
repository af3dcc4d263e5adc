//! What of a server's own words is kept for the person: short, without control characters, without the key.

use serde_json::Value;

use crate::secret::Secret;

/// The longest detail, in characters.
const MAX_CHARS: usize = 300;

/// `text` as a detail: one line of at most 300 characters that holds neither control characters nor the key.
pub(super) fn clean(text: &str, key: Option<&Secret>) -> String {
    let line: String = text.chars().map(|c| if harmless(c) { c } else { ' ' }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    // Before it is cut: a cut through the key would leave a part of it.
    let line = key.map_or_else(|| line.clone(), |key| key.redact(&line));
    if line.chars().nth(MAX_CHARS).is_none() {
        line
    } else {
        line.chars().take(MAX_CHARS - 1).chain(['…']).collect()
    }
}

/// Whether a terminal shows the character where it stands: controls and marks that turn the direction do not count.
fn harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        && !matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// What a body of JSON says in words, wherever servers put it: `error.message`, `error`, `message`, `detail`.
pub(super) fn words_of(body: &Value) -> Option<&str> {
    ["/error/message", "/error", "/message", "/detail"].iter().find_map(|place| body.pointer(place)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_detail_is_one_short_harmless_line() {
        let long = "x".repeat(400);
        for (text, detail) in [
            ("", ""),
            ("two\nlines\r\n", "two lines"),
            ("\u{1b}[31mred\u{1b}[0m \u{7} \u{9b}2J", "[31mred [0m 2J"),
            ("a\u{202e}b\u{2066}c\u{e0041}d", "a b c d"),
            ("naïve 日本語", "naïve 日本語"),
        ] {
            assert_eq!(clean(text, None), detail, "{text:?}");
        }
        assert_eq!(clean(&long, None).chars().count(), MAX_CHARS);
        assert_eq!(clean(&"é".repeat(300), None).chars().count(), 300);
    }

    #[test]
    fn a_key_is_cut_out_before_the_line_is_cut_short() {
        let key = Secret::new("sk-0123456789");
        let text = format!("{}sk-0123456789", "x".repeat(290));
        assert!(!clean(&text, Some(&key)).contains("sk-"));
    }

    #[test]
    fn servers_put_their_words_in_many_places() {
        for (body, words) in [
            (json!({"error": {"message": "m", "code": "c"}}), Some("m")),
            (json!({"error": "e"}), Some("e")),
            (json!({"message": "m"}), Some("m")),
            (json!({"detail": "d"}), Some("d")),
            (json!({"error": {"code": 1}}), None),
            (json!([1]), None),
        ] {
            assert_eq!(words_of(&body), words, "{body}");
        }
    }
}
