//! The contract with every kind of agent: a seat opens a conversation, a turn is a stream of events and of controls.
//!
//! What a conversation remembers by itself is a cache. The transcript is the truth: each turn brings all of it that an agent
//! is sent, and a conversation that has forgotten, or was refused its memory, goes on from that.

mod address;
mod servers;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use q_core::conversation::{Message, Part, Role};
use q_core::{
    AgentEvent, CallNo, Digest, EntryNo, Outcome, Policy, ResumeHandle, SessionId, Settings, TurnNo,
};
use tokio::sync::{mpsc, watch};

pub use address::shown_address;
pub use servers::{McpServers, McpSpec, RemoteServer, ServerOrigin, ServerTables, check_name};

/// A process in the background as people and models are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackgroundLine {
    /// By what it is named; no other process of its session ever has it.
    pub number: u64,
    pub argv: Vec<String>,
    /// For how long it has been running, or ran.
    pub seconds: u64,
    /// How it ended; nothing while it runs.
    pub ended: Option<String>,
}

/// What an agent lets people choose or type, beside prompts, as it last said. Hostile text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentOffers {
    /// The model that it asks; empty for one that does not say.
    pub model: String,
    pub models: Vec<AgentOffer>,
    /// The mode that it is in; empty for one that has none.
    pub mode: String,
    pub modes: Vec<AgentOffer>,
    /// Commands of its own, without their slash.
    pub commands: Vec<AgentOffer>,
    /// Whether it takes words in its turn.
    pub steers: bool,
}

/// One of these: its name, as it is typed, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentOffer {
    pub name: String,
    pub about: String,
}

/// A skill that may be read: its name, and the directory that it is in, without a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillPlace {
    pub name: String,
    pub directory: PathBuf,
}

/// For which session an agent works, and within what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The session. Nothing that was opened for one is ever used for another.
    pub session: SessionId,
    /// Where it works, as the client that made the session named it; not looked at by anybody yet.
    pub directory: PathBuf,
    /// What a child process of this agent gets, and no other process does.
    pub environment: ChildEnvironment,
    /// Beneath which directory files are kept as they were before its tools change them; nowhere without one.
    pub changes: Option<PathBuf>,
    /// What its tools may do without being asked each time. Consent itself is the core's.
    pub policy: Policy,
    /// By what an agent with a memory of its own finds the conversation again, as it last said itself
    /// ([`AgentEvent::Resume`]). It may be refused: then the agent begins anew from the transcript and says another one.
    pub resume: Option<ResumeHandle>,
}

impl Seat {
    /// A seat in which nothing is set but for whom it is.
    pub fn of(session: SessionId) -> Self {
        Self {
            session,
            directory: PathBuf::new(),
            environment: ChildEnvironment::default(),
            changes: None,
            policy: Policy::default(),
            resume: None,
        }
    }
}

/// The variables of a child process: those of the client that brought the agent, keys among them. Never the host's own.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ChildEnvironment(pub BTreeMap<String, String>);

/// Their names, and nothing of what they hold.
impl fmt::Debug for ChildEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What is asked in one turn: the conversation so far, ending with the person's prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Its number in its session.
    pub no: TurnNo,
    /// What the agent is told about its task before the conversation; empty for nothing.
    pub system_prompt: String,
    /// Which model; empty for the agent's own default.
    pub model: String,
    /// How it is asked, where the person wants it otherwise than the agent is configured. Its model is the one above.
    pub settings: Settings,
    /// Whose tools may be offered beside the agent's own, as it is written when the turn begins.
    pub servers: McpServers,
    /// The skills that its system prompt lists, to be read when they are wanted.
    pub skills: Vec<SkillPlace>,
    /// Oldest first. An agent that remembers the conversation takes what is new in it.
    pub messages: Vec<Message>,
}

impl Turn {
    /// Whether images go with the person's newest message.
    pub fn has_images(&self) -> bool {
        let newest = self.messages.iter().rfind(|message| message.role == Role::User);
        newest.is_some_and(|newest| newest.parts.iter().any(|part| matches!(part, Part::Image { .. })))
    }

    /// The person's newest prompt, without what else stands in its message, as what they ran or undid before; empty when there is none.
    pub fn prompt(&self) -> &str {
        let newest = self.messages.iter().rfind(|message| message.role == Role::User);
        let mut parts = newest.into_iter().flat_map(|newest| newest.parts.iter().rev());
        let text = parts.find_map(|part| if let Part::Text(text) = part { Some(text) } else { None });
        text.map_or("", String::as_str)
    }
}

/// What an agent is told while a turn runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentControl {
    /// A call may run: exactly what has this digest.
    Permit {
        call: CallNo,
        /// By what later requests know it: it has no other id in this one.
        entry: EntryNo,
        digest: Digest,
        /// Whether a rule said so, and the person was not asked about this very call.
        by_rule: bool,
    },
    /// A call ended without its tool.
    Settle {
        call: CallNo,
        entry: EntryNo,
        outcome: Outcome,
        /// The person's words, if there are any.
        text: String,
    },
    /// The person says this into the running turn.
    Steer(String),
}

/// What some work tells, as a stream that drives it: whoever drops the one drops the other, and what it holds.
pub fn driven(
    work: impl Future<Output = ()> + Send + 'static,
    hear: mpsc::Receiver<AgentEvent>,
) -> BoxStream<'static, AgentEvent> {
    let heard = stream::unfold(hear, |mut hear| async move { Some((hear.recv().await?, hear)) });
    let driven = work.into_stream().filter_map(|()| future::ready(None));
    stream::select(heard, driven).boxed()
}

/// What an agent is told, as it comes.
pub type Controls = BoxStream<'static, AgentControl>;

/// One kind of answerer, as a session reaches it.
pub trait Agent: Send + Sync {
    /// Opens the conversation of that seat. Cheap: nothing is started, connected or read before its first turn.
    fn open(&self, seat: Seat) -> Arc<dyn Conversation>;
}

/// An agent at work for one session, for as long as it is kept: from its first turn until it is released.
///
/// It must be used inside a tokio runtime with time and I/O. Dropping the last handle to it ends at once whatever it holds
/// outside of this process.
pub trait Conversation: Send + Sync {
    /// Runs a turn; never more than one at once.
    ///
    /// The stream ends after exactly one [`AgentEvent::Done`] or [`AgentEvent::Failed`]. Dropping it cancels the turn:
    /// nothing is sent or read for it afterwards, and no tool of it goes on running.
    ///
    /// `controls` brings what the agent is told meanwhile; one that makes no calls and is not steerable may drop it.
    fn turn(&self, turn: Turn, controls: Controls) -> BoxStream<'static, AgentEvent>;

    /// Bytes of text that go with each request beside what a turn brings: tools, and what is said of them.
    fn overhead(&self) -> u64 {
        0
    }

    /// What it has going on in the background of its session, and what ended there; nothing for one that starts no processes.
    fn processes(&self) -> Vec<BackgroundLine> {
        Vec::new()
    }

    /// How many of these run, now and whenever that changes; nothing for one that starts none.
    fn running(&self) -> Option<watch::Receiver<usize>> {
        None
    }

    /// What it lets people choose or type; nothing for one that offers nothing, or was not asked anything yet.
    fn offers(&self) -> AgentOffers {
        AgentOffers::default()
    }

    /// Ends one of these; whether it ran, or why there is none of that number.
    fn stop_process(&self, number: u64) -> Result<bool, String> {
        Err(format!("there is no process {number} here"))
    }

    /// Parks it: whatever it holds outside (processes, connections) is closed in good order, so that its last
    /// [`ResumeHandle`] finds the conversation again. No turn runs then, and none is run afterwards. One that holds nothing
    /// has nothing to do.
    fn release(&self) -> BoxFuture<'static, ()> {
        future::ready(()).boxed()
    }
}
