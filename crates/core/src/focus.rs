//! Which client shows what: a property of clients, and a declared channel between sessions (what is watched is read).

use alloc::collections::BTreeMap;

use crate::id::{ClientId, SessionId};

/// What each attached client shows. Lost when the host ends; clients tell again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Focus {
    clients: BTreeMap<ClientId, Option<ClientFocus>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ClientFocus {
    session: SessionId,
    at_end: bool,
}

impl Focus {
    pub(crate) fn attach(&mut self, client: ClientId) {
        self.clients.entry(client).or_default();
    }

    pub(crate) fn detach(&mut self, client: ClientId) {
        self.clients.remove(&client);
    }

    pub(crate) fn show(&mut self, client: ClientId, session: Option<SessionId>, at_end: bool) {
        if let Some(shown) = self.clients.get_mut(&client) {
            *shown = session.map(|session| ClientFocus { session, at_end });
        }
    }

    pub(crate) fn nobody_attached(&self) -> bool {
        self.clients.is_empty()
    }

    /// The session that this client shows.
    pub(crate) fn shown_by(&self, client: ClientId) -> Option<SessionId> {
        self.clients.get(&client).copied().flatten().map(|shown| shown.session)
    }

    /// The session whose end this client shows.
    pub(crate) fn end_watched_by(&self, client: ClientId) -> Option<SessionId> {
        self.clients.get(&client).copied().flatten().filter(|shown| shown.at_end).map(|shown| shown.session)
    }

    /// Whether any client shows this session.
    pub(crate) fn shows(&self, session: SessionId) -> bool {
        self.clients.values().flatten().any(|shown| shown.session == session)
    }

    /// Nobody watches the end of this session until a client says so anew.
    pub(crate) fn look_away_from(&mut self, session: SessionId) {
        for shown in self.clients.values_mut().flatten().filter(|shown| shown.session == session) {
            shown.at_end = false;
        }
    }

    /// Whether any client shows the end of this session.
    pub(crate) fn watches_end(&self, session: SessionId) -> bool {
        self.clients.values().flatten().any(|shown| shown.session == session && shown.at_end)
    }
}
