//! One line of the protocol: JSON-RPC as agents write it. What is none is passed over, for some of them log to the same place.

use std::cmp::Ordering;

use q_json::{members, text};
use serde_json::Value;
use serde_json::value::RawValue;

/// The longest id of a request that is answered, in bytes.
const ID_BYTES: usize = 200;
/// How much of an error's words is read, in bytes.
const ERROR_BYTES: usize = 2 << 10;

/// The numbers by which errors are known.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
pub(crate) const INVALID_PARAMS: i64 = -32602;
pub(crate) const INTERNAL: i64 = -32603;
/// Nobody is logged in.
pub(crate) const AUTH_REQUIRED: i64 = -32000;

/// What an agent says in one line.
#[derive(Debug)]
pub(crate) enum Frame {
    /// It asks for something, and waits for an answer to that id.
    Request {
        id: RequestId,
        method: String,
        params: Box<RawValue>,
    },
    Notice {
        method: String,
        params: Box<RawValue>,
    },
    /// It answers what it was asked under that number.
    Answer {
        to: u64,
        answer: Result<Box<RawValue>, RpcError>,
    },
    /// Nothing that the protocol knows.
    Noise,
}

/// By what an agent knows its own request: whatever it wrote, to be given back so.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Box<RawValue>);

/// Why the other side refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    /// Its words, and what stands beside them. Hostile text.
    pub(crate) message: String,
}

impl Frame {
    pub(crate) fn of(line: &str) -> Self {
        let Ok(whole) = serde_json::from_str::<&RawValue>(line) else { return Self::Noise };
        let [id, method, params, result, error] =
            members(whole, ["id", "method", "params", "result", "error"]);
        let id = id.filter(|id| id.get() != "null");
        if let Some(method) = method.and_then(text) {
            let params = params.unwrap_or(RawValue::NULL).to_owned();
            return match id {
                // Nobody keeps such an id: it is refused as what nobody knows.
                Some(id) if id.get().len() > ID_BYTES => {
                    Self::Request { id: RequestId(id.to_owned()), method: String::new(), params }
                }
                Some(id) => Self::Request { id: RequestId(id.to_owned()), method, params },
                None => Self::Notice { method, params },
            };
        }
        let Some(to) = id.and_then(|id| id.get().parse().ok()) else { return Self::Noise };
        match error.filter(|error| error.get() != "null") {
            Some(error) => Self::Answer { to, answer: Err(RpcError::of(error)) },
            None => Self::Answer { to, answer: Ok(result.unwrap_or(RawValue::NULL).to_owned()) },
        }
    }
}

impl RequestId {
    /// Whether the agent could take an answer for the one for an answer for the other: some know `7`, `7.0` and `"7"` as one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let [one, other] = [&self.0, &other.0].map(|id| text(id).unwrap_or_else(|| id.get().to_owned()));
        let numbers = one.parse::<f64>().ok().zip(other.parse::<f64>().ok());
        one == other || numbers.is_some_and(|(one, other)| one.partial_cmp(&other) == Some(Ordering::Equal))
    }
}

impl RpcError {
    fn of(error: &RawValue) -> Self {
        let [code, message, data] = members(error, ["code", "message", "data"]);
        let mut words = message.and_then(text).unwrap_or_default();
        // What is really wrong stands there with many agents.
        let beside = data.and_then(|data| {
            let [message, details, error] = members(data, ["message", "details", "error"]);
            text(data).or_else(|| [message, details, error].into_iter().flatten().find_map(text))
        });
        if let Some(beside) = beside.filter(|beside| !beside.is_empty() && !words.contains(beside.as_str())) {
            words = if words.is_empty() { beside } else { format!("{words}: {beside}") };
        }
        words.truncate(words.floor_char_boundary(ERROR_BYTES));
        Self { code: code.and_then(|code| code.get().parse().ok()).unwrap_or(INTERNAL), message: words }
    }
}

/// Lines that are written.
pub(crate) fn request(id: u64, method: &str, params: &Value) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{params}}}\n")
}

pub(crate) fn notice(method: &str, params: &Value) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":{params}}}\n")
}

pub(crate) fn result(RequestId(id): &RequestId, result: &Value) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n")
}

pub(crate) fn error(RequestId(id): &RequestId, code: i64, message: &str) -> String {
    let message = Value::from(message);
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":{code},\"message\":{message}}}}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_some_take_for_one_are_one() {
        let id = |id: &str| {
            let line = format!(r#"{{"id":{id},"method":"m"}}"#);
            let Frame::Request { id, .. } = Frame::of(&line) else { panic!("{line}") };
            id
        };
        for (one, other, is_same) in [
            ("7", "7", true),
            ("7", "7.0", true),
            ("7", "\"7\"", true),
            ("0", "-0.0", true),
            ("7", "70", false),
            ("\"a\"", "\"b\"", false),
        ] {
            assert_eq!(id(one).is_same(&id(other)), is_same, "{one} {other}");
        }
    }

    #[test]
    fn a_line_is_one_thing_or_noise() {
        for (line, is) in [
            (r#"{"id":1,"result":{}}"#, "answer 1"),
            (r#"{"id":1,"result":{},"error":null}"#, "answer 1"),
            (r#"{"id":1}"#, "answer 1"),
            (
                r#"{"id":1,"error":{"code":-32000,"message":"a","data":{"message":"b"}}}"#,
                "error 1 -32000 a: b",
            ),
            (r#"{"id":1,"error":{"message":"a","data":"a"}}"#, "error 1 -32603 a"),
            (r#"{"id":1,"error":7}"#, "error 1 -32603 "),
            (r#"{"id":"x","result":{}}"#, "noise"),
            (r#"{"id":-1,"result":{}}"#, "noise"),
            (r#"{"id":"x","method":"m"}"#, r#"request "x" m null"#),
            (r#"{"id":null,"method":"m","params":[1]}"#, "notice m [1]"),
            (r#"{"method":7}"#, "noise"),
            ("[1]", "noise"),
            ("starting up ...", "noise"),
            ("{\"id\":1", "noise"),
        ] {
            let said = match Frame::of(line) {
                Frame::Request { id: RequestId(id), method, params } => {
                    format!("request {id} {method} {params}")
                }
                Frame::Notice { method, params } => format!("notice {method} {params}"),
                Frame::Answer { to, answer: Ok(_) } => format!("answer {to}"),
                Frame::Answer { to, answer: Err(RpcError { code, message }) } => {
                    format!("error {to} {code} {message}")
                }
                Frame::Noise => "noise".into(),
            };
            assert_eq!(said, is, "{line}");
        }
        let long = format!("{{\"id\":\"{}\",\"method\":\"m\"}}", "x".repeat(ID_BYTES));
        assert!(matches!(Frame::of(&long), Frame::Request { method, .. } if method.is_empty()));
    }
}
