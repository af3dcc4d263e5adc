//! `q replay`: plays a trace through a core of its own, and prints what happens. Nothing of the person's sessions is
//! touched.
//!
//! A trace is what scenarios are written in and what a failing simulation prints. Lines that begin with `> `, or bare
//! ones, are played; `limit NAME NUMBER` sets a limit; lines that are indented are what happened before, and left out.

use std::fs;
use std::process::ExitCode;

use q_core::trace::{Player, limits};

use crate::args::ReplayArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::out;

pub(crate) fn run(context: &Context, args: &ReplayArgs) -> Result<ExitCode, CliError> {
    let file = &args.file;
    let path = context.environment.directory.join(file);
    let script = fs::read_to_string(&path)
        .map_err(|error| CliError::usage(format!("{} cannot be read: {error}", file.display())))?;
    let script = q_term::typed::text(&script);
    let mut player = Player::new(limits(&script).map_err(|faulty| CliError::usage(faulty.to_string()))?);
    for (number, line) in script.lines().enumerate() {
        let Some(input) = input_of(line) else { continue };
        let happened = player.play(input).map_err(|faulty| {
            CliError::usage(format!("{}, line {}: {faulty}", file.display(), number + 1))
                .hint("a line is a verb and its words, for example: submit s1 \"why?\"")
        })?;
        out::line(&format!("> {}", q_term::sanitize::visible_line(input)))?;
        for effect in happened {
            out::line(&format!("  {}", q_term::sanitize::visible_line(&effect)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The input on a line. In a file with `> ` in it everything else is prose; a file without is played line by line.
fn input_of(line: &str) -> Option<&str> {
    let line = line.trim_end();
    if let Some(input) = line.strip_prefix("> ") {
        return Some(input);
    }
    let is_bare = !line.is_empty() && !line.starts_with([' ', '#']) && !line.starts_with("limit ");
    let is_prose = line.starts_with(|c: char| c.is_uppercase());
    (is_bare && !is_prose).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_told_from_what_is_said_about_it() {
        for (line, input) in [("> create s1", "create s1"), ("submit s1 \"why?\"", "submit s1 \"why?\"")] {
            assert_eq!(input_of(line), Some(input), "{line:?}");
        }
        for line in [
            "  persist synced s1.1 created",
            "limit live_sessions 2",
            "# a comment",
            "One sentence about it.",
            "",
        ] {
            assert_eq!(input_of(line), None, "{line:?}");
        }
    }
}
