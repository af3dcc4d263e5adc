//! `q doctor`: what the store is like, read byte by byte without opening it. Changes nothing.

use std::collections::BTreeMap;
use std::process::ExitCode;

use q_core::SessionId;
use q_store::{Condition, Damage, Examination, examine};
use serde::Serialize;

use crate::args::JsonArgs;
use crate::client::Client;
use crate::commands::host::in_use_elsewhere;
use crate::context::Context;
use crate::environment::ProcessEnvironment;
use crate::error::{CliError, ErrorKind};
use crate::places::place;
use crate::{json, out};

/// Works with a broken configuration, too: nothing but the place of the store is needed.
pub(crate) async fn run(environment: &ProcessEnvironment, args: JsonArgs) -> Result<ExitCode, CliError> {
    let place = place(environment)?;
    place.check_data().map_err(|error| CliError::failed(error.to_string()))?;
    let mut examination = examine(&place.store());
    if matches!(examination.condition, Condition::Missing) && place.store_marker().exists() {
        examination.condition = Condition::Gone { note: place.store_marker() };
    }
    if matches!(examination.condition, Condition::InUse { .. }) && !examination.damage.is_empty() {
        examination.names = session_names(environment).await;
    }
    let elsewhere = in_use_elsewhere(&place);
    if args.json {
        json::print(&DoctorJson::from(&examination))?;
    } else {
        out::text(&examination.to_string())?;
        match elsewhere.filter(|_| matches!(examination.condition, Condition::InUse { .. })) {
            Some(user) => out::line(&user.to_string())?,
            None => out::text(way_out(&examination.condition))?,
        }
    }
    let is_well = match examination.condition {
        Condition::Missing | Condition::Healthy { .. } | Condition::InUse { .. } | Condition::NearlyFull => {
            true
        }
        Condition::Gone { .. }
        | Condition::Full
        | Condition::ReadOnly(_)
        | Condition::Damaged { .. }
        | Condition::Newer { .. }
        | Condition::NotAStore
        | Condition::Inaccessible(_) => false,
    };
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(ErrorKind::Failed.exit_code()) })
}

/// What sessions are called, if a host tells.
async fn session_names(environment: &ProcessEnvironment) -> BTreeMap<SessionId, String> {
    let told = async || {
        let context = Context::new(environment.clone())?;
        match Client::attach_existing(&context, false).await? {
            Some(mut client) => client.list().await,
            None => Ok(Vec::new()),
        }
    };
    // Ids say as much, if less well.
    let sessions = told().await.unwrap_or_default();
    sessions.into_iter().map(|session| (session.id, session.name.to_string())).collect()
}

/// What to do, where the condition does not say so itself.
const fn way_out(condition: &Condition) -> &'static str {
    match condition {
        Condition::InUse { .. } => {
            "its files change while it is used, so they were not read; `q host stop`, then `q doctor`, reads every byte\n"
        }
        Condition::Damaged { .. } => {
            "nothing was changed; copy the store's directory first if you want to look into it yourself\n"
        }
        Condition::Missing
        | Condition::Gone { .. }
        | Condition::Healthy { .. }
        | Condition::Full
        | Condition::NearlyFull
        | Condition::ReadOnly(_)
        | Condition::Newer { .. }
        | Condition::NotAStore
        | Condition::Inaccessible(_) => "",
    }
}

/// The fields of `--json`, which docs/json.md promises.
#[derive(Debug, Serialize)]
struct DoctorJson {
    store: String,
    condition: &'static str,
    message: String,
    sessions: Option<usize>,
    closed: Option<bool>,
    bytes: u64,
    free: Option<u64>,
    losses: Vec<LossJson>,
    kept_aside: Vec<AsideJson>,
}

#[derive(Debug, Serialize)]
struct LossJson {
    session: String,
    name: Option<String>,
    whole_through: u64,
    resumes_at: Option<u64>,
    lost: Option<u64>,
    kept_aside: Option<String>,
}

#[derive(Debug, Serialize)]
struct AsideJson {
    directory: String,
    files: Vec<String>,
}

impl From<&Examination> for DoctorJson {
    fn from(examination: &Examination) -> Self {
        Self {
            store: examination.path.display().to_string(),
            condition: examination.condition.code(),
            message: examination.condition.to_string(),
            sessions: examination.sessions,
            closed: examination.was_closed,
            bytes: examination.bytes,
            free: examination.free,
            losses: examination
                .damage
                .iter()
                .map(|damage| LossJson::of(damage, &examination.names))
                .collect(),
            kept_aside: examination
                .quarantine
                .iter()
                .map(|(place, files)| AsideJson {
                    directory: place.display().to_string(),
                    files: files.clone(),
                })
                .collect(),
        }
    }
}

impl LossJson {
    fn of(damage: &Damage, names: &BTreeMap<SessionId, String>) -> Self {
        Self {
            name: names.get(&damage.session).cloned(),
            session: damage.session.to_string(),
            whole_through: damage.kept_through.0,
            resumes_at: damage.resumes_at.map(|seq| seq.0),
            lost: damage.lost,
            kept_aside: damage.quarantine.as_ref().map(|place| place.display().to_string()),
        }
    }
}
