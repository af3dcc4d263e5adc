//! The ledger: who asked what, what was acknowledged, which turns were asked. It outlives every host.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use q_core::conversation::{Role, messages, sealed_messages};
use q_core::{
    Batch, Body, ClientId, Command, Durability, PromptNo, Record, ResumeHandle, SHELL_CALL, SessionId,
    WallTime,
};
use q_host::simulation::{AgentRequest, CommitNo, ShellRequest};
use q_model::losable::may_be_lost;
use q_proto::{ClientMessage, Request};
use q_store::Store;

use super::consent::Consents;
use super::disk::Disk;
use super::law::{Held, Law};
use super::mark;
use super::planted::Planted;
use super::texts;
use super::wishes::is_decided_by_the_core;

/// The most of a conversation that is looked at: as much as an agent would be sent.
const HISTORY_BYTES: usize = 400 << 10;

/// What must be remembered to judge what comes later.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    connections: BTreeSet<ClientId>,
    /// Requests the present host has heard and not answered.
    open: BTreeMap<(ClientId, u64), OpenRequest>,
    /// The request being heard.
    hearing: Option<(ClientId, u64)>,
    /// Submissions that were acknowledged.
    acknowledged: BTreeSet<u64>,
    asked: BTreeSet<(SessionId, u64)>,
    times_asked: BTreeMap<(SessionId, PromptNo), u64>,
    retries: BTreeMap<SessionId, u64>,
    /// Sessions that somebody wished to be erased.
    erasures: BTreeSet<SessionId>,
    /// Since when sessions are in the trash, as this host decided.
    trashed: BTreeMap<SessionId, WallTime>,
    /// By what agents find their memory, as the host heard in turns that ran.
    handles: BTreeMap<SessionId, ResumeHandle>,
    /// What each client shows.
    shown: BTreeMap<ClientId, SessionId>,
    pub(super) consents: Consents,
    planted: Option<Planted>,
}

#[derive(Debug)]
struct OpenRequest {
    is_wish: bool,
    submission: Option<u64>,
    /// What must be written before it is granted.
    commit: Option<CommitNo>,
}

impl Ledger {
    pub(super) fn new(planted: Option<Planted>) -> Self {
        Self { planted, ..Self::default() }
    }

    pub(super) fn comes(&mut self, client: ClientId) {
        self.connections.insert(client);
    }

    pub(super) fn goes(&mut self, client: ClientId) {
        self.connections.remove(&client);
        self.shown.remove(&client);
        self.open.retain(|(asker, _), _| *asker != client);
    }

    /// The host is about to hear this.
    pub(super) fn on_message(&mut self, client: ClientId, message: &ClientMessage) {
        if !self.connections.contains(&client) {
            return; // it left meanwhile
        }
        let (id, request) = match message {
            ClientMessage::Request { id, request } => (id, request),
            ClientMessage::Showing { session, .. } => {
                self.shown.remove(&client); // the clients of the simulation show one at a time
                self.shown.extend(session.map(|session| (client, session.into())));
                return;
            }
            ClientMessage::Hello(_) | ClientMessage::Switched { .. } => return,
        };
        let mut submission = None;
        if let Request::Command { command, .. } = request {
            if let Command::Submit { text, .. } | Command::Steer { text, .. } | Command::Shell { text, .. } =
                command
            {
                submission = mark::submission(text);
            } else if let Command::Retry { session, .. } = command
                // That fault retries in a client's name what nobody wished.
                && self.planted != Some(Planted::RetriesByItself)
            {
                *self.retries.entry(*session).or_default() += 1;
            } else if let Command::Erase { session, .. } = command {
                self.erasures.insert(*session);
            }
        }
        let open = OpenRequest { is_wish: is_decided_by_the_core(request), submission, commit: None };
        self.open.insert((client, *id), open);
        self.hearing = Some((client, *id));
    }

    /// The event is taken in.
    pub(super) const fn on_handled(&mut self) {
        self.hearing = None;
    }

    /// The host wants this written.
    pub(super) fn committed(&mut self, commit: CommitNo, batch: &Batch) -> Held {
        let is_synced = batch.durability == Durability::Synced;
        Law::DurableFirst
            .check(is_synced || batch.records.iter().all(|stamped| may_be_lost(&stamped.record)), || {
                format!("commit {} is not synced: {:?}", commit.0, batch.records)
            })?;
        if let Some(open) = self.hearing.and_then(|request| self.open.get_mut(&request)) {
            open.commit.get_or_insert(commit);
        }
        Ok(())
    }

    /// Whether what is erased may be: somebody wished so, or its time in the trash is over.
    pub(super) fn erases(&mut self, batch: &Batch, disk: &Disk, trash_for: Duration, wall: WallTime) -> Held {
        for stamped in &batch.records {
            let session = stamped.session;
            if matches!(stamped.record, Record::Trashed) {
                self.trashed.insert(session, stamped.at);
            } else if matches!(stamped.record, Record::Restored) {
                self.trashed.remove(&session);
            } else if matches!(stamped.record, Record::Erased) {
                let before = disk.index.history(session).and_then(|history| history.trashed);
                let since = self.trashed.get(&session).copied().or(before);
                let is_due = since.is_some_and(|since| since.after(trash_for) <= wall);
                Law::TrashOnTime.check(is_due || self.erasures.contains(&session), || {
                    format!("session {} is erased; in the trash since {since:?}", mark::number(session))
                })?;
            }
        }
        Ok(())
    }

    /// Whether any client shows the session.
    pub(super) fn is_shown(&self, session: SessionId) -> bool {
        self.shown.values().any(|&shown| shown == session)
    }

    pub(super) fn replied(&mut self, disk: &Disk, client: ClientId, request: u64, granted: bool) -> Held {
        let Some(open) = self.open.remove(&(client, request)) else {
            return Err(Law::OneReply
                .broken(format!("a reply to request {request} of client {client}, which is not open")));
        };
        if !granted || !open.is_wish {
            return Ok(());
        }
        let law = if disk.has_failed() { Law::NothingAfterFailure } else { Law::DurableFirst };
        if let Some(commit) = open.commit {
            law.check(disk.has_confirmed(commit), || {
                format!(
                    "request {request} of client {client} is granted before commit {} is written",
                    commit.0
                )
            })?;
        }
        if let Some(submission) = open.submission {
            let held = disk.index.submission(submission).is_some_and(|place| disk.holds(place));
            law.check(held, || format!("submission {submission} is acknowledged and not on disk"))?;
            self.acknowledged.insert(submission);
        }
        Ok(())
    }

    /// The host asks an agent.
    pub(super) fn asked(&mut self, disk: &Disk, request: &AgentRequest) -> Held {
        let (session, turn) = (request.seat.session, request.turn);
        let who = || format!("turn {turn} of session {}", mark::number(session));
        Law::AskedOnce.check(self.asked.insert((session, turn.0)), || format!("{} is asked twice", who()))?;
        let law = if disk.has_failed() { Law::NothingAfterFailure } else { Law::DurableFirst };
        if request.compacts {
            return compaction_is_right(disk, request, law);
        }
        let began = disk.index.turn(session, turn).filter(|(_, place)| disk.holds(*place));
        let (prompt, _) = began.ok_or_else(|| law.broken(format!("{} is asked and not on disk", who())))?;
        let times = self.times_asked.entry((session, prompt)).or_default();
        *times += 1;
        let wished = 1 + self.retries.get(&session).copied().unwrap_or_default();
        Law::AskedByWish.check(*times <= wished, || {
            format!("{}: prompt {prompt} is asked the {times}th time, and was wished {wished} times", who())
        })?;
        seat_is_true(disk, request)?;
        let page = disk.store.page(session, None, HISTORY_BYTES);
        let mut page = page.map_err(|error| Law::StoreFits.broken(format!("a page: {error}")))?;
        if self.planted == Some(Planted::SendsWhatFailed) {
            page.entries.retain(|entry| !matches!(entry.body, Body::Stop(_)));
        }
        let seals = &page.seals;
        seals.iter().try_for_each(|one| texts::is_at_home(&one.seal.content, session, &disk.index))?;
        let mut sent = sealed_messages(&page.entries, page.seals);
        if self.planted == Some(Planted::ForgetsTheHistory) {
            sent.pop();
        }
        let text = |message: &q_core::conversation::Message| message.text();
        sent.iter().try_for_each(|message| texts::is_at_home(&text(message), session, &disk.index))?;
        let mut failed = disk.index.unanswered(session, prompt);
        let again =
            failed.find(|mark| sent.iter().any(|message| message.text().contains(&format!(".{mark}#"))));
        Law::FailedNotSent
            .check(again.is_none(), || format!("{} is sent with {again:?}: {sent:?}", who()))?;
        let wanted = disk.index.mark_of(session, prompt).unwrap_or_default();
        let is_right = sent
            .last()
            .is_some_and(|last| last.role == Role::User && last.text().contains(&format!(".{wanted}#")));
        Law::AskedRight.check(is_right, || format!("{} is about {wanted}; sent: {:?}", who(), sent.last()))
    }

    /// The host has a line for the shell run: once, whatever happens to the host, as it was typed, behind the record of it.
    pub(super) fn runs_line(&mut self, disk: &Disk, request: &ShellRequest) -> Held {
        let (session, turn, line) = (request.session, request.turn, &request.line);
        let who = || format!("line {line:?} of turn {turn} of session {}", mark::number(session));
        Law::AskedOnce.check(self.asked.insert((session, turn.0)), || format!("{} runs twice", who()))?;
        let law = if disk.has_failed() { Law::NothingAfterFailure } else { Law::DurableFirst };
        let began = disk.index.turn(session, turn).filter(|(_, place)| disk.holds(*place));
        let (prompt, _) = began.ok_or_else(|| law.broken(format!("{} runs and is not on disk", who())))?;
        let called = disk.index.permitted(session, turn, SHELL_CALL);
        law.check(called.is_some_and(|(_, place)| disk.holds(place)), || {
            format!("{} runs and its call is not on disk", who())
        })?;
        let times = self.times_asked.entry((session, prompt)).or_default();
        *times += 1;
        Law::AskedByWish.check(*times == 1, || format!("{} runs the {times}th time", who()))?;
        texts::is_at_home(line, session, &disk.index)?;
        let wanted = disk.index.mark_of(session, prompt).unwrap_or_default();
        Law::AskedRight.check(mark::what(line) == wanted && !line.starts_with('!'), || {
            format!("{} runs for prompt {prompt}, which is {wanted}", who())
        })
    }

    /// The host hears by what an agent finds its memory, in a turn that runs.
    pub(super) fn remembers(&mut self, session: SessionId, handle: &ResumeHandle) {
        self.handles.insert(session, handle.clone());
    }

    /// Nobody knows whether the host heard by what that agent finds its memory.
    pub(super) fn forgets(&mut self, session: SessionId) {
        self.handles.remove(&session);
    }

    /// The host parks an agent.
    pub(super) fn parks(&mut self, disk: &Disk, session: SessionId) -> Held {
        let Some(heard) = self.handles.get(&session) else { return Ok(()) };
        let written = disk.index.resume(session).filter(|(_, place)| disk.holds(*place));
        Law::HandleKept.check(written.is_some_and(|(handle, _)| handle == heard), || {
            let session = mark::number(session);
            format!("the agent of session {session} is parked, and said {heard:?}; on disk is {written:?}")
        })
    }

    /// The host is gone, and its clients' requests with it.
    pub(super) fn host_is_gone(&mut self) {
        self.connections.clear();
        self.shown.clear();
        self.trashed.clear();
        self.handles.clear();
        self.open.clear();
    }

    /// Whether all that was ever acknowledged is on disk.
    pub(super) fn acknowledged_is_kept(&self, disk: &Disk) -> Held {
        let lost = self.acknowledged.iter().find(|&&number| disk.index.submission(number).is_none());
        Law::PromptKept.check(lost.is_none(), || format!("submission {lost:?} was acknowledged and is gone"))
    }

    /// Whether every request was answered.
    pub(super) fn all_is_answered(&self) -> Held {
        Law::Answered.check(self.open.is_empty(), || format!("not answered: {:?}", self.open))
    }

    /// How many submissions were acknowledged, and how many turns asked.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.acknowledged.len() as u64, self.asked.len() as u64)
    }
}

/// A turn that is to summarise has no prompt: it is on disk, and what is sent of the history is the session's own.
fn compaction_is_right(disk: &Disk, request: &AgentRequest, law: Law) -> Held {
    let (session, turn) = (request.seat.session, request.turn);
    let began = disk.index.compaction(session, turn).is_some_and(|place| disk.holds(place));
    let who = || format!("turn {turn} of session {}", mark::number(session));
    law.check(began, || format!("{} is to summarise and not on disk", who()))?;
    seat_is_true(disk, request)?;
    let page = disk.store.page(session, None, HISTORY_BYTES);
    let page = page.map_err(|error| Law::StoreFits.broken(format!("a page: {error}")))?;
    let sent = messages(&page.entries);
    sent.iter().try_for_each(|message| texts::is_at_home(&message.text(), session, &disk.index))
}

/// An agent finds its memory by what the disk has, and by nothing else.
fn seat_is_true(disk: &Disk, request: &AgentRequest) -> Held {
    let (session, turn) = (request.seat.session, request.turn);
    let known = disk.index.resume(session).map(|(handle, _)| handle);
    Law::SeatTrue.check(request.seat.resume.as_ref() == known, || {
        let number = mark::number(session);
        format!("turn {turn} of session {number} is run with {:?}; on disk is {known:?}", request.seat.resume)
    })
}
