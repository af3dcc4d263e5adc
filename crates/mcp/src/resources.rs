//! Resources of a server, for models: two tools of q's own that list and read them, beside the server's. They are pinned, asked about
//! and called like any other.

use crate::protocol::{
    CallToolRequest, CallToolRequestParams, ClientRequest, JsonObject, ListResourceTemplatesRequest,
    ListResourcesRequest, PaginatedRequestParams, ReadResourceRequest, ReadResourceRequestParams,
    ResourceContents, ServerResult,
};

use crate::reply::{self, ServedReply};
use crate::tool_list::ListedTool;

const LIST: &str = "list_resources";
const READ: &str = "read_resource";
/// The longest address of a resource, in bytes.
const URI_BYTES: usize = 4 << 10;
/// How much of what a resource is said to be is listed, in letters.
const ABOUT: usize = 200;

/// The tools with which resources are listed and read.
pub(crate) fn tools() -> [ListedTool; 2] {
    let tool = |name: &str, about: &str, schema: &str| ListedTool {
        name: name.to_owned(),
        description: about.to_owned(),
        schema: schema.to_owned(),
    };
    [
        tool(
            LIST,
            "Lists the resources of this MCP server: the URI of each, its name and what it is. With templates true it lists patterns of URIs instead.",
            r#"{"type":"object","properties":{"templates":{"type":"boolean"},"cursor":{"type":"string","description":"what the last page named"}}}"#,
        ),
        tool(
            READ,
            "Reads a resource of this MCP server by its URI.",
            r#"{"type":"object","properties":{"uri":{"type":"string"}},"required":["uri"]}"#,
        ),
    ]
}

/// What a call asks the server for; or what of its arguments is wrong. A server's own tool of such a name is called as any.
pub(crate) fn request(tool: &ListedTool, arguments: JsonObject) -> Result<ClientRequest, String> {
    if !tools().contains(tool) {
        let wanted = CallToolRequestParams::new(tool.name.clone()).with_arguments(arguments);
        return Ok(ClientRequest::CallToolRequest(CallToolRequest::new(wanted)));
    }
    let text = |name: &str| arguments.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    if tool.name == READ {
        let uri = text("uri").filter(|uri| !uri.is_empty() && uri.len() <= URI_BYTES);
        let uri = uri.ok_or_else(|| format!("\"uri\" must be a text of up to {URI_BYTES} bytes"))?;
        return Ok(reading(&uri));
    }
    let page = PaginatedRequestParams::default().with_cursor(text("cursor"));
    let are_templates = arguments.get("templates").and_then(serde_json::Value::as_bool) == Some(true);
    Ok(if are_templates {
        ClientRequest::ListResourceTemplatesRequest(ListResourceTemplatesRequest::with_param(page))
    } else {
        ClientRequest::ListResourcesRequest(ListResourcesRequest::with_param(page))
    })
}

/// Asks for what a resource holds.
pub(crate) fn reading(uri: &str) -> ClientRequest {
    ClientRequest::ReadResourceRequest(ReadResourceRequest::new(ReadResourceRequestParams::new(uri)))
}

/// What came of it, as a model is told; nothing where it is no result of any of these.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else the protocol has answers nothing that is asked here"
)]
pub(crate) fn reply(result: ServerResult) -> Option<ServedReply> {
    let (text, more) = match result {
        ServerResult::CallToolResult(result) => return Some(reply::of(&result)),
        ServerResult::ReadResourceResult(read) => (contents(&read.contents), None),
        ServerResult::ListResourcesResult(page) => {
            let lines =
                page.resources.iter().map(|one| line(&one.uri, &one.name, one.description.as_deref()));
            (lines.collect(), page.next_cursor)
        }
        ServerResult::ListResourceTemplatesResult(page) => {
            let templates = page.resource_templates.iter();
            let lines = templates.map(|one| line(&one.uri_template, &one.name, one.description.as_deref()));
            (lines.collect(), page.next_cursor)
        }
        _another => return None,
    };
    let mut text = if text.is_empty() { "(nothing)".to_owned() } else { reply::bounded(text) };
    if let Some(cursor) = more {
        text.push_str(&reply::bounded(format!("\n(there is more behind \"cursor\": {cursor:?})")));
    }
    Some(ServedReply::done(text))
}

fn line(uri: &str, name: &str, about: Option<&str>) -> String {
    let about: String = about.unwrap_or_default().chars().take(ABOUT).collect();
    format!("{uri}  {name}  {}\n", about.replace('\n', " "))
}

fn contents(all: &[ResourceContents]) -> String {
    let mut text = String::new();
    for content in all {
        reply::add_contents(&mut text, content);
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use serde_json::{Value, json};

    use super::*;

    fn asked(tool: &ListedTool, arguments: &Value) -> Result<Value, String> {
        let arguments = arguments.as_object().unwrap().clone();
        request(tool, arguments).map(|request| serde_json::to_value(request).unwrap())
    }

    #[test]
    fn resources_are_listed_and_read_by_requests_of_their_own() {
        let [list, read] = tools();
        let own = ListedTool { description: "the server's".into(), ..read.clone() };
        let long = "x".repeat(URI_BYTES + 1);
        for (tool, arguments, method, params) in [
            (&list, json!({}), "resources/list", json!({})),
            (&list, json!({ "cursor": "2" }), "resources/list", json!({ "cursor": "2" })),
            (&list, json!({ "templates": true }), "resources/templates/list", json!({})),
            (&read, json!({ "uri": "x:/1" }), "resources/read", json!({ "uri": "x:/1" })),
            (
                &own,
                json!({ "a": 1 }),
                "tools/call",
                json!({ "name": "read_resource", "arguments": { "a": 1 } }),
            ),
        ] {
            let asked = asked(tool, &arguments).unwrap();
            assert_eq!((&asked["method"], &asked["params"]), (&json!(method), &params), "{arguments}");
        }
        for arguments in [json!({}), json!({ "uri": 5 }), json!({ "uri": "" }), json!({ "uri": long })] {
            assert!(asked(&read, &arguments).is_err(), "{arguments}");
        }
    }

    #[test]
    fn what_is_listed_and_read_is_told_within_bounds() {
        for (result, told) in [
            (
                json!({ "resources": [{ "uri": "x:/1", "name": "one", "description": "the\nfirst" }], "nextCursor": "2" }),
                "x:/1  one  the first\n\n(there is more behind \"cursor\": \"2\")",
            ),
            (json!({ "resources": [] }), "(nothing)"),
            (
                json!({ "resourceTemplates": [{ "uriTemplate": "x:/{id}", "name": "any" }] }),
                "x:/{id}  any  \n",
            ),
            (
                json!({ "contents": [{ "uri": "x:/1", "text": "t" }, { "uri": "x:/2", "blob": "AAAA" }] }),
                "x:/1:\nt\n(a file is left out here: x:/2, 3 bytes)",
            ),
            (json!({ "content": [{ "type": "text", "text": "a" }] }), "a"),
        ] {
            let reply = reply(serde_json::from_value(result).unwrap()).unwrap();
            assert_eq!(reply, ServedReply::done(told), "{told}");
        }
        assert_eq!(reply(serde_json::from_value(json!({ "more": 1 })).unwrap()), None);
    }
}
