//! `q agents`: who can answer here, and where that is written. Keys are never shown.

use std::process::ExitCode;

use q_agent::Dialect;
use q_agent::http::shown_address;
use q_proto::message::Reach;
use q_term::sanitize::visible_line;
use serde::Serialize;

use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

#[derive(Serialize)]
struct AgentJson<'a> {
    name: &'a str,
    default: bool,
    origin: &'static str,
    base_url: Option<String>,
    /// The program that it is, where it is one, with its arguments.
    command: Option<String>,
    /// The protocol that it is spoken to in.
    dialect: Option<&'a str>,
    model: Option<&'a str>,
    has_key: bool,
    /// Where its key comes from; a command is not run for a list.
    key_source: Option<&'a str>,
    /// Why it cannot be asked from here.
    unusable: Option<&'a str>,
}

/// The word for the protocol of agents that are programs, where one of a dialect stands otherwise.
pub(super) const ACP: &str = "acp";

/// What is started, where the agent is a program.
pub(super) fn command(reach: &Reach) -> Option<String> {
    match reach {
        Reach::Acp { command, .. } => Some(command.join(" ")),
        Reach::Guide | Reach::Http { .. } => None,
    }
}

pub(crate) fn run(context: &Context, as_json: bool) -> Result<ExitCode, CliError> {
    let known = &context.agents;
    let usable = known.agents.iter().zip(&known.origins).map(|(agent, &origin)| {
        let (base_url, dialect, model, has_key) = match &agent.reach {
            Reach::Guide => (None, None, None, false),
            Reach::Acp { model, .. } => (None, Some(ACP), Some(model.as_str()), false),
            Reach::Http { base_url, key, model, shaping, .. } => {
                let dialect = Dialect::of(&shaping.dialect).unwrap_or_default().word();
                (Some(shown_address(base_url)), Some(dialect), Some(model.as_str()), key.is_some())
            }
        };
        AgentJson {
            name: &agent.name,
            default: agent.name == known.default,
            origin,
            base_url,
            command: command(&agent.reach),
            dialect,
            model,
            has_key,
            key_source: known.key_sources.get(&agent.name).map(String::as_str),
            unusable: None,
        }
    });
    let unusable = known.unusable.iter().map(|agent| AgentJson {
        name: &agent.name,
        default: agent.name == known.default,
        origin: agent.origin,
        base_url: agent.base_url.as_deref().map(shown_address),
        command: None,
        dialect: None,
        model: Some(agent.model.as_str()),
        has_key: false,
        key_source: None,
        unusable: Some(&agent.why.why),
    });
    let rows: Vec<AgentJson<'_>> = usable.chain(unusable).collect();
    if as_json {
        json::print(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    for row in &rows {
        out::line(&visible_line(&line(row)))?;
    }
    for line in known.idle(&context.environment) {
        out::note(&line);
    }
    let file = known.file.display();
    out::note(&match rows.iter().find(|row| row.default && row.unusable.is_some()) {
        Some(row) => format!(
            "{} is to answer in new sessions, and cannot be asked. Configure agents in {file}",
            row.name
        ),
        None => format!("* answers in new sessions. Configure agents in {file}"),
    });
    Ok(ExitCode::SUCCESS)
}

/// What is known of an agent. Who cannot be asked answers nowhere, whoever named it.
fn line(row: &AgentJson<'_>) -> String {
    let mark = if row.default && row.unusable.is_none() { "*" } else { " " };
    let name = format!("{mark} {:<12} ", row.name);
    if let Some(why) = row.unusable {
        let place = row.base_url.as_ref().map(|url| format!("{url}  ")).unwrap_or_default();
        return format!("{name}{place}({})  cannot be asked: {why}", row.origin);
    }
    if let Some(command) = &row.command {
        let model = row.model.filter(|model| !model.is_empty()).unwrap_or("its own model");
        return format!("{name}{command}  {model}  {ACP}  ({})", row.origin);
    }
    let Some(url) = &row.base_url else {
        return format!("{name}answers questions about q, offline  ({})", row.origin);
    };
    let model = row.model.filter(|model| !model.is_empty()).unwrap_or("the server's own model");
    let key = match row.key_source {
        Some(source) if row.has_key => format!("key from {source}"),
        Some(command) => format!("key from {command} (not run)"),
        None => "no key".to_owned(),
    };
    format!("{name}{url}  {model}  {key}  ({})", row.origin)
}
