//! Tables `[mcp.NAME]` put into the configuration file and taken out of it, as text: all else in it stays as it is, remarks too. What
//! cannot be done so for certain is not done.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::config::{self, McpConfig, WorkPlace};
use crate::error::CliError;
use crate::permissions_file::quoted;
use crate::trusted::{self, Untrusted};

/// The table for a server as it stands in the file.
pub(crate) fn table(name: &str, server: &McpConfig) -> String {
    let words: Vec<String> = server.command.iter().map(|word| quoted(word)).collect();
    let mut table = format!("[mcp.{name}]\n");
    let _written = match &server.url {
        Some(url) => writeln!(table, "url = {}", quoted(url)),
        None => writeln!(table, "command = [{}]", words.join(", ")),
    };
    let key_file = server.key_file.as_ref().map(|path| path.to_string_lossy().into_owned());
    for (setting, value) in
        [("key_env", &server.key_env), ("key_file", &key_file), ("client_id", &server.client_id)]
    {
        if let Some(value) = value {
            let _written = writeln!(table, "{setting} = {}", quoted(value));
        }
    }
    for (setting, texts) in [("headers", &server.headers), ("environment", &server.environment)] {
        if !texts.is_empty() {
            let of = |(name, value): (&String, &String)| format!("{} = {}", quoted(name), quoted(value));
            let texts: Vec<String> = texts.iter().map(of).collect();
            let _written = writeln!(table, "{setting} = {{ {} }}", texts.join(", "));
        }
    }
    if let Some(seconds) = server.timeout_seconds {
        let _written = writeln!(table, "timeout_seconds = {seconds}");
    }
    if let Some(WorkPlace::Session) = server.directory {
        table += "directory = \"session\"\n";
    }
    table
}

/// Puts a table behind all else.
pub(crate) fn add(path: &Path, table: &str) -> Result<(), CliError> {
    let text = read(path)?;
    let blank = if text.is_empty() || text.ends_with("\n\n") {
        ""
    } else if text.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    write(path, &format!("{text}{blank}{table}"))
}

/// Takes a table out, if it stands there by a line of its own and nothing else would be changed; whether that was so.
pub(crate) fn remove(path: &Path, name: &str) -> Result<bool, CliError> {
    let text = read(path)?;
    let Some(rest) = without(&text, name) else { return Ok(false) };
    write(path, &rest)?;
    Ok(true)
}

/// The text without a table, and all else as it was.
fn without(text: &str, name: &str) -> Option<String> {
    let header = format!("[mcp.{name}]");
    let beneath = format!("[mcp.{name}.");
    let (mut rest, mut is_inside) = (String::new(), false);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            let names = trimmed.split('#').next().unwrap_or_default().trim();
            is_inside = names == header || names.starts_with(&beneath);
        }
        if !is_inside {
            rest.push_str(line);
        }
    }
    // A line of a text may look like a header: only what is read again as wanted counts.
    let mut wanted: toml::Table = toml::from_str(text).ok()?;
    let servers = wanted.get_mut("mcp")?.as_table_mut()?;
    servers.remove(name)?;
    let mut left: toml::Table = toml::from_str(&rest).ok()?;
    if servers.is_empty() {
        wanted.remove("mcp");
        if left.get("mcp").and_then(toml::Value::as_table).is_some_and(toml::Table::is_empty) {
            left.remove("mcp");
        }
    }
    (left == wanted).then_some(rest)
}

fn read(path: &Path) -> Result<String, CliError> {
    match trusted::read(path) {
        Ok(text) => Ok(text),
        Err(Untrusted::Unreadable(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(String::new())
        }
        Err(untrusted) => Err(untrusted.into_error("the configuration", path)),
    }
}

/// Writes it beside the file and in its place, if it can be read there: a reader has the old one or the new. A link stays one.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
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
            assert_eq!(without(&text, "s"), left, "{what}");
        }
    }

    #[test]
    fn what_is_added_is_read_as_it_was_meant() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let program = McpConfig {
            command: vec!["a \"b\"".into(), "c\\d\n".into()],
            environment: [("TOKEN".to_owned(), "x\u{202e}y".to_owned())].into(),
            timeout_seconds: Some(5),
            directory: Some(WorkPlace::Session),
            ..McpConfig::default()
        };
        let remote = McpConfig {
            url: Some("https://x.test/mcp?a=b".into()),
            headers: [("X-Team".to_owned(), "a \"b\"".to_owned())].into(),
            client_id: Some("q".into()),
            key_file: Some("~/keys/x".into()),
            ..McpConfig::default()
        };
        fs::write(&path, "# mine\nagent = \"guide\"").unwrap();
        add(&path, &table("r", &remote)).unwrap();
        assert_eq!(config::read(&path).unwrap().mcp["r"], remote);
        assert!(remove(&path, "r").unwrap());
        let table = table("s", &program);
        add(&path, &table).unwrap();
        assert_eq!(config::read(&path).unwrap().mcp["s"], program);
        assert!(fs::read_to_string(&path).unwrap().starts_with("# mine\nagent = \"guide\"\n\n[mcp.s]\n"));
        assert!(add(&path, &table).is_err(), "twice is a mistake, and changes nothing");
        assert!(remove(&path, "s").unwrap());
        assert!(!remove(&path, "s").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\nagent = \"guide\"\n\n");
    }
}
