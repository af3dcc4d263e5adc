//! What every command is given: the environment, the places, and the configuration as it was read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use etcetera::BaseStrategy;
use q_core::Limits;
use q_proto::Place;
use q_term::kinds::Kinds;

use crate::agents::{AgentRegistry, known};
use crate::config::{self, Config, KindConfig};
use crate::environment::ProcessEnvironment;
use crate::error::CliError;

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) environment: ProcessEnvironment,
    pub(crate) place: Place,
    pub(crate) agents: AgentRegistry,
    /// What the configuration allows; a host that runs already may have been started with other limits.
    pub(crate) limits: Limits,
    /// Every kind of session that can be made here.
    pub(crate) kinds: Kinds,
    /// What the configuration says of some of them, by name.
    pub(crate) templates: BTreeMap<String, KindConfig>,
}

impl Context {
    /// Reads configuration and environment; a mistake in either is told before anything starts.
    pub(crate) fn new(environment: ProcessEnvironment) -> Result<Self, CliError> {
        let place = place(&environment)?;
        let config_file = config_file(&environment)?;
        let config = config::read(&config_file)?;
        let agents = known(&config, &environment, &config_file, &place)?;
        let (kinds, templates) = (config::kinds::all(&config.kinds)?, config.kinds);
        let limits = config.limits.applied();
        Ok(Self { environment, place, agents, limits, kinds, templates })
    }
}

/// The user's standard directories.
fn standard(environment: &ProcessEnvironment) -> Result<impl BaseStrategy, CliError> {
    let unknown = |why: &str| {
        CliError::usage(format!("your home directory is not known: {why}"))
            .hint("set HOME, or Q_DATA_DIR, Q_STATE_DIR and Q_CONFIG")
    };
    // The host's directory is another one: there it would be another home.
    if environment.path("HOME").is_some_and(|home| home.is_relative()) {
        return Err(unknown("HOME is not an absolute path"));
    }
    etcetera::choose_base_strategy().map_err(|_| unknown("HOME is not set"))
}

/// Where the store, the log and the socket are. `Q_…` variables win over the standard directories.
pub(crate) fn place(environment: &ProcessEnvironment) -> Result<Place, CliError> {
    let given = |variable: &str| environment.path(variable).map(|path| environment.directory.join(path));
    let data = match given("Q_DATA_DIR") {
        Some(directory) => directory,
        None => standard(environment)?.data_dir().join("q"),
    };
    let state = match given("Q_STATE_DIR") {
        Some(directory) => directory,
        None => match standard(environment)?.state_dir() {
            Some(directory) => directory.join("q"),
            None => data.join("state"),
        },
    };
    let runtime =
        given("Q_RUNTIME_DIR").or_else(|| environment.path("XDG_RUNTIME_DIR").map(|base| base.join("q")));
    let runtime = runtime.unwrap_or_else(|| {
        let mine = format!("q-{}", q_proto::place::ours());
        environment.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp")).join(mine)
    });
    Ok(Place::new(data, state, runtime))
}

pub(crate) fn config_file(environment: &ProcessEnvironment) -> Result<PathBuf, CliError> {
    match environment.path("Q_CONFIG") {
        Some(file) => Ok(environment.directory.join(file)),
        None => Ok(standard(environment)?.config_dir().join("q").join("config.toml")),
    }
}

/// The configuration, for the host: it takes its limits from it.
pub(crate) fn config(environment: &ProcessEnvironment) -> Result<Config, CliError> {
    config::read(&config_file(environment)?)
}
