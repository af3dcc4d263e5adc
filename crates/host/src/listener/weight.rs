//! What messages weigh while they wait, roughly: enough to bound what clients may cost.

use q_proto::view::{WireBody, WireCall, WireEntry, WireSource, WireSummary, WireUpdate};
use q_proto::{HostMessage, Response, WireCircumstance, WireRule};

/// What a message weighs without its texts.
pub(super) const ENVELOPE: usize = size_of::<HostMessage>();

/// What a message weighs, roughly: its texts and a little.
pub(crate) fn weight(message: &HostMessage) -> usize {
    ENVELOPE
        + match message {
            HostMessage::Update(WireUpdate::Text { text, .. } | WireUpdate::Draft { text, .. })
            | HostMessage::Reply { answer: Ok(Response::ByteRange(text)), .. } => text.len(),
            HostMessage::Update(WireUpdate::Entry { entry, .. }) => item_weight(entry),
            HostMessage::Update(WireUpdate::Queue { queue, .. }) => {
                queue.iter().map(|(_, text)| text.len()).sum()
            }
            HostMessage::Update(WireUpdate::Pending { pending, .. }) => pending.iter().map(call_weight).sum(),
            HostMessage::Snapshot(shot) => {
                let entries: usize = shot.entries.iter().map(item_weight).sum();
                let queue: usize = shot.queue.iter().map(|(_, text)| text.len()).sum();
                let pending: usize = shot.pending.iter().map(call_weight).sum();
                entries + queue + pending + shot.draft.len() + shot.line.weight()
            }
            HostMessage::Reply { answer: Ok(Response::Page(page)), .. } => {
                page.entries.iter().map(item_weight).sum()
            }
            HostMessage::Reply { answer: Ok(Response::List(lines)), .. } => {
                lines.iter().map(WireSummary::weight).sum()
            }
            HostMessage::Reply { answer: Ok(Response::Sizes(sizes)), .. } => size_of_val(sizes.as_slice()),
            HostMessage::Reply { answer: Ok(Response::Inbox(inbox)), .. } => {
                inbox.iter().map(|(_, call)| size_of::<WireCall>() + call_weight(call)).sum()
            }
            HostMessage::Reply { answer: Ok(Response::Facts(facts)), .. } => {
                facts.system_prompt.len()
                    + facts.draft.len()
                    + facts.queue.iter().map(String::len).sum::<usize>()
                    + facts.rules.iter().map(rule_weight).sum::<usize>()
            }
            HostMessage::Update(WireUpdate::Line(line)) => line.weight(),
            HostMessage::Update(WireUpdate::Gone(_))
            | HostMessage::Welcome(_)
            | HostMessage::Unwelcome { .. }
            | HostMessage::Ready
            | HostMessage::Reply { .. }
            | HostMessage::Going { .. } => 0,
        }
}

fn item_weight(item: &WireEntry) -> usize {
    let readable = if let WireBody::Plan(steps) = &item.body {
        steps.iter().map(|step| size_of_val(step) + step.text.len()).sum()
    } else if let WireBody::Sources { all, .. } = &item.body {
        let texts = |source: &WireSource| source.title.len() + source.place.len() + source.quote.len();
        all.iter().map(|source| size_of_val(source) + texts(source)).sum()
    } else if let WireBody::Project { files, .. } = &item.body {
        files.iter().map(|file| size_of_val(file) + file.path.len()).sum()
    } else {
        item.body.text().map_or(0, str::len)
    };
    let images = if let WireBody::Illustrated { images, .. } = &item.body { images.as_slice() } else { &[] };
    let named: usize = images.iter().map(|image| size_of_val(image) + image.name.len()).sum();
    size_of::<WireEntry>() + readable + named
}

fn call_weight(call: &WireCall) -> usize {
    let said = call.circumstance.as_ref().map_or(0, WireCircumstance::text_bytes);
    call.tool.len() + call.input.len() + said + call.always.as_ref().map_or(0, rule_weight)
}

fn rule_weight(rule: &WireRule) -> usize {
    size_of_val(rule) + rule.0.text_bytes()
}
