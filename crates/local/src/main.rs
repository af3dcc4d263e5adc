//! The `q-local` binary: hands arguments and environment to the library, and its verdict to the system.

use std::process::ExitCode;

fn main() -> ExitCode {
    q_local::program::run(&q_local::program::Surroundings::of_this_process())
}
