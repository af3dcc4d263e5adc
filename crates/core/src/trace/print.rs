//! From effects to lines: `persist`, then what happens `at once`, then what happens `after` the batch is durable.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::effect::{Durability, Effect, Effects, Reply};
use crate::id::SessionId;
use crate::record::{Ending, Record, Stamped};
use crate::session::head::Activity;
use crate::session::transcript::{Body, Entry, Stop};
use crate::view::{Summary, Update};

/// The effects of one input, a line each.
pub fn print(effects: &Effects) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(batch) = &effects.batch {
        let durability = match batch.durability {
            Durability::Buffered => "buffered",
            Durability::Synced => "synced",
        };
        lines.extend(batch.records.iter().map(|stamped| format!("persist {durability} {}", record(stamped))));
    }
    lines.extend(effects.at_once.iter().map(|one| format!("at once {}", effect(one))));
    lines.extend(effects.after.iter().map(|one| format!("after {}", effect(one))));
    lines
}

fn record(stamped: &Stamped) -> String {
    let place = format!("{}.{}", session(stamped.session), stamped.seq);
    let fact = match &stamped.record {
        Record::Created { name, slot, kind, .. } => format!("created {name} in slot {slot} for {kind}"),
        Record::Renamed { name, origin } => format!("renamed {name} ({origin:?})"),
        Record::Closed => "closed".into(),
        Record::Queued { prompt, text, .. } => format!("queued {prompt} {text:?}"),
        Record::Unqueued { prompt } => format!("unqueued {prompt}"),
        Record::Began { turn, prompt, .. } => format!("began turn {turn} with prompt {prompt}"),
        Record::Said { turn, entry, text } => format!("said turn {turn} entry {entry} {text:?}"),
        Record::Ended { turn, ending, usage } => {
            let cost = if usage.input + usage.output == 0 {
                String::new()
            } else {
                format!(" {}+{} tokens", usage.input, usage.output)
            };
            format!("ended turn {turn} {}{cost}", ended(ending))
        }
        Record::Seen { through } => format!("seen through {}+{}", through.entry, through.bytes),
        Record::Drafted { text } => format!("drafted {text:?}"),
    };
    format!("{place} {fact}")
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Done => "done".into(),
        Ending::Interrupted(by) => format!("interrupted by {by:?}").to_lowercase(),
        Ending::Failed(failure) => format!("failed {}", failure.kind.code()),
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Ask { session: id, turn, agent, .. } => {
            format!("ask {agent} for {} turn {turn}", session(*id))
        }
        Effect::Cancel { session: id, turn } => format!("cancel {} turn {turn}", session(*id)),
        Effect::Reply { answer: Ok(Reply::Done), .. } => "reply done".into(),
        Effect::Reply { answer: Ok(Reply::Created(id)), .. } => format!("reply created {}", session(*id)),
        Effect::Reply { answer: Ok(Reply::Accepted(prompt)), .. } => format!("reply accepted {prompt}"),
        Effect::Reply { answer: Err(refusal), .. } => format!("refuse {}: {refusal}", refusal.code()),
        Effect::Update(told) => update(told),
        Effect::Leave => "leave".into(),
    }
}

fn update(update: &Update) -> String {
    match update {
        Update::Session(told) => summary(told),
        Update::Entry { session: id, entry: told } => format!("entry {} {}", session(*id), entry(told)),
        Update::Text { session: id, entry, offset, text } => {
            format!("text {} {entry}+{offset} {text:?}", session(*id))
        }
        Update::Queue { session: id, queue } => {
            let waiting: Vec<String> =
                queue.iter().map(|one| format!("{} {:?}", one.prompt, one.text)).collect();
            format!("queue {} [{}]", session(*id), waiting.join(", "))
        }
        Update::Draft { session: id, text } => format!("draft {} {text:?}", session(*id)),
    }
}

fn summary(told: &Summary) -> String {
    let activity = match told.activity {
        Activity::Idle => "idle",
        Activity::Working => "working",
        Activity::Failed => "failed",
        Activity::Interrupted => "interrupted",
    };
    let slot = if told.slot == 0 { "closed".to_string() } else { format!("slot {}", told.slot) };
    let unread = if told.unread == 0 { String::new() } else { format!(" {} unread", told.unread) };
    let queued = if told.queued == 0 { String::new() } else { format!(" {} queued", told.queued) };
    format!("line {} {} {slot} {activity}{unread}{queued}", session(told.id), told.name)
}

fn entry(entry: &Entry) -> String {
    let body = match &entry.body {
        Body::Prompt(text) => format!("prompt {text:?}"),
        Body::Answer(text) => format!("answer {text:?}"),
        Body::Stop(Stop::Interrupted(by)) => format!("interrupted by {by:?}").to_lowercase(),
        Body::Stop(Stop::Failed(failure)) => format!("failed {}", failure.kind.code()),
    };
    format!("{} {body}", entry.no)
}

/// `s1` for the small ids of scripts, the id itself otherwise.
fn session(id: SessionId) -> String {
    if id.0 < 1000 { format!("s{}", id.0) } else { id.to_string() }
}
