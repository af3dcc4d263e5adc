//! What is set in a session, and the models that there are: what `q set`, `/set`, `/model` and `q agents models` show.

use std::process::ExitCode;

use q_core::{Command, Summary};
use q_proto::message::Reach;
use q_term::Way;
use q_term::advice;
use q_term::sanitize::visible_line;
use q_term::settings::{self, ConfiguredSettings, SettingLine};
use serde::Serialize;

use crate::agent_reach::IDLE_TIMEOUT_MS;
use crate::args::ModelsArgs;
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

#[derive(Serialize)]
struct SettingsJson<'a> {
    session: String,
    name: &'a str,
    settings: Vec<SettingJson<'a>>,
    /// Whether a turn runs that was asked before what was just set.
    from_next_turn: bool,
}

#[derive(Serialize)]
struct SettingJson<'a> {
    name: &'static str,
    value: Option<&'a str>,
    origin: &'static str,
}

#[derive(Serialize)]
struct ModelsJson<'a> {
    agent: &'a str,
    /// The one that is asked where a session names none.
    model: &'a str,
    models: Vec<String>,
}

/// What is wanted of a session's settings in the shell.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) change: Option<Command>,
    /// The one to be shown.
    pub(super) only: Option<String>,
    pub(super) json: bool,
}

/// What this configuration says of an agent's settings; nothing of one that it has not.
pub(crate) fn configured(context: &Context, agent: &str) -> ConfiguredSettings {
    let known = context.agents.agents.iter().find(|known| known.name == agent);
    match known.map(|known| &known.reach) {
        None | Some(Reach::Guide) => ConfiguredSettings::default(),
        Some(Reach::Acp { model, .. }) => {
            ConfiguredSettings { model: Some(model.clone()), ..ConfiguredSettings::default() }
        }
        Some(Reach::Http { model, shaping, idle_timeout_ms, .. }) => ConfiguredSettings {
            model: Some(model.clone()),
            temperature: shaping.temperature.map(|set| set.to_string()),
            max_tokens: shaping.max_tokens.map(|set| set.to_string()),
            reasoning: shaping.reasoning.clone(),
            body: Some(shaping.body.clone()),
            omit: Some(shaping.omit.join(",")),
            first_byte: shaping.first_byte_ms.map(|set| (set / 1000).to_string()),
            idle_timeout: Some(idle_timeout_ms)
                .filter(|set| **set != IDLE_TIMEOUT_MS)
                .map(|set| (set / 1000).to_string()),
        },
    }
}

/// Changes one, or prints them, or one.
pub(super) async fn set(
    context: &Context,
    client: &mut Client,
    mut session: Summary,
    wanted: Wanted,
) -> Result<(), CliError> {
    let Wanted { change, only, json } = wanted;
    let changes = change.is_some();
    let mut from_next_turn = false;
    if let Some(change) = change {
        if json {
            from_next_turn = client.told(change).await?;
            session = client.resolve(&session.id.to_string()).await?;
        } else {
            return client.carry_out(&session, change).await;
        }
    }
    let mut lines = settings::all(&session, &configured(context, &session.agent));
    if let Some(only) = only.as_ref().filter(|_| !changes) {
        if !lines.iter().any(|line| line.name == only) {
            return Err(CliError::usage(settings::shown(
                &session,
                &ConfiguredSettings::default(),
                Some(only),
            )));
        }
        lines.retain(|line| line.name == only);
    }
    if json {
        let setting = |line: &'_ SettingLine| (line.name, line.origin.word());
        let shown = lines.iter().map(|line| {
            let (name, origin) = setting(line);
            SettingJson { name, value: line.value.as_deref(), origin }
        });
        return json::print(&SettingsJson {
            session: session.id.to_string(),
            name: session.name.as_str(),
            settings: shown.collect(),
            from_next_turn,
        });
    }
    if only.is_none() {
        lines.retain(settings::is_of_note);
    }
    lines.iter().try_for_each(|line| out::line(&settings::words(line)))
}

/// `q agents models NAME`: the models that an agent's server lists, asked from here.
pub(super) async fn models(context: &Context, args: ModelsArgs) -> Result<ExitCode, CliError> {
    let ModelsArgs { name, json } = args;
    let reach = context.agents.reach(&name, false).await?;
    let models = listed(reach.clone()).await?;
    let own = reach.model();
    if models.is_empty() {
        out::note(&format!("q: the list of models of {name} is empty"));
    }
    if json {
        json::print(&ModelsJson { agent: &name, model: own, models })?;
    } else {
        models.iter().try_for_each(|model| out::line(&visible_line(model)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The models that the server of an agent lists, or why it lists none.
pub(super) async fn listed(reach: Reach) -> Result<Vec<String>, CliError> {
    q_host::reach::spec(reach).models().await.map_err(|failure| {
        let words = if failure.kind == q_core::FailureKind::NotConfigured {
            failure.detail
        } else {
            q_term::words::why(&failure)
        };
        CliError::failed(advice::render(&words, Way::Shell).into_owned())
    })
}
