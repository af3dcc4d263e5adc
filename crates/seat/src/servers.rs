//! MCP servers as data: how one is started, where they are written, and those that a turn may use.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::address::shown_address;

/// The longest name of a server, in bytes: it stands in front of the names of its tools.
const NAME_BYTES: usize = 24;

/// A server, as somebody configured it.
#[derive(Clone, PartialEq, Eq)]
pub struct McpSpec {
    /// By which its tools are known: see [`check_name`].
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Variables beside those that commands get. They may hold keys.
    pub environment: BTreeMap<String, String>,
    /// Where it is, for one that is reached over HTTP: no program of it is started then.
    pub remote: Option<RemoteServer>,
    /// How long one of its calls may take.
    pub timeout: Duration,
    /// Where it runs. Without one in a directory of its own, so that nothing of a session's directory is taken for a part of it.
    pub directory: Option<PathBuf>,
    pub origin: ServerOrigin,
}

/// A server that somebody else runs.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteServer {
    pub url: String,
    /// What each request has beside its own headers. They may hold keys.
    pub headers: BTreeMap<String, String>,
}

/// Who named a server, and so who must accept it before it is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ServerOrigin {
    /// The person's own configuration: what it offers when it is first seen is accepted.
    #[default]
    Person,
    /// A project, known by this word. It is started once the person has accepted it by hand.
    Project(String),
}

impl McpSpec {
    /// How long a call may take unless configured otherwise.
    pub const TIMEOUT: Duration = Duration::from_mins(1);

    /// One of the person's own, about which nothing else is said.
    pub fn new(name: impl Into<String>, command: Vec<String>) -> Self {
        Self {
            name: name.into(),
            command,
            environment: BTreeMap::new(),
            remote: None,
            timeout: Self::TIMEOUT,
            directory: None,
            origin: ServerOrigin::Person,
        }
    }

    /// How it is started, or where it is, as far as that is accepted: for a project's its variables and headers, too, since one can
    /// name a program. Of the person's own address what may be a key is left out; in front of one stands an empty word, which is no
    /// program, so that a command is never taken for an address that was accepted.
    pub fn accepted_words(&self) -> Vec<String> {
        let is_mine = self.origin == ServerOrigin::Person;
        let address = |remote: &RemoteServer| {
            if is_mine { shown_address(&remote.url) } else { remote.url.clone() }
        };
        let mut words = self.command.clone();
        words.extend(self.remote.iter().flat_map(|remote| [String::new(), address(remote)]));
        if !is_mine {
            words.extend(self.environment.iter().map(|(name, value)| format!("{name}={value}")));
            let headers = self.remote.iter().flat_map(|remote| &remote.headers);
            words.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        }
        words
    }

    /// Its command or its address in one line, as people see it.
    pub fn shown(&self) -> String {
        match &self.remote {
            Some(remote) => shown_address(&remote.url),
            None => self.command.join(" "),
        }
    }

    /// Under which name it is kept what was accepted of it: the servers of two projects are two, whatever they are called.
    pub fn pin_name(&self) -> String {
        match &self.origin {
            ServerOrigin::Person => self.name.clone(),
            ServerOrigin::Project(project) => format!("{}.{project}", self.name),
        }
    }
}

/// Of the headers their names alone, and of the address what is no key.
impl fmt::Debug for RemoteServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&String> = self.headers.keys().collect();
        f.debug_struct("RemoteServer")
            .field("url", &shown_address(&self.url))
            .field("headers", &headers)
            .finish()
    }
}

/// Of the variables their names alone.
impl fmt::Debug for McpSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<&String> = self.environment.keys().collect();
        f.debug_struct("McpSpec")
            .field("name", &self.name)
            .field("variables", &variables)
            .finish_non_exhaustive()
    }
}

/// Whether a server may be called so: its name and two underscores stand in front of the names of its tools, in letters that every
/// provider takes. Says why not.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err("must begin with a letter from a to z");
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Err("may have letters from a to z, digits, - and _");
    }
    if name.len() > NAME_BYTES {
        return Err("is longer than 24 letters");
    }
    if name.contains("__") || name.ends_with('_') {
        return Err("must have no two underscores in a row, and none at its end");
    }
    Ok(())
}

/// Where it is written which MCP servers an agent is offered. It is read anew for each turn: what is added or taken out there counts
/// from the next one on.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ServerTables {
    /// The configuration of whoever brought the agent; without a path there are no servers.
    pub file: PathBuf,
    /// What the agent is called there.
    pub agent: String,
    /// What the tables may name of the environment of whoever brought it: variables that hold keys, and the home directory.
    pub variables: BTreeMap<String, String>,
}

/// Of the variables their names alone.
impl fmt::Debug for ServerTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<&String> = self.variables.keys().collect();
        let Self { file, agent, .. } = self;
        f.debug_struct("ServerTables")
            .field("file", file)
            .field("agent", agent)
            .field("variables", &variables)
            .finish()
    }
}

/// MCP servers as they stand when a turn is asked, and what was accepted of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct McpServers {
    pub servers: Vec<McpSpec>,
    /// The directory in which that is kept.
    pub pinned: PathBuf,
    /// What the person is to be told of servers that are not among them.
    pub notices: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_in_front_of_a_tools() {
        for (name, is_one) in [
            ("files", true),
            ("my-server_2", true),
            ("", false),
            ("2nd", false),
            ("a__b", false),
            ("a_", false),
            ("a.b", false),
            ("größe", false),
            ("abcdefghijklmnopqrstuvwx", true),
            ("abcdefghijklmnopqrstuvwxy", false),
        ] {
            assert_eq!(check_name(name).is_ok(), is_one, "{name}");
        }
    }
}
