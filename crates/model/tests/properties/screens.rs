//! Who shows what, as an observer of inputs and records knows it: a second opinion beside the core's own.

use std::collections::{BTreeMap, BTreeSet};

use q_core::{ClientId, Effects, Input, Record, SessionId, SessionInView};

/// What each attached client shows, and whether to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Screens {
    clients: BTreeMap<ClientId, Vec<SessionInView>>,
}

impl Screens {
    /// Takes in what the core was told and what it wrote about it.
    pub(super) fn see(&mut self, input: &Input, effects: &Effects) {
        match input {
            Input::Attached(client) => {
                self.clients.entry(*client).or_default();
            }
            Input::Detached(client) => {
                self.clients.remove(client);
            }
            Input::Showing { client, session, at_end, beside } => {
                if let Some(shown) = self.clients.get_mut(client) {
                    *shown = session
                        .map(|session| SessionInView { session, at_end: *at_end })
                        .into_iter()
                        .collect();
                    shown.extend(beside);
                }
            }
            // Another host: clients come anew.
            Input::Started | Input::Stopping => self.clients.clear(),
            _ => {}
        }
        for stamped in effects.batch.iter().flat_map(|batch| &batch.records) {
            if matches!(stamped.record, Record::MarkedUnread) {
                let shown = self.clients.values_mut().flatten();
                shown.filter(|shown| shown.session == stamped.session).for_each(|shown| shown.at_end = false);
            }
        }
    }

    /// Whether any client shows this session.
    pub(super) fn show(&self, session: SessionId) -> bool {
        self.clients.values().flatten().any(|shown| shown.session == session)
    }

    /// Sessions whose end a client shows.
    pub(super) fn watched(&self) -> BTreeSet<SessionId> {
        self.clients.values().flatten().filter(|shown| shown.at_end).map(|shown| shown.session).collect()
    }
}
