//! What a call is given, read strictly: a member that comes twice is a mistake, since whoever read the call may have seen the other.

use std::fmt;

use crate::protocol::JsonObject;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The longest, in bytes.
const LONGEST: usize = 1 << 20;

/// The arguments, which are an object; a model that has nothing to say about it says nothing.
pub(crate) fn read(input: &str) -> Result<JsonObject, String> {
    if input.len() > LONGEST {
        return Err(format!("the arguments are longer than {LONGEST} bytes"));
    }
    let input = if input.trim().is_empty() { "{}" } else { input };
    match serde_json::from_str(input) {
        Ok(Strict(Value::Object(members))) => Ok(members),
        Ok(Strict(_no_object)) => Err("the arguments must be an object".into()),
        Err(error) => Err(format!("the arguments cannot be used: {error}")),
    }
}

/// A value in which no member comes twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Strict(element)) = from.next_element()? {
            elements.push(element);
        }
        Ok(elements.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = JsonObject::new();
        while let Some((name, Strict(value))) = from.next_entry::<String, Strict>()? {
            if members.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format_args!("`{name}` comes twice")));
            }
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_one_object_in_which_nothing_comes_twice() {
        for (input, expected) in [
            ("", Ok("{}")),
            (" {} ", Ok("{}")),
            (r#"{"a":[1,-2,0.5,true,null,"x",{"b":{}}]}"#, Ok(r#"{"a":[1,-2,0.5,true,null,"x",{"b":{}}]}"#)),
            (r#"{"a":1,"a":2}"#, Err("`a` comes twice")),
            (r#"{"o":{"a":1,"b":[{"c":1,"c":1}]}}"#, Err("`c` comes twice")),
            ("[]", Err("must be an object")),
            ("{", Err("cannot be used")),
        ] {
            match (read(input), expected) {
                (Ok(members), Ok(expected)) => assert_eq!(Value::from(members).to_string(), expected),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{input}: {why}"),
                (read, _) => panic!("{input}: {read:?}"),
            }
        }
        assert!(read(&format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST))).is_err());
    }
}
