//! `q`, `q attach SESSION`: opens the terminal with the face that is wanted, or line by line where no other is possible.

use std::process::ExitCode;

use clap::ValueEnum;
use q_term::Face;
use serde::Deserialize;

use crate::context::Context;
use crate::error::CliError;
use crate::{attach, plain};

/// How q is shown in a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FaceSetting {
    /// On a screen of its own
    #[default]
    Full,
    /// What is said stays in the terminal's scrollback, above a few rows that are drawn
    Inline,
    /// Line by line, without cursor movement
    Plain,
}

pub(crate) async fn run(
    context: &Context,
    session: Option<String>,
    wanted: Option<FaceSetting>,
) -> Result<ExitCode, CliError> {
    let wanted = if context.environment.wants_plain() { Some(FaceSetting::Plain) } else { wanted };
    match wanted.unwrap_or(context.face) {
        FaceSetting::Full => attach::run(context, session, Face::Full).await,
        FaceSetting::Inline => attach::run(context, session, Face::Inline).await,
        FaceSetting::Plain => plain::run(context, session).await,
    }
}
