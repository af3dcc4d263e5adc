//! JSON-RPC 2.0, a message a line: what an editor said, and what is said to it. What a method means is not here.

use serde_json::{Value, json};

/// What is wrong with a message, in JSON-RPC's own numbers and the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorCode {
    /// It is no JSON, or longer or deeper than is read.
    Parse,
    /// It is no message.
    InvalidRequest,
    MethodNotFound,
    InvalidParams,
    /// It was understood, and could not be done.
    Internal,
    /// What it names is not there.
    NotFound,
}

impl ErrorCode {
    const fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::Internal => -32603,
            Self::NotFound => -32002,
        }
    }
}

/// A refusal, in words for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// By what an editor knows one of its requests: a number, a string or null, given back as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestId(Value);

impl RequestId {
    fn of(value: &Value) -> Option<Self> {
        matches!(value, Value::Number(_) | Value::String(_) | Value::Null).then(|| Self(value.clone()))
    }

    pub(super) fn is(&self, value: &Value) -> bool {
        self.0 == *value
    }
}

/// A message as it came.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    Request {
        id: RequestId,
        method: String,
        params: Value,
    },
    Notification {
        method: String,
        params: Value,
    },
    /// An answer to a request of this side, by its number; nothing where it was refused.
    Answer {
        id: u64,
        result: Option<Value>,
    },
}

/// Reads a line. A fault goes back under the id that the message had, where one can be told.
pub(super) fn read(line: &[u8]) -> Result<Incoming, (RequestId, Fault)> {
    let nobody = || RequestId(Value::Null);
    let mut message: Value = serde_json::from_slice(line)
        .map_err(|error| (nobody(), Fault::new(ErrorCode::Parse, format!("this is no JSON: {error}"))))?;
    let is_object = message.is_object();
    let mut member = |name: &str| message.get_mut(name).map(Value::take);
    let (id, method, params) = (member("id"), member("method"), member("params"));
    let (result, refused) = (member("result"), member("error"));
    let known = id.as_ref().and_then(RequestId::of);
    let invalid =
        |why: &str| Err((known.clone().unwrap_or_else(nobody), Fault::new(ErrorCode::InvalidRequest, why)));
    if !is_object {
        return invalid("a message is one JSON object; several at once are not taken");
    }
    let params = params.unwrap_or_default();
    match (method, id) {
        (Some(Value::String(method)), None) => Ok(Incoming::Notification { method, params }),
        (Some(Value::String(method)), Some(_)) => match known {
            Some(id) => Ok(Incoming::Request { id, method, params }),
            None => invalid("an id is a number or a string"),
        },
        (None, Some(id)) if result.is_some() || refused.is_some() => match id.as_u64() {
            Some(id) => Ok(Incoming::Answer { id, result }),
            None => invalid("nothing was asked under that id"),
        },
        (Some(_) | None, _) => invalid("a message has a method, or answers a request"),
    }
}

pub(super) fn result(RequestId(id): RequestId, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

pub(super) fn error(RequestId(id): RequestId, fault: &Fault) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": fault.code.number(), "message": fault.message } })
}

pub(super) fn notification(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

pub(super) fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_line_is_a_message_or_is_refused_under_its_own_id() {
        for (line, code, id) in [
            ("", ErrorCode::Parse, Value::Null),
            ("{", ErrorCode::Parse, Value::Null),
            ("\u{fffd}", ErrorCode::Parse, Value::Null),
            ("[]", ErrorCode::InvalidRequest, Value::Null),
            ("7", ErrorCode::InvalidRequest, Value::Null),
            ("{}", ErrorCode::InvalidRequest, Value::Null),
            (r#"{"id":7}"#, ErrorCode::InvalidRequest, json!(7)),
            (r#"{"id":"a","method":7}"#, ErrorCode::InvalidRequest, json!("a")),
            (r#"{"id":[1],"method":"m"}"#, ErrorCode::InvalidRequest, Value::Null),
            (r#"{"id":"1","result":{}}"#, ErrorCode::InvalidRequest, json!("1")),
        ] {
            let (refused, fault) = read(line.as_bytes()).unwrap_err();
            assert_eq!((fault.code, refused.0), (code, id), "{line}");
        }
        assert_eq!(read(b"\xff").unwrap_err().1.code, ErrorCode::Parse, "no text");
        let deep = format!("{}{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert_eq!(read(deep.as_bytes()).unwrap_err().1.code, ErrorCode::Parse, "deeper than is read");
        let request = read(br#"{"jsonrpc":"2.0","id":"x","method":"m","params":{"a":1}}"#).unwrap();
        let id = RequestId(json!("x"));
        assert_eq!(request, Incoming::Request { id, method: "m".into(), params: json!({ "a": 1 }) });
        let told = read(br#"{"method":"m"}"#).unwrap();
        assert_eq!(told, Incoming::Notification { method: "m".into(), params: Value::Null });
        let answer = read(br#"{"id":3,"error":{"code":1}}"#).unwrap();
        assert_eq!(answer, Incoming::Answer { id: 3, result: None });
    }
}
