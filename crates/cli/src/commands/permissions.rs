//! `q permissions`: the rules by which calls of tools run, ask or are denied.
//!
//! A rule has an id made of all that it says, so that what is removed is what was read.

use std::path::Path;
use std::process::ExitCode;

use q_core::{Command, RulePattern, SessionId, StandingRule, Summary, ToolRule};
use q_proto::{Request, Response, WireRule};
use q_term::rules::{ListedRule, RuleScope};
use serde::Serialize;

use crate::args::{AddRuleArgs, ListRulesArgs, PermissionsArgs, PermissionsVerb, RemoveRuleArgs};
use crate::client::{Client, unexpected};
use crate::commands::yes_to::known;
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out, permissions_file};

#[derive(Serialize)]
struct RuleJson<'a> {
    id: String,
    effect: &'static str,
    tool: &'a str,
    argv: Option<&'a [String]>,
    exactly: bool,
    path: Option<&'a str>,
    scope: &'static str,
    session: Option<&'a str>,
    directory: Option<&'a str>,
}

pub(crate) async fn run(context: &Context, args: PermissionsArgs) -> Result<ExitCode, CliError> {
    match args.verb {
        None => list(context, None, args.json).await?,
        Some(PermissionsVerb::List(ListRulesArgs { session, json })) => {
            list(context, session.as_deref(), json || args.json).await?;
        }
        Some(PermissionsVerb::Add(args)) => add(context, args).await?,
        Some(PermissionsVerb::Remove(RemoveRuleArgs { id })) => remove(context, &id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The rules of that session, by what the host knows of it.
pub(crate) fn of_session(session: &Summary, rules: Vec<WireRule>) -> Vec<ListedRule> {
    let scope = RuleScope::Session(session.id, session.name.to_string());
    rules.into_iter().map(|WireRule(rule)| ListedRule { rule, scope: scope.clone() }).collect()
}

/// Those beside the rules of sessions that count in this directory; in any without one.
pub(crate) fn standing(context: &Context, directory: Option<&str>) -> Result<Vec<ListedRule>, CliError> {
    let rules = permissions_file::read(&context.place.permissions())?;
    let counts = |rule: &StandingRule| directory.is_none_or(|directory| rule.counts_in(directory));
    Ok(rules.into_iter().filter(counts).map(ListedRule::standing).collect())
}

/// What is asked for a session's rules.
pub(crate) fn request(session: SessionId) -> Request {
    Request::Facts { session: session.into() }
}

async fn told(client: &mut Client, session: &Summary) -> Result<Vec<ListedRule>, CliError> {
    let Response::Facts(facts) = client.ask(request(session.id)).await? else { return Err(unexpected()) };
    Ok(of_session(session, facts.rules))
}

/// All rules for tools whose names begin so, wherever they count.
pub(crate) async fn of_tools(
    context: &Context,
    client: &mut Client,
    beginning: &str,
) -> Result<Vec<ListedRule>, CliError> {
    let mut rules = standing(context, None)?;
    for session in client.list().await?.into_iter().filter(|session| session.slot > 0) {
        rules.extend(told(client, &session).await?);
    }
    rules.retain(|listed| listed.rule.tool.starts_with(beginning));
    Ok(rules)
}

/// Takes a rule back, wherever it counts, and says so.
pub(crate) async fn take_back(
    context: &Context,
    client: &mut Client,
    listed: ListedRule,
) -> Result<(), CliError> {
    let RuleScope::Session(session, _) = listed.scope else { return remove_standing(context, listed) };
    let said = listed.line();
    client.command(Command::SetRule { session, rule: listed.rule, stands: false }).await?;
    out::line(&format!("removed: {said}"))
}

async fn list(context: &Context, address: Option<&str>, as_json: bool) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    let sessions = match address {
        Some(address) => vec![client.resolve(address).await?],
        None => client.list().await?.into_iter().filter(|session| session.slot > 0).collect(),
    };
    let directory = sessions.first().filter(|_| address.is_some()).map(|session| session.directory.as_str());
    let mut rules = standing(context, directory)?;
    for session in &sessions {
        rules.extend(told(&mut client, session).await?);
    }
    if as_json {
        return json::print(&rules.iter().map(shape).collect::<Vec<_>>());
    }
    if rules.is_empty() {
        out::note("no rules: what changes or runs something asks");
    }
    rules.iter().try_for_each(|rule| out::line(&format!("{}  {}", rule.id(), rule.line())))
}

fn shape(listed: &ListedRule) -> RuleJson<'_> {
    let (argv, exactly, path) = match &listed.rule.pattern {
        RulePattern::Any => (None, false, None),
        RulePattern::Begins(words) => (Some(words.as_slice()), false, None),
        RulePattern::Exactly(words) => (Some(words.as_slice()), true, None),
        RulePattern::Path(path) => (None, false, Some(path.as_str())),
    };
    let (scope, session, directory) = match &listed.scope {
        RuleScope::Session(_, name) => ("session", Some(name.as_str()), None),
        RuleScope::Directory(directory) => ("directory", None, Some(directory.as_str())),
        RuleScope::Everywhere => ("everywhere", None, None),
    };
    let ToolRule { effect, tool, .. } = &listed.rule;
    RuleJson { id: listed.id(), effect: effect.word(), tool, argv, exactly, path, scope, session, directory }
}

async fn add(context: &Context, args: AddRuleArgs) -> Result<(), CliError> {
    known(&args.tool, "a rule")?;
    let pattern = match (args.argv, args.path) {
        (Some(words), _) if args.exactly => RulePattern::Exactly(words),
        (Some(words), _) => RulePattern::Begins(words),
        (None, Some(path)) => RulePattern::Path(path),
        (None, None) => RulePattern::Any,
    };
    let rule = ToolRule { effect: args.effect.effect(), tool: args.tool, pattern };
    rule.check().map_err(|fault| CliError::usage(format!("that is no rule: {fault}")))?;
    if let Some(address) = args.session {
        let mut client = Client::attach(context, false).await?;
        let session = client.resolve(&address).await?;
        let command = Command::SetRule { session: session.id, rule, stands: true };
        return client.carry_out(&session, command).await;
    }
    let directory = match args.here {
        Some(directory) => Some(canonical(&context.environment.directory.join(directory))?),
        None if args.everywhere => None,
        None => {
            return Err(CliError::usage("where does it count?")
                .hint("in a directory: --here DIR, in a session: --session SESSION, or --everywhere"));
        }
    };
    let rule = StandingRule { rule, directory };
    permissions_file::set(&context.place, &rule, true)?;
    let listed = ListedRule::standing(rule);
    out::line(&format!("{}  {}", listed.id(), listed.line()))
}

/// A directory by the path that its sessions have.
fn canonical(directory: &Path) -> Result<String, CliError> {
    let unusable = |why: &str| {
        CliError::usage(format!("{} is no directory that can be used: {why}", directory.display()))
    };
    let found = directory.canonicalize().map_err(|error| unusable(&error.to_string()))?;
    if !found.is_dir() {
        return Err(unusable("it is a file"));
    }
    found.into_os_string().into_string().map_err(|_| unusable("its name is not UTF-8"))
}

async fn remove(context: &Context, id: &str) -> Result<(), CliError> {
    let found = standing(context, None)?.into_iter().find(|rule| rule.id() == id);
    if let Some(rule) = found {
        remove_standing(context, rule)?;
        return Ok(());
    }
    let mut client = Client::attach(context, false).await?;
    for session in client.list().await?.into_iter().filter(|session| session.slot > 0) {
        let rules = told(&mut client, &session).await?;
        if let Some(ListedRule { rule, .. }) = rules.into_iter().find(|rule| rule.id() == id) {
            let command = Command::SetRule { session: session.id, rule, stands: false };
            return client.carry_out(&session, command).await;
        }
    }
    Err(CliError::failed(format!("there is no rule {id}")).hint("`q permissions` lists them, with their ids"))
}

fn remove_standing(context: &Context, listed: ListedRule) -> Result<(), CliError> {
    let said = listed.line();
    let directory = if let RuleScope::Directory(directory) = listed.scope { Some(directory) } else { None };
    permissions_file::set(&context.place, &StandingRule { rule: listed.rule, directory }, false)?;
    out::line(&format!("removed: {said}"))
}
