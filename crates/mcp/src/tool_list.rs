//! What a server offers, as far as it is taken: so many tools, of such a size, with names that every provider takes.

use std::collections::BTreeSet;

use crate::protocol::Tool;
use q_tools::digest_of;
use serde::{Deserialize, Serialize};

/// The most tools of one server.
pub(crate) const MOST: usize = 128;
/// The longest description with its schema, in bytes.
const TOOL_BYTES: usize = 16 << 10;
/// The same of all tools of a server together.
const LIST_BYTES: usize = 128 << 10;
/// The longest name that every provider takes.
const NAME_BYTES: usize = 64;
/// What is said of a name that is no name.
const SHOWN_NAME: usize = 80;

/// One tool of a server, as that describes it: passed on as it is, believed in nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedTool {
    /// By which the server knows it.
    pub name: String,
    pub description: String,
    /// What it takes, as a JSON schema.
    pub schema: String,
}

/// The tools of one server, and why others are not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolList {
    /// Sorted by the server's own names.
    pub tools: Vec<ListedTool>,
    /// What is left out, each in a line for the person.
    pub left_out: Vec<String>,
}

impl ListedTool {
    /// The name by which models call it: letters that some provider does not take are underscores.
    pub fn offered_as(&self, server: &str) -> String {
        let taken = self.name.chars().map(|letter| match letter {
            '.' | '/' => '_',
            other => other,
        });
        format!("{server}__{}", taken.collect::<String>())
    }

    /// What it is recognised by: all that a model is told of it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        digest_of([&self.name, &self.description, &self.schema].map(String::as_bytes))
    }

    const fn bytes(&self) -> usize {
        self.name.len() + self.description.len() + self.schema.len()
    }
}

impl ToolList {
    /// What of a server's list is taken, and behind it those of q's own whose names the server does not use itself.
    pub(crate) fn of(server: &str, tools: Vec<Tool>, own: Vec<ListedTool>) -> Self {
        let is_free = |own: &ListedTool| !tools.iter().any(|tool| tool.name == own.name);
        let own: Vec<ListedTool> = own.into_iter().filter(is_free).collect();
        let listed = tools.into_iter().map(|tool| ListedTool {
            name: tool.name.into_owned(),
            description: tool.description.map(Into::into).unwrap_or_default(),
            schema: serde_json::to_string(&*tool.input_schema).unwrap_or_default(),
        });
        Self::taken(server, listed.chain(own))
    }

    fn taken(server: &str, listed: impl Iterator<Item = ListedTool>) -> Self {
        let (mut all, mut names, mut bytes) = (Self::default(), BTreeSet::new(), 0);
        for tool in listed {
            let shown: String = tool.name.chars().take(SHOWN_NAME).collect();
            let fault = if all.tools.len() == MOST {
                Some(format!("{shown:?}: there are more than {MOST} tools"))
            } else if !is_name(&tool.name) {
                Some(format!("{shown:?}: a name has letters from a to z, digits, _, -, . and /"))
            } else if tool.offered_as(server).len() > NAME_BYTES {
                Some(format!("{shown:?}: with the server's its name is longer than {NAME_BYTES} letters"))
            } else if tool.bytes() > TOOL_BYTES || bytes + tool.bytes() > LIST_BYTES {
                Some(format!("{shown:?}: its description and schema are too long"))
            } else if !names.insert(tool.offered_as(server)) {
                Some(format!("{shown:?}: another tool has this name, or one that looks the same to models"))
            } else {
                None
            };
            match fault {
                Some(fault) if all.left_out.len() < MOST => all.left_out.push(fault),
                Some(_) => {}
                None => {
                    bytes += tool.bytes();
                    all.tools.push(tool);
                }
            }
        }
        all.tools.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }
}

fn is_name(name: &str) -> bool {
    let taken = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    !name.is_empty() && name.bytes().all(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, bytes: usize) -> ListedTool {
        ListedTool { name: name.into(), description: "x".repeat(bytes), schema: "{}".into() }
    }

    #[test]
    fn a_list_is_taken_as_far_as_models_can_take_it() {
        let long = "n".repeat(70);
        for (what, listed, taken, told) in [
            ("two", vec![tool("b", 1), tool("a.b/c", 1)], "s__a_b_c s__b", vec![]),
            (
                "no name",
                vec![tool("", 1), tool("a b", 1), tool("a\u{202e}", 1), tool(&long, 1)],
                "",
                vec!["a name has letters", "a name has letters", "a name has letters", "longer than 64"],
            ),
            (
                "one name",
                vec![tool("a.b", 1), tool("a/b", 1), tool("a.b", 2)],
                "s__a_b",
                vec!["another tool", "another tool"],
            ),
            ("too long", vec![tool("a", 20_000), tool("b", 1)], "s__b", vec!["too long"]),
        ] {
            let list = ToolList::taken("s", listed.into_iter());
            let names: Vec<String> = list.tools.iter().map(|tool| tool.offered_as("s")).collect();
            assert_eq!(names.join(" "), taken, "{what}");
            assert_eq!(list.left_out.len(), told.len(), "{what}: {:?}", list.left_out);
            for (line, part) in list.left_out.iter().zip(told) {
                assert!(line.contains(part), "{what}: {line}");
            }
        }
        let many = ToolList::taken("s", (0..1000).map(|n| tool(&format!("t{n}"), 1)));
        assert_eq!((many.tools.len(), many.left_out.len()), (MOST, MOST));
        let large = ToolList::taken("s", (0..100).map(|n| tool(&format!("t{n}"), 10_000)));
        assert_eq!(large.tools.len(), 13);
    }

    #[test]
    fn whatever_a_model_is_told_of_it_makes_it_another_tool() {
        let base = tool("a", 1);
        for other in [
            ListedTool { name: "b".into(), ..base.clone() },
            ListedTool { description: "y".into(), ..base.clone() },
            ListedTool { schema: "{\"type\":\"object\"}".into(), ..base.clone() },
            ListedTool { name: "ax".into(), description: String::new(), ..base.clone() },
        ] {
            assert_ne!(base.digest(), other.digest(), "{other:?}");
        }
    }
}
