//! What is measured, by the command line.

use std::path::PathBuf;

/// What is measured, of which binary.
pub(crate) struct Plan {
    /// The binary under test.
    pub(crate) program: PathBuf,
    pub(crate) counts: Counts,
    /// Only words on their way are measured.
    pub(crate) stream_only: bool,
}

/// How much of each is measured.
pub(crate) struct Counts {
    /// Sessions open at once.
    pub(crate) sessions: usize,
    pub(crate) entries: usize,
    /// Starts measured of each sort.
    pub(crate) starts: usize,
    pub(crate) switches: usize,
}

impl Plan {
    /// Reads the command line: `--q PATH [--quick] [--entries N] [--switches N] [--starts N] [--stream]`.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut plan = Self {
            program: PathBuf::new(),
            counts: Counts { sessions: 10, entries: 1_000, starts: 40, switches: 400 },
            stream_only: false,
        };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().unwrap_or_default();
                value.parse().map_err(|_| format!("{argument} wants a number, not `{value}`"))
            };
            match argument.as_str() {
                "--q" => plan.program = arguments.next().unwrap_or_default().into(),
                "--quick" => (plan.counts.starts, plan.counts.switches) = (20, 200),
                "--stream" => plan.stream_only = true,
                "--entries" => plan.counts.entries = number()?,
                "--switches" => plan.counts.switches = number()?,
                "--starts" => plan.counts.starts = number()?,
                unknown => return Err(format!("unknown argument `{unknown}`")),
            }
        }
        if !plan.program.is_file() {
            return Err(format!("--q wants the path of the q binary, not `{}`", plan.program.display()));
        }
        Ok(plan)
    }
}
