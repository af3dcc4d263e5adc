//! Files that an agent reads and writes through q: as calls of q's own tools, in the session's directory and with the person's consent.

use q_json::{members, text};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::update::number;

/// What is wanted of a file, in the words of q's tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WantedFile {
    pub(crate) tool: &'static str,
    pub(crate) input: String,
    pub(crate) path: String,
    /// What is to stand in it, where it is written.
    pub(crate) content: Option<String>,
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
