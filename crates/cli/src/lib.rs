//! `q` on the command line: the composition root. The only place that picks implementations and reads the
//! environment.

mod acp;
mod acp_agent;
mod age;
mod agent_key;
mod agent_reach;
mod agents;
mod args;
mod attach;
mod call_id;
mod changes;
mod client;
mod commands;
mod config;
mod config_text;
mod context;
mod environment;
mod error;
mod exchange;
mod help;
mod history;
mod hooks_file;
mod image_file;
mod input;
mod json;
mod key_commands;
mod keyboard;
mod learned_file;
mod local;
mod mcp_file;
mod mcp_look;
mod mcp_servers;
mod missing;
mod named_files;
mod offers;
mod open;
mod out;
mod own_texts;
mod permissions_file;
mod places;
mod plain;
mod process_group;
mod questions;
mod redirect_listener;
mod results;
mod served_words;
mod setup_choice;
mod setup_draft;
mod shared_commands;
mod state_file;
mod successor;
mod taken_terminal;
mod terminals;
mod tool_environment;
mod trust_file;
mod trusted;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

pub use environment::ProcessEnvironment;

use crate::commands::FaceSetting;
use crate::commands::{AfterVerb, Args};
use crate::context::Context;
use crate::environment::NO_MOTION;
use crate::error::CliError;

/// The first descriptor behind standard input, output and error.
const FIRST_UNNAMED: i32 = 3;

/// How long a thread that waited for a file stays for the next one: what is idle wakes no more after that, and holds no stack.
const BLOCKING_THREAD_STAYS: Duration = Duration::from_secs(1);

/// Runs `q` and gives its exit code: 0 done, 1 the thing failed, 2 usage, 3 no such session, 4 refused by a limit,
/// 5 host unreachable, 6 waits for the person's answer, 130 interrupted.
pub fn run(args: impl IntoIterator<Item = OsString>, mut environment: ProcessEnvironment) -> ExitCode {
    // Whatever is created from here on is this user's alone.
    let umask = rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    environment.umask = umask.bits();
    // What whoever started this has open is nothing to those that are started from here: a host would keep it for days.
    close_fds::set_fds_cloexec(FIRST_UNNAMED, &[]);
    let typed: Vec<OsString> = args.into_iter().collect();
    let args = match usage::read(&typed) {
        Ok(args) => args,
        Err(code) => return code,
    };
    // One thread: a client only waits, and no other has to be started before its first frame.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(BLOCKING_THREAD_STAYS)
        .build();
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
    usage::verbs()
}

async fn dispatch(args: Args, environment: ProcessEnvironment) -> Result<ExitCode, CliError> {
    // A limit on file sizes is an error of writing, which is told, and not the end of this process.
    let _listened_to = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    let session = match args.verb {
        None => None,
        Some(verb) => match verb.run(&environment).await? {
            AfterVerb::Exit(code) => return Ok(code),
            AfterVerb::Open(session) => Some(session),
        },
    };
    let face = if args.plain { Some(FaceSetting::Plain) } else { args.face };
    let environment = if args.no_motion { environment.with(NO_MOTION, "1") } else { environment };
    open::run(&Context::new(environment)?, session, face).await
}
