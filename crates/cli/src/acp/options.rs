//! What an editor can set in a session, and the commands of q's that mean something in one.

use q_core::{Command, Policy, SessionId, Token};
use q_term::command::table;
use q_term::command::{Typed, UserCommand, read};
use q_term::kinds::Kinds;
use serde_json::{Value, json};

/// Of all slash commands those that are about one conversation and need no screen.
const COMMANDS: [&str; 4] = ["retry", "continue", "compact", "rename"];

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
