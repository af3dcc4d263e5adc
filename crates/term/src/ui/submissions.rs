//! What was sent and not answered yet: kept here until the host has it.

use q_core::{PromptWay, SessionId};

/// Everything under way from this terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Submissions {
    under_way: Vec<Submission>,
    next_key: u64,
    /// Prompts sent before there was a session, in order: they go to the one that opens.
    early: Vec<(String, PromptWay)>,
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
        self.early.iter().map(|(text, _)| text.as_str())
    }

    /// Keeps a prompt for the session that opens.
    pub(super) fn hold(&mut self, text: String, way: PromptWay) {
        self.early.push((text, way));
    }

    /// A session was asked for.
    pub(super) const fn opens(&mut self) {
        self.opening = true;
    }

    /// Whether a session was asked for and the host has not answered.
    pub(super) const fn is_opening(&self) -> bool {
        self.opening
    }

    /// Nobody knows any more whether the session opens; what was sent to it is kept.
    pub(super) const fn forget_opening(&mut self) {
        self.opening = false;
    }

    /// All that was sent and not answered, in order.
    pub(super) fn sent(&self) -> impl Iterator<Item = &str> {
        self.under_way.iter().map(|sent| sent.text.as_str())
    }

    /// The session that was asked for is there, or will not be: what waited for it.
    pub(super) fn opened(&mut self) -> Vec<(String, PromptWay)> {
        self.opening = false;
        std::mem::take(&mut self.early)
    }

    pub(super) fn send(&mut self, session: SessionId, text: String) -> u64 {
        let key = self.next_key;
        self.next_key += 1;
        self.under_way.push(Submission { key, session, text });
        key
    }

    pub(super) fn answered(&mut self, key: u64) -> Option<Submission> {
        let place = self.under_way.iter().position(|sent| sent.key == key)?;
        Some(self.under_way.remove(place))
    }
}
