//! A session's agent, from its first turn until it is released: its process, its session, and the handle that finds that again.

use std::sync::{Arc, Mutex as Lock};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use q_core::{AgentEvent, AgentFailure};
use q_seat::{Agent, AgentOffers, BackgroundLine, Controls, Conversation, Seat, Turn, driven};
use q_tools::{ChangeLog, ServingPrograms, Toolbox};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::frame::{Frame, INTERNAL};
use crate::kept_agent::KeptAgent;
use crate::opening::OpenSession;
use crate::spec::AcpSpec;
use crate::turn::RunningTurn;

/// How long it may take to close its session in good order.
const CLOSING: Duration = Duration::from_secs(1);
/// How long nothing more must come until what was said between two turns is all read.
const QUIET: Duration = Duration::from_millis(5);
/// The most that is read so.
const MOST_STALE: usize = 1000;

/// An agent over the protocol.
#[derive(Clone, Debug)]
pub struct AcpAgent(Arc<AcpSpec>);

impl AcpAgent {
    /// The agent so started. Nothing is, before its first turn.
    pub const fn new(spec: Arc<AcpSpec>) -> Self {
        Self(spec)
    }
}

impl Agent for AcpAgent {
    fn open(&self, seat: Seat) -> Arc<dyn Conversation> {
        let log = |all| ChangeLog::of(all, seat.session.0, seat.directory.clone());
        let toolbox = Toolbox::new(seat.directory.clone(), &self.0.tools);
        let toolbox = toolbox.keeping(seat.changes.as_deref().map(log));
        let handle = Lock::new(seat.resume.clone());
        Arc::new(AcpConversation(Arc::new(KeptAgent {
            spec: Arc::clone(&self.0),
            toolbox: Arc::new(toolbox),
            owner: seat.session.0.to_be_bytes().into(),
            seat,
            handle,
            offers: Lock::default(),
            programs: ServingPrograms::default(),
            session: Arc::default(),
        })))
    }
}

#[derive(Debug)]
struct AcpConversation(Arc<KeptAgent>);

impl Conversation for AcpConversation {
    fn turn(&self, turn: Turn, controls: Controls) -> BoxStream<'static, AgentEvent> {
        let (kept, (out, hear)) = (Arc::clone(&self.0), mpsc::channel(1));
        let work = async move {
            let ending = kept.run(turn, controls, &out).await;
            let ending = ending.map_or_else(AgentEvent::Failed, |()| AgentEvent::Done);
            let _nobody_hears = out.send(ending).await;
        };
        driven(work, hear)
    }

    fn offers(&self) -> AgentOffers {
        self.0.offers().clone()
    }

    fn processes(&self) -> Vec<BackgroundLine> {
        self.0.toolbox.processes()
    }

    fn running(&self) -> Option<watch::Receiver<usize>> {
        Some(self.0.toolbox.running())
    }

    fn stop_process(&self, number: u64) -> Result<bool, String> {
        self.0.toolbox.stop(number)
    }

    fn release(&self) -> BoxFuture<'static, ()> {
        let kept = Arc::clone(&self.0);
        async move {
            // A turn that was given up has two seconds, and then this is free.
            let mut place = kept.session.lock().await;
            if let Some(mut open) = place.take()
                && open.can.closes
            {
                let session = json!({ "sessionId": open.id });
                let _it_is_ended_anyway = open.connection.call("session/close", &session, CLOSING).await;
            }
            kept.toolbox.end_processes();
            kept.toolbox.commands_are_over().await;
            kept.programs.are_over().await;
        }
        .boxed()
    }
}

impl KeptAgent {
    async fn run(
        self: &Arc<Self>,
        turn: Turn,
        controls: Controls,
        out: &mpsc::Sender<AgentEvent>,
    ) -> Result<(), AgentFailure> {
        self.toolbox.begin_turn(turn.no.0);
        let mut place = Arc::clone(&self.session).lock_owned().await;
        if let Some(open) = place.take() {
            *place = read_up(open).await;
        }
        if place.is_none() {
            // Those of one that died are known to nobody.
            self.toolbox.end_processes();
            let handle = self.handle().clone();
            let (servers, handle) = (&turn.servers.servers, handle.as_ref());
            let open = OpenSession::start(&self.spec, &self.seat, servers, handle, &self.programs).await?;
            if open.has_forgotten() {
                let told =
                    "The agent has no memory of this conversation any more, and is told what was said.\n";
                let _nobody_hears = out.send(AgentEvent::Thinking(told.into())).await;
            }
            *place = Some(open);
        }
        RunningTurn::new(Arc::clone(self), place, controls, out.clone()).run(turn).await
    }
}

/// Reads what was said between two turns, which belongs to none; nothing where the agent has ended meanwhile.
async fn read_up(mut open: OpenSession) -> Option<OpenSession> {
    open.connection.begin();
    for _ in 0..MOST_STALE {
        match timeout(QUIET, open.connection.next()).await {
            Err(_) => return Some(open),
            Ok(Err(_)) => return None,
            Ok(Ok(Frame::Request { id, .. })) => open.connection.refuse(&id, INTERNAL, "no turn runs"),
            Ok(Ok(Frame::Answer { .. } | Frame::Notice { .. } | Frame::Noise)) => {}
        }
    }
    None
}
