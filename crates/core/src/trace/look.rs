//! What a client would see, as lines: one session whole, the inbox, the next deadline.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::print::{entry, pending_call, summary, waiting};
use super::words;
use crate::attention::{self, Need};
use crate::deadline::{Deadline, Reason};
use crate::id::SessionId;
use crate::snapshot::{Snapshot, Summary};
use crate::time::Now;
use crate::view::View;

/// One session: its line, and of a live one all that its snapshot has.
pub(super) fn session(view: View<'_>, id: SessionId) -> Vec<String> {
    let Some(line) = view.summary(id) else { return ["nothing".to_string()].into() };
    let mut lines = Vec::from([summary(&line)]);
    if let Some(snapshot) = view.snapshot(id, usize::MAX) {
        let Snapshot { summary: _, entries, trimmed, queue, draft, pending } = snapshot;
        if trimmed {
            lines.push("older entries exist".into());
        }
        lines.extend(entries.iter().map(|one| format!("entry {}", entry(one))));
        if !queue.is_empty() {
            lines.push(format!("queue [{}]", waiting(&queue)));
        }
        lines.extend(pending.iter().map(|one| format!("pending {}", pending_call(one))));
        if !draft.is_empty() {
            lines.push(format!("draft {draft:?}"));
        }
    }
    lines
}

/// What waits for the person, then which sessions need the person and why.
pub(super) fn inbox(view: View<'_>) -> Vec<String> {
    let calls = view.inbox();
    let calls = calls
        .iter()
        .map(|(id, one)| format!("{} turn {} call {}", words::session(*id), one.turn, pending_call(one)));
    let sessions: Vec<Summary> = view.sessions().collect();
    let needs = attention::waiting(&sessions).into_iter().filter_map(|session| {
        let need = match attention::need(session)? {
            Need::Answer => "an answer",
            Need::Failure => "an act after what stopped it",
            Need::Reading => "to be read",
        };
        Some(format!("{} needs {need}", words::session(session.id)))
    });
    calls.chain(needs).collect()
}

/// When the core next wants to be called.
pub(super) fn due(now: Now, deadline: Option<Deadline>) -> String {
    let Some(Deadline { at, reason }) = deadline else { return "never".into() };
    let what = match reason {
        Reason::WriteStream => "to write streamed text",
        Reason::ExpireCall => "to expire a call",
        Reason::Hibernate => "to hibernate a session",
        Reason::EmptyTrash => "to empty the trash",
        Reason::NewDay => "to begin a day",
        Reason::Leave => "to leave",
    };
    format!("in {} {what}", words::span(at.since(now.mono)))
}
