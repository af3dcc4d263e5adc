//! Lines for the shell that people typed: each runs in a task of its own, beside the loop, and ends with it.
//!
//! Not here: how a command runs and ends with all that it started (the tools' business), and what becomes of its output.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use q_agent::{ToolReply, ToolSettings, Toolbox};
use q_core::{AgentEvent, Outcome, SHELL_CALL, SessionId, TurnNo};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::events::{RunEvent, RunReporter};

/// Pieces of output that may wait for the loop; a command that puts out more waits for it.
const PIECES: usize = 16;
/// What is said where no client has brought the environment, as behind a restart of the host.
const NO_ENVIRONMENT: &str =
    "It did not run: with which variables is not known here since the host was restarted. Type it again.";

/// What is said where the program itself failed.
const BROKEN: &str = "Something in q broke while it ran (its log says more); how far it came is not known. What else waits goes on.";

/// A line that is to run.
#[derive(Clone, Debug)]
pub struct ShellRequest {
    pub session: SessionId,
    pub turn: TurnNo,
    pub line: String,
    /// Where the session works.
    pub directory: String,
    /// What it gets of the environment of the client that typed it; nothing where none is known.
    pub settings: Option<ToolSettings>,
}

/// The lines that run, at most one a session.
pub(crate) struct ShellRuns {
    heard: mpsc::Sender<RunEvent>,
    running: BTreeMap<SessionId, (TurnNo, JoinHandle<()>)>,
}

impl ShellRuns {
    pub(crate) const fn new(heard: mpsc::Sender<RunEvent>) -> Self {
        Self { heard, running: BTreeMap::new() }
    }

    /// Starts it. What it puts out, how it ends, and that its turn is done, is told like what an agent says.
    pub(crate) fn start(&mut self, request: ShellRequest) {
        self.running.retain(|_, (_, task)| !task.is_finished());
        let (session, turn, heard) = (request.session, request.turn, self.heard.clone());
        let task = tokio::spawn(async move {
            let reporter = RunReporter { session, turn, heard: &heard };
            let ran = AssertUnwindSafe(run(request, reporter)).catch_unwind().await;
            let ToolReply { text, is_failed } = ran.unwrap_or_else(|_| {
                tracing::error!(%session, turn = turn.0, "what runs a line for the shell panicked");
                ToolReply { text: BROKEN.into(), is_failed: true }
            });
            let outcome = if is_failed { Outcome::Failed } else { Outcome::Done };
            for event in [AgentEvent::Result { call: SHELL_CALL, outcome, text }, AgentEvent::Done] {
                let _host_gone = reporter.report(event).await;
            }
        });
        self.running.insert(session, (turn, task));
    }

    /// Ends it with all that it started.
    pub(crate) fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        if let Some((_, task)) = self.running.get(&session).filter(|(running, _)| *running == turn) {
            task.abort();
        }
    }
}

/// Runs it, and tells by then what it puts out.
async fn run(request: ShellRequest, reporter: RunReporter<'_>) -> ToolReply {
    let Some(settings) = &request.settings else {
        return ToolReply { text: NO_ENVIRONMENT.into(), is_failed: true };
    };
    let toolbox = Toolbox::new(request.directory.into(), settings);
    let (progress, mut pieces) = mpsc::channel(PIECES);
    let running = async {
        let progress = progress; // which ends with it
        toolbox.run_line(&request.line, &progress).await
    };
    let telling = async {
        while let Some(text) = pieces.recv().await {
            let _host_gone = reporter.report(AgentEvent::Progress { call: SHELL_CALL, text }).await;
        }
    };
    tokio::join!(running, telling).0
}
