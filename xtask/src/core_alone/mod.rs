//! The core alone: it and what proves it, copied into a workspace of their own below `target/`.
//!
//! Without the adapters a changed core is built and proven in seconds, and a copy may be broken on purpose. A copy stays
//! from one run to the next, so that cargo builds only what changed.
//!
//! Not here: which files belong to it (`reduced`).

mod artifacts;
mod reduced;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Fault;
use crate::command::{cargo, command, output};
use crate::surroundings::root;
use crate::tree::Tree;

/// The same cases in every run, written nowhere, and not shrunk: what matters is whether a test fails.
const REPEATABLE: &[(&str, &str)] = &[
    ("PROPTEST_RNG_SEED", "1"),
    ("PROPTEST_MAX_SHRINK_ITERS", "0"),
    ("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1"),
];

/// One fault changes much of the core: compiling it is the longer wait, and its tests are short.
const UNOPTIMIZED: [(&str, &str); 2] =
    [("CARGO_PROFILE_DEV_OPT_LEVEL", "0"), ("CARGO_PROFILE_DEV_DEBUG", "0")];

/// A copy of the core, of the properties it must keep, and of nothing else.
pub(crate) struct CoreAlone {
    place: PathBuf,
}

/// A built test program.
pub(crate) struct TestProgram {
    /// As nextest names it: `q-core` for the tests inside the package, `q-core::scenario` for one beside it.
    pub(crate) id: String,
    executable: PathBuf,
    directory: PathBuf,
}

impl CoreAlone {
    /// Copies what is needed to `target/NAME`, or brings the copy there up to date.
    pub(crate) fn lay_out(name: &str) -> Result<Self, Fault> {
        let alone = Self { place: root().join("target").join(name) };
        let files = reduced::files(&Tree::read()?);
        remove_others(&alone.top().join("crates"), &|path| {
            files.iter().any(|file| alone.path(&file.path) == path)
        })?;
        for file in &files {
            alone.write(&file.path, &file.text)?;
        }
        Ok(alone)
    }

    /// The top of the copied tree.
    pub(crate) fn top(&self) -> PathBuf {
        self.place.join("tree")
    }

    /// A file of the copied tree.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.top().join(path)
    }

    /// A directory beside the copied tree, for what a run leaves.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.place.join(name)
    }

    /// Writes a file of the copy; one that has that text already stays untouched, and so is not built again.
    pub(crate) fn write(&self, path: &str, text: &str) -> Result<(), Fault> {
        let path = self.path(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        let io = |error| Fault(format!("{}: {error}", path.display()));
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(io)?;
        fs::write(&path, text).map_err(io)
    }

    /// Cargo in the copy. All copies build in one place: what the core stands on is the same for each.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = cargo(arguments);
        cargo.current_dir(self.top()).env("CARGO_TARGET_DIR", root().join("target/core-alone"));
        // Where CI switches it off, too: here one file changes at a time.
        cargo.env("CARGO_INCREMENTAL", "1");
        cargo
    }

    /// Another program, at the top of the copy; it builds where it likes, with any tests repeatable.
    pub(crate) fn tool(&self, program: &Path) -> Command {
        let mut tool = command(&program.to_string_lossy(), &[]);
        tool.current_dir(self.top()).env_remove("CARGO_TARGET_DIR");
        tool.env("CARGO_INCREMENTAL", "1").envs(UNOPTIMIZED).envs(REPEATABLE.iter().copied());
        tool
    }

    /// Builds all tests, the packages of the copy with these flags: what they stand on stays fast and is built once.
    pub(crate) fn build_tests(&self, flags: &str) -> Result<Vec<TestProgram>, Fault> {
        self.build(&["--workspace"], flags)
    }

    /// Builds one test program and no more.
    pub(crate) fn build_test(&self, id: &str, flags: &str) -> Result<Vec<TestProgram>, Fault> {
        match id.split_once("::") {
            Some((package, test)) => self.build(&["--package", package, "--test", test], flags),
            None => self.build(&["--package", id, "--lib"], flags),
        }
    }

    fn build(&self, what: &[&str], flags: &str) -> Result<Vec<TestProgram>, Fault> {
        let mut build =
            self.cargo(&["test", "--quiet", "--no-run", "--message-format=json-render-diagnostics"]);
        build.args(what);
        build.envs(UNOPTIMIZED).env("RUSTC_WORKSPACE_WRAPPER", self.compiler_with(flags)?);
        let programs = artifacts::test_programs(&output(&mut build)?);
        if programs.is_empty() { Err(Fault("cargo built no test".into())) } else { Ok(programs) }
    }

    /// A program that runs the compiler it is given and adds these flags.
    fn compiler_with(&self, flags: &str) -> Result<PathBuf, Fault> {
        let path = self.beside("rustc");
        let script = format!("#!/bin/sh\nexec \"$@\" {flags}\n");
        if !fs::read_to_string(&path).is_ok_and(|there| there == script) {
            let io = |error| Fault(format!("{}: {error}", path.display()));
            fs::write(&path, script).map_err(io)?;
            fs::set_permissions(&path, Permissions::from_mode(0o755)).map_err(io)?;
        }
        Ok(path)
    }
}

impl TestProgram {
    /// Runs it as cargo would: in its package's directory. With a limit of memory, since a broken core may ask for all.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        const FOUR_GIB: &str = "ulimit -v 4194304; exec \"$0\" \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", FOUR_GIB]).arg(&self.executable).args(arguments);
        command.current_dir(&self.directory).envs(REPEATABLE.iter().copied());
        command
    }

    pub(crate) fn executable(&self) -> &Path {
        &self.executable
    }

    /// The tests in it.
    pub(crate) fn tests(&self) -> Result<Vec<String>, Fault> {
        let list = output(&mut self.command(&["--list"]))?;
        Ok(list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    }
}

/// Removes the files of an older copy that are no longer wanted.
fn remove_others(directory: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Result<(), Fault> {
    let io = |error| Fault(format!("{}: {error}", directory.display()));
    if !directory.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_dir() {
            remove_others(&path, is_wanted)?;
        } else if !is_wanted(&path) {
            fs::remove_file(&path).map_err(io)?;
        }
    }
    Ok(())
}
