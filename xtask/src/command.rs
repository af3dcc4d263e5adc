//! Running other programs: from the top of the tree, without standard input, their output passed through.

use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

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

/// A program of the nightly toolchain. Found through rustup's front, and without our own toolchain in the environment, or
/// that would be found and run.
pub(crate) fn nightly(program: &str, arguments: &[&str]) -> Command {
    let mut nightly = command(program, &["+nightly"]);
    nightly.args(arguments);
    nightly.env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN");
    nightly
}

fn at_top(command: &mut Command) -> &mut Command {
    command.current_dir(surroundings::root()).stdin(Stdio::null())
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) -> Outcome {
    run_expecting(command, &[0])
}

/// Runs a command that must end with one of these codes.
pub(crate) fn run_expecting(command: &mut Command, codes: &[i32]) -> Outcome {
    code_of(command, codes).map(|_| Passed::Fully)
}

/// Runs a command that must end with one of these codes; gives which.
pub(crate) fn code_of(command: &mut Command, codes: &[i32]) -> Result<i32, Fault> {
    let line = line(command);
    println!("$ {line}");
    let status = command.status().map_err(|error| Fault(format!("`{line}` cannot be run: {error}")))?;
    let expected = status.code().filter(|code| codes.contains(code));
    expected.ok_or_else(|| Fault(format!("`{line}` failed: {status}")))
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

/// How a program ended that might not have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    /// With its code, if it has one, and with what it had said on standard output.
    Badly(Option<i32>, String),
    /// Not in time: it was killed.
    Late,
}

/// Runs a program that may fail or hang. What it starts is killed with it, as far as that stays in its process group.
pub(crate) fn ended_within(limit: Duration, command: &mut Command) -> Result<Ended, Fault> {
    let line = line(command);
    let fault = |error: io::Error| Fault(format!("`{line}` cannot be run: {error}"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().map_err(fault)?;
    let (sender, receiver) = mpsc::channel();
    let out = child.stdout.take();
    // Standard output ends with the program; so waiting for the one with a limit is waiting for the other.
    let reader = thread::spawn(move || {
        let mut said = Vec::new();
        let read = out.map_or(Ok(0), |mut out| out.read_to_end(&mut said));
        let _nobody_waits = sender.send(read.map(|_| String::from_utf8_lossy(&said).into_owned()));
    });
    let said = receiver.recv_timeout(limit);
    if said.is_err() {
        let group = format!("-{}", child.id());
        Command::new("kill").args(["-KILL", "--", &group]).status().map_err(fault)?;
    }
    let status = child.wait().map_err(fault)?;
    let _ended = reader.join();
    match said {
        Err(_) => Ok(Ended::Late),
        Ok(_) if status.success() => Ok(Ended::Well),
        Ok(said) => Ok(Ended::Badly(status.code(), said.map_err(fault)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_ends_well_badly_or_late() {
        for (script, ended) in [
            ("echo fine", Ended::Well),
            ("echo broken; exit 7", Ended::Badly(Some(7), "broken\n".into())),
            ("exec tail -f /dev/null", Ended::Late),
            ("tail -f /dev/null & wait", Ended::Late),
        ] {
            let mut shell = Command::new("sh");
            let limit = Duration::from_millis(if ended == Ended::Late { 50 } else { 60_000 });
            assert_eq!(ended_within(limit, shell.args(["-c", script])).unwrap(), ended, "{script}");
        }
    }
}
