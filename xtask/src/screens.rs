//! `cargo xtask screens`: draws the pictures of the README anew, from real frames of what ships.
//!
//! Not here: what is on them (`q-screens` in crates/testkit).

use crate::bench::{RELEASE_BINARY, build_release};
use crate::command::{cargo, run as run_command};
use crate::surroundings::root;
use crate::{Fault, Outcome, Passed};

/// Where they stand, from the top of the tree.
const PICTURES: &str = "docs/screens";

pub(crate) fn run() -> Outcome {
    build_release()?;
    let directory = root().join(PICTURES);
    std::fs::create_dir_all(&directory)
        .map_err(|error| Fault(format!("{}: {error}", directory.display())))?;
    let mut command =
        cargo(&["run", "--quiet", "--package", "q-testkit", "--bin", "q-screens", "--locked", "--", "--q"]);
    run_command(command.arg(root().join(RELEASE_BINARY)).arg("--into").arg(directory))?;
    Ok(Passed::Fully)
}
