//! Delivery: what is sent goes to the host, is given back when it cannot take it, and outlives the host.

use q_core::{Mirror, PromptWay, SessionId};

use crate::advice;
use crate::intent::Intent;
use crate::typed;
use crate::ui::pane::{Pane, WakeState};
use crate::ui::state::Ui;
use crate::ui::submissions::Submission;
use crate::way::Way;

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
        self.warn(why);
    }

    /// The session that was asked for will not be. What was sent to it comes back.
    pub fn not_opened(&mut self, why: impl Into<String>) {
        let early: Vec<String> = self.submissions.opened().into_iter().map(|(text, _)| text).collect();
        self.note_not_created();
        if !early.is_empty() {
            self.give_back(None, &early.join("\n"));
        }
        self.warn(why);
    }

    /// The host is gone. What it had not acknowledged stays under way: the client delivers it to the next one.
    pub fn host_lost(&mut self, why: impl Into<String>) {
        self.shown = None;
        self.frame.cache.clear();
        self.live.clear();
        self.submissions.forget_opening();
        self.found.give_up();
        for pane in self.panes.values_mut() {
            pane.waking = WakeState::NotAsked;
            pane.paged = None;
            pane.doubt_draft();
        }
        self.lost = Some(advice::render(&why.into(), Way::Slash).into_owned());
    }

    /// What was sent and never acknowledged, and what is typed and not saved: for a client that ends without a host.
    pub fn undelivered(&self) -> impl Iterator<Item = &str> {
        self.submissions.sent().chain(self.submissions.early()).chain(self.drafts_at_risk())
    }

    /// What is typed and no host is known to have.
    pub fn drafts_at_risk(&self) -> impl Iterator<Item = &str> {
        self.panes.values().chain([&self.nowhere]).filter_map(Pane::draft_at_risk)
    }

    /// The host refused to save what is typed in a session, where it stays. That is said once, until it is saved again.
    pub fn draft_refused(&mut self, session: SessionId, why: &str) {
        let is_news = self.panes.get_mut(&session).is_some_and(Pane::refuse_draft);
        // Of a session that is gone, and of a host that keeps nothing, other words are said.
        if is_news && self.live.contains_key(&session) && self.read_only.is_none() {
            self.warn(format!("what you type is not saved: {why}"));
        }
    }

    /// A host is there again and the mirror is filled: goes on where this terminal was.
    pub fn host_back(&mut self, mirror: &Mirror) -> Vec<Intent> {
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
        way: PromptWay,
        intents: &mut Vec<Intent>,
    ) {
        let key = self.submissions.send(session, text.clone());
        intents.push(Intent::Prompt { key, session, text, way });
    }

    /// What is typed, to be edited elsewhere.
    pub(super) fn draft_to_edit(&self) -> Intent {
        Intent::EditDraft { session: self.focus, text: self.pane().editor.text().to_owned() }
    }

    /// What another editor left of what was typed in that session. The line feed at its end is the editor's own. Says whether it stands
    /// at a prompt: not where its session was closed meanwhile, whose prompt nobody comes to any more.
    #[must_use = "what stands at no prompt is to be kept elsewhere"]
    pub fn edited(
        &mut self,
        mirror: &Mirror,
        session: Option<SessionId>,
        before: &str,
        written: &str,
    ) -> bool {
        // While there is no host the mirror says nothing: what is typed then waits for the next one.
        if self.lost.is_none() && session.is_some_and(|id| mirror.get(id).is_none()) {
            return false;
        }
        let text = typed::text(written);
        let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
        let pane = match session {
            Some(id) => self.panes.entry(id).or_default(),
            None => self.pane_mut(),
        };
        pane.edited(before, text);
        true
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
