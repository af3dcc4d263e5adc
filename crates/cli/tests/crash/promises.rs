//! What must hold of a session after its host was killed.

use std::collections::BTreeMap;

use q_core::{Body, Entry, Interrupter, QueuedPrompt, Stop};
use q_testkit::server::Server;

use crate::talk::Talk;

/// Every prompt that was acknowledged is there, once, in order; one that was not answered is there or not.
pub(crate) fn prompts_are_kept(talk: &Talk, entries: &[Entry], queue: &[QueuedPrompt]) {
    let is_prompt = |entry: &&Entry| matches!(entry.body, Body::Prompt(_));
    let asked = entries.iter().filter(is_prompt).map(Entry::text);
    let stored: Vec<&str> = asked.chain(queue.iter().map(|waiting| waiting.text.as_str())).collect();
    let acknowledged = talk.acknowledged.len();
    assert_eq!(stored.get(..acknowledged), talk.submitted.get(..acknowledged).map(strs).as_deref());
    assert!(stored.len() <= talk.submitted.len(), "{} was taken more often than sent", talk.tag);
    assert_eq!(stored, strs(&talk.submitted[..stored.len()]));
    let numbers: Vec<u64> = (1..=acknowledged as u64).collect();
    assert_eq!(talk.acknowledged, numbers, "prompts are numbered without gaps");
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// A turn as the transcript tells it.
#[derive(Debug)]
struct Told<'a> {
    /// What the agent was told: the prompt alone. Those before it that got no word of an answer are not sent with it.
    said: &'a str,
    answer: &'a str,
    mark: Option<&'a Stop>,
}

/// Every answer is whole, or a beginning that is marked. `whole` is what the server answers.
pub(crate) fn cut_answers_are_marked(entries: &[Entry], whole: impl Fn(&str) -> String) {
    let mut turns: Vec<Told<'_>> = Vec::new();
    for entry in entries {
        match (&entry.body, turns.last_mut()) {
            (Body::Prompt(prompt), _) => turns.push(Told { said: &prompt.text, answer: "", mark: None }),
            (Body::Answer(text), Some(Told { answer: answer @ "", mark: None, .. })) => *answer = text,
            (Body::Stop(stop), Some(Told { mark: mark @ None, .. })) => *mark = Some(stop),
            (other, turn) => panic!("{other:?} does not follow {turn:?}"),
        }
    }
    for Told { said, answer, mark } in turns {
        let whole = whole(said);
        assert!(whole.starts_with(answer), "{said:?}: {answer:?} was never answered");
        match mark {
            Some(Stop::Interrupted(by)) => assert_eq!(*by, Interrupter::Crash, "{said:?}"),
            Some(Stop::Failed(failure)) => panic!("{said:?}: {failure}"),
            None => {
                let (came, all) = (answer.len(), whole.len());
                assert!(answer == whole, "{said:?}: {came} of {all} bytes, and no mark that it was cut");
            }
        }
    }
}

/// No prompt was sent to the server more than once, and none went with another session's words. Gives how many were
/// sent at all.
pub(crate) fn nothing_is_sent_again(server: &Server, talks: &[Talk]) -> usize {
    let mut sent: BTreeMap<String, u32> = BTreeMap::new();
    for request in server.requests() {
        let prompt = request.last_user_text();
        assert_eq!(prompt.lines().count(), 1, "prompts go one by one: {prompt:?}");
        *sent.entry(prompt.to_owned()).or_default() += 1;
        let own =
            talks.iter().find(|talk| prompt.starts_with(talk.tag)).expect("a prompt of one of the talks");
        let others = talks.iter().filter(|talk| talk.tag != own.tag);
        let body = request.body.to_string();
        for other in others {
            assert!(!body.contains(other.tag), "{prompt} went with words of {}: {body}", other.tag);
        }
    }
    let again: Vec<(&String, &u32)> = sent.iter().filter(|(_, count)| **count > 1).collect();
    assert!(again.is_empty(), "sent again: {again:?}");
    sent.len()
}
