//! After the host died under us: find or start its successor, show what it kept, deliver what it had not answered.

use crate::attach::{Attached, Leaving};
use crate::client::Client;
use crate::error::CliError;

/// How often a successor may fail to come before the client gives up.
const TRIES: u32 = 3;

impl Attached<'_> {
    pub(super) async fn rejoin(&mut self, why: &str) -> Result<Option<Leaving>, CliError> {
        self.ui.host_lost(why);
        self.screen.draw(&mut self.ui, &self.client.mirror)?;
        let mut tries = 1;
        self.client = loop {
            match Client::attach(self.context, true).await {
                Ok(client) => break client,
                Err(error) if tries == TRIES => return Err(error.hint("what was answered before is kept")),
                Err(_) => tries += 1,
            }
        };
        let intents = self.ui.host_back(&self.client.mirror);
        self.desk.deliver_again(&mut self.client, &mut self.ui).await?;
        self.stale = true;
        self.carry(intents).await
    }
}
