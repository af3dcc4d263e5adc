//! Where the configuration, the store, the log and the socket are, by the variables of the environment.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use q_proto::Place;

use crate::environment::ProcessEnvironment;
use crate::error::CliError;

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

/// What is the person's own beside the configuration: commands and skills.
pub(crate) fn own_directory(environment: &ProcessEnvironment) -> Result<PathBuf, CliError> {
    let file = config_file(environment)?;
    Ok(file.parent().map(Path::to_owned).unwrap_or_default())
}
