//! Without a host: a person at a terminal waits for the next one, which is sent what none has answered; a script ends.

use std::process::ExitCode;

use q_term::words::interrupted;
use tokio::signal::unix::Signal;
use tokio::time::sleep;

use crate::client::{Client, wait_after};
use crate::error::{CliError, Kind};
use crate::out;
use crate::plain::{Face, Next, say, told};

impl Face<'_> {
    /// The host is gone. Nobody would end a script that waits for the next one.
    pub(super) fn without_host(&self, error: CliError) -> Result<Next, CliError> {
        if self.context.environment.input_is_terminal {
            return Ok(Next::Rejoin(error.message));
        }
        self.tell_unsent();
        Err(error)
    }

    /// Says which other sessions a dead host interrupted.
    pub(super) fn say_interrupted(&self) -> Result<(), CliError> {
        match interrupted(&self.client.mirror, self.plain.focus()) {
            Some(interrupted) => say(&[format!("* {interrupted}; /attend goes there")]),
            None => Ok(()),
        }
    }

    /// Waits for the next host, unless the person has enough of it.
    pub(super) async fn rejoin(&mut self, why: &str, interrupts: &mut Signal) -> Result<Next, CliError> {
        let mut why = why.to_owned();
        say(&[told(&format!("{why}; q goes on as soon as it can, Ctrl+C leaves"))])?;
        loop {
            let wait = wait_after(self.failures);
            self.failures += 1;
            let attempt = async {
                sleep(wait).await;
                Client::rejoin(self.context, self.client.acknowledged.clone()).await
            };
            let found = tokio::select! {
                found = attempt => found,
                _ = interrupts.recv() => {
                    self.tell_unsent();
                    return Ok(Next::Leave(ExitCode::from(Kind::Unreachable.exit_code())));
                }
            };
            match found {
                Ok(client) => {
                    if let Some(missed) = client.missed(&self.client.mirror) {
                        say(&[format!("* {missed}")])?;
                    }
                    self.client = client;
                    break;
                }
                Err(error) if error.message == why => {}
                Err(error) => {
                    why = error.message;
                    say(&[told(&why)])?;
                }
            }
        }
        self.client.keep_updates();
        say(&["* the host is back".to_owned()])?;
        self.say_interrupted()?;
        let taken_up = tokio::select! {
            taken_up = self.take_up() => Some(taken_up),
            _ = interrupts.recv() => None,
        };
        let Some(taken_up) = taken_up else {
            self.tell_unsent();
            return Ok(Next::Leave(ExitCode::from(Kind::Unreachable.exit_code())));
        };
        match taken_up {
            Err(error) if error.kind == Kind::Unreachable => return Ok(Next::Rejoin(error.message)),
            Err(error) => say(&[told(&error.on_one_line())])?,
            Ok(()) => self.failures = 0,
        }
        self.ask_for_line()?;
        Ok(Next::Go)
    }

    /// Goes on with a new host where the last one went.
    async fn take_up(&mut self) -> Result<(), CliError> {
        if let Some(session) = self.plain.focus() {
            self.go_to(session).await?;
        }
        self.send_unsent().await
    }

    pub(super) fn tell_unsent(&self) {
        for unsent in &self.unsent {
            out::note(&format!("not sent: {}", unsent.text));
        }
    }
}
