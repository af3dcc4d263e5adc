//! The `q` binary: hands arguments and environment to the library, and its verdict to the system.

use std::process::ExitCode;

fn main() -> ExitCode {
    q_cli::run(std::env::args_os(), q_cli::ProcessEnvironment::of_this_process())
}
