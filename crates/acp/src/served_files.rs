//! Files that an agent reads and writes through q: as calls of q's own tools, in the session's directory and with the person's consent.

use q_core::CallNo;
use q_json::{members, text};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::frame::RequestId;
use crate::update::number;

/// The most that are served at once.
pub(crate) const MOST: usize = 8;

/// A request that is served, as a call of one of q's tools.
#[derive(Debug)]
pub(crate) struct ServedFile {
    pub(crate) id: RequestId,
    pub(crate) no: CallNo,
    pub(crate) wanted: WantedFile,
    is_permitted: bool,
}

/// What is wanted of a file, in the words of q's tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WantedFile {
    pub(crate) tool: &'static str,
    pub(crate) input: String,
    pub(crate) path: String,
    /// What is to stand in it, where it is written.
    pub(crate) content: Option<String>,
}

impl ServedFile {
    /// One that nobody has permitted yet.
    pub(crate) const fn new(id: RequestId, no: CallNo, wanted: WantedFile) -> Self {
        Self { id, no, wanted, is_permitted: false }
    }

    /// Permits it; whether it was not permitted before, as it is carried out once.
    pub(crate) const fn permit(&mut self) -> bool {
        !std::mem::replace(&mut self.is_permitted, true)
    }
}

impl WantedFile {
    /// What a request of that method wants; nothing where it is no such request.
    pub(crate) fn of(method: &str, params: &RawValue) -> Option<Self> {
        let [path, content, line, limit] = members(params, ["path", "content", "line", "limit"]);
        let path = path.and_then(text)?;
        match method {
            "fs/read_text_file" => {
                let mut input = json!({ "path": path });
                for (name, value) in [("from", line), ("lines", limit)] {
                    if let (Some(value), Some(members)) = (value.and_then(number), input.as_object_mut()) {
                        members.insert(name.into(), value.max(1).into());
                    }
                }
                Some(Self { tool: "read", input: input.to_string(), path, content: None })
            }
            "fs/write_text_file" => {
                let content = content.and_then(text)?;
                let input = json!({ "path": path, "content": content }).to_string();
                Some(Self { tool: "write", input, path, content: Some(content) })
            }
            _other => None,
        }
    }

    /// The answer to it, and what is kept of it for people.
    pub(crate) fn answer(&self, done: String) -> (Value, String) {
        if self.content.is_some() {
            return (json!({}), done);
        }
        let said = format!("{} lines of {}", done.lines().count(), self.path);
        (json!({ "content": done }), said)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn requests_become_calls_of_qs_own_tools() {
        for (method, params, expected) in [
            ("fs/read_text_file", r#"{"path":"/w/a"}"#, Some(r#"read {"path":"/w/a"}"#)),
            (
                "fs/read_text_file",
                r#"{"path":"/w/a","line":0,"limit":5}"#,
                Some(r#"read {"path":"/w/a","from":1,"lines":5}"#),
            ),
            (
                "fs/write_text_file",
                r#"{"path":"/w/a","content":"x"}"#,
                Some(r#"write {"path":"/w/a","content":"x"}"#),
            ),
            ("fs/write_text_file", r#"{"path":"/w/a"}"#, None),
            ("fs/delete", r#"{"path":"/w/a"}"#, None),
            ("fs/read_text_file", "[]", None),
        ] {
            let wanted = WantedFile::of(method, serde_json::from_str(params).unwrap());
            let said = wanted.map(|wanted| format!("{} {}", wanted.tool, wanted.input));
            assert_eq!(said.as_deref(), expected, "{params}");
        }
    }
}
