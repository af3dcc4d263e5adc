//! `q model`: models on this machine. What was typed goes to `q-local`, which keeps them.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use crate::args::ModelVerb;
use crate::commands::Context;
use crate::error::CliError;
use crate::local;

pub(crate) fn run(context: &Context, verb: ModelVerb) -> Result<ExitCode, CliError> {
    let program =
        local::program(&context.environment).map_err(|lack| CliError::failed(lack.why).hint(lack.way_out))?;
    let mut command = Command::new(&program);
    command.arg("--models").arg(context.place.models());
    match verb {
        ModelVerb::Pull { name, index } => {
            command.arg("pull").arg(name);
            if let Some(index) = index {
                command.arg("--index").arg(index);
            }
        }
        ModelVerb::Use { model } => drop(command.arg("use").arg(model)),
        ModelVerb::List { json } => {
            command.arg("list");
            if json {
                command.arg("--json");
            }
        }
        ModelVerb::Rm { model } => drop(command.arg("rm").arg(model)),
    }
    // It takes this process over: what it says and how it ends is the verb's.
    let error = command.exec();
    Err(CliError::failed(format!("{} cannot be run: {error}", program.display())))
}
