//! The terminal taken, drawn on, and given back.

use std::io::{self, Stdout, Write};

use q_core::Mirror;
use q_term::Ui;
use q_term::backend::QuietBackend;
use q_term::guard::Guard;
use ratatui::Terminal;

use crate::error::CliError;

/// The whole screen. Dropping it gives the terminal back.
pub(super) struct Screen {
    terminal: Terminal<QuietBackend<Stdout>>,
    guard: Guard,
}

impl Screen {
    pub(super) fn take() -> Result<Self, CliError> {
        let guard = Guard::enter().map_err(failed)?;
        let terminal = guard.terminal().map_err(failed)?;
        Ok(Self { terminal, guard })
    }

    /// Draws what changed.
    pub(super) fn draw(&mut self, ui: &mut Ui, mirror: &Mirror) -> Result<(), CliError> {
        let now = q_host::clock::wall();
        self.terminal.draw(|frame| q_term::draw(frame, ui, mirror, now)).map(|_| ()).map_err(failed)
    }

    /// What is on the screen is not known any more: the next frame is drawn whole.
    pub(super) fn forget(&mut self) -> Result<(), CliError> {
        self.terminal.backend_mut().forget();
        self.terminal.clear().map_err(failed)
    }

    pub(super) fn ring() -> Result<(), CliError> {
        let mut out = io::stdout();
        out.write_all(b"\x07").and_then(|()| out.flush()).map_err(failed)
    }

    /// Gives the terminal to the shell until it is given back.
    pub(super) fn suspend(&mut self) -> Result<(), CliError> {
        self.guard.pause();
        let stopped = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP);
        stopped.map_err(|error| failed(error.into()))?;
        self.guard.resume().map_err(failed)?;
        self.forget()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` takes")]
fn failed(error: io::Error) -> CliError {
    CliError::failed(format!("the terminal cannot be used: {error}"))
        .hint("q --plain works without cursor movement")
}
