//! `docs/states.md`, drawn from the tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use q_core::activity::Change;
use q_core::{Activity, Presence};

use crate::cells::{Causes, causes};
use crate::focus::{self, Focus};
use crate::unread;

/// The document.
pub(crate) fn draw() -> String {
    let causes = causes();
    let mut text = String::from(
        "# States\n\n\
        A session has four facts that say nothing about each other: presence, activity, unread and focus (which is a\n\
        client's, not the session's). Drawn from the tables in `crates/core` by `cargo test -p q-core --test tables` with\n\
        `UPDATE=1`; what each input does in each state stands in `crates/core/tests/tables/outcomes.txt`. Verbs are\n\
        those of scripts.\n",
    );
    presence(&mut text, &causes);
    activity(&mut text, &causes);
    unread(&mut text);
    focus(&mut text);
    text
}

fn presence(text: &mut String, causes: &Causes) {
    text.push_str(
        "\n## Presence\n\n\
        How much of a session is loaded, and whether it may come to be otherwise. A dash is a change that cannot be: the wish\n\
        is refused, the fact ignored. Erasing takes a session away from anywhere, unless forks read its history.\n\n",
    );
    row(text, "from / to", Presence::ALL.map(Presence::word));
    rule(text, Presence::ALL.len());
    for from in Presence::ALL {
        row(text, from.word(), Presence::ALL.map(|to| if from.may_become(to) { "yes" } else { "–" }));
    }
    text.push('\n');
    for from in Presence::ALL {
        for to in Presence::ALL.into_iter().filter(|to| from.may_become(*to)) {
            let what = format!("from {} to {}", from.word(), to.word());
            cause(text, &what, causes.presence.get(&(from, to)).into_iter());
        }
    }
}

fn activity(text: &mut String, causes: &Causes) {
    text.push_str(
        "\n## Activity\n\n\
        What a session is doing, from its turn in flight and how the last one ended. A turn runs only in a live session, so\n\
        the middle three are never seen in another. Consent is shown before words.\n\n",
    );
    row(text, "from", Change::ALL.map(Change::words));
    rule(text, Change::ALL.len());
    for from in Activity::ALL {
        row(text, from.words(), Change::ALL.map(|change| from.after(change).map_or("–", Activity::words)));
    }
    text.push('\n');
    for change in Change::ALL {
        let by = Activity::ALL.iter().filter_map(|from| causes.activity.get(&(*from, change)));
        cause(text, change.words(), by);
    }
}

fn unread(text: &mut String) {
    text.push_str(
        "\n## Unread\n\n\
        Whether a session has something that no client has shown to its end. What the person says is not unread; while a\n\
        client shows the end, nothing is.\n\n",
    );
    row(text, "what happens", unread::STANDINGS.map(|(standing, _)| standing));
    rule(text, unread::STANDINGS.len());
    for (what, _, outcomes) in unread::TABLE {
        row(text, what, outcomes.map(|unread| if unread { "unread" } else { "read" }));
    }
}

fn focus(text: &mut String) {
    text.push_str(
        "\n## Focus\n\n\
        What one client shows, as far as a session knows. A session that somebody shows does not hibernate and goes first to\n\
        its agent; one whose end is shown is read.\n\n",
    );
    row(text, "what happens", Focus::ALL.map(Focus::words));
    rule(text, Focus::ALL.len());
    for (what, _, after) in focus::TABLE {
        row(text, what, after.map(Focus::words));
    }
}

fn row<'a>(text: &mut String, first: &str, cells: impl IntoIterator<Item = &'a str>) {
    let cells: Vec<&str> = cells.into_iter().collect();
    writeln!(text, "| {first} | {} |", cells.join(" | ")).unwrap();
}

fn rule(text: &mut String, cells: usize) {
    writeln!(text, "|---|{}", "---|".repeat(cells)).unwrap();
}

/// Which inputs make a change, by the first word of their lines in scripts.
fn cause<'a>(text: &mut String, what: &str, by: impl Iterator<Item = &'a BTreeSet<String>>) {
    let verbs: BTreeSet<&str> = by.flatten().map(String::as_str).collect();
    let verbs: Vec<String> = verbs.into_iter().map(|verb| format!("`{verb}`")).collect();
    writeln!(text, "- *{what}*: by {}", verbs.join(", ")).unwrap();
}
