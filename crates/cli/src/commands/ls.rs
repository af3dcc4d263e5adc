//! `q ls`: every session on a line.

use std::collections::BTreeMap;
use std::process::ExitCode;

use q_core::retention::Kept;
use q_core::{Name, SessionId, Summary, Tag, WallTime, attention};
use q_term::suggest::nearest;

use crate::args::LsArgs;
use crate::client::Client;
use crate::commands::quota;
use crate::context::Context;
use crate::error::CliError;
use crate::json::{self, SessionJson};
use crate::out;

pub(crate) async fn run(context: &Context, args: LsArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let mut kept: Vec<Kept> = if args.json || args.verbose {
        client.kept().await?
    } else {
        client.list().await?.into_iter().map(|summary| Kept { summary, bytes: 0 }).collect()
    };
    let names: BTreeMap<SessionId, Name> =
        kept.iter().map(|Kept { summary, .. }| (summary.id, summary.name.clone())).collect();
    let tag =
        args.tag.as_deref().map(|tag| tag.parse::<Tag>().map_err(|fault| CliError::usage(fault.to_string())));
    let tag = tag.transpose()?;
    let nothing = nothing(&args, tag.as_ref(), &kept);
    kept.retain(|Kept { summary: session, .. }| {
        (args.all || session.presence.is_open())
            && (!args.waiting || attention::need(session).is_some())
            && tag.as_ref().is_none_or(|tag| session.tags.contains(tag))
    });
    if kept.is_empty() && (!args.json || tag.is_some()) {
        out::note(&nothing);
    }
    // Open ones by slot, the others behind them, the newest first.
    kept.sort_by_key(|Kept { summary: session, .. }| {
        (session.slot == 0, session.slot, std::cmp::Reverse(session.touched))
    });
    if args.json {
        let line = |kept: &Kept| SessionJson::from(&kept.summary).with_bytes(kept.bytes);
        json::print(&kept.iter().map(line).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = q_host::clock::wall();
    let width = kept.iter().map(|kept| kept.summary.name.as_str().chars().count()).max().unwrap_or(0);
    for Kept { summary, bytes } in &kept {
        out::line(&row(summary, args.verbose.then_some(*bytes), width, now))?;
        if args.verbose {
            out::line(&format!("    {}", details(summary, &names)))?;
        }
    }
    if let Some(said) = quota::exceeded(&mut client).await? {
        out::note(&said);
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said where nothing is listed.
fn nothing(args: &LsArgs, tag: Option<&Tag>, sessions: &[Kept]) -> String {
    let Some(tag) = tag else {
        let nothing = if args.waiting { "nothing needs you" } else { "no sessions" };
        let way_out = if args.waiting { "`q ls` lists all" } else { "`q` opens one, `q new NAME` makes one" };
        return format!("{nothing}; {way_out}");
    };
    let tags = || sessions.iter().flat_map(|kept| &kept.summary.tags);
    if !tags().any(|known| known == tag) {
        let way_out = match nearest(tag.as_str(), tags().map(Tag::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`q tag SESSION +{tag}` gives it to one"),
        };
        return format!("no session has the tag `{tag}`; {way_out}");
    }
    if args.waiting {
        format!("no session with the tag `{tag}` needs you")
    } else {
        format!("only closed sessions have the tag `{tag}`; `q ls --all --tag {tag}` lists them")
    }
}

fn row(session: &Summary, bytes: Option<u64>, width: usize, now: WallTime) -> String {
    let slot = if session.slot == 0 { "-".to_owned() } else { session.slot.to_string() };
    let unread = if session.unread == 0 { String::new() } else { format!("+{}", session.unread) };
    let state = q_term::words::state(session);
    let age = q_term::words::age(now, session.trashed.unwrap_or(session.touched));
    let last = q_term::words::last_word(session);
    let goes_on = match session.background {
        0 => String::new(),
        running => format!("{running} in the background  "),
    };
    let name = session.name.as_str();
    let size = bytes.map(|bytes| format!("  {:>8}", q_term::words::size(bytes))).unwrap_or_default();
    format!("{slot:>2}  {name:<width$}  {state:<14} {unread:<4} {age:>4}{size}  {goes_on}{last}")
        .trim_end()
        .to_owned()
}

/// What `--verbose` says of a session, beneath its line.
fn details(session: &Summary, names: &BTreeMap<SessionId, Name>) -> String {
    let mut details =
        vec![session.kind.to_string(), q_term::words::agent(session), session.directory.clone()];
    let tags: Vec<String> = session.tags.iter().map(|tag| format!("#{tag}")).collect();
    details.extend((!tags.is_empty()).then(|| tags.join(" ")));
    details.extend(session.pinned.then(|| "pinned".to_owned()));
    details.extend(session.held.then(|| "waits for its agent".to_owned()));
    details.extend(session.retrying.as_ref().map(q_term::words::retrying));
    details.extend(session.parent.map(|parent| fork_of(parent, session.inherited, names)));
    details.extend(session.sent.filter(|sent| sent.left_out > 0).map(|sent| {
        format!("last sent {} of {} entries", sent.entries, sent.entries.saturating_add(sent.left_out))
    }));
    details.extend((session.policy == q_core::Policy::Deny).then(|| "tools denied".to_owned()));
    details.push(format!("{} turns, {} entries", session.turns, session.entries));
    q_term::sanitize::visible_line(&details.join(" · ")).into_owned()
}

/// `fork of api with 12 entries of it`
fn fork_of(parent: SessionId, inherited: Option<u64>, names: &BTreeMap<SessionId, Name>) -> String {
    let name = names.get(&parent).map_or_else(|| parent.to_string(), ToString::to_string);
    match inherited {
        Some(1) => format!("fork of {name} with 1 entry of it"),
        Some(count) => format!("fork of {name} with {count} entries of it"),
        None => format!("fork of {name}"),
    }
}
