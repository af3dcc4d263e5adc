//! `list`: what is in a directory.

use std::fmt::Write as _;

use rustix::fs::FileType;
use serde::Deserialize;
use std::os::fd::AsFd as _;

use crate::definition::ToolDefinition;
use crate::directory::{WorkingDirectory, entries, kind, look, shown};
use crate::relative_path::RelativePath;
use crate::view::MAX_OUTPUT;

pub(crate) const DEFINITION: ToolDefinition = ToolDefinition {
    name: "list",
    about: "Lists what is in a directory, one entry a line: directories end with a slash, files have their size in bytes behind them, links are marked and not followed.",
    schema: r#"{"type":"object","properties":{"path":{"type":"string","description":"The directory, from the session's directory on; that one itself unless given"}},"additionalProperties":false}"#,
    reads: true,
};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArguments {
    #[serde(default)]
    pub(crate) path: String,
}

pub(crate) fn carry_out(directory: &WorkingDirectory, place: &RelativePath) -> Result<String, String> {
    let handle = directory.descend(place.names())?;
    let (all, is_whole) = entries(handle.as_fd()).map_err(|why| format!("{place}: {why}"))?;
    let mut told = String::new();
    let mut left_out = 0;
    for entry in &all {
        if told.len() > MAX_OUTPUT {
            left_out += 1;
            continue;
        }
        let name = shown(&entry.name);
        let _never = match look(handle.as_fd(), &entry.name) {
            Ok(Some(found)) => match kind(&found) {
                FileType::Directory => writeln!(told, "{name}/"),
                FileType::RegularFile => writeln!(told, "{name}  {}", found.st_size),
                FileType::Symlink => writeln!(told, "{name}  (a link)"),
                FileType::Fifo
                | FileType::Socket
                | FileType::CharacterDevice
                | FileType::BlockDevice
                | FileType::Unknown => writeln!(told, "{name}  (no file)"),
            },
            // It went meanwhile, or nobody may look.
            Ok(None) | Err(_) => writeln!(told, "{name}  (cannot be looked at)"),
        };
    }
    if left_out > 0 {
        let _never = writeln!(told, "({left_out} more; list a directory beneath, or search)");
    }
    if !is_whole {
        told.push_str("(there are more than are read at once)\n");
    }
    Ok(if told.is_empty() { "(nothing is in it)\n".into() } else { told })
}
