//! Whether what a call is given is about nothing but a command, or files, that are known: whoever has a rule for these has none for
//! what else its input may mean to its agent. So only members that are known count, each once.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

/// Members that change nothing of what is done.
const WORDS: [&str; 2] = ["description", "explanation"];
/// How long it may take, and which lines of a file are meant.
const NUMBERS: [&str; 5] = ["timeout", "timeout_ms", "offset", "limit", "line"];
/// Where a command runs.
const PLACES: [&str; 3] = ["cwd", "workdir", "directory"];
/// Which file is meant.
const PATHS: [&str; 4] = ["path", "file_path", "filePath", "absolute_path"];
/// What is made of a file that is named.
const CONTENTS: [&str; 9] = [
    "content",
    "old_string",
    "new_string",
    "oldString",
    "newString",
    "oldText",
    "newText",
    "replace_all",
    "replaceAll",
];

/// Whether nothing stands beside its command: not another place, no variables, no arguments.
pub(crate) fn is_command_alone(input: &RawValue, directory: &str) -> bool {
    is_known(input, |name, value| {
        name == "command"
            || (PLACES.contains(&name) && q_json::text(value).is_some_and(|place| place == directory))
    })
}

/// Whether it is about these files alone; a call that changes them may say to what.
pub(crate) fn is_files_alone(input: &RawValue, files: &[&str], changes: bool) -> bool {
    let is_named = |value: &RawValue| q_json::text(value).is_some_and(|path| files.contains(&path.as_str()));
    is_known(input, |name, value| {
        (PATHS.contains(&name) && is_named(value)) || (changes && CONTENTS.contains(&name))
    })
}

fn is_known(input: &RawValue, is_it: impl Fn(&str, &RawValue) -> bool) -> bool {
    let Some(members) = q_json::all_members(input) else { return q_json::is_nothing(input) };
    let mut names = BTreeSet::new();
    members.iter().all(|(name, value)| {
        let is_once = names.insert(name.as_str());
        let is_plain = q_json::is_nothing(value)
            || (WORDS.contains(&name.as_str()) && q_json::text(value).is_some())
            || (NUMBERS.contains(&name.as_str()) && value.get().parse::<f64>().is_ok());
        is_once && (is_plain || is_it(name, value))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_a_call_is_about_is_known_only_where_all_that_it_is_given_is() {
        for (input, is_command, is_file) in [
            (r#"{"command":"ls"}"#, true, false),
            (r#"{"command":"ls","description":"look","timeout":2000,"args":[],"env":{}}"#, true, false),
            (r#"{"command":"ls","cwd":"/w"}"#, true, false),
            (r#"{"command":"ls","cwd":"/etc"}"#, false, false),
            (r#"{"command":"ls","env":{"LD_PRELOAD":"x"}}"#, false, false),
            (r#"{"command":"ls","args":["-l"]}"#, false, false),
            (r#"{"command":"ls","command":"rm"}"#, false, false),
            (r#"{"command":"ls","timeout":"rm"}"#, false, false),
            (r#"{"file_path":"/w/a","offset":1,"limit":2}"#, false, true),
            (r#"{"path":"/w/a","old_string":"a","new_string":"b"}"#, false, true),
            (r#"{"path":"/w/a","file_path":"/etc/shadow"}"#, false, false),
            (r#"{"abs_path":"/etc/shadow"}"#, false, false),
            ("{}", true, true),
            ("null", true, true),
            (r#""rm""#, false, false),
        ] {
            let value: &RawValue = serde_json::from_str(input).unwrap();
            assert_eq!(is_command_alone(value, "/w"), is_command, "{input}");
            assert_eq!(is_files_alone(value, &["/w/a"], true), is_file, "{input}");
        }
        let writes = serde_json::from_str(r#"{"path":"/w/a","content":"x"}"#).unwrap();
        assert!(!is_files_alone(writes, &["/w/a"], false), "what reads writes nothing");
    }
}
