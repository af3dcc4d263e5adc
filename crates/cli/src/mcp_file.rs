//! Tables `[mcp.NAME]` as they are written, and put into the configuration file and taken out of it.

use std::fmt::Write as _;
use std::path::Path;

use crate::config::{McpConfig, WorkPlace};
use crate::config_text;
use crate::error::CliError;
use crate::permissions_file::quoted;

/// The table that the tables of servers are in.
const SECTION: &str = "mcp";

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
    let text = config_text::read(path)?;
    config_text::write(path, &config_text::appended(&text, table))
}

/// Takes a table out, if it stands there by a line of its own and nothing else would be changed; whether that was so.
pub(crate) fn remove(path: &Path, name: &str) -> Result<bool, CliError> {
    let text = config_text::read(path)?;
    let Some(rest) = config_text::without(&text, SECTION, name) else { return Ok(false) };
    config_text::write(path, &rest)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs;

    use super::*;
    use crate::config;

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
