//! Running asks: for each turn in flight, the conversation is read from the store, the agent is asked, and what it says
//! goes to the loop. A panic in one ends that turn only.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use q_agent::{Ask, Message, Role};
use q_core::{AgentEvent, AgentFailure, Body, Entry, FailureKind, SessionId, TurnNo};
use q_store::Store;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::events::Heard;
use crate::world::Question;

/// The most of a conversation an agent is sent, in bytes; the newest entries count.
const HISTORY_BYTES: usize = 400 << 10;

/// The asks in flight, one a session.
pub(crate) struct Asks {
    store: Arc<dyn Store>,
    heard: mpsc::Sender<Heard>,
    running: BTreeMap<SessionId, (TurnNo, AbortHandle)>,
}

impl Asks {
    pub(crate) fn new(store: Arc<dyn Store>, heard: mpsc::Sender<Heard>) -> Self {
        Self { store, heard, running: BTreeMap::new() }
    }

    pub(crate) fn start(&mut self, question: Question) {
        let (session, turn) = (question.session, question.turn);
        let heard = self.heard.clone();
        let store = Arc::clone(&self.store);
        let task = tokio::spawn(async move {
            unless_it_panics(&question, &heard, ask(&question, store, &heard)).await;
        });
        if let Some((_, earlier)) = self.running.insert(session, (turn, task.abort_handle())) {
            earlier.abort(); // over already, or its turn is
        }
    }

    pub(crate) fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        if self.running.get(&session).is_some_and(|(running, _)| *running == turn)
            && let Some((_, task)) = self.running.remove(&session)
        {
            task.abort();
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

async fn ask(question: &Question, store: Arc<dyn Store>, heard: &mpsc::Sender<Heard>) {
    let (session, turn) = (question.session, question.turn);
    let read = tokio::task::spawn_blocking(move || store.page(session, None, HISTORY_BYTES)).await;
    let messages = match read {
        Ok(Ok(page)) => conversation(page.entries),
        Ok(Err(error)) => return fail(question, heard, &error.to_string()).await,
        Err(_) => return fail(question, heard, "the history could not be read").await,
    };
    let brief = question.kind.brief().to_owned();
    let mut events = question.agent.agent().answer(Ask { brief, model: question.model.clone(), messages });
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

/// Entries as a model takes them: person and assistant alternate, the person first and last. A prompt that got no
/// answer (cut or failed at once) and was asked again is sent once; otherwise neighbours of one role are joined.
fn conversation(entries: Vec<Entry>) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for entry in entries {
        let (role, text) = match entry.body {
            Body::Prompt(text) => (Role::User, text),
            Body::Answer(text) => (Role::Assistant, text),
            Body::Stop(_) => continue,
        };
        match messages.last_mut() {
            Some(last) if last.role == role => {
                if last.text != text {
                    last.text.push_str("\n\n");
                    last.text.push_str(&text);
                }
            }
            None if role == Role::Assistant => {} // its prompt is older than the history that is sent
            Some(_) | None => messages.push(Message { role, text }),
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use super::*;
    use proptest::prelude::*;
    use q_core::{EntryNo, Interrupter, Stop, WallTime};

    fn entries(bodies: Vec<Body>) -> Vec<Entry> {
        bodies
            .into_iter()
            .enumerate()
            .map(|(n, body)| Entry { no: EntryNo(n as u64), at: WallTime(0), body })
            .collect()
    }

    fn body() -> impl Strategy<Value = Body> {
        prop_oneof![
            "[a-c]{1,3}".prop_map(Body::Prompt),
            "[d-f]{1,3}".prop_map(Body::Answer),
            Just(Body::Stop(Stop::Interrupted(Interrupter::User))),
        ]
    }

    proptest! {
        #[test]
        fn roles_alternate_whatever_happened(mut bodies in prop::collection::vec(body(), 0..20)) {
            bodies.push(Body::Prompt("last".into()));
            let messages = conversation(entries(bodies));
            prop_assert_eq!(messages.first().map(|m| m.role), Some(Role::User));
            prop_assert_eq!(messages.last().map(|m| m.role), Some(Role::User));
            prop_assert!(messages.windows(2).all(|pair| pair[0].role != pair[1].role));
            prop_assert!(messages.iter().all(|m| !m.text.is_empty()));
        }
    }

    #[tokio::test]
    async fn a_panic_ends_its_turn_and_nothing_else() {
        let (heard, mut hear) = mpsc::channel(4);
        let question = Question {
            session: SessionId(1),
            turn: TurnNo(2),
            agent: q_agent::AgentSpec::Guide,
            model: String::new(),
            kind: q_core::Kind::Development,
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

    #[test]
    fn a_retried_prompt_is_sent_once() {
        let bodies = vec![
            Body::Prompt("why?".into()),
            Body::Stop(Stop::Interrupted(Interrupter::Crash)),
            Body::Prompt("why?".into()),
        ];
        let messages = conversation(entries(bodies));
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].text, "why?");
    }
}
