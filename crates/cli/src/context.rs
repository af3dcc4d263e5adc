//! What every command is given: the environment, the places, and the configuration as it was read.

use std::collections::BTreeMap;

use q_core::Limits;
use q_proto::Place;
use q_term::kinds::Kinds;
use q_term::theme::Theme;

use crate::agents::{AgentRegistry, known};
use crate::commands::FaceSetting;
use crate::config::keys::KeysConfig;
use crate::config::{self, Config, KindConfig, ScreenSettings};
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::places::{config_file, place};

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) environment: ProcessEnvironment,
    pub(crate) place: Place,
    pub(crate) agents: AgentRegistry,
    /// What the configuration allows; a host that runs already may have been started with other limits.
    pub(crate) limits: Limits,
    /// What of that is about commands of tools, which a client brings with each agent.
    pub(crate) command_bounds: (u64, u64),
    pub(crate) keys: KeysConfig,
    /// How q is shown where nothing else is said.
    pub(crate) face: FaceSetting,
    /// Whether the mouse is q's while it has the screen.
    pub(crate) mouse: bool,
    /// Every kind of session that can be made here.
    pub(crate) kinds: Kinds,
    /// What the configuration says of some of them, by name.
    pub(crate) templates: BTreeMap<String, KindConfig>,
    /// The theme of the screen, by name, as the configuration has it.
    pub(crate) theme: Option<String>,
    /// What the screen is to look like.
    pub(crate) screen: ScreenSettings,
}

impl Context {
    /// Reads configuration and environment; a mistake in either is told before anything starts.
    pub(crate) fn new(environment: ProcessEnvironment) -> Result<Self, CliError> {
        let config = config(&environment)?;
        Self::of(environment, config)
    }

    /// With a configuration that need not be written anywhere yet.
    pub(crate) fn of(environment: ProcessEnvironment, config: Config) -> Result<Self, CliError> {
        let (place, config_file) = (place(&environment)?, config_file(&environment)?);
        let agents = known(&config, &environment, &config_file, &place)?;
        let screen = ScreenSettings::of(&config);
        let (kinds, templates) = (config::kinds::all(&config.kinds)?, config.kinds);
        let keys = config.keys;
        let mouse = config.mouse.unwrap_or(true);
        let (limits, command_bounds) = (config.limits.applied(), config.limits.command_bounds());
        Ok(Self {
            environment,
            place,
            agents,
            limits,
            command_bounds,
            keys,
            face: config.face,
            mouse,
            kinds,
            templates,
            screen,
            theme: config.theme,
        })
    }
}

impl Context {
    /// What the colours of the screen are, if not the terminal's own: read where there is a screen.
    pub(crate) fn theme(&self) -> Result<Option<Theme>, CliError> {
        let Some(name) = &self.theme else { return Ok(None) };
        config::theme::named(name, &config_file(&self.environment)?)
    }
}

/// The configuration, for the host: it takes its limits from it.
pub(crate) fn config(environment: &ProcessEnvironment) -> Result<Config, CliError> {
    config::read(&config_file(environment)?)
}
