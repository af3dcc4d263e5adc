//! Commands that an agent has q run for it: calls of q's own `run`, each once it is permitted, and followed by the agent until it
//! releases them. What it names beside the command (variables, a directory) is a part of the command, so that it is shown, and bound
//! to what is permitted, as all else.

use std::path::Path;

use q_core::CallNo;
use q_json::{elements, members, text};
use q_tools::{ProcessEnd, TerminalOutput};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::update::number;

/// What is kept of what a command puts out where the agent does not say, in bytes.
const KEPT: u64 = 64 << 10;
/// The most arguments and variables.
const MOST_WORDS: usize = 1000;
/// The program that gives a command variables and a directory.
const ENV: &str = "env";

/// A command that is wanted, in the words of q's tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WantedTerminal {
    /// The arguments of `run`.
    pub(crate) input: String,
    /// How much of what it puts out is kept, in bytes.
    pub(crate) limit: usize,
}

/// A command that runs, or has ended, and is not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenTerminal {
    pub(crate) number: u64,
    /// The call that it is, until that has its result.
    pub(crate) call: CallNo,
}

impl WantedTerminal {
    /// What a request wants that names that session's directory or one beneath it; or why it cannot be.
    pub(crate) fn of(params: &RawValue, directory: &Path) -> Result<Self, &'static str> {
        let [command, words, variables, place, limit] =
            members(params, ["command", "args", "env", "cwd", "outputByteLimit"]);
        let command = command.and_then(text).filter(|command| !command.trim().is_empty());
        let command = command.ok_or("no command is named")?;
        let words = words.filter(|words| !q_json::is_nothing(words)).map(elements).unwrap_or_default();
        let words: Option<Vec<String>> = words.into_iter().take(MOST_WORDS + 1).map(text).collect();
        let words = words.filter(|words| words.len() <= MOST_WORDS);
        let words = words.ok_or("its arguments are no texts, or too many")?;
        let before = env(variables, place, directory)?;
        if !before.is_empty() && (command.starts_with('-') || command.contains('=')) {
            return Err("a command of that name takes no variables");
        }
        // A whole line in the place of a program is meant for a shell.
        let is_line =
            words.is_empty() && command.contains(|c: char| c.is_whitespace() || "|&;<>()$`*?".contains(c));
        let input = if is_line && before.is_empty() {
            json!({ "shell": command })
        } else {
            let program = if is_line { vec!["/bin/sh".into(), "-c".into(), command] } else { vec![command] };
            let argv: Vec<String> = before.into_iter().chain(program).chain(words).collect();
            json!({ "argv": argv })
        };
        let limit = limit.and_then(number).unwrap_or(KEPT);
        Ok(Self { input: input.to_string(), limit: usize::try_from(limit).unwrap_or(usize::MAX) })
    }
}

/// What stands before a command that gets variables or another directory: `env -C DIRECTORY NAME=VALUE …`; nothing without any.
fn env(
    variables: Option<&RawValue>,
    place: Option<&RawValue>,
    directory: &Path,
) -> Result<Vec<String>, &'static str> {
    let mut before = Vec::new();
    if let Some(place) = place.filter(|place| !q_json::is_nothing(place)) {
        let place = text(place).ok_or("its directory is no text")?;
        let within = Path::new(&place).strip_prefix(directory).ok();
        let within = within
            .filter(|within| within.components().all(|part| matches!(part, std::path::Component::Normal(_))));
        let within =
            within.and_then(Path::to_str).ok_or("it is to run outside of the session's directory")?;
        if !within.is_empty() {
            before.extend([ENV.to_owned(), "-C".to_owned(), format!("./{within}")]);
        }
    }
    let variables = variables.map(elements).unwrap_or_default();
    if variables.len() > MOST_WORDS {
        return Err("it has too many variables");
    }
    for variable in variables {
        let [name, value] = members(variable, ["name", "value"]);
        let (name, value) = (name.and_then(text), value.and_then(text));
        let named = name.zip(value).filter(|(name, _)| is_variable(name));
        let (name, value) = named.ok_or("a variable has a name and a value")?;
        if before.is_empty() {
            before.push(ENV.to_owned());
        }
        before.push(format!("{name}={value}"));
    }
    Ok(before)
}

/// Letters, digits and underscores, as all systems take them.
fn is_variable(name: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && !name.as_bytes().first().is_some_and(u8::is_ascii_digit) && name.bytes().all(is_one)
}

/// The name by which the agent knows a terminal.
pub(crate) fn id(number: u64) -> String {
    format!("t{number}")
}

/// The number of the terminal that a request names.
pub(crate) fn named(params: &RawValue) -> Option<u64> {
    let [id] = members(params, ["terminalId"]);
    id.and_then(text)?.strip_prefix('t')?.parse().ok()
}

/// What a terminal has put out, as the protocol tells it.
pub(crate) fn output(terminal: &TerminalOutput) -> Value {
    let mut said = json!({ "output": terminal.text, "truncated": terminal.is_truncated });
    if let (Some(end), Some(members)) = (&terminal.ended, said.as_object_mut()) {
        members.insert("exitStatus".into(), exit(end));
    }
    said
}

/// How it ended, as the protocol tells it.
pub(crate) fn exit(end: &ProcessEnd) -> Value {
    let signal = end.signal.map(|signal| format!("{signal}"));
    // One that was stopped has neither.
    let signal = signal.or_else(|| end.code.is_none().then(|| "SIGTERM".to_owned()));
    json!({ "exitCode": end.code, "signal": signal })
}

/// What is kept for people of one that has ended.
pub(crate) fn in_words(
    TerminalOutput { text, is_truncated, ended, .. }: TerminalOutput,
) -> Result<String, String> {
    let before = if is_truncated { "(… what came before is left out …)\n" } else { "" };
    match ended {
        Some(ProcessEnd { code: Some(0), .. }) | None => Ok(format!("{before}{text}")),
        Some(end) => Err(format!("{}\n{before}{text}", end.how)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn requests_become_calls_of_run_with_all_that_they_name() {
        let one = r#"{"name":"A","value":"1"}"#;
        let many = format!(r#"{{"command":"npm","env":[{}]}}"#, [one; MOST_WORDS + 1].join(","));
        for (params, expected) in [
            (r#"{"command":"npm","args":["test","a b"]}"#, Ok(r#"{"argv":["npm","test","a b"]}"#)),
            (r#"{"command":"npm","args":null,"env":null,"cwd":"/w"}"#, Ok(r#"{"argv":["npm"]}"#)),
            (r#"{"command":"npm test && x"}"#, Ok(r#"{"shell":"npm test && x"}"#)),
            (
                r#"{"command":"a | b","env":[{"name":"A","value":"1 2"}],"cwd":"/w/sub"}"#,
                Ok(r#"{"argv":["env","-C","./sub","A=1 2","/bin/sh","-c","a | b"]}"#),
            ),
            (r#"{"command":"npm","cwd":"/w/-x"}"#, Ok(r#"{"argv":["env","-C","./-x","npm"]}"#)),
            (r#"{"command":"npm","cwd":"/w/../etc"}"#, Err("outside")),
            (r#"{"command":"npm","cwd":"/elsewhere"}"#, Err("outside")),
            (r#"{"command":"npm","cwd":"sub"}"#, Err("outside")),
            (r#"{"command":"npm","cwd":["/w"]}"#, Err("no text")),
            (r#"{"command":"npm","cwd":""}"#, Ok(r#"{"argv":["npm"]}"#)),
            (&many, Err("too many variables")),
            (r#"{"command":"A=1","env":[{"name":"A","value":""}]}"#, Err("takes no variables")),
            (r#"{"command":"--","env":[{"name":"A","value":""}]}"#, Err("takes no variables")),
            (r#"{"command":"x","env":[{"name":"-S","value":""}]}"#, Err("a variable")),
            (r#"{"command":"x","env":[{"name":"A=B","value":""}]}"#, Err("a variable")),
            (r#"{"command":"x","args":[7]}"#, Err("no texts")),
            (r#"{"command":" "}"#, Err("no command")),
            ("[]", Err("no command")),
        ] {
            let wanted = WantedTerminal::of(serde_json::from_str(params).unwrap(), Path::new("/w"));
            match (&wanted, expected) {
                (Ok(wanted), Ok(input)) => assert_eq!(wanted.input, input, "{params}"),
                (Err(why), Err(part)) => assert!(why.contains(part), "{params}: {why}"),
                _other => assert_eq!(format!("{wanted:?}"), format!("{expected:?}"), "{params}"),
            }
        }
    }

    #[test]
    fn how_a_command_ended_is_a_code_or_a_signal() {
        let end = |code, signal| exit(&ProcessEnd { how: String::new(), code, signal });
        assert_eq!(end(Some(3), None), json!({ "exitCode": 3, "signal": null }));
        assert_eq!(end(None, Some(9)), json!({ "exitCode": null, "signal": "9" }));
        assert_eq!(end(None, None), json!({ "exitCode": null, "signal": "SIGTERM" }));
    }
}
