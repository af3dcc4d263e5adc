//! `q cleanup`: proposes what might go, and throws it away if that is wanted: closed sessions into the trash, what is in the
//! trash for good.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use q_core::retention::{self, Criterion, Kept};
use q_core::{Command, SessionId, WallTime};
use q_term::words::{age, counted, size};
use serde::Serialize;

use crate::age::Age;
use crate::args::CleanupArgs;
use crate::client::Client;
use crate::commands::{delete, quota};
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

/// What is not used for this long is proposed where no age is named.
const OLD: Duration = Duration::from_hours(24 * 30);

/// What is to be thrown away, and where to.
#[derive(Clone, Copy)]
enum Throw {
    IntoTrash(Criterion),
    /// What is in the trash, for good.
    Away,
}

pub(crate) async fn run(context: &Context, args: CleanupArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let now = q_host::clock::wall();
    let quota = client.host().store_bytes;
    let throw = match args.older_than {
        _ if args.trash => Throw::Away,
        Some(Age(age)) => Throw::IntoTrash(Criterion::UnusedSince(before(now, age))),
        None if args.closed => Throw::IntoTrash(Criterion::Closed),
        None => Throw::IntoTrash(Criterion::UnusedOrToFit(before(now, OLD), quota)),
    };
    let sessions = client.kept().await?;
    let proposed = throw.proposed(&sessions);
    if !args.json {
        show(throw, &sessions, &proposed, now)?;
    }
    let is_wanted = !args.dry_run && !proposed.is_empty() && (args.yes || ask(context, throw, &proposed)?);
    let thrown = if is_wanted { carry_out(&mut client, throw, &proposed).await? } else { BTreeSet::new() };
    let kept_for = client.host().trash_for_ms;
    if args.json {
        let told = |kept: &&Kept| Proposed {
            id: kept.summary.id.to_string(),
            name: kept.summary.name.to_string(),
            bytes: kept.bytes,
            touched_ms: kept.summary.touched.0,
            thrown_away: thrown.contains(&kept.summary.id),
        };
        let is_undoable = !args.trash && !thrown.is_empty();
        json::print(&CleanupJson {
            proposed: proposed.iter().map(told).collect(),
            proposed_bytes: bytes(&proposed),
            stored_bytes: retention::total(&sessions),
            trash_bytes: retention::in_trash(&sessions),
            store_bytes: quota,
            restorable_until_ms: is_undoable.then(|| now.0.saturating_add(kept_for)),
        })?;
    } else if !thrown.is_empty() {
        out::note(&done(throw, &proposed, &thrown, kept_for));
    }
    if !args.json
        && thrown.is_empty()
        && let Some(said) = quota::exceeded(&mut client).await?
    {
        out::note(&said);
    }
    let declined = !args.dry_run && !proposed.is_empty() && !is_wanted;
    if declined { Err(CliError::failed("nothing was thrown away")) } else { Ok(ExitCode::SUCCESS) }
}

fn before(now: WallTime, age: Duration) -> WallTime {
    WallTime(now.0.saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX)))
}

fn bytes(sessions: &[&Kept]) -> u64 {
    sessions.iter().map(|kept| kept.bytes).fold(0, u64::saturating_add)
}

impl Throw {
    fn proposed(self, sessions: &[Kept]) -> Vec<&Kept> {
        match self {
            Self::IntoTrash(criterion) => retention::propose(sessions, criterion),
            Self::Away => retention::erasable(sessions).0,
        }
    }

    fn command(self, session: SessionId) -> Command {
        match self {
            Self::IntoTrash(_) => delete::trash(session, false),
            Self::Away => delete::erasure(session, false),
        }
    }
}

/// The table: names, ages, sizes, and their sum.
fn show(throw: Throw, sessions: &[Kept], proposed: &[&Kept], now: WallTime) -> Result<(), CliError> {
    let name = |kept: &Kept| kept.summary.name.to_string();
    let width = proposed.iter().map(|kept| name(kept).chars().count()).max().unwrap_or(0);
    for kept in proposed {
        let since = kept.summary.trashed.unwrap_or(kept.summary.touched);
        out::line(&format!("{:<width$}  {:>4}  {:>8}", name(kept), age(now, since), size(kept.bytes)))?;
    }
    match throw {
        _ if !proposed.is_empty() => {
            let count = counted(proposed.len(), "session");
            out::line(&format!(
                "{count}, {} of {}",
                size(bytes(proposed)),
                size(retention::total(sessions))
            ))?;
        }
        Throw::IntoTrash(_) => out::note("no closed session is to be thrown away"),
        Throw::Away => out::note("the trash holds nothing that can be erased"),
    }
    if let Throw::Away = throw {
        for kept in retention::erasable(sessions).1 {
            out::note(&format!("{} stays: sessions that were forked from it read its history", name(kept)));
        }
    }
    Ok(())
}

/// Asks. Who cannot be asked must say so beforehand.
fn ask(context: &Context, throw: Throw, proposed: &[&Kept]) -> Result<bool, CliError> {
    let what = format!("{} ({})", counted(proposed.len(), "session"), size(bytes(proposed)));
    let question = match throw {
        Throw::IntoTrash(_) => format!("Throw these {what} away? [y/N] "),
        Throw::Away => format!("Erase these {what} for good? [y/N] "),
    };
    if !context.environment.input_is_terminal {
        return Err(CliError::usage("nobody can be asked here, so nothing was thrown away")
            .hint("with --yes it is done, with --dry-run only shown"));
    }
    out::ask(&question)
}

/// Throws away what is still proposed: while the person thought, it may have been opened again, or used.
async fn carry_out(
    client: &mut Client,
    throw: Throw,
    proposed: &[&Kept],
) -> Result<BTreeSet<SessionId>, CliError> {
    // Proposed anew by the same rule, and not looked at for changes: then nothing can have been forgotten.
    let sessions = client.kept().await?;
    let still: BTreeSet<SessionId> = throw.proposed(&sessions).iter().map(|kept| kept.summary.id).collect();
    let mut thrown = BTreeSet::new();
    for kept in proposed {
        let id = kept.summary.id;
        if still.contains(&id) {
            client.command(throw.command(id)).await?;
            thrown.insert(id);
        } else {
            out::note(&format!("{} was used meanwhile, and stays", kept.summary.name));
        }
    }
    Ok(thrown)
}

fn done(throw: Throw, proposed: &[&Kept], thrown: &BTreeSet<SessionId>, kept_for_ms: u64) -> String {
    let names: Vec<&str> = proposed
        .iter()
        .filter(|kept| thrown.contains(&kept.summary.id))
        .map(|kept| kept.summary.name.as_str())
        .collect();
    let count = counted(names.len(), "session");
    match throw {
        Throw::IntoTrash(_) => {
            let one = if let [name] = names[..] { name } else { "NAME" };
            let span = Age(Duration::from_millis(kept_for_ms));
            format!(
                "{count} in the trash, for {span}; q restore {one} takes one out, q cleanup --trash empties it"
            )
        }
        Throw::Away => format!("{count} erased; their texts leave the store's files in a moment"),
    }
}

/// The fields of `--json`, which docs/json.md promises.
#[derive(Debug, Serialize)]
struct CleanupJson {
    proposed: Vec<Proposed>,
    proposed_bytes: u64,
    stored_bytes: u64,
    trash_bytes: u64,
    store_bytes: u64,
    restorable_until_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Proposed {
    id: String,
    name: String,
    bytes: u64,
    touched_ms: u64,
    thrown_away: bool,
}
