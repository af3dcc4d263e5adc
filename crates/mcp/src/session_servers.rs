//! All servers of one session: what they offer under which names, and whose a call is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use q_tools::digest_of;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::arguments;
use crate::means::ServingMeans;
use crate::pin::PinnedTools;
use crate::questions::Questions;
use crate::reply::ServedReply;
use crate::server::{Accepted, ServedCall, Server};
use crate::tool_list::ListedTool;
use q_seat::McpSpec;

/// The most tools of all servers of a session: providers take 128 in all.
pub const SERVED_TOOLS: usize = 120;

/// Who hears what a call says while it runs.
#[derive(Clone, Debug)]
pub struct CallListener {
    pub progress: mpsc::Sender<String>,
    pub questions: Questions,
}

/// The servers of a session. Nothing runs before it is needed.
#[derive(Debug)]
pub struct SessionServers {
    means: ServingMeans,
    servers: Mutex<Vec<Arc<Server>>>,
    /// By the names that models call them.
    offered: Mutex<BTreeMap<String, (Arc<Server>, ListedTool)>>,
}

impl SessionServers {
    /// None yet: see [`Self::become_these`].
    pub fn new(means: ServingMeans) -> Self {
        let means = ServingMeans { may_ask: true, ..means };
        Self { means, servers: Mutex::default(), offered: Mutex::default() }
    }

    /// Has these servers from here on. Those that it had already go on as they are; those that are gone, or are named otherwise
    /// now, end.
    pub async fn become_these(&self, specs: &[McpSpec], pinned: &PinnedTools) {
        let known = self.all();
        let server = |spec: &McpSpec| {
            let as_before = known.iter().find(|server| server.spec == *spec).cloned();
            as_before
                .unwrap_or_else(|| Arc::new(Server::new(spec.clone(), self.means.clone(), pinned.clone())))
        };
        let servers: Vec<Arc<Server>> = specs.iter().map(server).collect();
        let is_gone = |server: &&Arc<Server>| !servers.iter().any(|kept| Arc::ptr_eq(kept, server));
        let gone: Vec<Arc<Server>> = known.iter().filter(is_gone).cloned().collect();
        *self.servers.lock().unwrap_or_else(PoisonError::into_inner) = servers;
        for server in gone {
            server.end().await;
        }
    }

    fn all(&self) -> Vec<Arc<Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What may be offered from here on, by the names that models call it, and what the person is to be told. Servers that
    /// nobody has seen yet are started, side by side.
    pub async fn offer(&self) -> (Vec<(String, ListedTool)>, Vec<String>) {
        let mut asked: JoinSet<(usize, Accepted)> = JoinSet::new();
        let servers = self.all();
        for (place, server) in servers.iter().cloned().enumerate() {
            asked.spawn(async move { (place, server.accepted().await) });
        }
        let mut answers = BTreeMap::new();
        while let Some(answered) = asked.join_next().await {
            answers.extend(answered.ok());
        }
        let (mut offered, mut notices) = (BTreeMap::new(), Vec::new());
        for (place, Accepted { tools, notices: told }) in answers {
            let Some(server) = servers.get(place) else { continue };
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
        self.all().iter().any(|known| server == Some(known.spec.name.as_str()))
    }

    /// Whether it could be called at all; or why not, which nobody need be asked about.
    pub async fn check(&self, tool: &str, input: &str) -> Result<(), String> {
        let (server, call) = self.understand(tool, input)?;
        server.is_as_accepted(&call.tool).await
    }

    /// What a tool is beside its name: its server's command and all that was said of it, as they were accepted.
    pub fn identity(&self, tool: &str) -> [u8; 32] {
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((server, tool)) = offered.get(tool) else { return digest_of([]) };
        let said = tool.digest();
        digest_of(server.spec.accepted_words().iter().map(String::as_bytes).chain([b"".as_slice(), &said]))
    }

    /// Calls it, once. Given up, it ends within two seconds, with its server where that does not say so.
    pub async fn call(&self, tool: &str, input: &str, listener: &CallListener) -> ServedReply {
        match self.understand(tool, input) {
            Ok((server, call)) => server.call(call, listener).await,
            Err(why) => ServedReply::never_ran(why),
        }
    }

    /// Ends all of them, and waits until they have.
    pub async fn end(&self) {
        for server in self.all() {
            server.end().await;
        }
        self.means.are_over().await;
    }

    fn understand(&self, tool: &str, input: &str) -> Result<(Arc<Server>, ServedCall), String> {
        let arguments = arguments::read(input)?;
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let (server, tool) = offered.get(tool).ok_or_else(|| format!("there is no tool `{tool}`"))?;
        Ok((Arc::clone(server), ServedCall { tool: tool.clone(), arguments }))
    }
}
