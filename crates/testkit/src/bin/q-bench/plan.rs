//! What is measured, by the command line.

use std::path::PathBuf;

use super::Plan;

impl Plan {
    /// Reads the command line: `--q PATH [--quick] [--entries N] [--switches N] [--starts N] [--stream]`.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut plan = Self {
            program: PathBuf::new(),
            sessions: 10,
            entries: 1_000,
            starts: 40,
            switches: 400,
            stream_only: false,
        };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().unwrap_or_default();
                value.parse().map_err(|_| format!("{argument} wants a number, not `{value}`"))
            };
            match argument.as_str() {
                "--q" => plan.program = arguments.next().unwrap_or_default().into(),
                "--quick" => (plan.starts, plan.switches) = (20, 200),
                "--stream" => plan.stream_only = true,
                "--entries" => plan.entries = number()?,
                "--switches" => plan.switches = number()?,
                "--starts" => plan.starts = number()?,
                unknown => return Err(format!("unknown argument `{unknown}`")),
            }
        }
        if !plan.program.is_file() {
            return Err(format!("--q wants the path of the q binary, not `{}`", plan.program.display()));
        }
        Ok(plan)
    }
}
