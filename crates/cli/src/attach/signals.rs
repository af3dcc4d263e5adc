//! The signals of a client that has the terminal. Those that end it give the terminal back first, by the way the loop ends; a stop
//! gives it back until the client is continued.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::CliError;

/// The terminal is gone.
pub(crate) const HANGUP: u8 = 1;
pub(crate) const INTERRUPT: u8 = 2;
pub(crate) const QUIT: u8 = 3;
const TERMINATE: u8 = 15;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalNews {
    /// To end, by the signal of that number.
    End(u8),
    /// To stop until continued.
    Stop,
    /// To go on, whatever stopped it: `SIGSTOP` is not told.
    GoOn,
}

pub(crate) struct Signals {
    hangup: Signal,
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
    stop: Signal,
    go_on: Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self, CliError> {
        let listen = |kind| {
            signal(kind).map_err(|error| CliError::failed(format!("signals cannot be heard: {error}")))
        };
        let numbered = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            terminate: listen(SignalKind::terminate())?,
            stop: listen(numbered(rustix::process::Signal::TSTP))?,
            go_on: listen(numbered(rustix::process::Signal::CONT))?,
        })
    }

    pub(crate) async fn next(&mut self) -> SignalNews {
        tokio::select! {
            _ = self.hangup.recv() => SignalNews::End(HANGUP),
            _ = self.interrupt.recv() => SignalNews::End(INTERRUPT),
            _ = self.quit.recv() => SignalNews::End(QUIT),
            _ = self.terminate.recv() => SignalNews::End(TERMINATE),
            _ = self.stop.recv() => SignalNews::Stop,
            _ = self.go_on.recv() => SignalNews::GoOn,
        }
    }
}
