//! `[[hooks]]`: commands that are told what happens in sessions, in the person's configuration and in a project's `.q/hooks.toml`.

use q_host::HookEvent;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// How long one may take unless it says, and at most, in seconds.
const SECONDS: u64 = 30;
const MOST_SECONDS: u64 = 600;
/// The most that one file may name, and bytes of a command.
const MOST: usize = 64;
const MOST_BYTES: usize = 4096;
/// A hook as written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HookConfig {
    #[serde(deserialize_with = "event")]
    pub(crate) event: HookEvent,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    #[serde(default)]
    timeout_seconds: Option<u64>,
}

/// A project's file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectTables {
    #[serde(default)]
    pub(crate) hooks: Vec<HookConfig>,
}

impl HookConfig {
    pub(crate) fn seconds(&self) -> u64 {
        self.timeout_seconds.unwrap_or(SECONDS)
    }
}

/// An event by its name.
pub(crate) fn named(word: &str) -> Option<HookEvent> {
    HookEvent::ALL.into_iter().find(|event| event.name() == word)
}

fn event<'de, D: Deserializer<'de>>(from: D) -> Result<HookEvent, D::Error> {
    let word = String::deserialize(from)?;
    named(&word).ok_or_else(|| {
        let known = HookEvent::ALL.map(|event| format!("`{}`", event.name()));
        D::Error::custom(format!("unknown variant `{word}`, expected one of {}", known.join(", ")))
    })
}

/// Why one of them could never run as it is written.
pub(crate) fn fault(hooks: &[HookConfig]) -> Option<String> {
    if hooks.len() > MOST {
        return Some(format!("there are more than {MOST} tables [[hooks]]"));
    }
    hooks.iter().find_map(|hook| {
        let why = if hook.command.first().is_none_or(String::is_empty) {
            "names no program: command = [\"PROGRAM\", \"ARGUMENT\"]".to_owned()
        } else if hook.command.iter().any(|word| word.contains('\0')) {
            "has a zero byte in its command".to_owned()
        } else if hook.command.iter().map(String::len).sum::<usize>() > MOST_BYTES {
            format!("has a command of more than {MOST_BYTES} bytes")
        } else if !(1..=MOST_SECONDS).contains(&hook.seconds()) {
            format!("has a timeout_seconds that is not from 1 to {MOST_SECONDS}")
        } else {
            return None;
        };
        Some(format!("[[hooks]] for {} {why}", hook.event.name()))
    })
}
