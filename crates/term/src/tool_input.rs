//! What a call of q's own tools would do, read from its exact bytes for whoever is to consent: a command as it is executed, a change
//! as the lines that go and come. What cannot be read so is shown as it is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;

/// The longest input that is read, in bytes; a longer one is shown as it is.
const MAX_READ: usize = 64 << 10;
/// How many characters beyond ASCII are named.
const NAMED: usize = 8;

/// The same members as the tools take, as strictly: what they would refuse is not understood here either.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunInput {
    argv: Option<Vec<String>>,
    shell: Option<String>,
    seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteInput {
    path: String,
    content: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditInput {
    path: String,
    edits: Vec<EditedPiece>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditedPiece {
    old: String,
    new: String,
    #[serde(default)]
    all: bool,
}

/// A question for the person about a call of one of q's tools; nothing where it is none, or its input none of that tool's. It may
/// hold hidden characters still.
pub(crate) fn read(tool: &str, input: &str) -> Option<String> {
    if input.len() > MAX_READ {
        return None;
    }
    let mut said = match tool {
        "run" => run(&serde_json::from_str(input).ok()?, "")?,
        "run_sandboxed" => {
            let said = run(&serde_json::from_str(input).ok()?, " in a sandbox")?;
            format!("{said}\n(it can change files only beneath the session's directory, and has no network)")
        }
        "write" => {
            let WriteInput { path, content } = serde_json::from_str(input).ok()?;
            format!("may {} be written ({} bytes)?{}", argument(&path), content.len(), lines(&content, '+'))
        }
        "edit" => {
            let EditInput { path, edits } = serde_json::from_str(input).ok()?;
            let mut said = format!("may {} be changed?", argument(&path));
            for EditedPiece { old, new, all } in edits {
                let wherever = if all { "\nwherever it stands:" } else { "" };
                // Writing to a string does not fail.
                let _written = write!(said, "{wherever}{}{}", lines(&old, '-'), lines(&new, '+'));
            }
            said
        }
        _other => return None,
    };
    let foreign: BTreeSet<char> = said.chars().filter(|c| !c.is_ascii()).collect();
    if tool.starts_with("run") && !foreign.is_empty() {
        let named: Vec<String> =
            foreign.iter().take(NAMED).map(|c| format!("U+{:04X}", u32::from(*c))).collect();
        let _written = write!(said, "\n(letters beyond ASCII: {})", named.join(" "));
    }
    Some(said)
}

/// Where it runs is said behind the question.
fn run(RunInput { argv, shell, seconds }: &RunInput, place: &str) -> Option<String> {
    let mut said = match (argv, shell) {
        (Some(argv), None) => {
            let argv: Vec<String> = argv.iter().map(|argument_| argument(argument_)).collect();
            format!("may this run{place}? {}", argv.join(" "))
        }
        (None, Some(line)) => format!("may this run in a shell{}? {line}", place.replace(" in", " and in")),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    if let Some(seconds) = seconds {
        let _written = write!(said, "\n(for {seconds} seconds at most)");
    }
    Some(said)
}

/// An argument as it would have to be typed, so that it can be told where each begins and ends.
fn argument(argument: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    let escaped =
        argument.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\t', "\\t");
    if escaped == argument { format!("'{argument}'") } else { format!("$'{escaped}'") }
}

/// Each line of a text behind a sign.
fn lines(text: &str, sign: char) -> String {
    let mut said = String::new();
    for line in text.split_terminator('\n') {
        // Writing to a string does not fail.
        let _written = write!(said, "\n{sign} {line}");
    }
    if !text.is_empty() && !text.ends_with('\n') {
        said.push_str(" (no line end)");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_shown_as_what_it_does() {
        for (tool, input, expected) in [
            (
                "run",
                r#"{"argv":["cargo","test","-p","a b","it's","a\nb",""]}"#,
                Some(r"may this run? cargo test -p 'a b' $'it\'s' $'a\nb' ''"),
            ),
            (
                "run",
                r#"{"shell":"a | b","seconds":5}"#,
                Some("may this run in a shell? a | b\n(for 5 seconds at most)"),
            ),
            ("run", r#"{"argv":["cаt"]}"#, Some("may this run? cаt\n(letters beyond ASCII: U+0430)")),
            ("run", r#"{"argv":["ls"],"argv":["rm"]}"#, None),
            ("run", r#"{"argv":["ls"],"shell":"rm"}"#, None),
            ("run", r#"{"argv":["ls"],"cwd":"/"}"#, None),
            (
                "write",
                r#"{"path":"a b","content":"x\ny\n"}"#,
                Some("may 'a b' be written (4 bytes)?\n+ x\n+ y"),
            ),
            (
                "edit",
                r#"{"path":"a","edits":[{"old":"x\n","new":"y\n"},{"old":"q","new":"","all":true}]}"#,
                Some("may a be changed?\n- x\n+ y\nwherever it stands:\n- q (no line end)"),
            ),
            ("shell", r#"{"argv":["ls"]}"#, None),
            ("run", "make", None),
        ] {
            assert_eq!(read(tool, input).as_deref(), expected, "{tool} {input}");
        }
    }
}
