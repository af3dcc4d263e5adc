//! Running asks: for each turn in flight, the conversation is read from the store, the agent is asked, and what it says
//! goes to the loop. A panic in one ends that turn only.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use q_agent::{Ask, Told};
use q_core::{AgentEvent, AgentFailure, FailureKind, SessionId, TurnNo, conversation};
use q_store::Store;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::events::Heard;
use crate::history::Histories;
use crate::world::Question;

/// The asks in flight, one a session.
pub(crate) struct Asks {
    store: Weak<dyn Store>,
    heard: mpsc::Sender<Heard>,
    running: BTreeMap<SessionId, Running>,
    histories: Arc<Histories>,
}

/// An ask in flight.
struct Running {
    turn: TurnNo,
    task: AbortHandle,
    told: mpsc::UnboundedSender<Told>,
}

impl Asks {
    pub(crate) fn new(store: Weak<dyn Store>, heard: mpsc::Sender<Heard>) -> Self {
        Self { store, heard, running: BTreeMap::new(), histories: Arc::default() }
    }

    pub(crate) fn start(&mut self, question: Question) {
        let (session, turn) = (question.session, question.turn);
        let heard = self.heard.clone();
        let Some(store) = self.store.upgrade() else { return }; // the host ends
        let histories = Arc::clone(&self.histories);
        let (told, words) = mpsc::unbounded_channel();
        let words = stream::unfold(words, |mut words| async move { Some((words.recv().await?, words)) });
        let task = tokio::spawn(async move {
            unless_it_panics(&question, &heard, ask(&question, store, &histories, &heard, words.boxed()))
                .await;
        });
        let running = Running { turn, task: task.abort_handle(), told };
        if let Some(earlier) = self.running.insert(session, running) {
            earlier.task.abort(); // over already, or its turn is
        }
    }

    pub(crate) fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        if self.running.get(&session).is_some_and(|running| running.turn == turn)
            && let Some(running) = self.running.remove(&session)
        {
            running.task.abort();
        }
    }

    /// Tells the agent of a turn something while it works. One that is gone hears nothing.
    pub(crate) fn tell(&self, session: SessionId, turn: TurnNo, told: Told) {
        if let Some(running) = self.running.get(&session).filter(|running| running.turn == turn) {
            let _agent_listens_no_longer = running.told.send(told);
        }
    }
}

/// Ends the question's turn, and nothing else, when asking panics.
async fn unless_it_panics(
    question: &Question,
    heard: &mpsc::Sender<Heard>,
    asking: impl Future<Output = ()>,
) {
    if AssertUnwindSafe(asking).catch_unwind().await.is_err() {
        tracing::error!(target: "q::turn", session = %question.session, "an agent panicked");
        fail(question, heard, "it panicked").await;
    }
}

async fn ask(
    question: &Question,
    store: Arc<dyn Store>,
    histories: &Arc<Histories>,
    heard: &mpsc::Sender<Heard>,
    told: BoxStream<'static, Told>,
) {
    let (session, turn) = (question.session, question.turn);
    let histories = Arc::clone(histories);
    let read = tokio::task::spawn_blocking(move || histories.read(&*store, session)).await;
    let (messages, sent) = match read {
        Ok(Ok((entries, sent))) => (conversation::messages(&entries), sent),
        Ok(Err(error)) => return fail(question, heard, &error.to_string()).await,
        Err(_) => return fail(question, heard, "the history could not be read").await,
    };
    if heard.send(Heard { session, turn, event: AgentEvent::Sent(sent) }).await.is_err() {
        return; // the host ends
    }
    let ask = Ask { brief: question.brief.clone(), model: question.model.clone(), messages };
    let mut events = question.agent.agent().answer(ask, told);
    while let Some(event) = events.next().await {
        if heard.send(Heard { session, turn, event }).await.is_err() {
            return; // the host ends
        }
    }
}

async fn fail(question: &Question, heard: &mpsc::Sender<Heard>, why: &str) {
    let event = AgentEvent::Failed(internal(why));
    let _host_gone = heard.send(Heard { session: question.session, turn: question.turn, event }).await;
}

fn internal(detail: &str) -> AgentFailure {
    AgentFailure { kind: FailureKind::Internal, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use super::*;
    #[tokio::test]
    async fn a_panic_ends_its_turn_and_nothing_else() {
        let (heard, mut hear) = mpsc::channel(4);
        let question = Question {
            session: SessionId(1),
            turn: TurnNo(2),
            agent: q_agent::AgentSpec::Guide,
            model: String::new(),
            brief: String::new(),
        };
        unless_it_panics(&question, &heard, async { panic!("as a test does") }).await;
        let told = hear.recv().await.unwrap();
        assert_eq!((told.session, told.turn), (SessionId(1), TurnNo(2)));
        let AgentEvent::Failed(failure) = told.event else { panic!("{:?}", told.event) };
        assert_eq!(failure.kind, FailureKind::Internal);
        unless_it_panics(&question, &heard, async {}).await;
        drop(heard);
        assert!(hear.recv().await.is_none(), "nothing is said for one that does not panic");
    }
}
