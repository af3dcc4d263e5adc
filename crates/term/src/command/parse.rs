//! A typed command → what it asks for; or what to type instead.

use q_core::{Name, Refusal, TagChange};

use crate::command::arguments::{Arguments, CoreCommand, Param, params};
use crate::command::table::{self, Action, CommandRow};
use crate::command::{SlashError, UserCommand, fault, word_of};
use crate::granted::Way;
use crate::kinds::Kinds;
use crate::suggest;

/// Reads a command, with or without its slash.
pub fn parse(text: &str, kinds: &Kinds) -> Result<UserCommand, SlashError> {
    let text = text.trim();
    let (word, force, rest) = word_of(text.strip_prefix('/').unwrap_or(text));
    let row = table::by_slash(word).filter(|row| !force || row.may_force());
    let Some(row) = row else { return Err(unknown(&format!("{word}{}", if force { "!" } else { "" }))) };
    let typed = Typed { row, word, rest: rest.trim() };
    let arguments = if row.action == Action::New {
        new(&typed.rest.split_whitespace().collect::<Vec<_>>(), kinds)?
    } else {
        typed.arguments()?
    };
    Ok(UserCommand { action: row.action, arguments: Arguments { force, ..arguments } })
}

/// A command taken apart.
struct Typed<'a> {
    row: &'static CommandRow,
    word: &'a str,
    /// All after the word, as typed.
    rest: &'a str,
}

impl Typed<'_> {
    fn too_many(&self) -> SlashError {
        let takes = if self.row.arguments.is_empty() { "nothing after it" } else { self.row.arguments };
        fault(format!("/{} takes {takes}", self.word))
    }

    fn needs(&self, param: Param) -> SlashError {
        let (what, usage) = match param.word {
            "NAME|NUMBER" => ("a session", "/switch NAME or /switch NUMBER; /sessions lists them".to_owned()),
            "SESSION" => ("a session", self.row.command()),
            "NAME" => ("a name", self.row.command()),
            "NUMBER" => ("the number of a waiting prompt", self.row.command()),
            "PLACE" => ("the place as well", self.row.command()),
            _ => ("words", self.row.command()),
        };
        fault(format!("/{} needs {what}: {usage}", self.word))
    }

    /// What stands behind it, by the usage in its row.
    fn arguments(&self) -> Result<Arguments, SlashError> {
        let mut arguments = Arguments::default();
        let mut rest = self.rest;
        let mut params = params(self.row.arguments).peekable();
        while let Some(param) = params.next() {
            let is_last = params.peek().is_none();
            let (word, behind) = first_word(rest);
            if word.is_empty() {
                if param.is_optional {
                    break;
                }
                return Err(self.needs(param));
            }
            let words = || rest.split_whitespace().collect::<Vec<_>>();
            rest = match param.word {
                "SESSION" | "NAME|NUMBER" => {
                    arguments.session = Some(word.to_owned());
                    behind
                }
                "NUMBER" => match self.number(word) {
                    Ok(number) => {
                        arguments.number = Some(number);
                        behind
                    }
                    // A number first is one; anything else is the beginning of the words.
                    Err(_) if param.is_optional && !is_last => rest,
                    Err(fault) => return Err(fault),
                },
                "PLACE" => {
                    arguments.place = Some(place(word)?);
                    behind
                }
                "NAME" => {
                    arguments.name = Some(one_name(&words())?);
                    ""
                }
                "+TAG|-TAG" => {
                    arguments.tags = words().into_iter().map(TagChange::typed).collect();
                    ""
                }
                "WORD" => {
                    arguments.text = Some(words().join(" ").trim_start_matches('/').to_owned());
                    ""
                }
                _ => {
                    arguments.text = Some(rest.to_owned());
                    ""
                }
            };
        }
        if rest.is_empty() { Ok(arguments) } else { Err(self.too_many()) }
    }

    fn number(&self, word: &str) -> Result<usize, SlashError> {
        if matches!(self.row.core, Some(CoreCommand::Call(..))) { waiting_number(word) } else { place(word) }
    }
}

fn first_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn place(typed: &str) -> Result<usize, SlashError> {
    match typed.parse() {
        Ok(number @ 1..) => Ok(number),
        Ok(_) | Err(_) => {
            Err(fault(format!("`{typed}` is not a number of a waiting prompt; they count from 1")))
        }
    }
}

fn waiting_number(typed: &str) -> Result<usize, SlashError> {
    typed
        .parse()
        .map_err(|_| fault(format!("`{typed}` is not a number; /inbox shows what waits, with numbers")))
}

/// `debug` is a kind, `debug debug` is a session named debug of kind debug, `api` is a session named api; behind `--`
/// stands a name, whatever it is like.
fn new(words: &[&str], kinds: &Kinds) -> Result<Arguments, SlashError> {
    let (kind, rest) = match words {
        ["--", rest @ ..] => return Ok(new_of("", Some(one_name(rest)?))),
        [first, "--", rest @ ..] if kinds.knows(first) => {
            return Ok(new_of(first, Some(one_name(rest)?)));
        }
        [first, rest @ ..] if kinds.knows(first) => (*first, rest),
        [first, rest @ ..] => match kind_meant(first, kinds) {
            Some(kind) => return Err(ask_kind(first, kind, rest)),
            None => ("", words),
        },
        [] => ("", words),
    };
    let name = if rest.is_empty() { None } else { Some(one_name(rest)?) };
    Ok(new_of(kind, name))
}

fn new_of(kind: &str, name: Option<String>) -> Arguments {
    Arguments { kind: kind.to_owned(), name, ..Arguments::default() }
}

/// The kind that `word` is a slip for. What says more than a whole kind, such as `debug-api` and `review2`, is a name.
fn kind_meant<'a>(word: &str, kinds: &'a Kinds) -> Option<&'a str> {
    let says_more = |kind: &str| {
        word.strip_prefix(kind).is_some_and(|rest| rest.starts_with(|next: char| !next.is_alphabetic()))
    };
    suggest::slip(word, kinds.words()).filter(|kind| !says_more(kind))
}

fn ask_kind(word: &str, kind: &str, rest: &[&str]) -> SlashError {
    let meant = std::iter::once(kind).chain(rest.iter().copied()).collect::<Vec<_>>().join(" ");
    let named =
        if rest.is_empty() { format!(" (a session of that name: /new -- {word})") } else { String::new() };
    fault(format!("there is no kind of session `{word}`; did you mean /new {meant}?{named}"))
}

fn one_name(words: &[&str]) -> Result<String, SlashError> {
    if words.len() > 1 {
        return Err(fault(format!("a name is one word; try {}", words.join("-"))));
    }
    let name = words.concat();
    match name.parse::<Name>() {
        Ok(_) => Ok(name),
        Err(fault_of_name) => Err(fault(Refusal::BadName { name, fault: fault_of_name }.to_string())),
    }
}

fn unknown(word: &str) -> SlashError {
    if word.is_empty() {
        return fault("a command follows the slash; /help lists them");
    }
    let said = match suggest::meant(word, Way::Slash, suggest::slash_words()) {
        Some(suggestion) => suggestion.to_string(),
        None => "/help lists the commands".to_owned(),
    };
    fault(format!("there is no /{word}; {said} (a prompt that begins with / is typed //…)"))
}
