//! What was sent and not answered yet: kept here until the host has it, given back when it cannot take it.

use q_core::SessionId;

use crate::advice;
use crate::granted::Way;
use crate::intent::Intent;
use crate::ui::{Pane, Ui, Waking};

/// Everything under way from this terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Submissions {
    under_way: Vec<Submission>,
    next_key: u64,
    /// Prompts sent before there was a session, in order: they go to the one that opens.
    early: Vec<String>,
    /// Whether a session is on its way that will be shown.
    opening: bool,
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

    /// The prompts that wait for a session.
    pub(crate) fn early(&self) -> impl Iterator<Item = &str> {
        self.early.iter().map(String::as_str)
    }

    /// Keeps a prompt for the session that opens.
    pub(super) fn hold(&mut self, text: String) {
        self.early.push(text);
    }

    /// A session was asked for.
    pub(super) const fn opens(&mut self) {
        self.opening = true;
    }

    /// Whether a session was asked for and the host has not answered.
    pub(super) const fn is_opening(&self) -> bool {
        self.opening
    }

    /// The session that was asked for is there, or will not be: what waited for it.
    pub(super) fn opened(&mut self) -> Vec<String> {
        self.opening = false;
        std::mem::take(&mut self.early)
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

    /// The host refused a wish. A prompt comes back into its session's editor, the reason is shown; a command is in the
    /// history.
    pub fn refused(&mut self, key: Option<u64>, why: impl Into<String>) {
        if let Some(sent) = key.and_then(|key| self.submissions.answered(key)) {
            self.give_back(Some(sent.session), &sent.text);
        }
        self.complain(why);
    }

    /// The session that was asked for will not be. What was sent to it comes back.
    pub fn not_opened(&mut self, why: impl Into<String>) {
        let early = self.submissions.opened();
        if !early.is_empty() {
            self.give_back(None, &early.join("\n"));
        }
        self.complain(why);
    }

    /// The host is gone. What it had not acknowledged stays under way: the client delivers it to the next one.
    pub fn host_lost(&mut self, why: impl Into<String>) {
        self.shown = None;
        self.cache.clear();
        self.live.clear();
        // Nobody knows whether it opened; what was sent to it is kept until the next host is there.
        self.submissions.opening = false;
        for pane in self.panes.values_mut() {
            pane.waking = Waking::Unasked;
            pane.paged = None;
            pane.doubt_draft();
        }
        self.lost = Some(advice::said(&why.into(), Way::Slash).into_owned());
    }

    /// What was sent and never acknowledged, and what is typed and not saved: for a client that ends without a host.
    pub fn undelivered(&self) -> impl Iterator<Item = &str> {
        let sent = self.submissions.under_way.iter().map(|sent| sent.text.as_str());
        let panes = self.panes.values().chain([&self.nowhere]);
        sent.chain(self.submissions.early()).chain(panes.filter_map(Pane::draft_at_risk))
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
