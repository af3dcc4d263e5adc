//! What of a server's own words is kept for the person: short, without control characters, without the key.

use serde_json::Value;

use super::page;
use crate::secret::Secrets;

/// The longest detail, in characters.
const MAX_CHARS: usize = 300;
/// How many of them are its beginning, where the middle has to go: what matters stands at either end.
const BEGINNING: usize = 150;
/// The most entries of a list of errors that are told.
const MAX_ENTRIES: usize = 8;
/// How deep errors are looked for in each other.
const MAX_DEPTH: usize = 6;

/// `text` as a detail: one line of at most 300 characters that holds neither control characters nor a secret.
pub(super) fn clean(text: &str, secrets: &Secrets) -> String {
    let line: String = text.chars().map(|c| if harmless(c) { c } else { ' ' }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    // Before it is cut: a cut through a secret would leave a part of it.
    let line = secrets.redact(&line);
    let length = line.chars().count();
    if length <= MAX_CHARS {
        return line;
    }
    let beginning = line.chars().take(BEGINNING);
    let end = line.chars().skip(length - (MAX_CHARS - BEGINNING - 1));
    beginning.chain(['…']).chain(end).collect()
}

/// Whether a terminal shows the character where it stands: controls and marks that turn the direction do not count.
fn harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        && !matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// What a body says in words: those of its JSON, the title and text of a page, or all of it.
pub(super) fn words_of_body(body: &str, json: Option<&Value>) -> String {
    match json.and_then(words_of) {
        Some(words) => words,
        None if page::is_page(body) => page::words(body),
        None if let Some(code) = json.and_then(code_of) => code,
        None => body.to_owned(),
    }
}

/// What JSON says in words, wherever servers put them: `error.message`, `error`, `errors[]`, `message`, `detail`,
/// `detail[].msg`, any of these in an array or written as a text, and what a server between says it was told
/// (`error.metadata.raw`, `originalMessage`).
pub(super) fn words_of(body: &Value) -> Option<String> {
    words_within(body, MAX_DEPTH)
}

/// The JSON object that a text is, if it is one.
pub(super) fn nested(text: &str) -> Option<Value> {
    text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok())?
}

fn words_within(value: &Value, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::String(text) => {
            // What a server between was told it may pass on as a text.
            let inner = nested(text).and_then(|inner| words_within(&inner, depth));
            inner.or_else(|| Some(text.trim()).filter(|text| !text.is_empty()).map(ToOwned::to_owned))
        }
        Value::Array(items) => words_of_each(items, depth),
        Value::Object(object) => {
            let places = [
                "error",
                "errors",
                "message",
                "Message",
                "msg",
                "errmsg",
                "error_msg",
                "fault",
                "faultstring",
                "detail",
                "error_description",
                "reason",
                "title",
                "error_message",
                "base_resp",
                "status_msg",
            ];
            let outer = places.iter().find_map(|place| words_within(object.get(*place)?, depth));
            let told = ["/metadata/raw", "/originalMessage"].iter().find_map(|place| value.pointer(place));
            let inner = told.filter(|told| told.is_string()).and_then(|told| words_within(told, depth));
            let inner = inner.or_else(|| words_of_fields(object.get("errors")?, depth));
            match (outer, inner) {
                (Some(outer), Some(inner)) => Some(format!("{outer}: {inner}")),
                (outer, inner) => outer.or(inner),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// What an object says that has the complaints about each field of a request under its name.
fn words_of_fields(errors: &Value, depth: usize) -> Option<String> {
    let said = |(field, words): (&String, &Value)| Some(format!("{field}: {}", words_within(words, depth)?));
    let all: Vec<String> = errors.as_object()?.iter().take(MAX_ENTRIES).filter_map(said).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// What an error is called that says nothing else. Of one that has more, all is shown.
fn code_of(body: &Value) -> Option<String> {
    let mut members = body.get("error")?.as_object()?.values().filter(|member| !member.is_null());
    let (code, others) = (members.next()?, members.next());
    let word = code.as_str().map(|word| word.trim().to_owned()).or_else(|| Some(code.as_u64()?.to_string()));
    word.filter(|word| others.is_none() && !word.is_empty())
}

/// What the elements of an array say, each once and with the field that it is about.
fn words_of_each(items: &[Value], depth: usize) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for item in items.iter().take(MAX_ENTRIES) {
        let Some(words) = words_within(item, depth) else { continue };
        let field = field_of(item).filter(|field| !words.contains(field.as_str()));
        let said = field.map(|field| format!("{field}: {words}")).unwrap_or(words);
        if !all.contains(&said) {
            all.push(said);
        }
    }
    let left = items.len().saturating_sub(MAX_ENTRIES);
    if left > 0 && !all.is_empty() {
        all.push(format!("and {left} more"));
    }
    (!all.is_empty()).then(|| all.join("; "))
}

/// The field of a request that an entry complains of: a path, or a name.
fn field_of(item: &Value) -> Option<String> {
    let step =
        |step: &Value| step.as_str().map(ToOwned::to_owned).or_else(|| Some(step.as_u64()?.to_string()));
    let path = item.get("loc").and_then(Value::as_array);
    let path = path.map(|path| path.iter().take(MAX_ENTRIES).filter_map(step).collect::<Vec<_>>().join("."));
    let named = || ["field", "param", "path"].iter().find_map(|name| item.get(*name)?.as_str());
    path.or_else(|| named().map(ToOwned::to_owned)).filter(|field| !field.is_empty())
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
            assert_eq!(clean(text, &Secrets::default()), detail, "{text:?}");
        }
        assert_eq!(clean(&long, &Secrets::default()).chars().count(), MAX_CHARS);
        assert_eq!(clean(&"é".repeat(300), &Secrets::default()).chars().count(), 300);
        let both = clean(&format!("begins {long} ends"), &Secrets::default());
        assert!(both.starts_with("begins x") && both.ends_with("x ends") && both.contains('…'), "{both}");
    }

    #[test]
    fn a_key_is_cut_out_before_the_line_is_cut_short() {
        let key = Secrets::from(crate::Secret::new("sk-0123456789"));
        for place in 130..400 {
            let text = format!("{}sk-0123456789{}", "x".repeat(place), "y".repeat(500 - place));
            let said = clean(&text, &key);
            assert!(!said.contains("sk-") && !said.contains("789"), "{place}: {said}");
        }
    }

    #[test]
    fn servers_put_their_words_in_many_places() {
        let raw = "{\"error\":{\"message\":\"inner\"}}";
        for (body, words) in [
            (json!({"error": {"message": "m", "code": "c"}}), Some("m")),
            (json!({"error": "e"}), Some("e")),
            (json!({"message": "m"}), Some("m")),
            (json!({"detail": "d"}), Some("d")),
            (json!({"detail": [{"loc": ["body"], "msg": "field required"}]}), Some("body: field required")),
            (
                json!({"detail": [{"loc": ["body", "tools", 0], "msg": "a"}, {"field": "b", "msg": "b is bad"}, {"msg": "c"}]}),
                Some("body.tools.0: a; b is bad; c"),
            ),
            (json!([{"error": "e"}, {"error": "e"}, 1, {"error": "f"}]), Some("e; f")),
            (
                json!({"errors": ["1", "2", "3", "4", "5", "6", "7", "8", "9"]}),
                Some("1; 2; 3; 4; 5; 6; 7; 8; and 1 more"),
            ),
            (
                json!({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
                Some("insufficient balance"),
            ),
            (
                json!({"detail": "no", "errors": {"model": ["field required"], "n": "too many"}}),
                Some("no: model: field required; n: too many"),
            ),
            (json!({"error_code": 336_100, "error_msg": "m"}), Some("m")),
            (json!({"fault": {"faultstring": "m"}}), Some("m")),
            (json!({"detail": {"message": "d"}}), Some("d")),
            (json!([{"error": {"message": "m"}}]), Some("m")),
            (json!({"errors": [{"message": "m"}, {"message": "n"}]}), Some("m; n")),
            (json!({"errors": ["e"]}), Some("e")),
            (json!({"error": {"message": "", "code": 1}, "message": "m"}), Some("m")),
            (json!({"error": {"message": "outer", "metadata": {"raw": raw}}}), Some("outer: inner")),
            (json!({"error": {"metadata": {"raw": "plain"}}}), Some("plain")),
            (json!({"message": "outer", "originalMessage": "inner"}), Some("outer: inner")),
            (json!({"error": {"message": raw}}), Some("inner")),
            (json!({"error": {"message": "{\"x\": 1}"}}), Some("{\"x\": 1}")),
            (json!({"error": {"code": 1}}), None),
            (json!([1]), None),
            (json!([[[[[["too deep"]]]]]]), None),
        ] {
            assert_eq!(words_of(&body).as_deref(), words, "{body}");
        }
    }
}
