//! All texts of a message, each put to the request whether it is at home: session isolation as a client sees it.

use q_core::SessionId;
use q_proto::view::{Pages, WireBody, WireEntry, WireSnapshot, WireSummary, WireUpdate};
use q_proto::{HostMessage, Response};

use super::index::Index;
use super::law::{Held, Law};
use super::mark;

/// Whether each text in the message belongs to the session it is said to be of.
pub(super) fn are_at_home(message: &HostMessage, index: &Index) -> Held {
    match message {
        HostMessage::Snapshot(shot) => shot_is_at_home(shot, index),
        HostMessage::Update(piece) => piece_is_at_home(piece, index),
        HostMessage::Reply { answer: Ok(Response::List(lines)), .. } => {
            lines.iter().try_for_each(|line| line_is_at_home(line, index))
        }
        HostMessage::Reply { answer: Ok(Response::Inbox(inbox)), .. } => {
            inbox.iter().try_for_each(|(session, call)| is_at_home(&call.input, (*session).into(), index))
        }
        HostMessage::Reply { .. } // a page's reader knows whose it is
        | HostMessage::Welcome(_)
        | HostMessage::Unwelcome { .. }
        | HostMessage::Ready
        | HostMessage::Going { .. } => Ok(()),
    }
}

fn shot_is_at_home(shot: &WireSnapshot, index: &Index) -> Held {
    let session = shot.line.id.into();
    line_is_at_home(&shot.line, index)?;
    shot.entries.iter().try_for_each(|item| item_is_at_home(item, session, index))?;
    shot.queue.iter().try_for_each(|(_, text)| is_at_home(text, session, index))?;
    shot.pending.iter().try_for_each(|call| is_at_home(&call.input, session, index))?;
    is_at_home(&shot.draft, session, index)
}

fn piece_is_at_home(piece: &WireUpdate, index: &Index) -> Held {
    match piece {
        WireUpdate::Line(line) => line_is_at_home(line, index),
        WireUpdate::Gone(_) => Ok(()),
        WireUpdate::Entry { session, entry } => item_is_at_home(entry, (*session).into(), index),
        WireUpdate::Text { session, text, .. } | WireUpdate::Draft { session, text } => {
            is_at_home(text, (*session).into(), index)
        }
        WireUpdate::Queue { session, queue } => {
            queue.iter().try_for_each(|(_, text)| is_at_home(text, (*session).into(), index))
        }
        WireUpdate::Pending { session, pending } => {
            pending.iter().try_for_each(|call| is_at_home(&call.input, (*session).into(), index))
        }
    }
}

fn line_is_at_home(line: &WireSummary, index: &Index) -> Held {
    let session = line.id.into();
    is_at_home(&line.preview, session, index)?;
    line.failure.iter().try_for_each(|failure| is_at_home(&failure.detail, session, index))
}

pub(super) fn page_is_at_home(page: &Pages, session: SessionId, index: &Index) -> Held {
    page.entries.iter().try_for_each(|item| item_is_at_home(item, session, index))
}

fn item_is_at_home(item: &WireEntry, session: SessionId, index: &Index) -> Held {
    if let WireBody::Plan(steps) = &item.body {
        steps.iter().try_for_each(|step| is_at_home(&step.text, session, index))?;
    }
    if let WireBody::Sources { all, .. } = &item.body {
        let mut texts = all.iter().flat_map(|source| [&source.title, &source.place, &source.quote]);
        texts.try_for_each(|text| is_at_home(text, session, index))?;
    }
    if let WireBody::Failed(failure) = &item.body {
        is_at_home(&failure.detail, session, index)?;
    }
    item.body.text().map_or(Ok(()), |text| is_at_home(text, session, index))
}

/// Whether a text of this session speaks of no other, but of those where its history begins.
pub(super) fn is_at_home(text: &str, session: SessionId, index: &Index) -> Held {
    let foreign =
        mark::foreign(text, |number| number == mark::number(session) || index.may_quote(session, number));
    Law::Isolated.check(foreign.is_none(), || {
        format!("in session {} stands a text of session {foreign:?}: {text}", mark::number(session))
    })
}
