//! Without a host: a person at a terminal waits for the next one, which is sent what none has answered; a script ends.

use std::process::ExitCode;

use q_term::words::interrupted;
use tokio::signal::unix::Signal;
use tokio::time::sleep;

use crate::client::Client;
use crate::error::{CliError, ErrorKind};
use crate::out;
use crate::plain::frontend::{Frontend, Next, not_sent, notice, print_lines};

impl Frontend<'_> {
    /// The host is gone. Nobody would end a script that waits for the next one.
    pub(super) fn without_host(&self, error: CliError) -> Result<Next, CliError> {
        if self.context.environment.input_is_terminal {
            return Ok(Next::Reconnect(error.message));
        }
        self.note_unsent();
        Err(error)
    }

    /// Says which other sessions a dead host interrupted.
    pub(super) fn print_interrupted(&self) -> Result<(), CliError> {
        match interrupted(&self.client.mirror, self.plain.focus()) {
            Some(interrupted) => print_lines(&[format!("* {interrupted}; /attend goes there")]),
            None => Ok(()),
        }
    }

    /// Waits for the next host, unless the person has enough of it.
    pub(super) async fn reconnect(&mut self, why: &str, interrupts: &mut Signal) -> Result<Next, CliError> {
        let mut why = why.to_owned();
        print_lines(&[notice(&format!("{why}; q goes on as soon as it can, Ctrl+C leaves"))])?;
        loop {
            let wait = self.backoff.lost(self.clock.mono());
            let attempt = async {
                sleep(wait).await;
                Client::reattach(self.context, self.client.hello(true)).await
            };
            let found = tokio::select! {
                found = attempt => found,
                _ = interrupts.recv() => {
                    self.note_unsent();
                    return Ok(Next::Leave(ExitCode::from(ErrorKind::Unreachable.exit_code())));
                }
            };
            match found {
                Ok(client) => {
                    if let Some(missed) = client.missed(&self.client.mirror) {
                        print_lines(&[format!("* {missed}")])?;
                    }
                    let before = std::mem::replace(&mut self.client, client);
                    let _nobody_stands_by_any_more = self.client.state.take_over(before.state);
                    self.backoff.joined(self.clock.mono());
                    break;
                }
                Err(error) if error.message == why => {}
                Err(error) => {
                    why = error.message;
                    print_lines(&[notice(&why)])?;
                }
            }
        }
        self.client.state.keep_updates();
        print_lines(&["* the host is back".to_owned()])?;
        self.print_interrupted()?;
        let taken_up = tokio::select! {
            taken_up = self.take_up() => Some(taken_up),
            _ = interrupts.recv() => None,
        };
        let Some(taken_up) = taken_up else {
            self.note_unsent();
            return Ok(Next::Leave(ExitCode::from(ErrorKind::Unreachable.exit_code())));
        };
        match taken_up {
            Err(error) if error.kind == ErrorKind::Unreachable => return Ok(Next::Reconnect(error.message)),
            Err(error) => print_lines(&[notice(&error.on_one_line())])?,
            Ok(()) => {}
        }
        self.ask_for_line()?;
        Ok(Next::Go)
    }

    /// Goes on with a new host where the last one went.
    async fn take_up(&mut self) -> Result<(), CliError> {
        if let Some(session) = self.plain.focus() {
            self.go_to(session).await?;
        }
        let kept = self.client.deliver_again().await;
        self.print_updates()?;
        kept?;
        let kept = self.send_unsent().await;
        self.print_updates()?;
        kept
    }

    pub(super) fn note_unsent(&self) {
        let unsent = self.unsent.iter().map(|unsent| &unsent.text);
        for text in self.client.prompts().map(|prompt| &prompt.text).chain(unsent) {
            out::note(&not_sent(text));
        }
    }
}
