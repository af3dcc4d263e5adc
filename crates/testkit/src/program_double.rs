//! A server of tools, or an agent, that does what none should, for tests: scripts, so that nothing needs to be built.

use std::fs;
use std::path::{Path, PathBuf};

const MCP_SERVER: &str = include_str!("mcp_server.sh");
const ACP_AGENT: &str = include_str!("acp_agent.sh");

/// Such a program in a directory of its own.
#[derive(Clone, Debug)]
pub struct ProgramDouble {
    directory: PathBuf,
}

impl ProgramDouble {
    /// Puts a server of tools into that directory, which is there.
    pub fn mcp(directory: &Path) -> Self {
        Self::of(directory, MCP_SERVER)
    }

    /// Puts an agent into that directory, which is there. What it remembers is there, too.
    pub fn acp(directory: &Path) -> Self {
        Self::of(directory, ACP_AGENT)
    }

    /// # Panics
    /// When it cannot be written.
    fn of(directory: &Path, script: &str) -> Self {
        if let Err(error) = fs::write(directory.join("server.sh"), script) {
            panic!("no server in {}: {error}", directory.display());
        }
        Self { directory: directory.to_owned() }
    }

    /// What starts it so that it behaves like that: see the script.
    pub fn command(&self, mode: &str) -> Vec<String> {
        let path = |name: &str| self.directory.join(name).display().to_string();
        vec!["/bin/sh".into(), path("server.sh"), mode.into(), path("changed")]
    }

    /// The variable that it must get, and its value.
    pub fn variable(&self) -> (String, String) {
        ("LOG".into(), self.directory.join("log").display().to_string())
    }

    /// Everything that was said to it, a line each, and where it started.
    pub fn heard(&self) -> Vec<String> {
        let text = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The processes that were started, in their order.
    pub fn processes(&self) -> Vec<u32> {
        let heard = self.heard();
        heard.iter().filter_map(|line| line.strip_suffix(" started")?.parse().ok()).collect()
    }

    /// How often a tool was called.
    pub fn calls(&self) -> usize {
        self.heard().iter().filter(|line| line.contains("\"method\":\"tools/call\"")).count()
    }

    /// Its tools are others from here on, or again as they were.
    ///
    /// # Panics
    /// When that cannot be noted.
    pub fn change(&self, is_changed: bool) {
        let note = self.directory.join("changed");
        let noted = if is_changed { fs::write(&note, "") } else { fs::remove_file(&note) };
        if let Err(error) = noted {
            panic!("{}: {error}", note.display());
        }
    }
}
