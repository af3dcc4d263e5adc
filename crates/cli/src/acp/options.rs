//! What an editor can set in a session, and the commands of q's that mean something in one.

use q_core::{Command, Policy, SessionId, Token};
use q_term::command::table;
use q_term::command::{Typed, UserCommand, read};
use q_term::kinds::Kinds;
use q_term::sanitize::visible_line;
use serde_json::{Value, json};

use crate::acp::updates::text;

/// Of all slash commands those that are about one conversation and need no screen.
const COMMANDS: [&str; 4] = ["retry", "continue", "compact", "rename"];

/// How many servers are named, and how much of each name, in letters.
const NAMED: usize = 8;
const NAME: usize = 60;

/// What the tools of a session may do, as the protocol's modes.
pub(super) fn modes(now: Policy) -> Value {
    let mode = |policy: Policy| {
        let (name, does) = match policy {
            Policy::Ask => ("Ask", "What changes or runs something asks first"),
            Policy::Deny => ("Read only", "What changes or runs something is denied"),
        };
        json!({ "id": policy.word(), "name": name, "description": does })
    };
    json!({ "currentModeId": now.word(), "availableModes": Policy::ALL.map(mode) })
}

pub(super) fn mode(now: Policy) -> Value {
    json!({ "sessionUpdate": "current_mode_update", "currentModeId": now.word() })
}

/// What is said of an editor's own MCP servers, which are not used: a session goes on without the editor, and in others.
pub(super) fn servers_left_out(params: &Value) -> Option<Value> {
    let servers = params.get("mcpServers").and_then(Value::as_array).filter(|servers| !servers.is_empty())?;
    let named = servers.iter().take(NAMED).filter_map(|server| server.get("name")?.as_str());
    let named: Vec<String> = named.map(|name| name.chars().take(NAME).collect()).collect();
    let more = if servers.len() > NAMED { ", …" } else { "" };
    let told = format!(
        "q does not use the MCP servers of this editor ({}{more}): a session goes on without it. `q mcp add` gives one to sessions.",
        named.join(", ")
    );
    Some(json!({ "sessionUpdate": "agent_thought_chunk", "content": text(&visible_line(&told)) }))
}

/// The commands that can be typed, from the one table.
pub(super) fn commands() -> Value {
    let command = |word: &&str| {
        let row = table::by_slash(word)?;
        let mut command = json!({ "name": word, "description": row.help });
        if let (false, Some(members)) = (row.arguments.is_empty(), command.as_object_mut()) {
            members.insert("input".to_owned(), json!({ "hint": row.arguments }));
        }
        Some(command)
    };
    let all: Vec<Value> = COMMANDS.iter().filter_map(command).collect();
    json!({ "sessionUpdate": "available_commands_update", "availableCommands": all })
}

/// The command that a prompt is, if it is one of those. Any other text that begins with `/` is a prompt: it may be the agent's.
pub(super) fn command(text: &str, kinds: &Kinds) -> Option<Result<UserCommand, String>> {
    let word = text.strip_prefix('/')?.split_whitespace().next()?;
    if !COMMANDS.contains(&word) {
        return None;
    }
    match read(text.trim_end(), kinds) {
        Typed::Command(read) => Some(read.map_err(|fault| fault.message)),
        Typed::Prompt(_) | Typed::Shell(_) => None,
    }
}

/// What a command asks of the core, of that session.
pub(super) fn of_core(command: &UserCommand, session: SessionId, token: Token) -> Option<Command> {
    command.of_session(session).or_else(|| command.of_turn(session, token))
}
