//! `q`, `q attach SESSION`: opens the terminal: the whole screen, or line by line where that is not possible.

use std::process::ExitCode;

use crate::context::Context;
use crate::error::CliError;
use crate::{attach, plain};

pub(crate) async fn run(
    context: &Context,
    session: Option<String>,
    plain: bool,
) -> Result<ExitCode, CliError> {
    if plain || context.environment.wants_plain() {
        plain::run(context, session).await
    } else {
        attach::run(context, session).await
    }
}
