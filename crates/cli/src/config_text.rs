//! The configuration file as text: tables and one setting put into it and taken out, and all else left as it is, remarks too. What
//! cannot be done so for certain is not done.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use toml::de::DeTable;

use crate::config;
use crate::error::CliError;
use crate::permissions_file::quoted;
use crate::trusted::{self, Untrusted};

/// The table that the tables of agents are in, and the setting that says which of them answers.
const AGENTS: &str = "agents";
const ANSWERS: &str = "agent";

/// The whole file; empty where there is none.
pub(crate) fn read(path: &Path) -> Result<String, CliError> {
    match trusted::read(path) {
        Ok(text) => Ok(text),
        Err(Untrusted::Unreadable(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(String::new())
        }
        Err(untrusted) => Err(untrusted.into_error("the configuration", path)),
    }
}

/// Writes it beside the file and in its place, if it can be read there: a reader has the old one or the new. A link stays one.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let failed =
        |error: std::io::Error| CliError::failed(format!("{} cannot be written: {error}", path.display()));
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if place.exists() && !place.is_file() {
        return Err(CliError::usage(format!("{} is no file that could be changed", path.display())));
    }
    let beside = place.with_extension("toml.new");
    let _of_one_that_died = fs::remove_file(&beside);
    let mode =
        fs::metadata(&place).map_or(0o600, |found| std::os::unix::fs::MetadataExt::mode(&found) & 0o777);
    let mut file = File::options().write(true).create_new(true).mode(mode).open(&beside).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    if let Err(mistake) = config::read(&beside) {
        let _gone = fs::remove_file(&beside);
        return Err(mistake);
    }
    fs::rename(&beside, &place).map_err(failed)
}

/// The text with a table behind all else, and a blank line between.
pub(crate) fn appended(text: &str, table: &str) -> String {
    let blank = if text.is_empty() || text.ends_with("\n\n") {
        ""
    } else if text.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    format!("{text}{blank}{table}")
}

/// The text without a table of that section, and all else as it was; nothing where that cannot be done.
pub(crate) fn without(text: &str, section: &str, name: &str) -> Option<String> {
    let header = format!("[{section}.{name}]");
    let beneath = format!("[{section}.{name}.");
    // Remarks at the end of a table are about what follows it.
    let (mut rest, mut is_inside, mut remarks) = (String::new(), false, String::new());
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            let names = trimmed.split('#').next().unwrap_or_default().trim();
            is_inside = names == header || names.starts_with(&beneath);
        }
        if !is_inside {
            rest += remarks.trim_start();
            rest.push_str(line);
            remarks.clear();
        } else if trimmed.is_empty() || trimmed.starts_with('#') {
            remarks.push_str(line);
        } else {
            remarks.clear();
        }
    }
    rest += remarks.trim_start();
    // A line of a text may look like a header: only what is read again as wanted counts.
    let mut wanted: toml::Table = toml::from_str(text).ok()?;
    let tables = wanted.get_mut(section)?.as_table_mut()?;
    tables.remove(name)?;
    let mut left: toml::Table = toml::from_str(&rest).ok()?;
    if tables.is_empty() {
        wanted.remove(section);
        if left.get(section).and_then(toml::Value::as_table).is_some_and(toml::Table::is_empty) {
            left.remove(section);
        }
    }
    (left == wanted).then_some(rest)
}

/// The text with the table of an agent, in the place of one of that name, and with that agent as the one that answers; nothing where
/// anything else would be changed.
pub(crate) fn with_agent(text: &str, name: &str, table: &str) -> Option<String> {
    let mut wanted: toml::Table = toml::from_str(text).ok()?;
    let added: toml::Table = toml::from_str(table).ok()?;
    let agents = wanted.entry(AGENTS).or_insert_with(|| toml::Table::new().into()).as_table_mut()?;
    let is_there = agents.insert(name.to_owned(), added.get(AGENTS)?.get(name)?.clone()).is_some();
    wanted.insert(ANSWERS.to_owned(), name.into());
    let rest = if is_there { without(text, AGENTS, name)? } else { text.to_owned() };
    let written = appended(&answered_by(&rest, name)?, table);
    (toml::from_str::<toml::Table>(&written).ok()? == wanted).then_some(written)
}

/// The text with that agent as the one that answers.
fn answered_by(text: &str, name: &str) -> Option<String> {
    let file = DeTable::parse(text).ok()?;
    let line = format!("{ANSWERS} = {}\n", quoted(name));
    let Some(value) = file.get_ref().get(ANSWERS) else {
        // In front: behind the first table it would be a setting of that.
        return Some(if text.is_empty() { line } else { format!("{line}\n{text}") });
    };
    let mut changed = text.to_owned();
    changed.replace_range(value.span(), &quoted(name));
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_goes_and_all_else_stays() {
        let before = "# mine\nagent = \"a\" # here\n\n[agents.a]\nbase_url = \"x\"\n";
        for (what, text, left) in [
            ("at the end", format!("{before}\n[mcp.s]\ncommand = [\"x\"]\n"), Some(format!("{before}\n"))),
            (
                "in the middle, with a table beneath",
                format!(
                    "[mcp.s] # old\ncommand = [\"x\"]\n[mcp.s.environment]\nA = \"b\"\n[mcp.t]\ncommand = [\"y\"]\n{before}"
                ),
                Some(format!("[mcp.t]\ncommand = [\"y\"]\n{before}")),
            ),
            ("not there", before.to_owned(), None),
            ("in a line", "mcp = { s = { command = [\"x\"] } }\n".to_owned(), None),
            ("in a text", format!("a = '''\n[mcp.s]\n'''\n{before}[mcp.s]\ncommand = []\n"), None),
        ] {
            assert_eq!(without(&text, "mcp", "s"), left, "{what}");
        }
    }

    #[test]
    fn an_agent_is_put_in_and_all_else_stays() {
        let table = "[agents.a]\nprovider = \"openai\"\n";
        let other = "[agents.b]\nacp = \"codex\"\n";
        for (what, before, after) in [
            ("nothing there", String::new(), Some(format!("agent = \"a\"\n\n{table}"))),
            (
                "tables and remarks",
                format!("# mine\n{other}# end"),
                Some(format!("agent = \"a\"\n\n# mine\n{other}# end\n\n{table}")),
            ),
            (
                "another answers",
                format!("# mine\nagent = 'b' # here\n{other}"),
                Some(format!("# mine\nagent = \"a\" # here\n{other}\n{table}")),
            ),
            (
                "one of that name",
                format!(
                    "agent = \"b\"\n[agents.a] # old\nbase_url = \"x\"\n[agents.a.headers]\nb = \"c\"\n\n# b's\n{other}"
                ),
                Some(format!("agent = \"a\"\n# b's\n{other}\n{table}")),
            ),
            ("one of that name in a line", "agents = { a = { acp = \"codex\" } }\n".to_owned(), None),
            ("agents in a line", "agents = { b = { acp = \"codex\" } }\n".to_owned(), None),
            ("no configuration", "agent = ".to_owned(), None),
        ] {
            assert_eq!(with_agent(&before, "a", table), after, "{what}");
        }
    }
}
