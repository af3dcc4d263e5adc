//! Advice in the way the person types. Texts name what to type between backquotes, as a slash command or as the shell's
//! verb; where they are shown, each becomes what works there, by the table of actions.

use std::borrow::Cow;

use crate::command::table::{self, CommandRow, ROWS};
use crate::granted::Way;

/// The advice in `text` for whoever types this way. What stands between backquotes and is no command stays as it is.
pub fn said(text: &str, way: Way) -> Cow<'_, str> {
    let mut parts = text.split('`');
    let Some(before) = parts.next().filter(|before| before.len() < text.len()) else {
        return Cow::Borrowed(text);
    };
    let mut said = before.to_owned();
    while let Some(quoted) = parts.next() {
        let Some(after) = parts.next() else {
            // A backquote that is not closed quotes nothing.
            said.push('`');
            said.push_str(quoted);
            break;
        };
        said.push_str(&written(quoted, way).unwrap_or_else(|| format!("`{quoted}`")));
        said.push_str(after);
    }
    Cow::Owned(said)
}

/// A command as it is typed this way; nothing where it is none.
fn written(command: &str, way: Way) -> Option<String> {
    if let Some(slash) = command.strip_prefix('/') {
        let (word, arguments) = slash.split_once(' ').unwrap_or((slash, ""));
        let (word, force) = word.strip_suffix('!').map_or((word, false), |word| (word, true));
        let row = table::by_slash(word)?;
        return Some(match way {
            Way::Slash => command.to_owned(),
            Way::Shell => match in_a_shell(row, force, arguments) {
                Some(verb) => format!("`{verb}`"),
                None => format!("{command} inside q"),
            },
        });
    }
    let words: Vec<&str> = command.strip_prefix("q ")?.split(' ').collect();
    Some(match way {
        Way::Shell => format!("`{command}`"),
        Way::Slash => inside(&words).unwrap_or_else(|| format!("`{command}` in a shell")),
    })
}

/// The verb of a row, and what it takes.
fn verb(row: &CommandRow) -> Option<(String, Vec<&'static str>)> {
    let is_verb = |word: &&str| word.starts_with(|first: char| first.is_lowercase() || first == '-');
    let words: Vec<&str> = row.cli?.split(' ').collect();
    let count = words.iter().take_while(|word| is_verb(word)).count();
    let (verb, takes) = words.split_at_checked(count)?;
    Some((verb.join(" "), takes.to_vec()))
}

/// Whether the slash command is told its session. Others mean the one in view, which the shell has not.
fn takes_session(row: &CommandRow) -> bool {
    ["SESSION", "[SESSION]", "NAME|NUMBER"].contains(&row.arguments)
}

fn in_a_shell(row: &CommandRow, force: bool, arguments: &str) -> Option<String> {
    let (mut said, takes) = verb(row)?;
    if force {
        said.push_str(" --force");
    }
    let needed = takes.iter().filter(|word| !word.contains(['[', ']']));
    let missing: Vec<&str> = if arguments.is_empty() {
        needed.copied().collect()
    } else {
        needed.copied().filter(|word| *word == "SESSION" && !takes_session(row)).collect()
    };
    for word in missing.into_iter().chain(Some(arguments).filter(|words| !words.is_empty())) {
        said.push(' ');
        said.push_str(word);
    }
    Some(said)
}

/// The slash command for a verb with what it is given; nothing where there is none that does the same.
fn inside(words: &[&str]) -> Option<String> {
    let (verb_typed, arguments) = words.split_first()?;
    if arguments.iter().any(|word| word.starts_with('-')) {
        return None; // flags are the shell's
    }
    let does = |row: &&CommandRow| {
        !row.slash.is_empty()
            && verb(row).is_some_and(|(verb, _)| verb.strip_prefix("q ") == Some(verb_typed))
    };
    let row = ROWS.iter().find(does)?;
    let (_, takes) = verb(row)?;
    let arguments = match arguments {
        _ if row.arguments.is_empty() => &[],
        [_, rest @ ..] if takes.first() == Some(&"SESSION") && !takes_session(row) => rest,
        all => all,
    };
    let mut said = format!("/{}", row.slash.first()?);
    for word in arguments {
        said.push(' ');
        said.push_str(word);
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_type_is_named_as_it_is_typed_there() {
        for (text, inside, shell) in [
            ("`/retry` asks again", "/retry asks again", "`q retry SESSION` asks again"),
            ("`/reopen api`", "/reopen api", "`q reopen api`"),
            ("`q reopen api`", "/reopen api", "`q reopen api`"),
            (
                "`/close!`, `/delete!`",
                "/close!, /delete!",
                "`q close --force SESSION`, `q delete --force SESSION`",
            ),
            ("`/tag -NAME`", "/tag -NAME", "`q tag SESSION -NAME`"),
            ("`/unqueue`", "/unqueue", "`q unqueue SESSION PROMPT`"),
            ("`/inbox`", "/inbox", "`q inbox`"),
            ("`q ls` lists them", "/sessions lists them", "`q ls` lists them"),
            ("`q ls --all`", "`q ls --all` in a shell", "`q ls --all`"),
            ("`q queue api`", "/queue", "`q queue api`"),
            ("`q new NAME`", "/new NAME", "`q new NAME`"),
            ("`q host stop`, then", "`q host stop` in a shell, then", "`q host stop`, then"),
            ("`/last`", "/last", "/last inside q"),
            ("there is no session `plam`", "there is no session `plam`", "there is no session `plam`"),
            ("`/etc/hosts` and `q`", "`/etc/hosts` and `q`", "`/etc/hosts` and `q`"),
            ("a ` alone and `two", "a ` alone and `two", "a ` alone and `two"),
            ("open `", "open `", "open `"),
            ("nothing", "nothing", "nothing"),
        ] {
            assert_eq!(said(text, Way::Slash), inside, "{text}");
            assert_eq!(said(text, Way::Shell), shell, "{text}");
        }
    }
}
