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
    /// Only sessions with programs of others are measured.
    pub(crate) children_only: bool,
    pub(crate) amounts: Amounts,
}

/// How much of each is measured.
pub(crate) struct Amounts {
    /// Entries that each session has at least.
    pub(crate) entries: usize,
    /// Starts measured of each sort.
    pub(crate) starts: usize,
    pub(crate) switches: usize,
}

impl Plan {
    /// Reads the command line: `--q PATH [--quick] [--entries N] [--switches N] [--starts N] [--stream] [--children]`.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let amounts = Amounts { entries: 1_000, starts: 40, switches: 400 };
        let mut plan = Self { program: PathBuf::new(), stream_only: false, children_only: false, amounts };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().unwrap_or_default();
                value.parse().map_err(|_| format!("{argument} wants a number, not `{value}`"))
            };
            match argument.as_str() {
                "--q" => plan.program = arguments.next().unwrap_or_default().into(),
                "--quick" => (plan.amounts.starts, plan.amounts.switches) = (20, 200),
                "--stream" => plan.stream_only = true,
                "--children" => plan.children_only = true,
                "--entries" => plan.amounts.entries = number()?,
                "--switches" => plan.amounts.switches = number()?,
                "--starts" => plan.amounts.starts = number()?,
                unknown => return Err(format!("unknown argument `{unknown}`")),
            }
        }
        if !plan.program.is_file() {
            return Err(format!("--q wants the path of the q binary, not `{}`", plan.program.display()));
        }
        Ok(plan)
    }
}
