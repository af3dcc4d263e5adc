//! Having a conversation summarised: the instruction stands behind the conversation, shortened to what the model takes.
//!
//! Not here: what is made of the summary (the core decides that), how a conversation is shortened ([`q_core::fitting`]).

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use q_agent::{AgentSpec, Conversation, HttpSpec, McpServers, Turn};
use q_core::conversation::Message;
use q_core::{AgentEvent, AgentFailure, FailureKind, Sent, Settings, compaction, conversation, fitting};

use crate::agent_request::AgentRequest;
use crate::events::RunReporter;

/// How often a model is asked that says it is too much: with half as much each time.
const TRIES: u32 = 6;
/// Bytes that are sent for each token of a window that is known: fewer than a token has as a rule, so that the summary finds
/// room.
const BYTES_PER_TOKEN: u64 = 3;

/// Asks for a summary of these messages, of which `sent` says what is not there, and reports what is said.
pub(crate) async fn summarise(
    request: &AgentRequest,
    agent: &dyn Conversation,
    messages: Vec<Message>,
    sent: Sent,
    reporter: RunReporter<'_>,
) {
    let (bytes, window) = (conversation::bytes(&messages), request.agent.window());
    if !reporter.report(AgentEvent::Asked { bytes, window }).await {
        return;
    }
    let AgentSpec::Http(spec) = &request.agent else {
        let why = match &request.agent {
            AgentSpec::Acp(_) => "this agent keeps its conversation itself, and makes it shorter as it likes",
            AgentSpec::Guide | AgentSpec::Http(_) => "the guide is sent no conversation",
        };
        let failure = AgentFailure::new(FailureKind::Rejected, why);
        reporter.report(AgentEvent::Failed(failure)).await;
        return;
    };
    // Whoever is asked to summarise nothing makes something up, and that would take the place of all there is.
    if messages.is_empty() {
        let why = "there is nothing to summarise: no prompt of this conversation was answered";
        reporter.report(AgentEvent::Failed(AgentFailure::new(FailureKind::Internal, why))).await;
        return;
    }
    // A summary is text: tools would only lead away from it.
    let without_tools;
    let agent = if spec.tools.is_some() {
        let spec = HttpSpec { tools: None, ..HttpSpec::clone(spec) };
        without_tools = AgentSpec::Http(Arc::new(spec)).agent().open(request.seat.clone());
        &*without_tools
    } else {
        agent
    };
    let own = &spec.shape.compact_model;
    let model = if own.is_empty() { &request.model } else { own };
    let mut fitted = fitting::fit(&messages, room(window, &request.system_prompt));
    for attempt in 1..=TRIES {
        let taken = conversation::bytes(&fitted.messages);
        let left_out = sent.left_out.saturating_add(fitted.left_out);
        let sent = Sent { entries: sent.entries.saturating_sub(fitted.left_out), left_out };
        if !reporter.report(AgentEvent::Sent(sent)).await {
            return;
        }
        let asked = Turn {
            no: request.turn,
            system_prompt: request.system_prompt.clone(),
            model: model.clone(),
            // What is set for answers (how long, how free) is not meant for summaries.
            settings: Settings::default(),
            servers: McpServers::default(),
            skills: Vec::new(),
            messages: conversation::followed_by(fitted.messages, compaction::INSTRUCTION),
        };
        fitted = fitting::fit(&messages, taken / 2);
        let may_be_shorter = attempt < TRIES && conversation::bytes(&fitted.messages) < taken;
        let mut events = agent.turn(asked, stream::pending().boxed());
        while let Some(event) = events.next().await {
            let is_too_long =
                matches!(&event, AgentEvent::Failed(failure) if failure.kind == FailureKind::ContextTooLong);
            if is_too_long && may_be_shorter {
                break;
            }
            let is_last = matches!(event, AgentEvent::Done | AgentEvent::Failed(_));
            if !reporter.report(event).await || is_last {
                return;
            }
        }
    }
}

/// Bytes of a conversation that such a window has room for, beside the instruction and the system prompt. A quarter in any case:
/// that is a guess, and a server says itself what is too much.
fn room(window: u64, system_prompt: &str) -> u64 {
    if window == 0 {
        return u64::MAX;
    }
    let all = window.saturating_mul(BYTES_PER_TOKEN);
    all.saturating_sub((system_prompt.len() + compaction::INSTRUCTION.len()) as u64).max(all / 4)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use std::sync::Mutex;

    use futures_util::stream::BoxStream;
    use q_agent::{Controls, Message, Role, Seat};
    use q_core::conversation::{Part, bytes};
    use q_core::{SessionId, TurnNo};
    use tokio::sync::mpsc;

    use super::*;

    /// A model that takes so many bytes, and what it was asked.
    struct Narrow {
        takes: u64,
        asked: Mutex<Vec<Vec<Message>>>,
    }

    impl Conversation for Narrow {
        fn turn(&self, turn: Turn, _: Controls) -> BoxStream<'static, AgentEvent> {
            let is_too_long = bytes(&turn.messages) > self.takes;
            self.asked.lock().unwrap().push(turn.messages);
            let failure = AgentFailure::new(FailureKind::ContextTooLong, "");
            stream::iter([if is_too_long { AgentEvent::Failed(failure) } else { AgentEvent::Done }]).boxed()
        }
    }

    /// What is reported of a summary of these texts by a model that takes so many bytes, and what it was asked each time.
    async fn summarised(texts: &[&str], takes: u64) -> (Vec<AgentEvent>, Vec<Vec<Message>>) {
        let speakers = [Role::User, Role::Assistant].into_iter().cycle();
        let messages = texts.iter().zip(speakers).map(|(text, role)| Message::words(role, *text)).collect();
        let narrow = Narrow { takes, asked: Mutex::default() };
        let request = AgentRequest {
            seat: Seat::of(SessionId(1)),
            turn: TurnNo(1),
            agent: AgentSpec::Http(Arc::default()),
            model: String::new(),
            settings: Settings::default(),
            system_prompt: String::new(),
            compacts: true,
        };
        let (heard, mut hear) = mpsc::channel(64);
        let reporter = RunReporter { session: SessionId(1), turn: TurnNo(1), heard: &heard };
        let sent = Sent { entries: texts.len() as u64, left_out: 0 };
        summarise(&request, &narrow, messages, sent, reporter).await;
        drop(heard);
        let mut events = Vec::new();
        while let Some(told) = hear.recv().await {
            events.push(told.event);
        }
        (events, narrow.asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn what_is_too_long_is_shortened_and_asked_again_and_every_text_is_in_it() {
        let long = "x".repeat(9_000);
        let (events, asked) = summarised(&["why?", &long, "and then?", "so"], 4_000).await;
        assert_eq!(events.last(), Some(&AgentEvent::Done));
        assert_eq!(asked.len(), 3, "whole, half, a quarter");
        for messages in asked {
            let all: Vec<String> = messages.iter().map(Message::text).collect();
            let [first, answer, second, last, instruction] = all.as_slice() else { panic!("{all:?}") };
            assert_eq!((first.as_str(), second.as_str(), last.as_str()), ("why?", "and then?", "so"));
            assert!(answer.starts_with("xxx") && instruction.contains("Summarise the conversation above"));
        }
        let none_left_out =
            events.iter().all(|event| !matches!(event, AgentEvent::Sent(sent) if sent.left_out > 0));
        assert!(none_left_out, "{events:?}");
    }

    #[tokio::test]
    async fn nobody_is_asked_to_summarise_nothing_and_what_never_fits_fails() {
        let (events, asked) = summarised(&[], u64::MAX).await;
        let failure = |events: &[AgentEvent]| {
            if let Some(AgentEvent::Failed(failure)) = events.last() { Some(failure.kind) } else { None }
        };
        assert_eq!((failure(&events), asked.len()), (Some(FailureKind::Internal), 0));
        let (events, asked) = summarised(&["why?", "so"], 0).await;
        assert_eq!((failure(&events), asked.len()), (Some(FailureKind::ContextTooLong), 1));
        let long = "x".repeat(9_000);
        let (events, asked) = summarised(&[&long, &long], 0).await;
        assert_eq!(failure(&events), Some(FailureKind::ContextTooLong));
        let parts =
            asked.iter().all(|messages| messages.iter().flat_map(|message| &message.parts).count() > 2);
        assert!(parts && asked.len() > 3, "{asked:?}");
        let all_text = asked.iter().flatten().flat_map(|message| &message.parts);
        assert!(all_text.into_iter().all(|part| matches!(part, Part::Text(_))));
    }
}
