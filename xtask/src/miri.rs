//! `cargo xtask miri`: the core's own tests under an interpreter that knows undefined behaviour when it sees it.
//!
//! The core has no unsafe code. What this proves is that what it stands on is used as it must be, and that its debug
//! assertions hold there, too.

use std::path::Path;

use crate::command::{nightly, output, run as run_command};
use crate::surroundings::root;
use crate::{Fault, Outcome, Passed};

const HOW: &str = "rustup component add --toolchain nightly miri rust-src";
/// An interpreter is some hundred times slower: each property gets a glance.
const CASES: &str = "4";

/// What the interpreter is asked to run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The tests inside the package.
    Units,
    /// The scenarios, too: more than a second each.
    Scenarios,
}

pub(crate) fn run(extent: Extent) -> Outcome {
    if let Err(Fault(why)) = is_there() {
        return Ok(Passed::Skipped(format!("{why}: {HOW}")));
    }
    let mut miri = nightly("cargo", &["miri", "test", "--package", "q-core", "--locked", "--lib"]);
    if extent == Extent::Scenarios {
        miri.args(["--test", "scenario"]);
    }
    // Scenarios are files, which an isolated program cannot read.
    miri.env("MIRIFLAGS", "-Zmiri-disable-isolation").env("PROPTEST_CASES", CASES);
    miri.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1").env("CARGO_TARGET_DIR", root().join("target/miri"));
    run_command(&mut miri)
}

fn is_there() -> Result<(), Fault> {
    // Looking must not install a toolchain.
    let version = output(nightly("cargo", &["miri", "--version"]).env("RUSTUP_AUTO_INSTALL", "0"));
    version.map_err(|_| Fault("the nightly toolchain has no Miri".into()))?;
    let sysroot = output(&mut nightly("rustc", &["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
    if library.is_dir() { Ok(()) } else { Err(Fault("the nightly toolchain has no sources of `std`".into())) }
}
