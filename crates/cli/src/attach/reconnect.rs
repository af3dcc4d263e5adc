//! Without a host: what is on the screen stays, typing and switching go on, and a successor is looked for until there is
//! one. Then it is shown what that one kept, and delivered what no host has answered.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use q_core::Instant;
use tokio::time::sleep;

use crate::attach::requests::{Client, Requests};
use crate::attach::{Attached, Leaving};
use crate::error::CliError;

/// The way back to a host.
pub(super) struct Disconnected<'a> {
    /// When the next try begins.
    due: Instant,
    successor: Pin<Box<dyn Future<Output = Result<Client, CliError>> + 'a>>,
}

/// The client of the next host, or why there is none.
pub(super) async fn successor(disconnected: &mut Option<Disconnected<'_>>) -> Result<Client, CliError> {
    match disconnected {
        Some(disconnected) => disconnected.successor.as_mut().await,
        None => pending().await,
    }
}

impl Attached<'_> {
    /// There is no host any more.
    pub(super) fn disconnect(&mut self, why: &str) -> Result<(), CliError> {
        let wait = self.backoff.lost(self.clock.mono());
        self.look_after(wait);
        self.ui.host_lost(format!("{why}; q goes on as soon as it can, Enter tries now"));
        self.stale = true;
        self.screen.draw(&mut self.ui, &self.client.mirror)
    }

    /// Looks for a host at once, unless that is under way.
    pub(super) fn hurry(&mut self) {
        let now = self.clock.mono();
        if self.disconnected.as_ref().is_some_and(|disconnected| now < disconnected.due) {
            self.look_after(Duration::ZERO);
        }
    }

    fn look_after(&mut self, wait: Duration) {
        let (context, hello) = (self.context, self.client.hello(true));
        let successor = Box::pin(async move {
            sleep(wait).await;
            Client::reattach(context, hello).await
        });
        self.disconnected = Some(Disconnected { due: self.clock.mono().after(wait), successor });
    }

    /// A host has come, or not.
    pub(super) fn reconnect(
        &mut self,
        successor: Result<Client, CliError>,
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
