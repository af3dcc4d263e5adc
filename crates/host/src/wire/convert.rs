//! Between the core's view types and the wire's. Towards the core a name is checked again: the wire is outside.

use q_core::{
    AgentFailure, EntryNo, Mark, NameFault, PromptNo, QueuedPrompt, SessionId, Snapshot, Stop, Summary,
    Update, WallTime,
};

use super::message::Id;
use super::view::{Body, Failure, Item, Line, Piece, Shot};

impl From<SessionId> for Id {
    fn from(id: SessionId) -> Self {
        Self(id.0)
    }
}

impl From<Id> for SessionId {
    fn from(id: Id) -> Self {
        Self(id.0)
    }
}

impl From<Summary> for Line {
    fn from(summary: Summary) -> Self {
        Self {
            id: summary.id.into(),
            name: summary.name.to_string(),
            slot: summary.slot,
            kind: summary.kind,
            agent: summary.agent,
            model: summary.model,
            directory: summary.directory,
            presence: summary.presence,
            activity: summary.activity,
            unread: summary.unread,
            seen: (summary.seen.entry.0, summary.seen.bytes),
            queued: summary.queued,
            entries: summary.entries,
            turns: summary.turns,
            tokens: (summary.tokens_in, summary.tokens_out),
            failure: summary.failure.map(Failure::from),
            preview: summary.preview,
            created: summary.created.0,
            touched: summary.touched.0,
        }
    }
}

impl TryFrom<Line> for Summary {
    type Error = NameFault;

    fn try_from(line: Line) -> Result<Self, NameFault> {
        Ok(Self {
            id: line.id.into(),
            name: line.name.parse()?,
            slot: line.slot,
            kind: line.kind,
            agent: line.agent,
            model: line.model,
            directory: line.directory,
            presence: line.presence,
            activity: line.activity,
            unread: line.unread,
            seen: Mark { entry: EntryNo(line.seen.0), bytes: line.seen.1 },
            queued: line.queued,
            entries: line.entries,
            turns: line.turns,
            tokens_in: line.tokens.0,
            tokens_out: line.tokens.1,
            failure: line.failure.map(AgentFailure::from),
            preview: line.preview,
            created: WallTime(line.created),
            touched: WallTime(line.touched),
        })
    }
}

impl From<AgentFailure> for Failure {
    fn from(failure: AgentFailure) -> Self {
        Self { kind: failure.kind, detail: failure.detail }
    }
}

impl From<Failure> for AgentFailure {
    fn from(failure: Failure) -> Self {
        Self { kind: failure.kind, detail: failure.detail }
    }
}

impl From<q_core::Entry> for Item {
    fn from(entry: q_core::Entry) -> Self {
        let body = match entry.body {
            q_core::Body::Prompt(text) => Body::Prompt(text),
            q_core::Body::Answer(text) => Body::Answer(text),
            q_core::Body::Stop(Stop::Interrupted(by)) => Body::Interrupted(by),
            q_core::Body::Stop(Stop::Failed(failure)) => Body::Failed(failure.into()),
        };
        Self { no: entry.no.0, at: entry.at.0, body }
    }
}

impl From<Item> for q_core::Entry {
    fn from(item: Item) -> Self {
        let body = match item.body {
            Body::Prompt(text) => q_core::Body::Prompt(text),
            Body::Answer(text) => q_core::Body::Answer(text),
            Body::Interrupted(by) => q_core::Body::Stop(Stop::Interrupted(by)),
            Body::Failed(failure) => q_core::Body::Stop(Stop::Failed(failure.into())),
        };
        Self { no: EntryNo(item.no), at: WallTime(item.at), body }
    }
}

fn queue_out(queue: Vec<QueuedPrompt>) -> Vec<(u64, String)> {
    queue.into_iter().map(|waiting| (waiting.prompt.0, waiting.text)).collect()
}

fn queue_in(queue: Vec<(u64, String)>) -> Vec<QueuedPrompt> {
    queue.into_iter().map(|(prompt, text)| QueuedPrompt { prompt: PromptNo(prompt), text }).collect()
}

impl From<Snapshot> for Shot {
    fn from(snapshot: Snapshot) -> Self {
        Self {
            line: snapshot.summary.into(),
            entries: snapshot.entries.into_iter().map(Item::from).collect(),
            trimmed: snapshot.trimmed,
            queue: queue_out(snapshot.queue),
            draft: snapshot.draft,
        }
    }
}

impl TryFrom<Shot> for Snapshot {
    type Error = NameFault;

    fn try_from(shot: Shot) -> Result<Self, NameFault> {
        Ok(Self {
            summary: shot.line.try_into()?,
            entries: shot.entries.into_iter().map(q_core::Entry::from).collect(),
            trimmed: shot.trimmed,
            queue: queue_in(shot.queue),
            draft: shot.draft,
        })
    }
}

impl From<Update> for Piece {
    fn from(update: Update) -> Self {
        match update {
            Update::Session(summary) => Self::Line(summary.into()),
            Update::Entry { session, entry } => Self::Entry { session: session.into(), entry: entry.into() },
            Update::Text { session, entry, offset, text } => {
                Self::Text { session: session.into(), entry: entry.0, offset, text }
            }
            Update::Queue { session, queue } => {
                Self::Queue { session: session.into(), queue: queue_out(queue) }
            }
            Update::Draft { session, text } => Self::Draft { session: session.into(), text },
        }
    }
}

impl TryFrom<Piece> for Update {
    type Error = NameFault;

    fn try_from(piece: Piece) -> Result<Self, NameFault> {
        Ok(match piece {
            Piece::Line(line) => Self::Session(line.try_into()?),
            Piece::Entry { session, entry } => Self::Entry { session: session.into(), entry: entry.into() },
            Piece::Text { session, entry, offset, text } => {
                Self::Text { session: session.into(), entry: EntryNo(entry), offset, text }
            }
            Piece::Queue { session, queue } => {
                Self::Queue { session: session.into(), queue: queue_in(queue) }
            }
            Piece::Draft { session, text } => Self::Draft { session: session.into(), text },
        })
    }
}
