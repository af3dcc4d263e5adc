//! `cargo xtask tour`: from a first start to two sessions answered and one approval given, in a real terminal: how many keys that
//! takes, and how long. Too many keys fail it; seconds never do.
//!
//! Not here: the way itself and what it may cost (`q-tour` in crates/testkit).

use std::path::Path;

use crate::bench::{RELEASE_BINARY, build_release};
use crate::command::{cargo, run as run_command};
use crate::surroundings::root;
use crate::{Fault, Outcome};

/// Walks it with what ships, or with the program that is given.
pub(crate) fn run(options: &[&str]) -> Outcome {
    match options {
        [] => {
            build_release()?;
            walk(&root().join(RELEASE_BINARY))
        }
        ["--q", program] => walk(Path::new(program)),
        other => Err(Fault(format!("tour does not know {other:?}"))),
    }
}

fn walk(program: &Path) -> Outcome {
    let mut command =
        cargo(&["run", "--quiet", "--package", "q-testkit", "--bin", "q-tour", "--locked", "--", "--q"]);
    run_command(command.arg(program))
}
