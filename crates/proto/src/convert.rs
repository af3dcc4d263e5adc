//! Between the core's view types and the wire's. Towards the core a name is checked again: the wire is outside.

use q_core::{
    AgentFailure, BudgetScope, BudgetUse, CallNo, CallOutput, Called, Circumstance, Compaction, Digest,
    EntryNo, Fault, Image, Mark, NameFault, PendingCall, PlanStep, ProjectFile, ProjectFiles, PromptNo,
    Prompted, QueuedPrompt, Resulted, Retrying, Reversed, SessionId, Snapshot, Source, Sources, Stop,
    Summary, TurnNo, Update, Usage, WallTime, WindowUse,
};

use super::circumstance::WireCircumstance;
use super::command::kind;
use super::id::Id;
use super::rule::WireRule;
use super::view::{
    By, Failure, Planned, SentEntries, WindowTokens, WireBody, WireBudget, WireCall, WireCompaction,
    WireEntry, WireImage, WireProjectFile, WireRetrying, WireReversed, WireSnapshot, WireSource, WireSummary,
    WireUpdate,
};

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

impl WireSummary {
    /// A session's summary for clients, and whether the host wants to be told how its agent is reached.
    pub fn of(summary: Summary, wants_agent: bool) -> Self {
        let usage = summary.usage;
        Self {
            id: summary.id.into(),
            name: summary.name.to_string(),
            slot: summary.slot,
            kind: summary.kind.word().to_owned(),
            agent: summary.agent,
            model: summary.model,
            directory: summary.directory,
            policy: summary.policy,
            settings: summary.settings,
            tags: summary.tags.iter().map(ToString::to_string).collect(),
            pinned: summary.pinned,
            parent: summary.parent.map(Id::from),
            inherited: summary.inherited,
            presence: summary.presence,
            trashed: summary.trashed.map(|since| since.0),
            activity: summary.activity,
            held: summary.held,
            retrying: summary.retrying.map(WireRetrying::from),
            background: summary.background,
            pending: summary.pending,
            unread: summary.unread,
            seen: (summary.seen.entry.0, summary.seen.bytes),
            queued: summary.queued,
            entries: summary.entries,
            turns: summary.turns,
            tokens: (usage.input, usage.output),
            of_tokens: (usage.cached, usage.cache_written, usage.reasoning, usage.guessed),
            budget: summary.budget.map(WireBudget::from),
            failure: summary.failure.map(Failure::from),
            failures: summary.failures,
            stop_reason: summary.stop_reason,
            answering: summary.answering,
            interrupter: summary.interrupter.map(By),
            acknowledged: summary.acknowledged,
            sent: summary.sent.map(SentEntries::from),
            window: summary.window.map(WindowTokens::from),
            preview: summary.preview,
            created: summary.created.0,
            touched: summary.touched.0,
            wants_agent,
        }
    }
}

impl TryFrom<WireSummary> for Summary {
    type Error = NameFault;

    fn try_from(line: WireSummary) -> Result<Self, NameFault> {
        let ((input, output), (cached, cache_written, reasoning, guessed)) = (line.tokens, line.of_tokens);
        Ok(Self {
            id: line.id.into(),
            name: line.name.parse()?,
            slot: line.slot,
            kind: kind(&line.kind)?,
            agent: line.agent,
            model: line.model,
            directory: line.directory,
            policy: line.policy,
            settings: line.settings,
            // A tag that is none costs the tag, and not its session.
            tags: line.tags.iter().filter_map(|tag| tag.parse().ok()).collect(),
            pinned: line.pinned,
            parent: line.parent.map(SessionId::from),
            inherited: line.inherited,
            presence: line.presence,
            trashed: line.trashed.map(WallTime),
            activity: line.activity,
            held: line.held,
            retrying: line.retrying.map(Retrying::from),
            background: line.background,
            pending: line.pending,
            unread: line.unread,
            seen: Mark { entry: EntryNo(line.seen.0), bytes: line.seen.1 },
            queued: line.queued,
            entries: line.entries,
            turns: line.turns,
            usage: Usage { input, output, cached, cache_written, reasoning, guessed },
            budget: line.budget.map(BudgetUse::from),
            failure: line.failure.map(AgentFailure::from),
            failures: line.failures,
            stop_reason: line.stop_reason,
            answering: line.answering,
            interrupter: line.interrupter.map(|By(interrupter)| interrupter),
            acknowledged: line.acknowledged,
            sent: line.sent.map(q_core::Sent::from),
            window: line.window.map(WindowUse::from),
            preview: line.preview,
            created: WallTime(line.created),
            touched: WallTime(line.touched),
        })
    }
}

/// Both ways between a core's type and the wire's that have the same fields.
macro_rules! same_fields {
    ($($core:ty, $wire:ty { $($field:ident),+ };)+) => {
        $(
            impl From<$core> for $wire {
                fn from(core: $core) -> Self {
                    Self { $($field: core.$field),+ }
                }
            }

            impl From<$wire> for $core {
                fn from(wire: $wire) -> Self {
                    Self { $($field: wire.$field),+ }
                }
            }
        )+
    };
}

same_fields! {
    q_core::Sent, SentEntries { entries, left_out };
    WindowUse, WindowTokens { tokens, is_counted, of, bytes };
    AgentFailure, Failure { kind, detail };
    PlanStep, Planned { text, state };
    Source, WireSource { title, place, quote };
}

impl From<Retrying> for WireRetrying {
    fn from(Retrying { attempt, of, wait_ms, at, failure }: Retrying) -> Self {
        Self { attempt, of, wait_ms, at: at.0, failure: failure.into() }
    }
}

impl From<WireRetrying> for Retrying {
    fn from(WireRetrying { attempt, of, wait_ms, at, failure }: WireRetrying) -> Self {
        Self { attempt, of, wait_ms, at: WallTime(at), failure: failure.into() }
    }
}

impl From<BudgetUse> for WireBudget {
    fn from(BudgetUse { scope, spent, of }: BudgetUse) -> Self {
        Self { is_of_all: scope == BudgetScope::Day, spent, of }
    }
}

impl From<WireBudget> for BudgetUse {
    fn from(WireBudget { is_of_all, spent, of }: WireBudget) -> Self {
        Self { scope: if is_of_all { BudgetScope::Day } else { BudgetScope::Session }, spent, of }
    }
}

impl From<Compaction> for WireCompaction {
    fn from(compaction: Compaction) -> Self {
        match compaction {
            Compaction::Summary { text, of, left_out } => Self::Summary { text, of, left_out },
            Compaction::Stopped(Stop::Interrupted(by)) => Self::Interrupted(by),
            Compaction::Stopped(Stop::Failed(failure)) => Self::Failed(failure.into()),
            Compaction::Undone => Self::Undone,
        }
    }
}

impl From<WireCompaction> for Compaction {
    fn from(compaction: WireCompaction) -> Self {
        match compaction {
            WireCompaction::Summary { text, of, left_out } => Self::Summary { text, of, left_out },
            WireCompaction::Interrupted(by) => Self::Stopped(Stop::Interrupted(by)),
            WireCompaction::Failed(failure) => Self::Stopped(Stop::Failed(failure.into())),
            WireCompaction::Undone => Self::Undone,
        }
    }
}

impl From<Image> for WireImage {
    fn from(Image { name, kind, width, height, size, kept: _ }: Image) -> Self {
        Self { name, kind, width, height, size }
    }
}

impl From<WireImage> for Image {
    fn from(WireImage { name, kind, width, height, size }: WireImage) -> Self {
        Self { name, kind, width, height, size, kept: None }
    }
}

impl From<q_core::Entry> for WireEntry {
    fn from(entry: q_core::Entry) -> Self {
        let body = match entry.body {
            q_core::Body::Prompt(Prompted { text, runs: true, .. }) => WireBody::ShellLine(text),
            q_core::Body::Prompt(Prompted { text, images, .. }) if images.is_empty() => {
                WireBody::Prompt(text)
            }
            q_core::Body::Prompt(Prompted { text, images, .. }) => {
                WireBody::Illustrated { text, images: images.into_iter().map(WireImage::from).collect() }
            }
            q_core::Body::Answer(text) => WireBody::Answer(text),
            q_core::Body::Thinking(text) => WireBody::Thinking(text),
            q_core::Body::Call(Called { no, tool, input, wants }) => {
                WireBody::Call { no: no.0, tool, input, wants }
            }
            q_core::Body::Result(Resulted { of, outcome, text, kept, whole }) => {
                WireBody::Result { of: of.0, outcome, text, kept, whole }
            }
            q_core::Body::Output(CallOutput { of, text }) => WireBody::Output { of: of.0, text },
            q_core::Body::Plan(steps) => WireBody::Plan(steps.into_iter().map(Planned::from).collect()),
            q_core::Body::Sources(Sources { all, left_out }) => {
                WireBody::Sources { all: all.into_iter().map(WireSource::from).collect(), left_out }
            }
            q_core::Body::ProjectFiles(ProjectFiles { all, withheld }) => {
                let file = |ProjectFile { path, bytes, left_out, fingerprint: _ }| WireProjectFile {
                    path,
                    bytes,
                    left_out,
                };
                WireBody::Project { files: all.into_iter().map(file).collect(), withheld }
            }
            q_core::Body::Repair(Fault::PromptLost(prompt)) => WireBody::PromptLost(prompt.0),
            q_core::Body::Repair(Fault::LogCut { lost }) => WireBody::LogCut(lost),
            q_core::Body::Repair(Fault::SealsTooLong) => WireBody::SealsTooLong,
            q_core::Body::Repair(Fault::AnswerTorn { parts }) => WireBody::AnswerTorn(parts),
            q_core::Body::Continued => WireBody::Continued,
            q_core::Body::LeftOut(sent) => WireBody::LeftOut(sent.into()),
            q_core::Body::Compaction(compaction) => WireBody::Compaction(compaction.into()),
            q_core::Body::Reversed(Reversed { redo, files, more }) => {
                WireBody::Reversed(WireReversed { redo, files, more })
            }
            q_core::Body::Stop(Stop::Interrupted(by)) => WireBody::Interrupted(by),
            q_core::Body::Stop(Stop::Failed(failure)) => WireBody::Failed(failure.into()),
        };
        Self { no: entry.no.0, at: entry.at.0, body }
    }
}

impl From<WireEntry> for q_core::Entry {
    fn from(item: WireEntry) -> Self {
        let body = match item.body {
            WireBody::Prompt(text) => q_core::Body::Prompt(text.into()),
            WireBody::Illustrated { text, images } => {
                let images = images.into_iter().map(Image::from).collect();
                q_core::Body::Prompt(Prompted { text, images, runs: false })
            }
            WireBody::ShellLine(text) => q_core::Body::Prompt(Prompted { runs: true, ..text.into() }),
            WireBody::Answer(text) => q_core::Body::Answer(text),
            WireBody::Thinking(text) => q_core::Body::Thinking(text),
            WireBody::Call { no, tool, input, wants } => {
                q_core::Body::Call(Called { no: CallNo(no), tool, input, wants })
            }
            WireBody::Result { of, outcome, text, kept, whole } => {
                // A host that says nothing of it keeps what it sends.
                let kept = kept.max(text.len() as u64);
                q_core::Body::Result(Resulted { of: EntryNo(of), outcome, text, kept, whole })
            }
            WireBody::Output { of, text } => q_core::Body::Output(CallOutput { of: EntryNo(of), text }),
            WireBody::Plan(steps) => q_core::Body::Plan(steps.into_iter().map(PlanStep::from).collect()),
            WireBody::Project { files, withheld } => {
                let file = |WireProjectFile { path, bytes, left_out }| ProjectFile {
                    path,
                    bytes,
                    left_out,
                    fingerprint: 0,
                };
                let all = files.into_iter().map(file).collect();
                q_core::Body::ProjectFiles(ProjectFiles { all, withheld })
            }
            WireBody::Sources { all, left_out } => {
                let all = all.into_iter().map(Source::from).collect();
                q_core::Body::Sources(Sources { all, left_out })
            }
            WireBody::PromptLost(prompt) => q_core::Body::Repair(Fault::PromptLost(PromptNo(prompt))),
            WireBody::LogCut(lost) => q_core::Body::Repair(Fault::LogCut { lost }),
            WireBody::SealsTooLong => q_core::Body::Repair(Fault::SealsTooLong),
            WireBody::AnswerTorn(parts) => q_core::Body::Repair(Fault::AnswerTorn { parts }),
            WireBody::Continued => q_core::Body::Continued,
            WireBody::LeftOut(sent) => q_core::Body::LeftOut(sent.into()),
            WireBody::Compaction(compaction) => q_core::Body::Compaction(compaction.into()),
            WireBody::Reversed(WireReversed { redo, files, more }) => {
                q_core::Body::Reversed(Reversed { redo, files, more })
            }
            WireBody::Interrupted(by) => q_core::Body::Stop(Stop::Interrupted(by)),
            WireBody::Failed(failure) => q_core::Body::Stop(Stop::Failed(failure.into())),
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

impl From<PendingCall> for WireCall {
    fn from(pending: PendingCall) -> Self {
        Self {
            turn: pending.turn.0,
            call: pending.call.0,
            tool: pending.tool,
            input: pending.input,
            digest: pending.digest.0,
            wants: pending.wants,
            always: pending.always.map(WireRule),
            circumstance: WireCircumstance::of(pending.circumstance),
            since: pending.since.0,
        }
    }
}

impl From<WireCall> for PendingCall {
    fn from(call: WireCall) -> Self {
        Self {
            turn: TurnNo(call.turn),
            call: CallNo(call.call),
            tool: call.tool,
            input: call.input,
            digest: Digest(call.digest),
            wants: call.wants,
            always: call.always.map(|WireRule(rule)| rule),
            circumstance: call.circumstance.map(Circumstance::from).unwrap_or_default(),
            since: WallTime(call.since),
        }
    }
}

impl WireSnapshot {
    /// A session's snapshot for clients; `wants_agent` as in [`WireSummary::of`].
    pub fn of(snapshot: Snapshot, wants_agent: impl FnOnce(SessionId) -> bool) -> Self {
        let wants_agent = wants_agent(snapshot.summary.id);
        Self {
            line: WireSummary::of(snapshot.summary, wants_agent),
            entries: snapshot.entries.into_iter().map(WireEntry::from).collect(),
            trimmed: snapshot.trimmed,
            queue: queue_out(snapshot.queue),
            draft: snapshot.draft,
            pending: snapshot.pending.into_iter().map(WireCall::from).collect(),
        }
    }
}

impl TryFrom<WireSnapshot> for Snapshot {
    type Error = NameFault;

    fn try_from(shot: WireSnapshot) -> Result<Self, NameFault> {
        Ok(Self {
            summary: shot.line.try_into()?,
            entries: shot.entries.into_iter().map(q_core::Entry::from).collect(),
            trimmed: shot.trimmed,
            queue: queue_in(shot.queue),
            draft: shot.draft,
            pending: shot.pending.into_iter().map(PendingCall::from).collect(),
        })
    }
}

impl WireUpdate {
    /// An update for clients; `wants_agent` as in [`WireSummary::of`].
    pub fn of(update: Update, wants_agent: impl FnOnce(SessionId) -> bool) -> Self {
        match update {
            Update::Session(summary) => {
                let wants_agent = wants_agent(summary.id);
                Self::Line(Box::new(WireSummary::of(*summary, wants_agent)))
            }
            Update::Gone(session) => Self::Gone(session.into()),
            Update::Pending { session, pending } => {
                let pending = pending.into_iter().map(WireCall::from).collect();
                Self::Pending { session: session.into(), pending }
            }
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

impl TryFrom<WireUpdate> for Update {
    type Error = NameFault;

    fn try_from(piece: WireUpdate) -> Result<Self, NameFault> {
        Ok(match piece {
            WireUpdate::Line(line) => Self::Session(Box::new((*line).try_into()?)),
            WireUpdate::Gone(session) => Self::Gone(session.into()),
            WireUpdate::Pending { session, pending } => {
                let pending = pending.into_iter().map(PendingCall::from).collect();
                Self::Pending { session: session.into(), pending }
            }
            WireUpdate::Entry { session, entry } => {
                Self::Entry { session: session.into(), entry: entry.into() }
            }
            WireUpdate::Text { session, entry, offset, text } => {
                Self::Text { session: session.into(), entry: EntryNo(entry), offset, text }
            }
            WireUpdate::Queue { session, queue } => {
                Self::Queue { session: session.into(), queue: queue_in(queue) }
            }
            WireUpdate::Draft { session, text } => Self::Draft { session: session.into(), text },
        })
    }
}
