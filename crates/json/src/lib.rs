//! Reading JSON as it comes: only what is asked for is taken out, whatever stands beside it, and small faults are mended.
//!
//! Values are raw stretches of the text until somebody wants them, so that a megabyte of what nobody asked for costs one pass
//! and no memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

/// What could be read of a text: its JSON values in order, and whether that is all of it.
#[derive(Debug)]
pub struct Values<'a> {
    pub values: Vec<&'a RawValue>,
    pub whole: bool,
}

/// The JSON values that a text holds, one behind the other.
pub fn values(text: &str) -> Values<'_> {
    let mut values = Vec::new();
    for value in Deserializer::from_str(text).into_iter::<&RawValue>() {
        match value {
            Ok(value) => values.push(value),
            Err(_) => return Values { values, whole: false },
        }
    }
    Values { values, whole: true }
}

/// The members of an object that have these names; nothing of what is no object. Of a name that comes twice the last counts.
pub fn members<'a, const N: usize>(value: &'a RawValue, names: [&str; N]) -> [Option<&'a RawValue>; N] {
    let mut reader = Deserializer::from_str(value.get());
    reader.deserialize_map(Members { names: &names }).unwrap_or([None; N])
}

/// All members of an object in their order, a name that comes twice as often as it comes; nothing of what is no object.
pub fn all_members(value: &RawValue) -> Option<Vec<(String, &RawValue)>> {
    let mut reader = Deserializer::from_str(value.get());
    reader.deserialize_map(AllMembers).ok()
}

/// The elements of an array; none of what is no array.
pub fn elements(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// Whether it is an array.
pub fn is_array(value: &RawValue) -> bool {
    value.get().starts_with('[')
}

/// Whether it says nothing: `null`, `false`, an empty text, array or object.
pub fn is_nothing(value: &RawValue) -> bool {
    let text = value.get();
    let inside = |open, close| {
        text.strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inner| inner.trim().is_empty())
    };
    matches!(text, "null" | "false" | "\"\"") || inside('{', '}') || inside('[', ']')
}

/// The text that it is, if it is one. Half a surrogate becomes a replacement character.
pub fn text(value: &RawValue) -> Option<String> {
    if !value.get().starts_with('"') {
        return None;
    }
    serde_json::from_str(value.get()).or_else(|_| serde_json::from_str(&mended(value.get()))).ok()
}

struct Members<'n, const N: usize> {
    names: &'n [&'n str; N],
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(place) = map.next_key_seed(Which { names: self.names })? {
            match place.and_then(|place| found.get_mut(place)) {
                Some(member) => *member = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

struct AllMembers;

impl<'de> Visitor<'de> for AllMembers {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(member) = map.next_entry()? {
            found.push(member);
        }
        Ok(found)
    }
}

/// Which of these names a key is.
struct Which<'n> {
    names: &'n [&'n str],
}

impl<'de> DeserializeSeed<'de> for Which<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Which<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.names.iter().position(|name| *name == key))
    }
}

/// The same text with the usual faults put right: numbers that JSON has no word for, Python's words, half surrogates, bare
/// control characters, escapes that do not exist, commas before an end. What is right already stays as it is, and so does what
/// was never meant to be JSON.
pub fn mended(text: &str) -> String {
    if !text.trim_start().starts_with(['{', '[', '"']) {
        return text.to_owned();
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            '"' => rest = mend_string(rest, &mut whole),
            'a'..='z' | 'A'..='Z' => {
                let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                rest = behind;
                let is_exponent = matches!(word, "e" | "E") && whole.ends_with(|c: char| c.is_ascii_digit());
                let meant = match word {
                    _ if is_exponent => word,
                    "true" | "True" => "true",
                    "false" | "False" => "false",
                    _other => {
                        whole.truncate(whole.trim_end_matches(['-', '+']).len());
                        "null"
                    }
                };
                whole.push_str(meant);
            }
            '}' | ']' => {
                let kept = whole.trim_end();
                if kept.ends_with(',') {
                    whole.truncate(kept.len() - 1);
                }
                whole.push(first);
                rest = behind(rest, first);
            }
            other => {
                whole.push(other);
                rest = behind(rest, other);
            }
        }
    }
    whole
}

fn behind(text: &str, first: char) -> &str {
    text.get(first.len_utf8()..).unwrap_or_default()
}

/// Mends the string that `text` begins with; returns what stands behind it.
fn mend_string<'a>(text: &'a str, whole: &mut String) -> &'a str {
    whole.push('"');
    let mut rest = behind(text, '"');
    loop {
        let end = rest.find(|c: char| matches!(c, '"' | '\\') || c < ' ').unwrap_or(rest.len());
        let (plain, from) = rest.split_at(end);
        whole.push_str(plain);
        rest = match from.chars().next() {
            None => return from,
            Some('"') => {
                whole.push('"');
                return behind(from, '"');
            }
            Some('\\') => mend_escape(behind(from, '\\'), whole),
            Some(control) => {
                for digit in format!("\\u{:04x}", u32::from(control)).chars() {
                    whole.push(digit);
                }
                behind(from, control)
            }
        };
    }
}

/// Mends an escape, of which `text` is what stands behind the backslash; returns what stands behind the escape.
fn mend_escape<'a>(text: &'a str, whole: &mut String) -> &'a str {
    match text.chars().next() {
        Some(known @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {
            whole.extend(['\\', known]);
            behind(text, known)
        }
        Some('u') => match unit(text) {
            Some((0xd800..=0xdbff, low)) => match low.strip_prefix('\\').and_then(unit) {
                Some((0xdc00..=0xdfff, rest)) => {
                    whole.push('\\');
                    whole.push_str(text.get(..text.len() - rest.len()).unwrap_or_default());
                    rest
                }
                Some(_) | None => lone(low, whole),
            },
            Some((0xdc00..=0xdfff, rest)) => lone(rest, whole),
            Some((_, rest)) => {
                whole.push('\\');
                whole.push_str(text.get(..text.len() - rest.len()).unwrap_or_default());
                rest
            }
            None => bare(text, whole),
        },
        Some(_) | None => bare(text, whole),
    }
}

fn lone<'a>(rest: &'a str, whole: &mut String) -> &'a str {
    whole.push('\u{fffd}');
    rest
}

/// A backslash that begins no escape stands for itself.
fn bare<'a>(rest: &'a str, whole: &mut String) -> &'a str {
    whole.push_str("\\\\");
    rest
}

/// The number behind `u` at the beginning of `text`, and what stands behind that.
fn unit(text: &str) -> Option<(u32, &str)> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?, text.get(5..)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn only_what_is_asked_for_is_taken_out() {
        let object = raw(r#"{"a": [1, {"b": 2}], "b": "x", "\u0063": null, "b": "y", "n": 1e999}"#);
        let found = members(object, ["b", "c", "none", "a"]).map(|value| value.map(RawValue::get));
        assert_eq!(found, [Some("\"y\""), Some("null"), None, Some("[1, {\"b\": 2}]")]);
        for other in ["[1]", "null", "\"b\"", "3"] {
            assert!(members(raw(other), ["b"]).iter().all(Option::is_none), "{other}");
        }
        assert_eq!(elements(raw("[1, \"x\"]")).len(), 2);
        assert!(elements(raw("{}")).is_empty());
    }

    #[test]
    fn texts_hold_several_values_and_rubbish() {
        for (text, count, whole) in [
            ("{} []", 2, true),
            ("{}\n{}", 2, true),
            ("", 0, true),
            ("{}x", 1, false),
            ("{\"a\": NaN}", 0, false),
        ] {
            let read = values(text);
            assert_eq!((read.values.len(), read.whole), (count, whole), "{text}");
        }
    }

    #[test]
    fn what_says_nothing_is_known() {
        for text in ["null", "false", "\"\"", "{ }", "[]", "{}"] {
            assert!(is_nothing(raw(text)), "{text}");
        }
        for text in ["0", "true", "\" \"", "{\"a\":null}", "[0]"] {
            assert!(!is_nothing(raw(text)), "{text}");
        }
    }

    #[test]
    fn small_faults_are_mended() {
        for (text, value) in [
            (r#"{"a": NaN, "b": -Infinity, "c": [nan,]}"#, r#"{"a":null,"b":null,"c":[null]}"#),
            (r#"{"a": True, "b": None, "c": 1e5, "d": 2E-3,}"#, r#"{"a":true,"b":null,"c":1e5,"d":2E-3}"#),
            (r#"["\ud83d", "\ude00x", "\ud83d\ude00", "\ud83d\u0041"]"#, r#"["�","�x","😀","�A"]"#),
            ("[\"a\u{1}\tb\"]", r#"["a\u0001\tb"]"#),
            (r#"["\x41 \' \u12"]"#, r#"["\\x41 \\' \\u12"]"#),
            (r#"{"true": "NaN, None,}"}"#, r#"{"true":"NaN, None,}"}"#),
        ] {
            let mended: Value = serde_json::from_str(&mended(text)).unwrap();
            assert_eq!(mended, serde_json::from_str::<Value>(value).unwrap(), "{text}");
        }
    }

    #[test]
    fn words_are_not_made_into_json() {
        assert_eq!(mended("zebra overloaded"), "zebra overloaded");
    }

    #[test]
    fn a_text_with_half_a_surrogate_keeps_the_rest() {
        assert_eq!(text(raw(r#""a\ud83d b""#)).unwrap(), "a\u{fffd} b");
        assert_eq!(text(raw(r#""\ud83d\ude00""#)).unwrap(), "😀");
        assert_eq!(text(raw("5")), None);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9f64).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_right_already_stays_as_it_is(value in json()) {
            let text = value.to_string();
            prop_assert_eq!(mended(&text), text);
        }

        #[test]
        fn any_text_can_be_mended(text in any::<String>()) {
            let once = mended(&text);
            prop_assert!(once.len() <= 6 * text.len() + 1);
        }
    }
}
