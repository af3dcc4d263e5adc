//! `q mcp`: servers whose tools models may call, and what of them was accepted.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use q_agent::{TOOL_VARIABLES, ToolSettings};
use q_mcp::{McpConnection, McpSpec, Pin, PinnedTools, ToolList, check_name};
use q_tools::ServingPrograms;
use serde::Serialize;

use crate::config::{self, McpConfig};
use crate::context::{Context, config_file};
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::{json, mcp_file, out};

/// How much of what a tool is said to do is listed, in letters.
const ABOUT: usize = 90;

/// What can be done with servers.
#[derive(Debug, Subcommand)]
pub(crate) enum McpVerb {
    /// The servers of the configuration, and what of each was accepted
    List(crate::args::JsonArgs),
    /// Start one, list its tools, and show how they differ from what was accepted
    Check(McpCheckArgs),
    /// Write a server into the configuration
    Add(McpAddArgs),
    /// Take one out of it, and forget what was accepted
    Remove(McpRemoveArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct McpCheckArgs {
    /// The server, as its table is called
    name: String,
    /// Offer its tools as they are now
    #[arg(long)]
    accept: bool,
    /// One JSON object, and nothing else
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct McpAddArgs {
    /// By which its tools are known: letters, digits, - and _
    name: String,
    /// A variable that it gets
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// How long a call may take
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: Option<u64>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct McpRemoveArgs {
    /// The server, as its table is called
    name: String,
}

#[derive(Serialize)]
struct ServerJson<'a> {
    name: &'a str,
    command: &'a [String],
    enabled: bool,
    agents: Option<&'a [String]>,
    /// How many tools were accepted; nothing where nobody has seen it yet.
    accepted: Option<usize>,
    /// What its tools and command are known by, as they were accepted.
    digest: Option<&'a str>,
    /// Why it is not started, or what was accepted not known.
    fault: Option<&'a str>,
}

#[derive(Serialize)]
struct CheckedJson<'a> {
    name: &'a str,
    server: &'a str,
    tools: Vec<ToolJson>,
    left_out: &'a [String],
    /// How it differs from what was accepted.
    difference: &'a [String],
    accepted: bool,
}

#[derive(Serialize)]
struct ToolJson {
    name: String,
    description: String,
    schema: serde_json::Value,
}

pub(crate) async fn run(context: &Context, verb: McpVerb) -> Result<ExitCode, CliError> {
    let file = config_file(&context.environment)?;
    let servers = config::read(&file)?.mcp;
    let pinned = PinnedTools { directory: context.place.accepted_servers() };
    match verb {
        McpVerb::List(args) => list(&servers, &pinned, args.json)?,
        McpVerb::Check(args) => return check(context, &servers, &pinned, args).await,
        McpVerb::Add(args) => {
            let spec = spec(&args)?;
            if servers.contains_key(&args.name) {
                let error = CliError::usage(format!("there is a server {} already", args.name));
                return Err(error.hint(format!("q mcp remove {} takes it out first", args.name)));
            }
            let table = mcp_file::table(&args.name, &spec);
            mcp_file::add(&file, &table).map_err(|error| {
                error.hint(format!(
                    "nothing was written to {}; put this there yourself:\n{table}",
                    file.display()
                ))
            })?;
            out::line(&format!("{} has it now; {}", file.display(), to_check(&args.name)))?;
        }
        McpVerb::Remove(McpRemoveArgs { name }) => {
            known(&servers, &name)?;
            if !mcp_file::remove(&file, &name)? {
                let error =
                    CliError::failed(format!("[mcp.{name}] cannot be taken out of {}", file.display()));
                return Err(
                    error.hint("it does not stand there in lines of its own: remove it with an editor")
                );
            }
            pinned.forget(&name).map_err(CliError::failed)?;
            out::line(&format!("{name} is in {} no longer", file.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn to_check(name: &str) -> String {
    format!("q mcp check {name} starts it and lists its tools")
}

fn spec(args: &McpAddArgs) -> Result<McpSpec, CliError> {
    check_name(&args.name)
        .map_err(|why| CliError::usage(format!("{} is no name of a server: it {why}", args.name)))?;
    let variable = |text: &String| {
        let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
        Some((name.to_owned(), value.to_owned()))
    };
    let environment: Option<BTreeMap<String, String>> = args.env.iter().map(variable).collect();
    let environment = environment.ok_or_else(|| CliError::usage("a variable is NAME=VALUE"))?;
    let timeout = args.timeout.map_or(McpSpec::TIMEOUT, Duration::from_secs);
    Ok(McpSpec { name: args.name.clone(), command: args.command.clone(), environment, timeout })
}

fn known<'a>(servers: &'a BTreeMap<String, McpConfig>, name: &str) -> Result<&'a McpConfig, CliError> {
    servers.get(name).ok_or_else(|| {
        let error = CliError::usage(format!("there is no server {name}"));
        match q_term::suggest::nearest(name, servers.keys().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`? `q mcp list` lists them")),
            None => error.hint("`q mcp list` lists them"),
        }
    })
}

fn list(servers: &BTreeMap<String, McpConfig>, pinned: &PinnedTools, as_json: bool) -> Result<(), CliError> {
    let pins: Vec<Result<Option<Pin>, String>> = servers.keys().map(|name| pinned.read(name)).collect();
    if as_json {
        let faults: Vec<Option<String>> =
            servers.values().zip(&pins).map(|(server, pin)| fault(server, pin)).collect();
        let rows = servers.iter().zip(&pins).zip(&faults);
        let shape = rows.map(|(((name, server), pin), fault)| {
            let pin = pin.as_ref().ok().and_then(Option::as_ref);
            ServerJson {
                name,
                command: &server.command,
                enabled: server.is_enabled(),
                agents: server.agents.as_deref(),
                accepted: pin.map(|pin| pin.tools.len()),
                digest: pin.map(Pin::digest),
                fault: fault.as_deref(),
            }
        });
        return json::print(&shape.collect::<Vec<_>>());
    }
    if servers.is_empty() {
        out::note("no MCP servers: q mcp add NAME -- PROGRAM ARGUMENTS");
    }
    servers.iter().zip(&pins).try_for_each(|((name, server), pin)| {
        let state = match (server.is_enabled(), fault(server, pin), pin) {
            (false, _, _) => "not enabled".to_owned(),
            (true, Some(fault), _) => format!("{fault}: q mcp check {name}"),
            (true, None, Ok(Some(pin))) => format!("{} tools accepted", pin.tools.len()),
            (true, None, Ok(None) | Err(_)) => "not started yet".to_owned(),
        };
        out::line(&format!("{name}  {}  ({state})", server.command.join(" ")))
    })
}

/// Why nothing of a server is offered that was seen before.
fn fault(server: &McpConfig, pin: &Result<Option<Pin>, String>) -> Option<String> {
    match pin {
        Err(why) => Some(why.clone()),
        Ok(Some(pin)) if pin.command != server.command => {
            Some("its command is not the one that was accepted".into())
        }
        Ok(_) => None,
    }
}

async fn check(
    context: &Context,
    servers: &BTreeMap<String, McpConfig>,
    pinned: &PinnedTools,
    args: McpCheckArgs,
) -> Result<ExitCode, CliError> {
    let McpCheckArgs { name, accept, json: as_json } = args;
    let server = known(servers, &name)?;
    let (introduction, list) = look(&context.environment, &server.spec(&name)).await?;
    let now = Pin::new(&server.command, list.tools.clone());
    // What cannot be read is in the way of every session until something else is accepted.
    let before = pinned.read(&name);
    let difference = match &before {
        Ok(Some(before)) => before.difference(&now),
        Ok(None) => Vec::new(),
        Err(why) => vec![why.clone()],
    };
    let is_new = matches!(before, Ok(None));
    let accepted = is_new || accept || difference.is_empty();
    if as_json {
        let tools = list.tools.iter().map(|tool| ToolJson {
            name: tool.offered_as(&name),
            description: tool.description.clone(),
            schema: serde_json::from_str(&tool.schema).unwrap_or_default(),
        });
        json::print(&CheckedJson {
            name: &name,
            server: &introduction,
            tools: tools.collect(),
            left_out: &list.left_out,
            difference: &difference,
            accepted,
        })?;
    } else {
        out::line(&format!("{name} is {introduction}, with {} tools", list.tools.len()))?;
        if difference.is_empty() {
            list.tools.iter().try_for_each(|tool| {
                let about = tool.description.lines().next().unwrap_or_default();
                let about: String = about.chars().take(ABOUT).collect();
                out::line(&format!("  {}  {about}", tool.offered_as(&name)))
            })?;
        } else {
            out::line("it is not as it was accepted:")?;
            difference.iter().try_for_each(|line| out::line(line))?;
        }
        list.left_out.iter().try_for_each(|line| out::line(&format!("left out: {line}")))?;
    }
    if accepted {
        if is_new || !difference.is_empty() {
            pinned.accept(&name, &now).map_err(CliError::failed)?;
            out::note("accepted: sessions are offered these tools, and ask before each call");
        }
        return Ok(ExitCode::SUCCESS);
    }
    out::note(&format!(
        "what is new or other is not offered until you accept it: q mcp check {name} --accept"
    ));
    Ok(ExitCode::FAILURE)
}

/// Starts it here as a session would, and ends it again.
async fn look(environment: &ProcessEnvironment, spec: &McpSpec) -> Result<(String, ToolList), CliError> {
    let variable = |name: &&str| Some(((*name).to_owned(), environment.text(name)?.to_owned()));
    let settings = ToolSettings {
        environment: TOOL_VARIABLES.iter().filter_map(variable).collect(),
        umask: environment.umask,
        supervisor: Some(environment.program.clone()),
        sandbox: false,
        ..ToolSettings::default()
    };
    let programs = ServingPrograms::default();
    let looked = async {
        // A directory that is reached by links is one that a session could not work in by this path.
        let directory = environment.directory.canonicalize().map_err(|error| error.to_string())?;
        let connection = McpConnection::start(spec, &settings, &directory, &programs).await?;
        let introduction = connection.introduction();
        let list = connection.list().await;
        connection.end();
        Ok::<_, String>((introduction, list?))
    };
    let looked = looked.await;
    programs.are_over().await;
    looked.map_err(|why| CliError::failed(format!("MCP server {}: {why}", spec.name)))
}
