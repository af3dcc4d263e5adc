//! All servers of one session: what they offer under which names, and whose a call is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use q_tools::{ServingPrograms, ToolReply, ToolSettings, digest_of};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::arguments;
use crate::pin::PinnedTools;
use crate::server::{Accepted, ServedCall, Server};
use crate::spec::McpSpec;
use crate::tool_list::ListedTool;

/// The most tools of all servers of a session: providers take 128 in all.
pub const SERVED_TOOLS: usize = 120;

/// The servers of a session. Nothing runs before it is needed.
#[derive(Debug)]
pub struct SessionServers {
    servers: Vec<Arc<Server>>,
    programs: ServingPrograms,
    /// By the names that models call them.
    offered: Mutex<BTreeMap<String, (Arc<Server>, ListedTool)>>,
}

impl SessionServers {
    pub fn new(specs: &[McpSpec], pinned: &PinnedTools, settings: &ToolSettings, directory: &Path) -> Self {
        let programs = ServingPrograms::default();
        let server = |spec: &McpSpec| {
            let (spec, settings) = (spec.clone(), settings.clone());
            Arc::new(Server::new(spec, settings, directory.to_owned(), pinned.clone(), programs.clone()))
        };
        Self { servers: specs.iter().map(server).collect(), programs, offered: Mutex::default() }
    }

    /// What may be offered from here on, by the names that models call it, and what the person is to be told. Servers that
    /// nobody has seen yet are started, side by side.
    pub async fn offer(&self) -> (Vec<(String, ListedTool)>, Vec<String>) {
        let mut asked: JoinSet<(usize, Accepted)> = JoinSet::new();
        for (place, server) in self.servers.iter().cloned().enumerate() {
            asked.spawn(async move { (place, server.accepted().await) });
        }
        let mut answers = BTreeMap::new();
        while let Some(answered) = asked.join_next().await {
            answers.extend(answered.ok());
        }
        let (mut offered, mut notices) = (BTreeMap::new(), Vec::new());
        for (place, Accepted { tools, notices: told }) in answers {
            let Some(server) = self.servers.get(place) else { continue };
            notices.extend(told);
            let room = SERVED_TOOLS - offered.len();
            if tools.len() > room {
                let (name, over) = (&server.spec.name, tools.len() - room);
                notices.push(format!(
                    "MCP server {name}: {over} of its tools are not offered: models take {SERVED_TOOLS} in all"
                ));
            }
            for tool in tools.into_iter().take(room) {
                offered.insert(tool.offered_as(&server.spec.name), (Arc::clone(server), tool));
            }
        }
        let tools = offered.iter().map(|(name, (_, tool))| (name.clone(), tool.clone())).collect();
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = offered;
        (tools, notices)
    }

    /// Whether it is a tool of theirs, by its name.
    pub fn serve(&self, tool: &str) -> bool {
        let server = tool.split_once("__").map(|(server, _)| server);
        self.servers.iter().any(|known| server == Some(known.spec.name.as_str()))
    }

    /// Whether it could be called at all; or why not, which nobody need be asked about.
    pub fn check(&self, tool: &str, input: &str) -> Result<(), String> {
        self.understand(tool, input).map(drop)
    }

    /// What a tool is beside its name: its server's command and all that was said of it, as they were accepted.
    pub fn identity(&self, tool: &str) -> [u8; 32] {
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((server, tool)) = offered.get(tool) else { return digest_of([]) };
        let said = tool.digest();
        digest_of(server.spec.command.iter().map(String::as_bytes).chain([b"".as_slice(), &said]))
    }

    /// Calls it, once. Given up, it ends within two seconds, with its server where that does not say so.
    pub async fn call(&self, tool: &str, input: &str, progress: &mpsc::Sender<String>) -> ToolReply {
        match self.understand(tool, input) {
            Ok((server, call)) => server.call(call, progress).await,
            Err(why) => ToolReply::failed(why),
        }
    }

    /// Ends all of them, and waits until they have.
    pub async fn end(&self) {
        for server in &self.servers {
            server.end().await;
        }
        self.programs.are_over().await;
    }

    fn understand(&self, tool: &str, input: &str) -> Result<(Arc<Server>, ServedCall), String> {
        let arguments = arguments::read(input)?;
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let (server, tool) = offered.get(tool).ok_or_else(|| format!("there is no tool `{tool}`"))?;
        Ok((Arc::clone(server), ServedCall { tool: tool.clone(), arguments }))
    }
}
