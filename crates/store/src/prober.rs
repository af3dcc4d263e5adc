//! The prober: who runs a probe in a process of its own, and what the end of that process means.

use std::io;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};

/// Runs [`crate::probe()`] for a store's directory in a process of its own, and says how that ended. Only an end by a signal or
/// with the probe's own code says something about the store.
pub type Prober<'a> = &'a dyn Fn(&Path) -> io::Result<ExitStatus>;

/// How a probe went: what its process is to end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// The engine takes the files.
    Fine,
    Refused,
}

impl Probed {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Refused => 65,
        }
    }
}

impl From<Probed> for ExitCode {
    fn from(probed: Probed) -> Self {
        Self::from(probed.code())
    }
}

/// Whether a probe's end says that the engine must not get the files.
pub(crate) fn warns(status: ExitStatus) -> bool {
    match status.code() {
        Some(code) => code == i32::from(Probed::Refused.code()),
        None => true,
    }
}
