//! What is measured, by the command line.

use std::path::PathBuf;

/// Sessions open at once.
pub(crate) const SESSIONS: usize = 10;

/// What is measured, of which binary.
pub(crate) struct Plan {
    /// The binary under test.
    pub(crate) program: PathBuf,
    /// Only words on their way are measured.
    pub(crate) stream_only: bool,
    pub(crate) extent: Extent,
}

/// How much of each is measured.
pub(crate) struct Extent {
    /// Entries that each session has at least.
    pub(crate) entries: usize,
    /// Starts measured of each sort.
    pub(crate) starts: usize,
    pub(crate) switches: usize,
}

impl Plan {
    /// Reads the command line: `--q PATH [--quick] [--entries N] [--switches N] [--starts N] [--stream]`.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let extent = Extent { entries: 1_000, starts: 40, switches: 400 };
        let mut plan = Self { program: PathBuf::new(), stream_only: false, extent };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().unwrap_or_default();
                value.parse().map_err(|_| format!("{argument} wants a number, not `{value}`"))
            };
            match argument.as_str() {
                "--q" => plan.program = arguments.next().unwrap_or_default().into(),
                "--quick" => (plan.extent.starts, plan.extent.switches) = (20, 200),
                "--stream" => plan.stream_only = true,
                "--entries" => plan.extent.entries = number()?,
                "--switches" => plan.extent.switches = number()?,
                "--starts" => plan.extent.starts = number()?,
                unknown => return Err(format!("unknown argument `{unknown}`")),
            }
        }
        if !plan.program.is_file() {
            return Err(format!("--q wants the path of the q binary, not `{}`", plan.program.display()));
        }
        Ok(plan)
    }
}
