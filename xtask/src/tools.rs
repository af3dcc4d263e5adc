//! Tools that the harness installs for itself: pinned, from the package registry, into its own cache.
//!
//! Unoptimized, since they wait for the compiler most of the time and building them would be the longer wait.

use std::path::PathBuf;

use crate::Fault;
use crate::command::{cargo, run as run_command};
use crate::surroundings::cache;

/// A program of a package.
pub(crate) struct Tool {
    package: &'static str,
    version: &'static str,
    program: &'static str,
}

/// Reads what a program built with `-C instrument-coverage` counted, with no LLVM tools at hand.
pub(crate) const COVERAGE_READER: Tool =
    Tool { package: "llvm_profparser", version: "0.15.0", program: "cov" };
/// Makes small faults by the hundred.
pub(crate) const CARGO_MUTANTS: Tool =
    Tool { package: "cargo-mutants", version: "27.1.0", program: "cargo-mutants" };

impl Tool {
    /// Where it is, after it was installed if it had to be.
    pub(crate) fn installed(&self) -> Result<PathBuf, Fault> {
        let place = cache()?.join("q-tools").join(format!("{}-{}", self.package, self.version));
        let program = place.join("bin").join(self.program);
        if !program.is_file() {
            let mut install =
                cargo(&["install", self.package, "--version", self.version, "--locked", "--debug"]);
            install.args(["--bin", self.program, "--root"]).arg(&place).env("CARGO_PROFILE_DEV_DEBUG", "0");
            run_command(&mut install)?;
        }
        Ok(program)
    }
}
