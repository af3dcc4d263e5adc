//! What messages weigh while they wait, roughly: enough to bound what clients may cost.

use q_proto::view::{Body, Call, Item, Line, Piece};
use q_proto::{Answer, HostMessage};

/// What a message weighs without its texts.
pub(super) const ENVELOPE: usize = size_of::<HostMessage>();

/// What a message weighs, roughly: its texts and a little.
pub(crate) fn weight(message: &HostMessage) -> usize {
    ENVELOPE
        + match message {
            HostMessage::Update(Piece::Text { text, .. } | Piece::Draft { text, .. })
            | HostMessage::Reply { answer: Ok(Answer::Stretch(text)), .. } => text.len(),
            HostMessage::Update(Piece::Entry { entry, .. }) => item_weight(entry),
            HostMessage::Update(Piece::Queue { queue, .. }) => queue.iter().map(|(_, text)| text.len()).sum(),
            HostMessage::Update(Piece::Pending { pending, .. }) => pending.iter().map(call_weight).sum(),
            HostMessage::Snapshot(shot) => {
                let entries: usize = shot.entries.iter().map(item_weight).sum();
                let queue: usize = shot.queue.iter().map(|(_, text)| text.len()).sum();
                let pending: usize = shot.pending.iter().map(call_weight).sum();
                entries + queue + pending + shot.draft.len() + shot.line.weight()
            }
            HostMessage::Reply { answer: Ok(Answer::Page(page)), .. } => {
                page.entries.iter().map(item_weight).sum()
            }
            HostMessage::Reply { answer: Ok(Answer::List(lines)), .. } => {
                lines.iter().map(Line::weight).sum()
            }
            HostMessage::Reply { answer: Ok(Answer::Sizes(sizes)), .. } => size_of_val(sizes.as_slice()),
            HostMessage::Reply { answer: Ok(Answer::Inbox(inbox)), .. } => {
                inbox.iter().map(|(_, call)| size_of::<Call>() + call_weight(call)).sum()
            }
            HostMessage::Reply { answer: Ok(Answer::Facts(facts)), .. } => {
                facts.brief.len() + facts.draft.len() + facts.queue.iter().map(String::len).sum::<usize>()
            }
            HostMessage::Update(Piece::Line(line)) => line.weight(),
            HostMessage::Update(Piece::Gone(_))
            | HostMessage::Welcome(_)
            | HostMessage::Unwelcome { .. }
            | HostMessage::Ready
            | HostMessage::Reply { .. }
            | HostMessage::Going { .. } => 0,
        }
}

fn item_weight(item: &Item) -> usize {
    let text = match &item.body {
        Body::Prompt(text)
        | Body::Answer(text)
        | Body::Thinking(text)
        | Body::Call { input: text, .. }
        | Body::Output { text, .. }
        | Body::Result { text, .. } => text.len(),
        Body::Plan(steps) => steps.iter().map(|step| size_of_val(step) + step.text.len()).sum(),
        Body::Interrupted(_) | Body::Failed(_) | Body::PromptLost(_) | Body::LogCut(_) | Body::LeftOut(_) => {
            0
        }
    };
    size_of::<Item>() + text
}

fn call_weight(call: &Call) -> usize {
    call.tool.len() + call.input.len()
}
