//! `q host …`: the background host.

use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use clap::Subcommand;
use q_client::{News, READY, Urgency, other_socket};
use q_core::{Activity, Mirror};
use q_host::{HostConfig, PersonalFiles, RuleFile, ServerReader};
use q_proto::{Place, Request, Response};
use q_store::StoreError;

use crate::args::{CommandArgs, JsonArgs, ProbeArgs, RestartArgs, RunArgs, StopArgs};
use crate::client::{Client, unexpected};
use crate::context::{Context, config};
use crate::environment::ProcessEnvironment;
use crate::error::{CliError, ErrorKind};
use crate::places::{own_directory, place};
use crate::{hooks_file, json, mcp_servers, out, permissions_file, trust_file};

#[derive(Debug, clap::Args)]
pub(crate) struct HostArgs {
    #[command(subcommand)]
    verb: HostVerb,
}

#[derive(Debug, Subcommand)]
enum HostVerb {
    /// Whether it runs, and how it is
    Status(JsonArgs),
    /// End it in good order; running turns are interrupted, nothing is lost
    Stop(StopArgs),
    /// End it and start one of this q; terminals come along
    Restart(RestartArgs),
    /// Where its log is
    Logs,
    /// Be the host (q starts it by itself)
    #[command(hide = true)]
    Run(RunArgs),
    /// Open a store on trial and end (the host starts it after a crash)
    #[command(hide = true)]
    Probe(ProbeArgs),
    /// Run a command of a session's tools (the host starts it)
    #[command(hide = true)]
    Command(CommandArgs),
}

pub(crate) async fn run(environment: &ProcessEnvironment, args: HostArgs) -> Result<ExitCode, CliError> {
    let context = || Context::new(environment.clone());
    match args.verb {
        HostVerb::Status(args) => status(&context()?, args.json).await,
        HostVerb::Stop(args) => stop(&context()?, args.force).await,
        HostVerb::Restart(args) => restart(&context()?, &args).await,
        HostVerb::Logs => print_logs(&context()?),
        // These two read no agents and no keys: a host is not started less for a key file that is not there.
        HostVerb::Run(args) => Ok(serve(environment, args.existing).await),
        HostVerb::Probe(args) => Ok(q_store::probe(&args.store).into()),
        HostVerb::Command(args) => Ok(ExitCode::from(args.supervised().run().await)),
    }
}

fn print_logs(context: &Context) -> Result<ExitCode, CliError> {
    out::line(&context.place.logs().display().to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Opens a store on trial in a process of its own: this program, with other arguments.
fn probe(store: &Path) -> io::Result<ExitStatus> {
    let mut probe = Command::new(std::env::current_exe()?);
    probe.args(["host", "probe"]).arg(store);
    probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
}

/// Is the host. Says [`READY`] once clients can connect, or why it cannot start; its starter reads that.
async fn serve(environment: &ProcessEnvironment, existing: bool) -> ExitCode {
    match start(environment, existing).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(target: "q::host", error = %error.message, "the host ends");
            let _starter_gone = out::line(&error.message);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

async fn start(environment: &ProcessEnvironment, existing: bool) -> Result<(), CliError> {
    // A session of its own: the end of the terminal that happened to start it is none of its business. It leads one
    // already when run by hand in a fresh session, which is as good.
    let _leads_one_already = rustix::process::setsid();
    let place = place(environment)?;
    place.prepare_state().map_err(|error| CliError::failed(error.to_string()))?;
    let config = config(environment)?;
    let limits = config.limits.applied();
    if let Err(error) = q_telemetry::init(&place.logs(), "host", environment.text("Q_LOG")) {
        out::note(&format!("no log: {error}"));
    }
    let ready = || {
        let _starter_gone = out::line(READY);
    };
    let projects = trust_file::reader(&place, own_directory(environment)?);
    let rules = RuleFile { path: place.permissions(), read: permissions_file::read_for_host };
    let servers = ServerReader {
        trusted: place.trusted(),
        accepted: place.accepted_servers(),
        read: mcp_servers::read_for_host,
    };
    let hooks = Some(hooks_file::reader(environment, &place, &config));
    let personal = PersonalFiles { rules, projects, servers, hooks };
    q_host::run(HostConfig { place, limits, existing, probe: Some(probe), personal }, ready)
        .await
        .map_err(|error| CliError::failed(error.to_string()))
}

/// Who has the store open and is out of reach from here, with the ways to reach or to end it.
pub(crate) fn in_use_elsewhere(place: &Place) -> Option<StoreError> {
    let holder = other_socket(place)?;
    Some(StoreError::InUse { path: place.store(), holder: Some(holder) })
}

async fn status(context: &Context, as_json: bool) -> Result<ExitCode, CliError> {
    let Some(mut client) = Client::attach_existing(context, false).await? else {
        match in_use_elsewhere(&context.place) {
            _ if as_json => json::print(&serde_json::json!({ "running": false }))?,
            Some(user) => out::line(&format!("no host runs here; {user}"))?,
            None => out::line("no host runs; q starts one when it is needed")?,
        }
        return Ok(ExitCode::from(ErrorKind::Unreachable.exit_code()));
    };
    let Response::Status(status) = client.ask(Request::Status).await? else { return Err(unexpected()) };
    if as_json {
        let mut shape = serde_json::to_value(&status).map_err(|error| CliError::failed(error.to_string()))?;
        if let Some(fields) = shape.as_object_mut() {
            fields.insert("running".into(), true.into());
        }
        json::print(&shape)?;
    } else {
        let age = q_term::words::duration(q_host::clock::wall(), q_core::WallTime(status.started));
        out::line(&format!(
            "running for {age} (process {}, version {}): {} of {} sessions live, {} hibernated, {} working, {} stored, {} attached",
            status.pid,
            status.version,
            status.live,
            status.max_live,
            status.hibernated,
            status.working,
            status.stored,
            status.clients
        ))?;
        if let Some(why) = &status.read_only {
            out::line(&format!("read only: {why}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn stop(context: &Context, force: bool) -> Result<ExitCode, CliError> {
    let urgency = if force { Urgency::Forced } else { Urgency::Orderly };
    let stopped = q_client::dismiss(&context.place, urgency).await?;
    out::note(if stopped {
        "the host has stopped; sessions are kept, `q` brings them back"
    } else {
        "no host runs"
    });
    Ok(ExitCode::SUCCESS)
}

/// Has the host end in good order for another one to come, and waits until it did.
async fn make_room(mut client: Client) -> Result<(), CliError> {
    client.ask(Request::Restart).await?;
    // It is gone when it closes the connection; by then everything is written.
    while !matches!(client.next().await, Err(_) | Ok(News::Going { .. })) {}
    Ok(())
}

/// Ends the host that runs, whatever its version, and starts one of this program.
async fn restart(context: &Context, args: &RestartArgs) -> Result<ExitCode, CliError> {
    let cut = match Client::attach_existing(context, true).await {
        Ok(Some(mut client)) => {
            while args.wait && !those_that(&client.mirror, Activity::is_busy).is_empty() {
                client.next().await?;
            }
            if !args.now {
                refuse_if_asked(&client.mirror)?;
            }
            let cut = those_that(&client.mirror, Activity::is_busy);
            make_room(client).await?;
            cut
        }
        Ok(None) => Vec::new(),
        Err(error) if error.kind == ErrorKind::Foreign => {
            q_client::dismiss(&context.place, Urgency::Orderly).await?;
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    // Whoever comes first starts the next one: this client, or a terminal that comes along.
    let client = Client::attach(context, false).await?;
    out::note(&format!("the host has restarted (version {})", client.host().version));
    for name in cut {
        out::note(&format!("{name} was interrupted, its agent cannot go on; `q retry {name}` asks again"));
    }
    Ok(ExitCode::SUCCESS)
}

/// A question that waits is not taken away unasked: no agent could take its answer after a restart.
fn refuse_if_asked(mirror: &Mirror) -> Result<(), CliError> {
    let asked = those_that(mirror, Activity::needs_person);
    if asked.is_empty() {
        return Ok(());
    }
    Err(CliError::failed(format!(
        "your answer is waited for in {}, and a restart would take the question away; `q inbox` shows it; `q host restart --wait` restarts once nothing runs, `--now` at once",
        asked.join(", ")
    )))
}

/// The names of the open sessions that do that.
fn those_that(mirror: &Mirror, do_it: fn(Activity) -> bool) -> Vec<String> {
    let sessions = mirror.by_slot();
    let such = sessions.iter().filter(|session| do_it(session.summary.activity));
    such.map(|session| session.summary.name.to_string()).collect()
}
