//! MCP servers as they are written when a turn is about to be asked: what was added, taken out or trusted meanwhile counts from that
//! turn on, in sessions that are open as in new ones.

use std::path::{Path, PathBuf};

use q_agent::{AgentSpec, McpServers, ServerTables};

/// Who can read them, and what of the person's decisions that needs: the client's own program knows the configuration's form.
#[derive(Clone, Debug)]
pub struct ServerReader {
    /// Where the directories are kept that are trusted.
    pub trusted: PathBuf,
    /// Where it is kept what was accepted of servers.
    pub accepted: PathBuf,
    /// For an agent in that directory. What cannot be read has no servers, and a notice.
    pub read: fn(trusted: &Path, tables: &ServerTables, directory: &Path) -> McpServers,
}

impl ServerReader {
    /// Those of that agent in that directory; beside the loop, since it reads files.
    pub(crate) async fn reading(&self, agent: &AgentSpec, directory: &Path) -> McpServers {
        let Some(tables) = agent.server_tables().filter(|tables| !tables.file.as_os_str().is_empty()) else {
            return McpServers::default();
        };
        let (Self { trusted, accepted, read }, tables) = (self.clone(), tables.clone());
        let directory = directory.to_owned();
        let reading = tokio::task::spawn_blocking(move || read(&trusted, &tables, &directory)).await;
        McpServers { pinned: accepted, ..reading.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use q_agent::{HttpSpec, McpSpec, ToolSettings};

    use super::*;

    #[tokio::test]
    async fn servers_are_read_for_agents_with_tools_that_somebody_configured() {
        let read = |trusted: &Path, tables: &ServerTables, directory: &Path| McpServers {
            servers: vec![McpSpec::new("s", vec![tables.agent.clone(), directory.display().to_string()])],
            notices: vec![trusted.display().to_string()],
            ..McpServers::default()
        };
        let reader = ServerReader { trusted: "/t".into(), accepted: "/a".into(), read };
        let servers = ServerTables { file: "/c".into(), agent: "hands".into(), ..ServerTables::default() };
        let with = HttpSpec { tools: Some(ToolSettings::default()), servers, ..HttpSpec::default() };
        let agent = |spec: &HttpSpec| AgentSpec::Http(Arc::new(spec.clone()));
        let read = reader.reading(&agent(&with), Path::new("/d")).await;
        let expected = McpServers {
            servers: vec![McpSpec::new("s", vec!["hands".into(), "/d".into()])],
            pinned: "/a".into(),
            notices: vec!["/t".into()],
        };
        assert_eq!(read, expected);
        let nowhere = HttpSpec { servers: ServerTables::default(), ..with.clone() };
        for agent in [AgentSpec::Guide, agent(&HttpSpec { tools: None, ..with }), agent(&nowhere)] {
            assert_eq!(reader.reading(&agent, Path::new("/d")).await, McpServers::default());
        }
    }
}
