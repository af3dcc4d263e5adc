//! The tools of one session, q's own and those of its MCP servers, behind one set of questions: what is offered, whether a call
//! could be carried out, what binds a permission to it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use q_core::conversation::{Message, Part};
use q_core::{CallSubject, Digest, Outcome, PlanStep, Policy, TurnNo};
use q_mcp::{CallListener, ListedTool, PinnedTools, ServedEnding, ServedReply, ServingMeans, SessionServers};
use q_tools::{ChangeLog, CheckedCall, ToolDefinition, ToolReply, ToolSettings, Toolbox, digest_of};

use super::calls::AskedCall;
use super::server_http::ServerHttp;
use super::web;
use crate::network::NetworkEnvironment;
use q_seat::{BackgroundLine, McpServers, Seat, SkillPlace};
use tokio::sync::watch;

/// The tools that run commands, without a sandbox and in one.
pub(super) const RUN: &str = "run";
pub(super) const SANDBOXED: &str = "run_sandboxed";
/// The tool that tells what goes on in the background.
pub(super) const PROCESSES: &str = "processes";
/// The most notices that are remembered as told: whatever servers do, the person is not told more.
const MOST_TOLD: usize = 200;

/// A tool as a model is told of it: q's own text, or a server's, which is as hostile as any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfferedTool {
    pub(crate) name: Cow<'static, str>,
    pub(crate) about: Cow<'static, str>,
    /// What it takes, as a JSON schema.
    pub(crate) schema: Cow<'static, str>,
}

impl From<ToolDefinition> for OfferedTool {
    fn from(ToolDefinition { name, about, schema, reads: _ }: ToolDefinition) -> Self {
        Self { name: name.into(), about: about.into(), schema: schema.into() }
    }
}

impl OfferedTool {
    fn served((name, tool): (String, ListedTool)) -> Self {
        Self { name: name.into(), about: tool.description.into(), schema: tool.schema.into() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.name.len() + self.about.len() + self.schema.len()
    }
}

/// What came of a call.
pub(super) struct CalledTool {
    pub(super) text: String,
    pub(super) outcome: Outcome,
}

impl From<ToolReply> for CalledTool {
    fn from(ToolReply { text, is_failed }: ToolReply) -> Self {
        Self { text, outcome: if is_failed { Outcome::Failed } else { Outcome::Done } }
    }
}

impl From<ServedReply> for CalledTool {
    fn from(ServedReply { text, ending }: ServedReply) -> Self {
        let outcome = match ending {
            ServedEnding::Done => Outcome::Done,
            ServedEnding::Failed => Outcome::Failed,
            ServedEnding::NeverRan => Outcome::NeverRan,
            ServedEnding::CutShort => Outcome::CutShort,
        };
        Self { text, outcome }
    }
}

/// What a session's model may call.
pub(super) struct SessionTools {
    toolbox: Arc<Toolbox>,
    servers: SessionServers,
    policy: Policy,
    /// How pages are reached.
    network: NetworkEnvironment,
    /// What servers offer, as of the last look.
    served: Mutex<Vec<OfferedTool>>,
    /// What the person was told of servers already.
    told: Mutex<BTreeSet<String>>,
}

impl SessionTools {
    pub(super) fn new(settings: &ToolSettings, network: &NetworkEnvironment, seat: &Seat) -> Self {
        let log = |all: &PathBuf| ChangeLog::of(all, seat.session.0, seat.directory.clone());
        let toolbox = Toolbox::new(seat.directory.clone(), settings).keeping(seat.changes.as_ref().map(log));
        let http = ServerHttp { network: network.clone() };
        Self {
            toolbox: Arc::new(toolbox),
            servers: SessionServers::new(ServingMeans::new(settings.clone(), Some(Arc::new(http)))),
            policy: seat.policy,
            network: network.clone(),
            served: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// What changes files from now on belongs to this turn.
    pub(super) fn begin_turn(&self, turn: TurnNo) {
        self.toolbox.begin_turn(turn.0);
    }

    /// Looks at what these servers may offer now; what the person is to be told of them that they were not told yet.
    pub(super) async fn look(&self, McpServers { servers, pinned, notices }: &McpServers) -> Vec<String> {
        // What a server's tools do nobody knows, so a policy that denies changes denies them.
        let (servers, notices) = match self.policy {
            Policy::Ask => (servers.as_slice(), notices.as_slice()),
            Policy::Deny => Default::default(),
        };
        self.servers.become_these(servers, &PinnedTools { directory: pinned.clone() }).await;
        let (tools, of_servers) = self.servers.offer().await;
        let notices = notices.iter().cloned().chain(of_servers);
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) =
            tools.into_iter().map(OfferedTool::served).collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |notice: &String| told.len() < MOST_TOLD && told.insert(notice.clone());
        notices.filter(is_new).collect()
    }

    /// From here on these skills may be read.
    pub(super) fn take_skills(&self, skills: Vec<SkillPlace>) {
        self.toolbox.take_skills(skills);
    }

    pub(super) fn offered(&self) -> Vec<OfferedTool> {
        // What the policy denies anyway is not offered.
        let is_offered = |tool: &ToolDefinition| tool.reads || self.policy == Policy::Ask;
        let own = self.toolbox.definitions().filter(is_offered).map(OfferedTool::from);
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        own.chain(served.iter().cloned()).collect()
    }

    /// What a call would do; or why it cannot be done. What a server's tool does nobody knows: whatever the server claims, each call
    /// of one is taken for a change and asks.
    pub(super) async fn check(&self, tool: &str, input: &str) -> Result<CheckedCall, String> {
        if self.servers.serve(tool) {
            self.servers.check(tool, input).await?;
            return Ok(CheckedCall::plain(false, true));
        }
        if let Some(page) = self.toolbox.wanted_page(tool, input) {
            web::refuse_own(&page)?;
        }
        self.toolbox.check(tool, input).await
    }

    pub(super) fn subject(&self, tool: &str, input: &str) -> CallSubject {
        if self.servers.serve(tool) { CallSubject::Other } else { self.toolbox.subject(tool, input) }
    }

    /// The plan that a call of q's own tells; a server's tool tells none, whatever it is called.
    pub(super) fn plan(&self, tool: &str, input: &str) -> Option<Vec<PlanStep>> {
        if self.servers.serve(tool) { None } else { self.toolbox.plan(tool, input) }
    }

    /// Whether something of the background has ended that this conversation says nothing of: one that ended since, or all that was
    /// started before these tools were there.
    pub(super) fn have_ended_untold(&self, messages: &[Message]) -> bool {
        let mut parts = messages.iter().rev().flat_map(|message| message.parts.iter().rev());
        let is_done = |of| {
            let mut parts = messages.iter().flat_map(|message| &message.parts);
            parts.any(
                |part| matches!(part, Part::Result { of: call, outcome: Outcome::Done, .. } if *call == of),
            )
        };
        let is_last_word = |part: &Part| {
            let Part::Call { entry, tool, input } = part else { return None };
            let starts = self.toolbox.starts_process(tool, input) && is_done(*entry);
            (starts || tool == PROCESSES).then_some(starts)
        };
        self.toolbox.have_processes_ended()
            || (self.toolbox.has_no_processes() && parts.find_map(is_last_word) == Some(true))
    }

    /// What goes on in the background, and what ended there.
    pub(super) fn processes(&self) -> Vec<BackgroundLine> {
        self.toolbox.processes()
    }

    /// How many of these run, now and whenever that changes.
    pub(super) fn running(&self) -> watch::Receiver<usize> {
        self.toolbox.running()
    }

    /// Ends one of these; whether it ran, or why there is none.
    pub(super) fn stop(&self, number: u64) -> Result<bool, String> {
        self.toolbox.stop(number)
    }

    /// What binds a permission to what is carried out; of a server's tool also what it was when it was offered.
    pub(super) fn digest(&self, owner: &[u8], tool: &str, input: &str) -> [u8; 32] {
        let digest = self.toolbox.digest(owner, tool, input);
        if !self.servers.serve(tool) {
            return digest;
        }
        digest_of([digest.as_slice(), &self.servers.identity(tool)])
    }

    /// Carries a call out, if what was permitted is exactly that. Given up, it ends.
    pub(super) async fn carry_out(
        &self,
        owner: &[u8],
        AskedCall { tool, arguments, seals: _ }: &AskedCall,
        Digest(permitted): Digest,
        listener: &CallListener,
    ) -> CalledTool {
        if self.digest(owner, tool, arguments) != permitted {
            return ToolReply::failed("what was permitted is not this call; it did not run").into();
        }
        if self.servers.serve(tool) {
            return self.servers.call(tool, arguments, listener).await.into();
        }
        if let Some(page) = self.toolbox.wanted_page(tool, arguments) {
            return web::fetched(&self.network, &page).await.into();
        }
        self.toolbox.carry_out(owner, tool, arguments, permitted, &listener.progress).await.into()
    }

    /// Ends what goes on in the background, waits until every command that was given up has ended, and ends the servers.
    pub(super) async fn are_over(&self) {
        self.toolbox.end_processes();
        tokio::join!(self.toolbox.commands_are_over(), self.servers.end());
    }
}
