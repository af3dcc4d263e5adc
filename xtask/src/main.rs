//! `cargo xtask`: the harness. What CI runs is what a contributor runs; each subcommand is a file.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the harness talks to a person")]

mod agents;
mod bench;
mod cargo_mutants;
mod ci;
mod command;
mod core_alone;
mod coverage;
mod crash;
mod fuzz;
mod miri;
mod mutants;
mod nightly;
mod real_agent;
mod scenarios;
mod screens;
mod sim;
mod surroundings;
mod tidy;
mod tools;
mod tour;
mod tree;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND
  ci [--full] [--only STEP]   what CI runs, cheap first; --full also wants the tools that take minutes to install
  tidy [--report [--verb VERB]]
                              rules of this tree that no compiler knows; --report: counts for before and after
  bench [--quick]             what q costs, beside the owner's gates and our budgets
  tour [--q PATH]             keys and seconds from a first start to two sessions answered and one approval given
  screens                     the pictures of the README, from real frames
  agents                      a working day with tools, the reference MCP servers (npm), and the ACP agents that are installed
  real-agent [--if-available] q against a real model behind a real server on this machine
  sim [--seeds N] [--from S]  whole simulated machines under faults; sim --seed S: one again, with all that happens
  crash [--full] [--only RIG [--seed S [--flip PLACES] | --point SCENARIO:CALL:N]]
                              the store killed at system calls and at random moments, power cuts, flipped bits
  fuzz [--seconds N]          grows the corpora of frames and replies (nightly compiler, cargo-fuzz)
  mutants [--list] [--only NAME]
                              plants faults in the core, one at a time: each must be caught by the test it names
  mutants --store             the same with the store, whose crash rigs must notice
  mutants --tools             the same with the tools of models and the turns that use them, whose tests must notice
  mutants --client            the same with the client and with what agents say, which the simulation must notice
  coverage                    lines of the core that its tests run; fails below 95 %
  scenarios                   counts the scenarios of the core, by area; fails below 150
  miri [--scenarios]          the core's tests under Miri (nightly compiler, with its component)
  cargo-mutants [--shard K/N] small faults by the hundred: how many of them the tests of the core notice
  nightly                     what is too dear for each change: long fuzzing, many more property cases, bench";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["ci", options @ ..] => ci::run(options),
        ["tidy"] => tidy::run(),
        ["tidy", "--report", options @ ..] => tidy::report(options),
        ["bench", options @ ..] => bench::run(options),
        ["tour", options @ ..] => tour::run(options),
        ["screens"] => screens::run(),
        ["agents"] => agents::run(),
        ["real-agent"] => real_agent::run(real_agent::Need::Must),
        ["real-agent", "--if-available"] => real_agent::run(real_agent::Need::IfAvailable),
        ["sim", options @ ..] => sim::run(options),
        ["crash", options @ ..] => crash::run(options),
        ["fuzz"] => fuzz::run(fuzz::DEFAULT_SECONDS),
        ["fuzz", "--seconds", seconds] => fuzz::run(seconds),
        ["mutants", options @ ..] => mutants::run(options),
        ["cargo-mutants", options @ ..] => cargo_mutants::run(options),
        ["coverage"] => coverage::run(),
        ["scenarios"] => scenarios::run(),
        ["miri"] => miri::run(miri::Extent::Units),
        ["miri", "--scenarios"] => miri::run(miri::Extent::Scenarios),
        ["nightly"] => nightly::run(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(Passed::Fully) => ExitCode::SUCCESS,
        Ok(Passed::Skipped(why)) => {
            println!("skipped: {why}");
            ExitCode::SUCCESS
        }
        Err(Fault(what)) => {
            eprintln!("xtask: {what}");
            ExitCode::FAILURE
        }
    }
}

/// How a subcommand or a step of CI ended well.
#[derive(Debug)]
enum Passed {
    /// All of it was done.
    Fully,
    /// It could not be done here, which is no fault; why.
    Skipped(String),
}

/// Why a subcommand or a step of CI failed; said to a person.
#[derive(Debug)]
struct Fault(String);

type Outcome = Result<Passed, Fault>;
