//! What a session in view does now, and since when, in a few words for the status line: read from the newest entries of its
//! turn.
//!
//! Not here: what a session does in a word, for lists ([`crate::words::state`]).

use std::collections::BTreeSet;

use q_core::mirror::Mirrored;
use q_core::shell_line::SHELL;
use q_core::{Activity, Body, Called, EntryNo, WallTime, Wants};

use crate::layout::wrap::truncated;
use crate::sanitize;
use crate::words;

/// Entries that are looked at for calls that have not ended: calls run together, but no more than 64, and each puts out.
const NEAR: usize = 256;
/// Columns of a call: what stands beside it in the line counts, too.
const CALL: usize = 32;
/// Of a longer input only the tool is said: this is read for every frame.
const LONG: usize = 4 << 10;
/// How much later than its newest entry a turn has to have begun for that entry to be of an earlier one: the clock is the
/// host's there, and this terminal's here.
const SLACK_MS: u64 = 2_000;
/// What it does, and since when where that is a question of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doing {
    pub(crate) what: String,
    pub(crate) since: Option<WallTime>,
}

impl Doing {
    /// `runs cargo test 40 s`; without the time where nothing moves, since it would stand still.
    pub(crate) fn told(&self, now: WallTime, moves: bool) -> String {
        let time = self.since.filter(|_| moves).map(|since| words::elapsed(now, since));
        let time = time.filter(|time| !time.is_empty()).map(|time| format!(" {time}"));
        format!("{}{}", self.what, time.unwrap_or_default())
    }
}

/// What the session does; nothing where it does nothing, or the line says it already. `since` is when this terminal saw
/// it begin: what is older than that is no part of it.
pub(crate) fn of(session: &Mirrored, since: WallTime) -> Option<Doing> {
    match session.summary.activity {
        Activity::Idle | Activity::Failed | Activity::Interrupted => None,
        // How long that is, is said where the question stands, and does not move: nothing ticks while nothing works.
        Activity::NeedsApproval | Activity::NeedsInput => {
            Some(Doing { what: "asks you".to_owned(), since: None })
        }
        // What for, is said on the left.
        Activity::Working if session.summary.held => {
            Some(Doing { what: "waits".to_owned(), since: Some(since) })
        }
        Activity::Working if session.summary.retrying.is_some() => None,
        Activity::Working => Some(working(session, since)),
    }
}

fn working(session: &Mirrored, since: WallTime) -> Doing {
    let mut ended: BTreeSet<EntryNo> = BTreeSet::new();
    let mut open: Option<(&Called, WallTime)> = None;
    let mut others = 0_usize;
    let turn = session.entries.iter().rev().take(NEAR).take_while(|entry| !entry.body.begins_turn());
    for entry in turn {
        if let Body::Result(result) = &entry.body {
            ended.insert(result.of);
        } else if let Body::Call(call) = &entry.body
            && !ended.contains(&entry.no)
        {
            others += usize::from(open.is_some());
            open = Some((call, entry.at));
        }
    }
    if let Some((call, at)) = open {
        let more = if others > 0 { format!(" and {others} more") } else { String::new() };
        return Doing { what: format!("{}{more}", called(call)), since: Some(at.max(since)) };
    }
    let newest = session.entries.back();
    let is_older = newest.is_none_or(|entry| entry.at.0.saturating_add(SLACK_MS) < since.0);
    let what = match newest.map(|entry| &entry.body) {
        Some(Body::Answer(_)) if !is_older => "writes",
        Some(Body::Thinking(_)) if !is_older => "thinks",
        // It was sent, and nothing came yet: a model reads, loads or thinks unseen.
        Some(body) if body.begins_turn() || !is_older => "thinks",
        Some(_) | None => "works",
    };
    Doing { what: what.to_owned(), since: Some(newest.map_or(since, |entry| entry.at.max(since))) }
}

/// A call as what is being done: what q's own tools do by their verbs, a line for the shell as a command.
fn called(call: &Called) -> String {
    if call.wants == Wants::Words {
        return "asks you".to_owned();
    }
    if call.input.len() > LONG && call.tool != SHELL {
        return format!("calls {}", truncated(&sanitize::visible_line(&call.tool), CALL));
    }
    let line = words::call_line(call);
    let (first, rest) = line.split_once(' ').unwrap_or((&line, ""));
    let line = match first {
        "run" | "$" => format!("runs {rest}"),
        "read" | "list" | "write" | "edit" => format!("{first}s {rest}"),
        "search" | "fetch" => format!("{first}es {rest}"),
        "todo" => format!("plans {rest}"),
        _ => format!("calls {line}"),
    };
    truncated(line.trim_end(), CALL).into_owned()
}
