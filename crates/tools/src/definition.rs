//! What a model is told of a tool: its name, what it does, what it takes.

use crate::{edit, list, read, run, search, write};

/// A tool as it is offered to a model. All of it is q's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolDefinition {
    pub name: &'static str,
    /// What it does, in words for a model.
    pub about: &'static str,
    /// What it takes, as a JSON schema.
    pub schema: &'static str,
    /// Whether it only looks: such a one runs without being asked for, beneath the session's directory.
    pub reads: bool,
}

/// Every tool there is, on systems that can do all of it.
pub const ALL: [ToolDefinition; 7] = [
    read::DEFINITION,
    list::DEFINITION,
    search::DEFINITION,
    write::DEFINITION,
    edit::DEFINITION,
    run::SANDBOXED,
    run::DEFINITION,
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use serde_json::Value;

    use super::*;

    #[test]
    fn each_has_a_name_that_every_server_takes_and_a_schema_of_an_object() {
        for tool in ALL {
            assert!(tool.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", tool.name);
            let schema: Value = serde_json::from_str(tool.schema).unwrap();
            assert_eq!(schema["type"], "object", "{}", tool.name);
            assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(schema["properties"][required.as_str().unwrap()].is_object(), "{}", tool.name);
            }
        }
    }
}
