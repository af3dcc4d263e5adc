//! Running other programs: from the top of the tree, without standard input, their output passed through.

use std::process::{Command, Stdio};

use crate::{Fault, Outcome, Passed, surroundings};

/// The cargo that runs us, so that one toolchain does all.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(surroundings::cargo());
    at_top(&mut cargo).args(arguments);
    cargo
}

/// A program at the top of the tree.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    at_top(&mut command).args(arguments);
    command
}

fn at_top(command: &mut Command) -> &mut Command {
    command.current_dir(surroundings::root()).stdin(Stdio::null())
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let line = line(command);
    println!("$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(Passed::Fully),
        Ok(status) => Err(Fault(format!("`{line}` failed: {status}"))),
        Err(error) => Err(Fault(format!("`{line}` cannot be run: {error}"))),
    }
}

/// Runs a command that must succeed; gives what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, Fault> {
    let line = line(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Fault(format!("`{line}` cannot be run: {error}")))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Fault(format!("`{line}` failed: {}", output.status)))
    }
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}
