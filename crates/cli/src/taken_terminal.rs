//! The note that this terminal is taken: a file that is locked while it is, and removed with it. Whoever finds one that nobody
//! holds knows that a client was killed, and mends what that left.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use q_lock::{open_lock, take_lock};
use q_proto::Place;
use q_term::guard;
use rustix::termios::{InputModes, LocalModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};

use crate::environment::ProcessEnvironment;

/// The note, while the terminal is taken.
#[derive(Debug)]
pub(crate) struct TakenTerminal {
    path: PathBuf,
    _locked: File,
}

impl TakenTerminal {
    /// Notes it, and mends the terminal first where the one before was killed. Nothing where another client has it still, as one
    /// that is stopped, or where no note can be made: then only that is missing which mends.
    pub(crate) fn note(environment: &ProcessEnvironment, place: &Place) -> Option<Self> {
        let path = place.taken_terminal(&environment.terminal_identity()?);
        let was_there = fs::symlink_metadata(&path).is_ok();
        let locked = open_lock(&path).ok()?;
        take_lock(&locked, &path).ok()?;
        if was_there {
            let _as_it_is = guard::mend(&mut io::stdout()).and_then(|()| cook(io::stdout()));
        }
        Some(Self { path, _locked: locked })
    }
}

impl Drop for TakenTerminal {
    fn drop(&mut self) {
        let _gone_already = fs::remove_file(&self.path);
    }
}

/// Has a terminal read lines, show what is typed, and heed the keys that interrupt and stop.
pub(crate) fn cook(terminal: impl AsFd) -> io::Result<()> {
    let mut modes = tcgetattr(&terminal)?;
    modes.input_modes |= InputModes::ICRNL | InputModes::IXON;
    modes.input_modes -= InputModes::INLCR | InputModes::IGNCR | InputModes::ISTRIP;
    modes.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    modes.local_modes |= LocalModes::ISIG | LocalModes::ICANON | LocalModes::IEXTEN;
    modes.local_modes |= LocalModes::ECHO | LocalModes::ECHOE | LocalModes::ECHOK;
    modes.local_modes |= LocalModes::ECHOCTL | LocalModes::ECHOKE;
    Ok(tcsetattr(&terminal, OptionalActions::Now, &modes)?)
}
