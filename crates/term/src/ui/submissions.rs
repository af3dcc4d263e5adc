//! What was sent and not answered yet: kept here until the host has it, given back when it cannot take it.

use q_core::SessionId;

use crate::intent::Intent;
use crate::ui::{Pane, Ui, Waking};

/// Everything under way from this terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Submissions {
    under_way: Vec<Submission>,
    next_key: u64,
    /// A prompt typed before there was a session; sent when there is one.
    first: Option<String>,
    /// The command that asked the host for something, until the next one.
    command: Option<(Option<SessionId>, String)>,
}

/// One prompt under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Submission {
    key: u64,
    pub(crate) session: SessionId,
    pub(crate) text: String,
}

impl Submissions {
    /// Prompts on their way to that session.
    pub(crate) fn to(&self, session: SessionId) -> impl Iterator<Item = &str> {
        self.under_way.iter().filter(move |sent| sent.session == session).map(|sent| sent.text.as_str())
    }

    /// The prompt that waits for a session.
    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    pub(super) fn hold_first(&mut self, text: String) {
        self.first = Some(text);
    }

    pub(super) fn take_first(&mut self) -> Option<String> {
        self.first.take()
    }

    pub(super) fn remember_command(&mut self, session: Option<SessionId>, typed: String) {
        self.command = Some((session, typed));
    }

    pub(super) fn forget_command(&mut self) {
        self.command = None;
    }

    fn send(&mut self, session: SessionId, text: String) -> u64 {
        let key = self.next_key;
        self.next_key += 1;
        self.under_way.push(Submission { key, session, text });
        key
    }

    fn answered(&mut self, key: u64) -> Option<Submission> {
        let place = self.under_way.iter().position(|sent| sent.key == key)?;
        Some(self.under_way.remove(place))
    }
}

impl Ui {
    /// The host has that submission.
    pub fn accepted(&mut self, key: u64) {
        let _taken: Option<Submission> = self.submissions.answered(key);
    }

    /// The host refused a wish. What was typed for it comes back into its session's editor, the reason is shown.
    pub fn refused(&mut self, key: Option<u64>, session: Option<SessionId>, text: impl Into<String>) {
        if let Some(sent) = key.and_then(|key| self.submissions.answered(key)) {
            self.give_back(Some(sent.session), &sent.text);
        } else if let Some(first) = self.submissions.take_first() {
            self.give_back(None, &first);
        } else if let Some((from, typed)) = self.submissions.command.take()
            && (session.is_none() || session == from)
        {
            self.give_back(from, &typed);
        }
        self.complain(text);
    }

    /// The host is gone. What it had not acknowledged stays under way: the client delivers it to the next one.
    pub fn host_lost(&mut self, why: impl Into<String>) {
        self.shown = None;
        self.cache.clear();
        self.live.clear();
        for pane in self.panes.values_mut() {
            pane.waking = Waking::Unasked;
            pane.paged = None;
            pane.doubt_draft();
        }
        self.lost = Some(why.into());
    }

    /// What was sent and never acknowledged, and what is typed and not saved: for a client that ends without a host.
    pub fn undelivered(&self) -> impl Iterator<Item = &str> {
        let sent = self.submissions.under_way.iter().map(|sent| sent.text.as_str());
        let panes = self.panes.values().chain([&self.nowhere]);
        sent.chain(self.submissions.first()).chain(panes.filter_map(Pane::draft_at_risk))
    }

    /// A host is there again and the mirror is filled: goes on where this terminal was.
    pub fn host_back(&mut self, mirror: &q_core::Mirror) -> Vec<Intent> {
        if self.lost.take().is_some() {
            // What could not be done without one can be now.
            self.notice = self.notice.take().filter(|notice| !notice.fault);
        }
        self.shown = None;
        self.refreshed(mirror)
    }

    pub(super) fn submit(
        &mut self,
        session: SessionId,
        text: String,
        steer: bool,
        intents: &mut Vec<Intent>,
    ) {
        let key = self.submissions.send(session, text.clone());
        intents.push(Intent::Submit { key, session, text, steer });
    }

    fn give_back(&mut self, session: Option<SessionId>, text: &str) {
        let pane = match session {
            Some(id) => self.panes.entry(id).or_default(),
            // A session may have come meanwhile: what nobody sees nobody sends.
            None => self.pane_mut(),
        };
        pane.give_back(text);
    }
}
