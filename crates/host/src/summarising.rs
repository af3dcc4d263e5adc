//! Having a conversation summarised: the instruction stands behind as much of it as the model takes.
//!
//! Not here: what is made of the summary (the core decides that).

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use q_agent::{AgentSpec, Conversation, HttpSpec, Turn};
use q_core::{AgentEvent, AgentFailure, Body, Entry, FailureKind, Sent, Settings, compaction, conversation};

use crate::agent_request::AgentRequest;
use crate::events::RunReporter;

/// How often a model is asked that says it is too much: with half as much each time.
const TRIES: u32 = 6;
/// Bytes that are sent of a conversation for each token of a window that is known: fewer than a token has as a rule, so that
/// the summary finds room.
const BYTES_PER_TOKEN: u64 = 3;

/// Asks for a summary of these entries, of which `sent` says what is not there, and reports what is said.
pub(crate) async fn summarise(
    request: &AgentRequest,
    agent: &dyn Conversation,
    mut entries: Vec<Entry>,
    sent: Sent,
    reporter: RunReporter<'_>,
) {
    let bytes = conversation::bytes(&conversation::unseen(conversation::messages(&entries)));
    let window = request.agent.window();
    if !reporter.report(AgentEvent::Asked { bytes, window }).await {
        return;
    }
    let AgentSpec::Http(spec) = &request.agent else {
        let failure = AgentFailure::new(FailureKind::Rejected, "the guide is sent no conversation");
        reporter.report(AgentEvent::Failed(failure)).await;
        return;
    };
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
    let mut room = if window > 0 { window.saturating_mul(BYTES_PER_TOKEN) } else { u64::MAX };
    for attempt in 1..=TRIES {
        let dropped = keep_newest(&mut entries, room);
        let messages = conversation::unseen(conversation::messages(&entries));
        room = conversation::bytes(&messages) / 2;
        let sent = Sent { entries: entries.len() as u64, left_out: sent.left_out.saturating_add(dropped) };
        if !reporter.report(AgentEvent::Sent(sent)).await {
            return;
        }
        let asked = Turn {
            system_prompt: request.system_prompt.clone(),
            model: model.clone(),
            // What is set for answers (how long, how free) is not meant for summaries.
            settings: Settings::default(),
            messages: conversation::followed_by(messages, compaction::INSTRUCTION),
        };
        let mut events = agent.turn(asked, stream::pending().boxed());
        while let Some(event) = events.next().await {
            let is_too_long =
                matches!(&event, AgentEvent::Failed(failure) if failure.kind == FailureKind::ContextTooLong);
            if is_too_long && attempt < TRIES && entries.len() > 1 {
                break;
            }
            let is_last = matches!(event, AgentEvent::Done | AgentEvent::Failed(_));
            if !reporter.report(event).await || is_last {
                return;
            }
        }
    }
}

/// Lets the oldest entries go until what is sent of the rest has at most `room` bytes; a summary and the newest entry stay.
/// Gives how many went.
fn keep_newest(entries: &mut Vec<Entry>, room: u64) -> u64 {
    let all = entries.len();
    let is_summary = |entry: &Entry| matches!(entry.body, Body::Compaction(_));
    let first = usize::from(entries.first().is_some_and(is_summary));
    let mut bytes: u64 = entries.iter().take(first).map(|entry| entry.text().len() as u64).sum();
    let mut from = all;
    while from > first {
        bytes = bytes.saturating_add(entries.get(from - 1).map_or(0, |entry| entry.text().len() as u64));
        if bytes > room && from < all {
            break;
        }
        from -= 1;
    }
    entries.drain(first..from);
    (all - entries.len()) as u64
}

#[cfg(test)]
mod tests {
    use q_core::{Compaction, EntryNo, WallTime};

    use super::*;

    fn entries(bodies: impl IntoIterator<Item = Body>) -> Vec<Entry> {
        let numbered = bodies.into_iter().zip(1..);
        numbered.map(|(body, no)| Entry { no: EntryNo(no), at: WallTime(0), body }).collect()
    }

    #[test]
    fn the_newest_entries_stay_and_the_summary_before_them() {
        let answer = |bytes: usize| Body::Answer("x".repeat(bytes));
        let summary = || Compaction::Summary { text: "s".repeat(10), of: 100, left_out: 0 };
        for (room, has_summary, left) in [
            (u64::MAX, false, &[1, 2, 3][..]),
            (60, false, &[1, 2, 3]),
            (59, false, &[2, 3]),
            (30, false, &[3]),
            (0, false, &[3]),
            (70, true, &[1, 2, 3, 4]),
            (69, true, &[1, 3, 4]),
            (0, true, &[1, 4]),
        ] {
            let first = has_summary.then(|| Body::Compaction(summary()));
            let mut kept = entries(first.into_iter().chain([answer(10), answer(20), answer(30)]));
            let all = kept.len() as u64;
            let dropped = keep_newest(&mut kept, room);
            let numbers: Vec<u64> = kept.iter().map(|entry| entry.no.0).collect();
            assert_eq!((numbers.as_slice(), dropped), (left, all - left.len() as u64), "{room}");
        }
    }
}
