//! `q` on the command line: the composition root. The only place that picks implementations and reads the
//! environment.

mod age;
mod agents;
mod args;
mod attach;
mod client;
mod commands;
mod config;
mod environment;
mod error;
mod exchange;
mod history;
mod input;
mod json;
mod local;
mod out;
mod plain;
mod process_group;
mod results;
mod terminals;
mod trusted;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};
use tokio::signal::unix::{SignalKind, signal};

pub use environment::Environment;

use crate::args::{Args, Verb};
use crate::commands::Context;
use crate::error::CliError;

/// Runs `q` and gives its exit code: 0 done, 1 the thing failed, 2 usage, 3 no such session, 4 refused by a limit,
/// 5 host unreachable, 130 interrupted.
pub fn run(args: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    // Whatever is created from here on is this user's alone.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let typed: Vec<OsString> = args.into_iter().collect();
    let args = match Args::try_parse_from(&typed) {
        Ok(args) => args,
        Err(error) => return usage::explain(&error, &typed),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(dispatch(args, environment));
            // A read of standard input may still wait in its thread; it must not keep the program.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(CliError::failed(format!("the system gives no event loop: {error}"))),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => out::complain(&error),
    }
}

/// Every command as it is typed, hidden ones too: for what must forget none.
pub fn verbs() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], verbs: &mut Vec<Vec<String>>) {
        for verb in command.get_subcommands().filter(|verb| path.is_empty() || verb.get_name() != "help") {
            let path = [path, &[verb.get_name().to_owned()]].concat();
            if path != ["help"] {
                below(verb, &path, verbs);
            }
            verbs.push(path);
        }
    }
    let mut root = Args::command();
    root.build();
    let mut verbs = Vec::new();
    below(&root, &[], &mut verbs);
    verbs
}

async fn dispatch(args: Args, environment: Environment) -> Result<ExitCode, CliError> {
    // A limit on file sizes is an error of writing, which is told, and not the end of this process.
    let _heard = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    // These need no configuration of the person's, or must say themselves what is wrong with it.
    if let Some(Verb::Host(args::HostArgs { verb: args::HostVerb::Run { existing } })) = args.verb {
        return Ok(commands::host::run(&environment, existing).await);
    }
    if let Some(Verb::Host(args::HostArgs { verb: args::HostVerb::Probe { store } })) = &args.verb {
        return Ok(q_store::probe(store).into());
    }
    if let Some(Verb::Doctor { json }) = args.verb {
        return commands::doctor::run(&environment, json).await;
    }
    let context = Context::new(environment)?;
    match args.verb {
        None => commands::open::run(&context, None, args.plain).await,
        Some(Verb::Attach { session }) => commands::open::run(&context, Some(session), args.plain).await,
        Some(Verb::Chat(chat)) => commands::chat::run(&context, chat).await,
        Some(Verb::New(new)) => commands::new::run(&context, new, args.plain).await,
        Some(Verb::Ls(ls)) => commands::ls::run(&context, ls).await,
        Some(Verb::Send { session, prompt }) => commands::send::run(&context, &session, prompt).await,
        Some(Verb::Wait(wait)) => commands::wait::run(&context, wait).await,
        Some(Verb::Show(show)) => commands::show::run(&context, show).await,
        Some(Verb::Fork(fork)) => commands::fork::run(&context, fork).await,
        Some(Verb::Export(export)) => commands::export::run(&context, export).await,
        Some(Verb::Import(import)) => commands::import::run(&context, import).await,
        Some(Verb::Tell(verb)) => commands::tell::run(&context, verb).await,
        Some(Verb::Delete { session, now, force }) => {
            commands::delete::run(&context, &session, now, force).await
        }
        Some(Verb::Cleanup(cleanup)) => commands::cleanup::run(&context, cleanup).await,
        Some(Verb::Tag { session, changes }) => commands::tag::run(&context, &session, &changes).await,
        Some(Verb::Queue { session, json }) => commands::queue::run(&context, &session, json).await,
        Some(Verb::Call(verb)) => commands::inbox::run(&context, verb).await,
        Some(Verb::Replay { file }) => commands::replay::run(&context, &file),
        Some(Verb::Stats { json }) => commands::stats::run(&context, json).await,
        Some(Verb::Agents { verb: Some(args::AgentsVerb::Check { name, model, json }), .. }) => {
            commands::agents_check::run(&context, &name, model, json).await
        }
        Some(Verb::Model { verb }) => commands::model::run(&context, verb),
        Some(Verb::Agents { json, verb: None }) => commands::agents::run(&context, json),
        Some(Verb::Doctor { json }) => commands::doctor::run(&context.environment, json).await,
        Some(Verb::Host(host)) => commands::host::dispatch(&context, host.verb).await,
    }
}
