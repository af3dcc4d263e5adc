//! `[keys]`: a preset, the leader, and a table for each place where keys mean something. A mistake costs the key that it is about:
//! it is told at the start, and nobody is locked out by it.

use std::path::Path;

use q_term::keymap::{KeyContext, KeyFault, KeySettings, Keymap, Preset};
use q_term::suggest::nearest;
use serde::Deserialize;

use crate::config::{Written, WrittenTable, WrittenValue};

/// So many actions are given keys, and so many keys each; a person has far fewer.
const MOST: usize = 1000;
const MOST_KEYS: usize = 16;

/// The keys in force, and what of the file was not understood.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysConfig {
    #[serde(skip)]
    pub(crate) keymap: Keymap,
    /// Each with file, line and way out.
    #[serde(skip)]
    pub(crate) faults: Vec<String>,
}

impl KeysConfig {
    /// What is said of mistakes where there is one line for it.
    pub(crate) fn told(&self) -> Option<String> {
        let first = self.faults.first()?;
        let others = self.faults.len() - 1;
        Some(if others == 0 { first.clone() } else { format!("{first} ({others} more: `q keys list`)") })
    }
}

/// One line of the file: where it stands, where its keys count, whose they are, and which.
type KeyLine<'a> = (usize, KeyContext, &'a str, Vec<&'a str>);

/// Reads the table, where the file has one.
pub(super) fn read(keys: Option<&Written>, text: &str, path: &Path) -> KeysConfig {
    let Some(keys) = keys else { return KeysConfig::default() };
    let mut faults = Vec::new();
    let mut tell = |at: usize, fault: KeyFault| {
        let line = text.get(..at).unwrap_or("").matches('\n').count() + 1;
        faults.push(format!("{}, line {line}: {}; {}", path.display(), fault.why, fault.way_out));
    };
    let at = keys.at;
    let WrittenValue::Table(table) = &keys.value else {
        tell(at, fault("keys is a table", "for example: [keys.direct] and beneath it attend = \"F2\""));
        return KeysConfig { faults, ..KeysConfig::default() };
    };
    let field = |wanted: &str| table.iter().find(|(_, name, _)| name == wanted).map(|(_, _, value)| value);
    let mut preset = Preset::default();
    if let Some(written) = field("preset") {
        match word(written).and_then(named_preset) {
            Ok(known) => preset = known,
            Err(fault) => tell(written.at, fault),
        }
    }
    let mut settings = KeySettings::new(preset);
    if let Some(written) = field("leader")
        && let Err(fault) = word(written).and_then(|leader| settings.lead(leader))
    {
        tell(written.at, fault);
    }
    let mut lines: Vec<KeyLine<'_>> = Vec::new();
    for (at, name, value) in
        table.iter().filter(|(_, name, _)| !["preset", "leader"].contains(&name.as_str()))
    {
        match table_of(name, value) {
            Ok((context, rows)) => {
                for (at, action, keys) in rows.iter().take(MOST) {
                    match keys_of(keys) {
                        Ok(keys) => lines.push((*at, context, action, keys)),
                        Err(fault) => tell(*at, fault),
                    }
                }
            }
            Err(fault) => tell(*at, fault),
        }
    }
    lines.sort_by_key(|(at, ..)| *at);
    let places: Vec<usize> = lines.iter().map(|(at, ..)| *at).collect();
    for (at, context, action, keys) in lines {
        if let Err(fault) = settings.set(context, action, &keys) {
            tell(at, fault);
        }
    }
    let (keymap, kept) = settings.finish();
    for fault in kept {
        tell(fault.line.and_then(|line| places.get(line)).copied().unwrap_or(at), fault);
    }
    KeysConfig { keymap, faults }
}

fn fault(why: impl Into<String>, way_out: impl Into<String>) -> KeyFault {
    KeyFault { why: why.into(), way_out: way_out.into(), line: None }
}

fn word(written: &Written) -> Result<&str, KeyFault> {
    let word = if let WrittenValue::Word(word) = &written.value { Some(word.as_str()) } else { None };
    word.ok_or_else(|| fault("it is no text", "write it between quotes: \"Ctrl+N\""))
}

fn named_preset(word: &str) -> Result<Preset, KeyFault> {
    let known = Preset::ALL.iter().find(|(name, _)| *name == word);
    known.map(|(_, preset)| *preset).ok_or_else(|| {
        fault(
            "there is no such preset",
            format!("it is one of {}", Preset::ALL.map(|(name, _)| name).join(", ")),
        )
    })
}

fn table_of<'a>(name: &str, written: &'a Written) -> Result<(KeyContext, &'a WrittenTable), KeyFault> {
    let names = || KeyContext::ALL.map(|(name, _)| name);
    let context = KeyContext::ALL.iter().find(|(known, _)| *known == name).ok_or_else(|| {
        let meant = nearest(name, names().into_iter().chain(["preset", "leader"]));
        let way_out = meant.map_or_else(
            || format!("tables are {}", names().map(|name| format!("[keys.{name}]")).join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        );
        fault("keys has no such field", way_out)
    })?;
    let rows = if let WrittenValue::Table(rows) = &written.value { Some(rows) } else { None };
    rows.map(|rows| (context.1, rows))
        .ok_or_else(|| fault("it is a table", format!("write [keys.{name}], and beneath it attend = \"F2\"")))
}

fn keys_of(written: &Written) -> Result<Vec<&str>, KeyFault> {
    match &written.value {
        WrittenValue::List(keys) if keys.len() > MOST_KEYS => {
            Err(fault(format!("it has more than {MOST_KEYS} keys"), "leave some of them out"))
        }
        WrittenValue::List(keys) => keys.iter().map(word).collect(),
        WrittenValue::Word(_) | WrittenValue::Table(_) | WrittenValue::Other => Ok(vec![word(written)?]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn of_file(written: &str) -> KeysConfig {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        std::fs::write(&path, written).unwrap();
        crate::config::read(&path).unwrap().keys
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_the_rest_counts() {
        for (written, told) in [
            ("keys = 1\n", "line 1: keys is a table"),
            (
                "[keys]\npreset = \"vim\"\n",
                "line 2: there is no such preset; it is one of readline, app, tmux",
            ),
            ("[keys]\npreset = 1\n", "line 2: it is no text"),
            ("[keys]\nleader = \"x\"\n", "line 2: x cannot be the leader"),
            ("[keys.dirct]\n", "line 1: keys has no such field; did you mean `direct`?"),
            ("[keys]\nlist = \"Ctrl+T\"\n", "line 2: it is a table"),
            ("[keys.direct]\nnew = 7\n", "line 2: it is no text"),
            ("[keys.direct]\nnew = [\"F2\", 7]\n", "line 2: it is no text"),
            ("[keys.direct]\nnew = \"F2\"\nlast = \"F2\"\n", "line 3: F2 is set for `new` already"),
            ("[keys.direct]\nlast = \"F2\"\nattend = \"F2\"\n", "line 3: F2 is set for `last` already"),
            (
                "[keys.direct]\nlast = \"F2\"\nfind = \"Ctrl+G\"\n",
                "line 3: `find` takes Ctrl+G from `editor`; give `editor` another key, or write editor = \"none\"",
            ),
            (
                "[keys.direct]\nclose = \"Enter\"\n",
                "line 2: `close` takes Enter from `send`; Enter does it with text in the prompt",
            ),
            ("[keys.text]\nsend = \"none\"\n[keys.direct]\nsend = \"none\"\n", "no key is left for `send`"),
        ] {
            let keys = of_file(written);
            assert!(keys.told().is_some_and(|said| said.contains(told)), "{written}: {:?}", keys.faults);
            assert_eq!(keys.faults.len(), 1, "{written}: {:?}", keys.faults);
        }
        let two = "[keys.direct]\nneww = \"F2\"\nold = \"F2\"\n";
        let keys = of_file(two);
        assert!(keys.told().unwrap().ends_with("(1 more: `q keys list`)"));
    }
}
