//! `q`, `q attach SESSION`: opens the terminal with the face that is wanted, or line by line where no other is possible.

use std::process::ExitCode;

use q_term::Face;

use crate::commands::FaceSetting;
use crate::context::Context;
use crate::error::CliError;
use crate::{attach, plain};

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
