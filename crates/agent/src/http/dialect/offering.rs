//! How tools are offered: each protocol has a form of its own for the same name, words and schema.

use serde_json::{Value, json};

use super::super::session_tools::OfferedTool;
use crate::dialect::Dialect;

/// What a model may call, and what is sent back of what it called in this turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offer {
    pub(crate) tools: Vec<OfferedTool>,
    /// Who is asked, as seals name it: what it sealed goes back to it.
    pub(crate) sealed_by: String,
}

impl Offer {
    /// Bytes of all that a model is told of tools.
    pub(crate) fn bytes(&self) -> u64 {
        self.tools.iter().map(OfferedTool::bytes).sum::<usize>() as u64
    }

    /// Writes it into a request. Where nothing is offered, nothing is changed.
    pub(super) fn write(&self, dialect: Dialect, request: &mut Value) {
        if self.tools.is_empty() {
            return;
        }
        let each =
            |declaration: fn(&OfferedTool) -> Value| self.tools.iter().map(declaration).collect::<Vec<_>>();
        match dialect {
            Dialect::ChatCompletions | Dialect::Ollama => {
                request["tools"] =
                    each(|tool| json!({ "type": "function", "function": { "name": tool.name, "description": tool.about, "parameters": schema(tool) } })).into();
            }
            Dialect::Responses => {
                request["tools"] =
                    each(|tool| json!({ "type": "function", "name": tool.name, "description": tool.about, "parameters": schema(tool), "strict": false })).into();
            }
            Dialect::Anthropic => {
                let offered = each(
                    |tool| json!({ "name": tool.name, "description": tool.about, "input_schema": schema(tool) }),
                );
                let earlier = self.earlier(&request["tools"], |tool| &tool["name"]);
                request["tools"] = offered.into_iter().chain(earlier).collect();
                if let Some(members) = request.as_object_mut() {
                    members.remove("tool_choice");
                }
            }
            Dialect::Bedrock => {
                let offered = each(
                    |tool| json!({ "toolSpec": { "name": tool.name, "description": tool.about, "inputSchema": { "json": schema(tool) } } }),
                );
                let earlier = self.earlier(&request["toolConfig"]["tools"], |tool| &tool["toolSpec"]["name"]);
                request["toolConfig"] =
                    json!({ "tools": offered.into_iter().chain(earlier).collect::<Vec<_>>() });
            }
            Dialect::Gemini => {
                let declared = each(
                    |tool| json!({ "name": tool.name, "description": tool.about, "parameters": without_closing(schema(tool)) }),
                );
                request["tools"] = json!([{ "functionDeclarations": declared }]);
            }
        }
    }

    /// Tools that were called earlier and are offered no more, which some servers want declared all the same.
    fn earlier(&self, declared: &Value, name: fn(&Value) -> &Value) -> Vec<Value> {
        let is_offered = |declared: &Value| self.tools.iter().any(|tool| *name(declared) == *tool.name);
        declared.as_array().into_iter().flatten().filter(|tool| !is_offered(tool)).cloned().collect()
    }
}

fn schema(tool: &OfferedTool) -> Value {
    serde_json::from_str(&tool.schema).unwrap_or_else(|_| json!({ "type": "object" }))
}

/// A schema without the word by which it allows nothing else, which some servers take for a mistake.
fn without_closing(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            members.remove("additionalProperties");
            for (_, value) in members.iter_mut() {
                *value = without_closing(value.take());
            }
        }
        Value::Array(elements) => {
            for element in elements.iter_mut() {
                *element = without_closing(element.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use q_core::conversation::{Message, Part, Role};
    use q_core::{EntryNo, Outcome};

    use super::super::seals::sample;
    use super::super::{request, request_offering};
    use super::*;
    use crate::shape::RequestShape;
    use q_seat::Turn;

    /// The request in the middle of a turn: a call was answered, and another tool was called in an older one.
    fn in_a_turn(dialect: Dialect) -> (Turn, Offer) {
        let call = |entry, tool: &str, input: &str| Part::Call {
            entry: EntryNo(entry),
            tool: tool.into(),
            input: input.into(),
        };
        let result =
            |of, text: &str| Part::Result { of: EntryNo(of), outcome: Outcome::Done, text: text.into() };
        let messages = [
            Message::words(Role::User, "why?"),
            Message { role: Role::Assistant, parts: [call(2, "ls", "{}")].into() },
            Message { role: Role::User, parts: [result(2, "a"), Part::Text("and?".into())].into() },
            Message {
                role: Role::Assistant,
                parts: [
                    Part::Sealed(sample(dialect)),
                    Part::Text("I look.".into()),
                    Part::Sealed(sample(dialect)),
                    call(9, "list", "{\"path\": \".\"}"),
                ]
                .into(),
            },
            Message { role: Role::User, parts: [result(9, "a  1\n")].into() },
        ];
        let tools =
            q_tools::TOOLS.into_iter().filter(|tool| tool.name == "list").map(OfferedTool::from).collect();
        let turn = Turn { messages: messages.into(), ..Turn::default() };
        (turn, Offer { tools, ..Offer::default() })
    }

    #[test]
    fn each_dialect_offers_in_its_own_way() {
        let shape = RequestShape { reasoning: Some("low".into()), ..RequestShape::default() };
        let shown = Dialect::ALL.map(|dialect| {
            let (turn, offer) = in_a_turn(dialect);
            let made = request_offering(dialect, &turn, "m", &shape, &offer);
            format!("{}\n{}", dialect.word(), serde_json::to_string_pretty(&made).unwrap())
        });
        insta::assert_snapshot!(shown.join("\n\n"));
    }

    #[test]
    fn where_nothing_is_offered_nothing_is_changed() {
        let shape = RequestShape::default();
        for dialect in Dialect::ALL {
            let (turn, offer) = in_a_turn(dialect);
            let nothing = Offer { tools: Vec::new(), ..offer };
            assert_eq!(
                request_offering(dialect, &turn, "m", &shape, &nothing),
                request(dialect, &turn, "m", &shape)
            );
        }
    }
}
