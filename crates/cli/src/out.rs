//! Standard output and standard error: written here only, and only what can be seen: whoever said it, and wherever it is
//! read, nothing controls a terminal. What was asked for goes to the one, all else to the other. A reader that has gone
//! away is no error.

use std::io::{self, Write};
use std::process::ExitCode;

use q_term::Way;
use q_term::advice;
use q_term::sanitize::visible;

use crate::error::CliError;

/// What was asked for.
pub(crate) fn text(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    let written = out.write_all(visible(text).as_bytes()).and_then(|()| out.flush());
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(CliError::failed(format!("standard output cannot be written: {error}"))),
    }
}

/// A line of what was asked for.
pub(crate) fn line(text: &str) -> Result<(), CliError> {
    self::text(&format!("{text}\n"))
}

/// A line beside it.
pub(crate) fn note(text: &str) {
    let mut err = io::stderr().lock();
    let _nobody_reads = writeln!(err, "{}", visible(text));
}

/// Asks the person, who sits at a terminal; everything but a `y` is a no.
pub(crate) fn ask(question: &str) -> Result<bool, CliError> {
    let mut err = io::stderr().lock();
    let _nobody_reads = err.write_all(visible(question).as_bytes()).and_then(|()| err.flush());
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|error| CliError::failed(format!("standard input cannot be read: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// An error and its way out.
pub(crate) fn complain(error: &CliError) -> ExitCode {
    let said = |text: &str| advice::render(text, Way::Shell).into_owned();
    note(&format!("q: {}", said(&error.message)));
    for hint in &error.hints {
        note(&format!("   {}", said(hint)));
    }
    ExitCode::from(error.kind.exit_code())
}
