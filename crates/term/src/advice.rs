//! Advice in the way the person types. Texts name what to type between backquotes, as a slash command or as the shell's
//! verb; where they are shown, each becomes what works there, by the table of actions.

use std::borrow::Cow;

use crate::command::Param;
use crate::command::table::{self, CommandRow, ROWS};
use crate::way::Way;

/// The advice in `text` for whoever types this way. What stands between backquotes and is no command stays as it is.
pub fn render(text: &str, way: Way) -> Cow<'_, str> {
    let mut parts = text.split('`');
    let Some(before) = parts.next().filter(|before| before.len() < text.len()) else {
        return Cow::Borrowed(text);
    };
    let mut shown = before.to_owned();
    while let Some(quoted) = parts.next() {
        let Some(after) = parts.next() else {
            // A backquote that is not closed quotes nothing.
            shown.push('`');
            shown.push_str(quoted);
            break;
        };
        shown.push_str(&written(quoted, way).unwrap_or_else(|| format!("`{quoted}`")));
        shown.push_str(after);
    }
    Cow::Owned(shown)
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

fn in_a_shell(row: &CommandRow, force: bool, arguments: &str) -> Option<String> {
    let (verb, takes) = row.shell_verb()?;
    let mut shown = format!("q {verb}");
    if force {
        shown.push_str(" --force");
    }
    // A slash command that is not told its session means the one in view, which the shell has not.
    let names_session = row.params().any(Param::is_session);
    let needed = takes.filter(|param| !param.is_optional);
    let missing = needed
        .filter(|param| arguments.is_empty() || param.is_literal() || param.is_session() && !names_session);
    for word in missing.map(|param| param.word).chain(Some(arguments).filter(|words| !words.is_empty())) {
        shown.push(' ');
        shown.push_str(word);
    }
    Some(shown)
}

/// The slash command for a verb with what it is given; nothing where there is none that does the same.
fn inside(words: &[&str]) -> Option<String> {
    let (verb, arguments) = words.split_first()?;
    if arguments.iter().any(|word| word.starts_with('-')) {
        return None; // flags are the shell's
    }
    let is_it = |row: &&CommandRow| {
        let is_typed = |(param, word): (Param, &&str)| !param.is_literal() || param.word == *word;
        let is_verb = row.shell_verb().filter(|(other, _)| other == verb);
        !row.slash.is_empty() && is_verb.is_some_and(|(_, takes)| takes.zip(arguments).all(is_typed))
    };
    let row = ROWS.iter().find(is_it)?;
    let (_, takes) = row.shell_verb()?;
    let names_session = row.params().any(Param::is_session);
    // The session is the one in view here, and what is typed as it stands is what the slash command says by its name.
    let is_said = |param: &Param| param.is_literal() || param.is_session() && !names_session;
    let said = takes.map(|param| is_said(&param)).chain(std::iter::repeat(false));
    let arguments = if row.arguments.is_empty() { &[] } else { arguments };
    let mut shown = format!("/{}", row.slash.first()?);
    for (word, _) in arguments.iter().zip(said).filter(|(_, is_said)| !is_said) {
        shown.push(' ');
        shown.push_str(word);
    }
    Some(shown)
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
            ("`/model NAME`", "/model NAME", "`q set SESSION model NAME`"),
            ("`q set api model m`", "/model m", "`q set api model m`"),
            ("`q set api temperature 0.2`", "/set temperature 0.2", "`q set api temperature 0.2`"),
            ("`q compact api undo`", "/compact undo", "`q compact api undo`"),
            ("`q host stop`, then", "`q host stop` in a shell, then", "`q host stop`, then"),
            ("`/last`", "/last", "/last inside q"),
            ("there is no session `plam`", "there is no session `plam`", "there is no session `plam`"),
            ("`/etc/hosts` and `q`", "`/etc/hosts` and `q`", "`/etc/hosts` and `q`"),
            ("a ` alone and `two", "a ` alone and `two", "a ` alone and `two"),
            ("open `", "open `", "open `"),
            ("nothing", "nothing", "nothing"),
        ] {
            assert_eq!(render(text, Way::Slash), inside, "{text}");
            assert_eq!(render(text, Way::Shell), shell, "{text}");
        }
    }
}
