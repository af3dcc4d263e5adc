//! What was typed, read; and what is said to arguments that mean nothing, and to those that ask for help.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _, Parser as _};
use q_term::Way;
use q_term::suggest::{meant, nearest};

use crate::commands::Args;
use crate::error::CliError;
use crate::out;

/// The arguments as they mean something; else it is said why not, and the exit code given.
pub(crate) fn read(typed: &[OsString]) -> Result<Args, ExitCode> {
    Args::try_parse_from(typed).map_err(|error| explain(&error, typed))
}

/// Every command as it is typed, hidden ones too.
pub(crate) fn verbs() -> Vec<Vec<String>> {
    fn below(command: &Command, path: &[String], verbs: &mut Vec<Vec<String>>) {
        for verb in command.get_subcommands().filter(|verb| path.is_empty() || verb.get_name() != "help") {
            let path = [path, &[verb.get_name().to_owned()]].concat();
            if path != ["help"] {
                below(verb, &path, verbs);
            }
            verbs.push(path);
        }
    }
    let mut root = Args::command();
    root.build();
    let mut verbs = Vec::new();
    below(&root, &[], &mut verbs);
    verbs
}

/// Help and version are answers; everything else is an error of usage. What was typed may be a name that somebody else
/// chose: it is shown, and controls nothing.
fn explain(error: &clap::Error, typed: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        let _nobody_reads = error.print(); // holds nothing of what was typed
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
    {
        return out::complain(&no_such_command(word, typed));
    }
    out::note(error.render().to_string().trim_end());
    ExitCode::from(2)
}

/// What a command takes, as its own `--help` says it.
pub(crate) fn of_command(words: &[String]) -> Option<String> {
    let mut root = Args::command();
    root.build();
    let mut command = &root;
    for word in words {
        command = command.find_subcommand(word)?;
    }
    Some(command.clone().render_long_help().to_string())
}

/// Whether the shell has a command of that name.
pub(crate) fn is_command(word: &str) -> bool {
    Args::command().find_subcommand(word).is_some()
}

/// Says what `word` could have been meant for.
fn no_such_command(word: &str, typed: &[OsString]) -> CliError {
    let mut root = Args::command();
    // Only a command that is built knows its help and the path that leads to it.
    root.build();
    let within = within(&root, typed);
    let known = within.get_subcommands().filter(|verb| !verb.is_hide_set()).map(Command::get_name);
    let path = within.get_bin_name().unwrap_or("q");
    // Inside q commands begin with a slash; here nobody means one by it.
    let bare = word.trim_start_matches('/');
    let suggestion = if path == "q" {
        meant(bare, Way::Shell, known).map(|suggestion| suggestion.to_string())
    } else {
        nearest(bare, known).map(|near| format!("did you mean {path} {near}?"))
    };
    let error = CliError::usage(format!("there is no command `{path} {word}`"));
    let error = match suggestion {
        Some(suggestion) => error.hint(suggestion),
        None if path == "q" => error.hint(format!("a session of that name is opened by `q attach {word}`")),
        None => error,
    };
    error.hint(format!("`{path} --help` lists the commands"))
}

/// The command that the first word which is none was typed after.
fn within<'a>(root: &'a Command, typed: &[OsString]) -> &'a Command {
    let words = typed.iter().skip(1).filter(|word| !word.as_encoded_bytes().starts_with(b"-"));
    let mut within = root;
    for word in words {
        match within.find_subcommand(word) {
            Some(command) if command.get_name() == "help" => {} // it knows the others' names
            Some(command) => within = command,
            None => break,
        }
    }
    within
}
