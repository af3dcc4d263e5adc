//! Which client shows what: a property of clients, and a declared channel between sessions (what is watched is read).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::id::{ClientId, SessionId};

/// What each attached client shows. Lost when the host ends; clients tell again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Focus {
    clients: BTreeMap<ClientId, Vec<SessionInView>>,
}

/// A session that a client has on its screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionInView {
    pub session: SessionId,
    /// Whether the end of the transcript is in sight.
    pub at_end: bool,
}

impl SessionInView {
    /// How many sessions one client can show beside another one: what it says beyond them is not heard.
    pub const MOST: usize = 8;
}

impl Focus {
    pub(crate) fn attach(&mut self, client: ClientId) {
        self.clients.entry(client).or_default();
    }

    pub(crate) fn detach(&mut self, client: ClientId) {
        self.clients.remove(&client);
    }

    /// A client that is not attached shows nothing, whatever it says.
    pub(crate) fn show(&mut self, client: ClientId, in_view: Vec<SessionInView>) {
        if let Some(shown) = self.clients.get_mut(&client) {
            *shown = in_view;
        }
    }

    pub(crate) fn nobody_attached(&self) -> bool {
        self.clients.is_empty()
    }

    /// The sessions that this client shows.
    pub(crate) fn shown_by(&self, client: ClientId) -> Vec<SessionInView> {
        self.clients.get(&client).cloned().unwrap_or_default()
    }

    fn in_view(&self) -> impl Iterator<Item = &SessionInView> {
        self.clients.values().flatten()
    }

    /// Whether any client shows this session.
    pub(crate) fn shows(&self, session: SessionId) -> bool {
        self.in_view().any(|shown| shown.session == session)
    }

    /// Nobody watches the end of this session until a client says so anew.
    pub(crate) fn look_away_from(&mut self, session: SessionId) {
        for shown in self.clients.values_mut().flatten().filter(|shown| shown.session == session) {
            shown.at_end = false;
        }
    }

    /// Whether any client shows the end of this session.
    pub(crate) fn watches_end(&self, session: SessionId) -> bool {
        self.in_view().any(|shown| shown.session == session && shown.at_end)
    }
}
