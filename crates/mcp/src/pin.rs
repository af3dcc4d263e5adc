//! What of a server was accepted: its command and its tools, kept in a file for each server in the state directory. What is not as
//! it was is not offered, and shown as a difference, until the person accepts it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use q_tools::{digest_of, hexadecimal};
use serde::{Deserialize, Serialize};

use crate::beside;
use crate::sign_in::SignIns;
use crate::tool_list::{ListedTool, MOST};

/// The longest file, in bytes: a list within its bounds takes less, however it is escaped.
const FILE_BYTES: u64 = 1 << 20;
/// The form that is written.
const FORM: u32 = 1;
/// How much of a text is shown where it differs.
const SHOWN: usize = 2000;

/// Where accepted tools are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinnedTools {
    pub directory: PathBuf,
}

/// What was accepted of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    form: u32,
    pub command: Vec<String>,
    pub tools: Vec<ListedTool>,
    /// Of all the rest: what is not whole is not believed.
    digest: String,
}

impl Pin {
    pub fn new(command: &[String], tools: Vec<ListedTool>) -> Self {
        let digest = digest(command, &tools);
        Self { form: FORM, command: command.to_owned(), tools, digest }
    }

    /// What it is known by.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    fn is_whole(&self) -> bool {
        self.form == FORM && self.tools.len() <= MOST && self.digest == digest(&self.command, &self.tools)
    }

    /// Whether such a tool was accepted.
    pub(crate) fn has(&self, tool: &ListedTool) -> bool {
        self.tools.contains(tool)
    }

    /// How something else differs from it, a line each; nothing where it does not. Texts are as the server said them: whoever
    /// shows them escapes them.
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.command != other.command {
            lines.push(format!("- {}", started_as(&self.command)));
            lines.push(format!("+ {}", started_as(&other.command)));
        }
        let by_name = |pin: &Self| -> BTreeMap<String, ListedTool> {
            pin.tools.iter().map(|tool| (tool.name.clone(), tool.clone())).collect()
        };
        let (before, after) = (by_name(self), by_name(other));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            match (before.get(name), after.get(name)) {
                (Some(_), None) => lines.push(format!("- tool {name}")),
                (None, Some(tool)) => {
                    lines.push(format!("+ tool {name}"));
                    lines.push(format!("+   {}", shown(&tool.description)));
                    lines.push(format!("+   {}", shown(&tool.schema)));
                }
                (Some(before), Some(after)) if before != after => {
                    lines.push(format!("~ tool {name}"));
                    for (before, after) in
                        [(&before.description, &after.description), (&before.schema, &after.schema)]
                    {
                        if before != after {
                            lines.push(format!("-   {}", shown(before)));
                            lines.push(format!("+   {}", shown(after)));
                        }
                    }
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        lines
    }
}

/// How it is started or where it is, of the words of a pin: in front of an address stands an empty one.
fn started_as(words: &[String]) -> String {
    match words.split_first() {
        Some((first, [address, rest @ ..])) if first.is_empty() => {
            let rest = if rest.is_empty() { String::new() } else { format!(" {rest:?}") };
            format!("address {address:?}{rest}")
        }
        _a_command => format!("command {words:?}"),
    }
}

/// In one line, and not all of a long one.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    let rest = if cut.len() < text.len() { " …" } else { "" };
    format!("{}{rest}", cut.replace('\n', "\\n"))
}

fn digest(command: &[String], tools: &[ListedTool]) -> String {
    let words = command.iter().map(String::as_bytes);
    let tools: Vec<[u8; 32]> = tools.iter().map(ListedTool::digest).collect();
    hexadecimal(&digest_of(words.chain([b"".as_slice()]).chain(tools.iter().map(<[u8; 32]>::as_slice))))
}

impl PinnedTools {
    /// What was accepted of that server; nothing where nobody has seen it yet. What cannot be read is an error, so that it is not
    /// taken for a server that nobody has seen.
    pub fn read(&self, server: &str) -> Result<Option<Pin>, String> {
        let path = self.path(server);
        let failed = |why: &str| format!("{} cannot be used: {why}", path.display());
        let text = beside::read(&path, FILE_BYTES, |_| true).map_err(|error| failed(&error.to_string()))?;
        let Some(text) = text else { return Ok(None) };
        let pin: Pin = serde_json::from_str(&text).map_err(|error| failed(&error.to_string()))?;
        if pin.is_whole() { Ok(Some(pin)) } else { Err(failed("it is not as it was written")) }
    }

    /// Accepts that, in the place of whatever was accepted before.
    pub fn accept(&self, server: &str, pin: &Pin) -> Result<(), String> {
        self.place(server, pin, |new, path| fs::rename(new, path))
    }

    /// Accepts what is seen for the first time. Where another has been quicker, what that one saw counts.
    pub(crate) fn accept_first(&self, server: &str, pin: &Pin) -> Result<(), String> {
        self.place(server, pin, |new, path| match fs::hard_link(new, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        })
    }

    /// Where sign-ins at servers are kept: by a name that no server can have.
    pub fn sign_ins(&self) -> SignIns {
        SignIns { directory: self.directory.join("sign-ins") }
    }

    /// Forgets what was accepted of a server. Its own directory goes too where it left nothing in it.
    pub fn forget(&self, server: &str) -> Result<(), String> {
        let _with_files_of_its_own = fs::remove_dir(self.directory.join(format!("{server}.d")));
        match fs::remove_file(self.path(server)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The directory in which a server runs for which nobody named one, made where it is not there: nothing that others wrote lies
    /// in it, so that no program or module is found there in the place of the one that is meant.
    pub(crate) fn own_directory(&self, server: &str) -> Result<PathBuf, String> {
        let directory = self.directory.join(format!("{server}.d"));
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&directory);
        let found = made.and_then(|()| directory.canonicalize());
        found.map_err(|error| format!("{} cannot be made: {error}", directory.display()))
    }

    fn path(&self, server: &str) -> PathBuf {
        self.directory.join(format!("{server}.json"))
    }

    /// Writes it beside its place, and has `put` put it there.
    fn place(
        &self,
        server: &str,
        pin: &Pin,
        put: impl Fn(&Path, &Path) -> io::Result<()>,
    ) -> Result<(), String> {
        let path = self.path(server);
        let failed = |error: io::Error| format!("{} cannot be written: {error}", path.display());
        let text = serde_json::to_vec(pin).map_err(io::Error::other).map_err(failed)?;
        beside::place(&path, &text, put).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn pin(command: &str, tools: &[(&str, &str)]) -> Pin {
        let tools = tools.iter().map(|(name, description)| ListedTool {
            name: (*name).into(),
            description: (*description).into(),
            schema: "{}".into(),
        });
        Pin::new(&[command.to_owned()], tools.collect())
    }

    #[test]
    fn a_difference_says_what_came_what_went_and_what_changed() {
        let before = pin("a", &[("stays", "x"), ("goes", "x"), ("changes", "one")]);
        assert_eq!(before.difference(&before), Vec::<String>::new());
        let after = pin("b", &[("stays", "x"), ("comes", "new\nlines"), ("changes", "two")]);
        let expected = [
            "- command [\"a\"]",
            "+ command [\"b\"]",
            "~ tool changes",
            "-   one",
            "+   two",
            "+ tool comes",
            "+   new\\nlines",
            "+   {}",
            "- tool goes",
        ];
        assert_eq!(before.difference(&after), expected);
    }

    #[test]
    fn what_is_accepted_is_read_again_and_what_is_not_whole_is_no_news() {
        let state = tempfile::tempdir().unwrap();
        let pinned = PinnedTools { directory: state.path().join("mcp") };
        assert_eq!(pinned.read("s"), Ok(None));
        let (first, second) = (pin("a", &[("t", "x")]), pin("a", &[("t", "y")]));
        pinned.accept_first("s", &first).unwrap();
        pinned.accept_first("s", &second).unwrap();
        assert_eq!(pinned.read("s"), Ok(Some(first)), "what was seen first counts");
        pinned.accept("s", &second).unwrap();
        assert_eq!(pinned.read("s"), Ok(Some(second)));
        let path = pinned.path("s");
        let good = fs::read_to_string(&path).unwrap();
        for bad in [good.replace("\"y\"", "\"z\""), String::new(), good.replace("\"form\":1", "\"form\":2")] {
            fs::write(&path, bad).unwrap();
            assert!(pinned.read("s").is_err());
        }
        pinned.forget("s").unwrap();
        pinned.forget("s").unwrap();
        assert_eq!(pinned.read("s"), Ok(None));
        assert_eq!(fs::read_dir(&pinned.directory).unwrap().count(), 0, "nothing is left beside it");
    }
}
