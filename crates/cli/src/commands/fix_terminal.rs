//! `q fix-terminal`: what a killed program left of the terminal, undone.

use std::fs::OpenOptions;
use std::io;
use std::process::ExitCode;

use q_term::guard;

use crate::error::CliError;
use crate::taken_terminal::cook;

/// The terminal of whoever typed it, wherever its files lead.
const TERMINAL: &str = "/dev/tty";

/// Mends the terminal that this process has; where it has none, as at the other end of a pipe, what mends goes to standard
/// output, and from there perhaps to one.
pub(crate) fn run() -> Result<ExitCode, CliError> {
    let mended = match OpenOptions::new().read(true).write(true).open(TERMINAL) {
        Ok(mut terminal) => guard::mend(&mut terminal).and_then(|()| cook(&terminal)),
        Err(_) => guard::mend(&mut io::stdout()),
    };
    mended.map_err(|error| CliError::failed(format!("the terminal cannot be mended: {error}")))?;
    Ok(ExitCode::SUCCESS)
}
