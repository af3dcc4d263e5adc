//! `q mcp`: servers whose tools models may call, and what of them was accepted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use q_agent::http::shown_address;
use q_mcp::{ListedPrompt, McpSpec, Pin, PinnedTools, ServerOrigin, SignInState, ToolList, check_name};
use serde::Serialize;

use crate::client::Client;
use crate::commands::{mcp_login, permissions};
use crate::config::{self, McpConfig, WorkPlace};
use crate::context::Context;
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::mcp_servers::{self, KnownServer, KnownServers};
use crate::places::config_file;
use crate::{json, mcp_file, mcp_look, out, trust_file};

/// How much of what a tool is said to do is listed, in letters.
const ABOUT: usize = 90;

/// What can be done with servers.
#[derive(Debug, Subcommand)]
pub(crate) enum McpVerb {
    /// The servers of the configuration and of this project, and what of each was accepted
    List(crate::args::JsonArgs),
    /// Start one or reach it, list its tools, and show how they differ from what was accepted
    Check(McpCheckArgs),
    /// Write a server into the configuration
    Add(McpAddArgs),
    /// Take one out of it, and forget what was accepted and which rules it had
    Remove(McpServerArgs),
    /// Sign in at one at an address, in a browser; q keeps the tokens and renews them
    Login(McpLoginArgs),
    /// Forget the tokens of one: its next call wants another sign-in
    Logout(McpServerArgs),
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
    /// Run it in the directory of each session, once that is trusted, and not in one of its own
    #[arg(long)]
    in_session: bool,
    /// Where it is, for one that is reached over HTTP and not started
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["env", "in_session", "command"])]
    url: Option<String>,
    /// A header that each request to it has
    #[arg(long, value_name = "NAME=VALUE", requires = "url")]
    header: Vec<String>,
    /// The variable that holds its key
    #[arg(long, value_name = "VARIABLE", requires = "url", conflicts_with = "key_file")]
    key_env: Option<String>,
    /// The file that holds its key, and nothing else
    #[arg(long, value_name = "PATH", requires = "url")]
    key_file: Option<PathBuf>,
    /// As what it is asked for tokens, where q was registered on its pages: see `q mcp login`
    #[arg(long, value_name = "ID", requires = "url")]
    client_id: Option<String>,
    /// The program and its arguments
    #[arg(last = true, required_unless_present = "url")]
    command: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct McpServerArgs {
    /// The server, as its table is called
    name: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct McpLoginArgs {
    /// The server, as its table is called
    name: String,
    /// What a token is to be for; what the server says without any. May be given several times
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Print the address and start no browser
    #[arg(long)]
    no_browser: bool,
    /// For a browser on another machine: paste the address that it is sent to in the end
    #[arg(long)]
    paste: bool,
    /// The port of this machine that the browser comes back to, where one was registered; a free one without any
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    port: u16,
}

#[derive(Serialize)]
struct ServerJson<'a> {
    name: &'a str,
    command: &'a [String],
    /// Where it is, without what may be a key, for one that is not started.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    enabled: bool,
    agents: Option<&'a [String]>,
    /// The file that names it.
    file: String,
    /// How many tools were accepted; nothing where nobody has seen it yet.
    accepted: Option<usize>,
    /// What its tools and command are known by, as they were accepted.
    digest: Option<&'a str>,
    /// Why it is not started, or what was accepted not known.
    fault: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<SignInJson>,
}

/// How the person stands with a server that they signed in at.
#[derive(Serialize)]
struct SignInJson {
    /// Whether only a new sign-in helps.
    over: bool,
    /// For how many seconds it holds, where nothing renews it and that is known.
    seconds: Option<u64>,
}

impl From<SignInState> for SignInJson {
    fn from(state: SignInState) -> Self {
        match state {
            SignInState::Renewed => Self { over: false, seconds: None },
            SignInState::Until(seconds) => Self { over: false, seconds },
            SignInState::Over | SignInState::Unreadable => Self { over: true, seconds: None },
        }
    }
}

#[derive(Serialize)]
struct CheckedJson<'a> {
    name: &'a str,
    server: &'a str,
    tools: Vec<ToolJson>,
    /// Each with what it takes.
    prompts: Vec<String>,
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
    let mut configured = config::read(&file)?.mcp;
    // One that is switched off is looked at as if it were on, with its key.
    let looked_at = match &verb {
        McpVerb::Check(McpCheckArgs { name, .. }) | McpVerb::Login(McpLoginArgs { name, .. }) => Some(name),
        McpVerb::List(_) | McpVerb::Add(_) | McpVerb::Remove(_) | McpVerb::Logout(_) => None,
    };
    if let Some(server) = looked_at.and_then(|name| configured.get_mut(name)) {
        server.enabled = None;
    }
    let (variables, trusted) = (mcp_servers::variables(context), context.place.trusted());
    let servers =
        mcp_servers::known((&file, &configured), variables, &trusted, &context.environment.directory);
    let pinned = PinnedTools { directory: context.place.accepted_servers() };
    match verb {
        McpVerb::List(args) => {
            list(&servers, &pinned, args.json)?;
            note_untrusted(context);
        }
        McpVerb::Check(args) => return check(context, &servers, &pinned, args).await,
        McpVerb::Add(args) => {
            let server = described(&args)?;
            if configured.contains_key(&args.name) {
                let error = CliError::usage(format!("there is a server {} already", args.name));
                return Err(error.hint(format!("q mcp remove {} takes it out first", args.name)));
            }
            let table = mcp_file::table(&args.name, &server);
            mcp_file::add(&file, &table).map_err(|error| {
                error.hint(format!(
                    "nothing was written to {}; put this there yourself:\n{table}",
                    file.display()
                ))
            })?;
            out::line(&format!(
                "{} has it now, and sessions have it from their next prompt on; {}",
                file.display(),
                to_check(&args.name)
            ))?;
        }
        McpVerb::Remove(McpServerArgs { name }) => {
            let server = named(&servers, &name)?;
            if server.spec.origin != ServerOrigin::Person {
                let error = CliError::usage(format!("{} names {name}", server.file.display()));
                return Err(error.hint("take it out there, or have nothing of this project count: q untrust"));
            }
            // First, since whoever bears its name next must find none: broken off behind this, q asks again and nothing is lost.
            take_rules_back(context, &name).await?;
            if !mcp_file::remove(&file, &name)? {
                let error =
                    CliError::failed(format!("[mcp.{name}] cannot be taken out of {}", file.display()));
                return Err(
                    error.hint("it does not stand there in lines of its own: remove it with an editor")
                );
            }
            pinned.forget(&name).map_err(CliError::failed)?;
            pinned.sign_ins().forget(&name).await.map_err(CliError::failed)?;
            out::line(&format!(
                "{name} is in {} no longer: sessions call it no more, and it ends at their next prompt",
                file.display()
            ))?;
        }
        McpVerb::Login(McpLoginArgs { name, scope, no_browser, paste, port }) => {
            let scope = (!scope.is_empty()).then(|| scope.join(" "));
            let ways =
                mcp_login::LoginWays { scope, port, opens_browser: !no_browser && !paste, is_pasted: paste };
            return mcp_login::login(context, named(&servers, &name)?, &pinned, ways).await;
        }
        McpVerb::Logout(McpServerArgs { name }) => {
            return mcp_login::logout(&name, named(&servers, &name), &pinned).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn to_check(name: &str) -> String {
    format!("q mcp check {name} starts it and lists its tools")
}

/// The table that is written, as far as it can be one.
fn described(args: &McpAddArgs) -> Result<McpConfig, CliError> {
    check_name(&args.name)
        .map_err(|why| CliError::usage(format!("{} is no name of a server: it {why}", args.name)))?;
    let named = |texts: &[String], what: &str| {
        let pair = |text: &String| {
            let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
            Some((name.to_owned(), value.to_owned()))
        };
        let pairs: Option<BTreeMap<String, String>> = texts.iter().map(pair).collect();
        pairs.ok_or_else(|| CliError::usage(format!("{what} is NAME=VALUE")))
    };
    let server = McpConfig {
        command: args.command.clone(),
        url: args.url.clone(),
        headers: config::headers::checked(named(&args.header, "a header")?).map_err(CliError::usage)?,
        key_env: args.key_env.clone(),
        key_file: args.key_file.clone(),
        client_id: args.client_id.clone(),
        environment: named(&args.env, "a variable")?,
        timeout_seconds: args.timeout,
        directory: args.in_session.then_some(WorkPlace::Session),
        ..McpConfig::default()
    };
    server.check(&args.name).map_err(|why| CliError::usage(format!("{} {why}", args.name)))?;
    if !args.in_session && mcp_servers::by_relative_path(&args.command) {
        let error =
            CliError::usage("a server runs in a directory of its own: name all of its program's path");
        return Err(error.hint("or have it run in the directory of each session: --in-session"));
    }
    Ok(server)
}

/// Says where a project names servers of which nothing is read yet.
fn note_untrusted(context: &Context) {
    let there = trust_file::untrusted(&context.place, &context.environment.directory);
    for file in there.iter().flat_map(|there| &there.servers) {
        out::note(&format!("{file} is not read: this directory is not trusted; q trust changes that"));
    }
}

/// What its tools' names begin with, as models and rules have them.
fn beginning(name: &str) -> String {
    format!("{name}__")
}

/// Rules for the tools of a server that is gone go with it: they would be for whatever is called so next.
async fn take_rules_back(context: &Context, name: &str) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    for rule in permissions::of_tools(context, &mut client, &beginning(name)).await? {
        permissions::take_back(context, &mut client, rule).await?;
    }
    Ok(())
}

/// Says what becomes of calls of what was just accepted.
async fn note_accepted(context: &Context, name: &str) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    let rules = permissions::of_tools(context, &mut client, &beginning(name)).await?;
    if rules.is_empty() {
        out::note("accepted: sessions are offered these tools, and ask before each call");
        return Ok(());
    }
    out::note(
        "accepted: sessions are offered these tools, and ask before each call but where these rules say otherwise:",
    );
    for rule in &rules {
        out::note(&format!("{}  {}", rule.id(), rule.line()));
    }
    Ok(())
}

fn named<'a>(servers: &'a KnownServers, name: &str) -> Result<&'a KnownServer, CliError> {
    servers.all.get(name).ok_or_else(|| {
        let error = CliError::usage(format!("there is no server {name}"));
        match q_term::suggest::nearest(name, servers.all.keys().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`? `q mcp list` lists them")),
            None => error.hint("`q mcp list` lists them"),
        }
    })
}

fn list(servers: &KnownServers, pinned: &PinnedTools, as_json: bool) -> Result<(), CliError> {
    let with_pin = |server| (server, pinned.read(&KnownServer::pin_name(server)));
    let rows: Vec<(&KnownServer, Result<Option<Pin>, String>)> = servers.all.values().map(with_pin).collect();
    if as_json {
        let faults: Vec<Option<String>> = rows.iter().map(|(server, pin)| server.fault(pin)).collect();
        let shape = rows.iter().zip(&faults).map(|((server, pin), fault)| {
            let pin = pin.as_ref().ok().and_then(Option::as_ref);
            ServerJson {
                name: &server.spec.name,
                command: &server.spec.command,
                url: server.spec.remote.as_ref().map(|remote| shown_address(&remote.url)),
                enabled: server.is_enabled,
                agents: server.agents.as_deref(),
                file: server.file.display().to_string(),
                accepted: pin.map(|pin| pin.tools.len()),
                digest: pin.map(Pin::digest),
                fault: fault.as_deref(),
                sign_in: mcp_login::state(server, pinned).map(SignInJson::from),
            }
        });
        return json::print(&shape.collect::<Vec<_>>());
    }
    if rows.is_empty() {
        out::note("no MCP servers: q mcp add NAME -- PROGRAM ARGUMENTS, or q mcp add NAME --url ADDRESS");
    }
    for (server, pin) in &rows {
        let state = match (server.is_enabled, server.fault(pin), pin) {
            (false, _, _) => "not enabled".to_owned(),
            (true, Some(fault), _) => fault,
            (true, None, Ok(Some(pin))) => format!("{} tools accepted", pin.tools.len()),
            (true, None, Ok(None) | Err(_)) => "not started yet".to_owned(),
        };
        let of = match server.spec.origin {
            ServerOrigin::Person => String::new(),
            ServerOrigin::Project(_) => format!("; of {}", server.file.display()),
        };
        let sign_in = mcp_login::standing(server, pinned).map(|words| format!("; {words}"));
        let sign_in = sign_in.unwrap_or_default();
        out::line(&format!("{}  {}  ({state}{sign_in}{of})", server.spec.name, server.spec.shown()))?;
    }
    for notice in &servers.notices {
        out::note(notice);
    }
    Ok(())
}

async fn check(
    context: &Context,
    servers: &KnownServers,
    pinned: &PinnedTools,
    args: McpCheckArgs,
) -> Result<ExitCode, CliError> {
    let McpCheckArgs { name, accept, json: as_json } = args;
    // It may be one that nothing is read of yet.
    let server = named(servers, &name).inspect_err(|_unknown| note_untrusted(context))?;
    if let Some(why) = server.obstacle() {
        return Err(CliError::failed(format!("MCP server {name}: {why}")));
    }
    let looked = look(&context.environment, &server.spec, pinned).await?;
    let Looked { introduction, list, prompts } = &looked;
    let now = Pin::new(&server.spec.accepted_words(), list.tools.clone());
    // What cannot be read is in the way of every session until something else is accepted.
    let before = pinned.read(&server.pin_name());
    let difference = match &before {
        Ok(Some(before)) => before.difference(&now),
        Ok(None) => Vec::new(),
        Err(why) => vec![why.clone()],
    };
    let is_new = matches!(before, Ok(None));
    let is_mine = server.spec.origin == ServerOrigin::Person;
    let accepted = accept || (difference.is_empty() && (is_mine || !is_new));
    if as_json {
        let tools = list.tools.iter().map(|tool| ToolJson {
            name: tool.offered_as(&name),
            description: tool.description.clone(),
            schema: serde_json::from_str(&tool.schema).unwrap_or_default(),
        });
        json::print(&CheckedJson {
            name: &name,
            server: introduction,
            tools: tools.collect(),
            prompts: prompts.iter().map(ListedPrompt::usage).collect(),
            left_out: &list.left_out,
            difference: &difference,
            accepted,
        })?;
    } else {
        print_checked(server, &looked, &difference)?;
        mcp_login::standing(server, pinned).map_or(Ok(()), |words| out::line(&words))?;
    }
    if accepted {
        if is_new || !difference.is_empty() {
            pinned.accept(&server.pin_name(), &now).map_err(CliError::failed)?;
            note_accepted(context, &name).await?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let what = if is_new { "nothing of it" } else { "what is new or other" };
    out::note(&format!("{what} is offered before you accept it: q mcp check {name} --accept"));
    Ok(ExitCode::FAILURE)
}

fn print_checked(
    server: &KnownServer,
    Looked { introduction, list, prompts }: &Looked,
    difference: &[String],
) -> Result<(), CliError> {
    let name = &server.spec.name;
    out::line(&format!("{name} is {introduction}, with {} tools", list.tools.len()))?;
    if server.spec.origin != ServerOrigin::Person {
        out::line(&format!(
            "{} has it {} {:?}",
            server.file.display(),
            if server.spec.remote.is_some() { "at" } else { "started as" },
            server.spec.accepted_words().iter().filter(|word| !word.is_empty()).collect::<Vec<_>>()
        ))?;
    }
    if difference.is_empty() {
        list.tools.iter().try_for_each(|tool| {
            let about = tool.description.lines().next().unwrap_or_default();
            let shown: String = about.chars().take(ABOUT).collect();
            let rest = if shown.len() < tool.description.trim_end().len() { " …" } else { "" };
            out::line(&format!("  {}  {shown}{rest}", tool.offered_as(name)))
        })?;
    } else {
        out::line("it is not as it was accepted:")?;
        difference.iter().try_for_each(|line| out::line(line))?;
    }
    list.left_out.iter().try_for_each(|line| out::line(&format!("left out: {line}")))?;
    prompts.iter().try_for_each(|prompt| {
        let between = if prompt.about.is_empty() { "" } else { "  " };
        out::line(&format!("  /{name}:{}{between}{}", prompt.usage(), prompt.about.replace('\n', " ")))
    })
}

/// What a server is and has.
struct Looked {
    introduction: String,
    list: ToolList,
    prompts: Vec<ListedPrompt>,
}

async fn look(
    environment: &ProcessEnvironment,
    spec: &McpSpec,
    pinned: &PinnedTools,
) -> Result<Looked, CliError> {
    let looked = mcp_look::asked(environment, spec, pinned, async |server| {
        let list = server.list().await?;
        Ok(Looked { introduction: server.introduction(), list, prompts: server.prompts().await? })
    });
    looked.await.map_err(|why| CliError::failed(format!("MCP server {}: {why}", spec.name)))
}
