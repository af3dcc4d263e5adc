//! Without a host: what is on the screen stays, typing and switching go on, and a successor is looked for until there is
//! one. Then it is shown what that one kept, and delivered what no host has answered.

use std::time::Duration;

use q_term::command::Action;

use crate::attach::attached::{Attached, Leaving};
use crate::attach::requests::{AttachedClient, Requests};
use crate::error::CliError;
use crate::successor::Disconnected;

impl Attached<'_> {
    /// There is no host any more.
    pub(super) fn disconnect(&mut self, why: &str) -> Result<(), CliError> {
        let wait = self.backoff.lost(self.clock.mono());
        self.look_after(wait);
        let tries = self.ui.key(Action::Submit);
        self.ui.host_lost(format!("{why}; q goes on as soon as it can, {tries} tries now"));
        self.stale = true;
        self.screen.draw(&mut self.ui, &self.client.mirror).map(|_is_drawn| ())
    }

    /// Looks for a host at once, unless that is under way.
    pub(super) fn hurry(&mut self) {
        let now = self.clock.mono();
        if self.disconnected.as_ref().is_some_and(|disconnected| !disconnected.is_due(now)) {
            self.look_after(Duration::ZERO);
        }
    }

    fn look_after(&mut self, wait: Duration) {
        let now = self.clock.mono();
        self.disconnected = Some(Disconnected::new(self.context, self.client.hello(true), now, wait));
    }

    /// A host has come, or not.
    pub(super) fn reconnect(
        &mut self,
        successor: Result<AttachedClient, CliError>,
    ) -> Result<Option<Leaving>, CliError> {
        let client = match successor {
            Ok(client) => client,
            Err(error) => return self.disconnect(&error.on_one_line()).map(|()| None),
        };
        let missed = client.missed(&self.client.mirror);
        let before = std::mem::replace(&mut self.client, client);
        self.disconnected = None;
        self.backoff.joined(self.clock.mono());
        self.ui.only_read(self.client.host().read_only.clone());
        let intents = self.ui.host_back(&self.client.mirror);
        Requests::go_on(&mut self.client, before, &mut self.ui);
        self.ui.welcome_back(&self.client.mirror);
        if let Some(missed) = missed {
            self.ui.warn(missed);
        }
        self.typed = Some(self.clock.mono()); // drafts that no host has are saved in a moment
        self.stale = true;
        self.carry(intents)
    }
}
