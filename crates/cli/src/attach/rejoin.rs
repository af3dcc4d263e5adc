//! Without a host: what is on the screen stays, typing and switching go on, and a successor is looked for until there is
//! one. Then it is shown what that one kept, and delivered what no host has answered.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use q_core::Instant;
use tokio::time::sleep;

use crate::attach::{Attached, Leaving};
use crate::client::{Client, wait_after};
use crate::error::CliError;

/// A host that stayed this long was one.
const STAYED: Duration = Duration::from_secs(5);

/// The way back to a host.
pub(super) struct Apart<'a> {
    /// When the next try begins.
    due: Instant,
    successor: Pin<Box<dyn Future<Output = Result<Client, CliError>> + 'a>>,
}

/// The client of the next host, or why there is none.
pub(super) async fn successor(apart: &mut Option<Apart<'_>>) -> Result<Client, CliError> {
    match apart {
        Some(apart) => apart.successor.as_mut().await,
        None => pending().await,
    }
}

impl Attached<'_> {
    /// There is no host any more.
    pub(super) fn part(&mut self, why: &str) -> Result<(), CliError> {
        if self.apart.is_none() && self.clock.mono().since(self.joined) >= STAYED {
            self.failures = 0;
        }
        let wait = wait_after(self.failures);
        self.failures += 1;
        self.look_after(wait);
        self.ui.host_lost(format!("{why}; q goes on as soon as it can, Enter tries now"));
        self.stale = true;
        self.screen.draw(&mut self.ui, &self.client.mirror)
    }

    /// Looks for a host at once, unless that is under way.
    pub(super) fn hurry(&mut self) {
        let now = self.clock.mono();
        if self.apart.as_ref().is_some_and(|apart| now < apart.due) {
            self.look_after(Duration::ZERO);
        }
    }

    fn look_after(&mut self, wait: Duration) {
        let (context, acknowledged) = (self.context, self.client.acknowledged.clone());
        let successor = Box::pin(async move {
            sleep(wait).await;
            Client::rejoin(context, acknowledged).await
        });
        self.apart = Some(Apart { due: self.clock.mono().after(wait), successor });
    }

    /// A host has come, or not.
    pub(super) fn rejoin(
        &mut self,
        successor: Result<Client, CliError>,
    ) -> Result<Option<Leaving>, CliError> {
        let client = match successor {
            Ok(client) => client,
            Err(error) => return self.part(&error.on_one_line()).map(|()| None),
        };
        let missed = client.missed(&self.client.mirror);
        self.client = client;
        self.apart = None;
        self.joined = self.clock.mono();
        self.ui.only_read(self.client.host().read_only.clone());
        let intents = self.ui.host_back(&self.client.mirror);
        self.desk.deliver_again(&mut self.client, &mut self.ui);
        self.ui.welcome_back(&self.client.mirror);
        if let Some(missed) = missed {
            self.ui.complain(missed);
        }
        self.typed = Some(self.clock.mono()); // drafts that no host has are saved in a moment
        self.stale = true;
        self.carry(intents)
    }
}
