//! How an agent is started, as data.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use q_seat::ServerTables;
use q_tools::ToolSettings;

/// An agent, as somebody configured it.
#[derive(Clone, PartialEq, Eq)]
pub struct AcpSpec {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Variables beside those that commands get. They may hold keys.
    pub environment: BTreeMap<String, String>,
    /// The model it is asked to use; empty for its own choice.
    pub model: String,
    /// What to type where its program is missing; empty where nobody knows.
    pub install: String,
    /// How long it may say nothing at all in a turn.
    pub silence: Duration,
    /// What its process and the tools that serve it may use.
    pub tools: ToolSettings,
    /// Where the MCP servers are written that it is told to start.
    pub servers: ServerTables,
}

impl AcpSpec {
    /// How long an agent may say nothing unless configured otherwise: what it runs may take its time.
    pub const SILENCE: Duration = Duration::from_mins(10);
}

/// Of the variables their names alone.
impl fmt::Debug for AcpSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<&String> = self.environment.keys().collect();
        f.debug_struct("AcpSpec").field("variables", &variables).finish_non_exhaustive()
    }
}
