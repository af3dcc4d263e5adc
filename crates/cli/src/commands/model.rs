//! `q model`: models on this machine. What was typed goes to `q-local`, which keeps them.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use clap::Subcommand;

use crate::args::{ListArgs, PullArgs, RemoveArgs, UseArgs};
use crate::context::Context;
use crate::error::CliError;
use crate::local;

/// What can be done with models on this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelVerb {
    /// Fetch one that is known by name: smollm2
    Pull(PullArgs),
    /// Have one answer where no model is named
    Use(UseArgs),
    /// List those that are here; the one in use has a star
    List(ListArgs),
    /// Remove one; of a file elsewhere, only that it is used
    Rm(RemoveArgs),
}

pub(crate) fn run(context: &Context, verb: ModelVerb) -> Result<ExitCode, CliError> {
    let program = local::program(&context.environment)
        .map_err(|missing| CliError::failed(missing.why).hint(missing.way_out))?;
    let mut command = Command::new(&program);
    command.arg("--models").arg(context.place.models());
    match verb {
        ModelVerb::Pull(PullArgs { name, index }) => {
            command.arg("pull").arg(name);
            if let Some(index) = index {
                command.arg("--index").arg(index);
            }
        }
        ModelVerb::Use(args) => drop(command.arg("use").arg(args.model)),
        ModelVerb::List(args) => {
            command.arg("list");
            if args.json {
                command.arg("--json");
            }
        }
        ModelVerb::Rm(args) => drop(command.arg("rm").arg(args.model)),
    }
    // It takes this process over: what it says and how it ends is the verb's.
    let error = command.exec();
    Err(CliError::failed(format!("{} cannot be run: {error}", program.display())))
}
