//! What is being typed: a command, what one takes, or the name of a file.

use std::ops::Range;

use crate::command::table::CommandRow;
use crate::command::{Action, Among, CoreCommand, Param, table};
use crate::mention;

/// Longer lines are prompts, and nobody completes a command there, in bytes.
const LONGEST: usize = 4096;

/// What is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompletionKind {
    /// Who can be asked.
    Agent,
    /// A session of the archive.
    Closed,
    Command,
    File,
    /// The kind of a new session.
    Kind,
    Mode,
    Model,
    /// What is said of a new session, each with a word behind it.
    NewOption,
    Session,
    Setting,
    Skill,
    Tag,
    /// A word that stands for itself.
    Literal(&'static str),
}

impl CompletionKind {
    /// One of them, in a word for people.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Closed => "closed session",
            Self::Command => "command",
            Self::File => "file",
            Self::Kind => "kind",
            Self::Mode => "mode",
            Self::Model => "model",
            Self::NewOption => "option",
            Self::Session => "session",
            Self::Setting => "setting",
            Self::Skill => "skill",
            Self::Tag => "tag",
            Self::Literal(_) => "word",
        }
    }
}

/// Where it stands, and how far it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompletionSubject {
    pub(crate) kind: CompletionKind,
    /// What of the text is to be replaced.
    pub(crate) range: Range<usize>,
    /// Without quotes, where it has some.
    pub(crate) begun: String,
}

/// What is being typed at that place, if it is anything that can be completed. Looks at so much before it and no further.
pub(crate) fn subject(text: &str, cursor: usize) -> Option<CompletionSubject> {
    in_command(text, cursor).or_else(|| in_mention(text, cursor))
}

fn in_mention(text: &str, cursor: usize) -> Option<CompletionSubject> {
    let from = text.floor_char_boundary(cursor.saturating_sub(2 * LONGEST));
    let (range, begun) = mention::begun(text.get(from..cursor)?, cursor - from)?;
    let range = range.start + from..range.end + from;
    Some(CompletionSubject { kind: CompletionKind::File, range, begun: begun.to_owned() })
}

fn in_command(text: &str, cursor: usize) -> Option<CompletionSubject> {
    let line = text.strip_prefix('/').filter(|_| cursor == text.len() && text.len() <= LONGEST)?;
    if line.contains('\n') {
        return None;
    }
    let (kind, begun) = match line.split_once(char::is_whitespace) {
        None => (CompletionKind::Command, line),
        Some((word, rest)) => {
            let row = table::by_slash(word.trim_end_matches('!'))?;
            let begun = rest.rsplit(char::is_whitespace).next().unwrap_or_default();
            let before = rest.get(..rest.len() - begun.len())?;
            let before: Vec<&str> = before.split_whitespace().collect();
            let option = if row.action == Action::New { of_new(&before, begun) } else { None };
            (option.or_else(|| taken(row, &before))?, begun)
        }
    };
    Some(CompletionSubject { kind, range: cursor - begun.len()..cursor, begun: begun.to_owned() })
}

/// What a command takes behind those words.
fn taken(row: &CommandRow, before: &[&str]) -> Option<CompletionKind> {
    let params: Vec<Param> = row.params().collect();
    let tags = params.iter().position(|param| param.word == "+TAG|-TAG");
    let place = tags.unwrap_or(before.len());
    for param in params.get(place..)? {
        let kind = match param.word {
            "KIND" => Some(CompletionKind::Kind),
            "MODE" => Some(CompletionKind::Mode),
            "MODEL" => Some(CompletionKind::Model),
            "SETTING" => Some(CompletionKind::Setting),
            "SKILL" => Some(CompletionKind::Skill),
            "+TAG|-TAG" => Some(CompletionKind::Tag),
            "VALUE" => value_of(before),
            word if param.is_session() && !word.is_empty() => {
                return among(row);
            }
            word if word.starts_with(|first: char| first.is_lowercase()) => {
                Some(CompletionKind::Literal(word))
            }
            _no_list => None,
        };
        if kind.is_some() || !param.is_optional {
            return kind;
        }
    }
    None
}

/// Of most settings the values are nobody's list.
fn value_of(before: &[&str]) -> Option<CompletionKind> {
    match before {
        ["model"] => Some(CompletionKind::Model),
        ["mode"] => Some(CompletionKind::Mode),
        _other => None,
    }
}

/// What is said of a new session by options, and the value of one.
fn of_new(before: &[&str], begun: &str) -> Option<CompletionKind> {
    match before.last() {
        Some(&"--agent") => Some(CompletionKind::Agent),
        Some(&"--model") => Some(CompletionKind::Model),
        Some(&"--kind") => Some(CompletionKind::Kind),
        Some(_) | None => begun.starts_with('-').then_some(CompletionKind::NewOption),
    }
}

/// Among which sessions is the one that is meant. Those in the trash nobody lists.
const fn among(row: &CommandRow) -> Option<CompletionKind> {
    match row.core {
        Some(CoreCommand::Session(Among::Archived, _)) => Some(CompletionKind::Closed),
        Some(CoreCommand::Session(Among::Trashed, _)) => None,
        Some(_) => Some(CompletionKind::Session),
        None => {
            if matches!(row.action, Action::Switch) {
                Some(CompletionKind::Session)
            } else {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `^` is where it begins, `|` the cursor.
    fn at(marked: &str) -> Option<CompletionKind> {
        let begins = marked.find('^').unwrap_or_default();
        let text = marked.replacen('^', "", 1);
        let cursor = text.find('|').unwrap();
        let found = subject(&text.replacen('|', "", 1), cursor)?;
        assert_eq!(found.range, begins..cursor, "{marked}");
        assert_eq!(found.begun, text[found.range].trim_start_matches('"'), "{marked}");
        Some(found.kind)
    }

    #[test]
    fn what_is_typed_is_known_by_where_it_stands() {
        use CompletionKind::{
            Agent, Closed, Command, File, Kind, Literal, Mode, Model, NewOption, Session, Setting, Skill, Tag,
        };
        for (kind, typed) in [
            (Command, "/^|~/^he|~/^/co|~/^git:l|"),
            (Session, "/switch ^|~/close! ^a|~/delete ^x|"),
            (Closed, "/reopen ^a|"),
            (Agent, "/new x --agent ^o|"),
            (NewOption, "/new ^-|~/new x ^--m|"),
            (Kind, "/new ^d|~/new x --kind ^d|"),
            (Model, "/new --model ^g|~/model ^gp|~/set model ^g|"),
            (Setting, "/set ^|~/set ^te|"),
            (Mode, "/set mode ^|~/mode ^p|"),
            (Skill, "/skill ^pd|"),
            (Tag, "/tag +a ^-|~/tag ^|"),
            (Literal("undo"), "/compact ^u|"),
            (Literal("all"), "/approve ^|~/approve 2 ^a|~/deny ^|"),
            (File, "/steer look at @^src/m|~see @^a|b~one\n/he @^x|~see @^\"my n|"),
        ] {
            for typed in typed.split('~') {
                assert_eq!(at(typed), Some(kind), "{typed}");
            }
        }
        let none = "|~word|~/he|lp~/help x|~/restore a|~/set temperature 0|~/switch a b|~/nothing a|~/a\nb|~me@example|";
        for typed in none.split('~') {
            assert_eq!(at(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_long_line_costs_no_more_than_a_short_one() {
        let text = format!("{} @src/m", "é".repeat(1 << 20));
        assert_eq!(subject(&text, text.len()).map(|found| found.range), Some(text.len() - 5..text.len()));
        assert_eq!(subject(&format!("/{}", "a".repeat(LONGEST)), LONGEST + 1), None);
    }
}
