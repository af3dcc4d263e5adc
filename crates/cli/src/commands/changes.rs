//! `q undo`, `q redo` and `q diff`: what tools changed in files, shown, taken back, made again.

use std::process::ExitCode;

use q_term::command::Action;
use q_tools::{ChangeSet, ChangedFile};
use serde::Serialize;

use crate::args::{ChangesVerb, ReverseArgs};
use crate::changes::{Look, WantedChanges, is_possible, text};
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

/// What `--json` prints; docs/json.md promises it.
#[derive(Debug, Serialize)]
struct ChangesJson<'a> {
    session: String,
    /// The turn that changed these files; `null` where there are none.
    turn: Option<u64>,
    files: Vec<FileJson<'a>>,
    /// Whether it was done.
    done: bool,
    /// Whether older changes are kept no longer.
    let_go: bool,
}

/// One file in it.
#[derive(Debug, Serialize)]
struct FileJson<'a> {
    path: &'a str,
    change: &'static str,
    diff: &'a str,
    refusal: Option<&'a str>,
}

impl<'a> From<&'a ChangedFile> for FileJson<'a> {
    fn from(file: &'a ChangedFile) -> Self {
        let ChangedFile { path, change, diff, refusal } = file;
        Self { path, change: change.word(), diff, refusal: refusal.as_deref() }
    }
}

pub(crate) async fn run(context: &Context, verb: ChangesVerb) -> Result<ExitCode, CliError> {
    let (action, args) = match verb {
        ChangesVerb::Undo(args) => (Action::Undo, args),
        ChangesVerb::Redo(args) => (Action::Redo, args),
        ChangesVerb::Diff(shown) => (Action::Diff, ReverseArgs { shown, yes: false, dry_run: true }),
    };
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(&args.shown.session).await?;
    let Some(wanted) = WantedChanges::of(context, &session, action) else { return Ok(ExitCode::SUCCESS) };
    let set = wanted.read().map_err(CliError::failed)?;
    let look = wanted.look;
    if !args.shown.json {
        match &set {
            Some(set) => out::line(&text(look, set))?,
            None => out::note(look.nothing()),
        }
    }
    let mut done = false;
    if let Some(set) = &set
        && !args.dry_run
    {
        if !is_possible(set) {
            print(&args, session.id.to_string(), Some(set), false)?;
            return Err(CliError::failed("nothing was changed: a file stands against it"));
        }
        if let Some(command) = look.command(set)
            && let Some(command) = command.of_session(session.id)
            && (args.yes || ask(context, look)?)
        {
            client.carry_out(&session, command).await?;
            if let Some(said) = look.done(set) {
                out::note(&said);
            }
            done = true;
        }
    }
    if args.dry_run && look != Look::Diff && set.is_some() {
        out::note("only shown: nothing was changed");
    }
    let declined = !args.dry_run && set.is_some() && !done;
    print(&args, session.id.to_string(), set.as_ref(), done)?;
    if declined { Err(CliError::failed("nothing was changed")) } else { Ok(ExitCode::SUCCESS) }
}

fn print(args: &ReverseArgs, session: String, set: Option<&ChangeSet>, done: bool) -> Result<(), CliError> {
    if !args.shown.json {
        return Ok(());
    }
    let files = set.into_iter().flat_map(|set| &set.files).map(FileJson::from).collect();
    let let_go = set.is_some_and(|set| set.has_let_go);
    json::print(&ChangesJson { session, turn: set.map(|set| set.turn), files, done, let_go })
}

/// Asks. Who cannot be asked must say so beforehand.
fn ask(context: &Context, look: Look) -> Result<bool, CliError> {
    if !context.environment.input_is_terminal {
        return Err(CliError::usage("nobody can be asked here, so nothing was changed")
            .hint("with --yes it is done, with --dry-run only shown"));
    }
    let question = match look {
        Look::Diff => return Ok(false),
        Look::Reversal(way) => format!("{way} this? [y/N] "),
    };
    out::ask(&question)
}
