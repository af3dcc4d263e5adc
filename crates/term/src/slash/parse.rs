//! A typed command → what it asks for; or what to type instead.

use q_core::{Name, Refusal, TagChange};

use crate::action::{self, Action, Row};
use crate::granted::Way;
use crate::kinds::Kinds;
use crate::slash::{Seek, Slash, SlashError, fault, word_of};
use crate::suggest;
use crate::wish::Wish;

/// Reads a command, with or without its slash.
pub fn parse(text: &str, kinds: &Kinds) -> Result<Slash, SlashError> {
    let text = text.trim();
    let (word, force, rest) = word_of(text.strip_prefix('/').unwrap_or(text));
    let may_force = |row: &&Row| matches!(row.action, Action::Close | Action::Delete);
    let row = action::by_slash(word).filter(|row| !force || may_force(row));
    let Some(row) = row else { return Err(unknown(&format!("{word}{}", if force { "!" } else { "" }))) };
    let typed = Typed { row, word, force, rest: rest.trim(), words: rest.split_whitespace().collect() };
    if row.arguments.is_empty() {
        return if typed.words.is_empty() { Ok(Slash::Do(row.action)) } else { Err(typed.too_many()) };
    }
    match typed.words.as_slice() {
        [] => typed.alone(),
        words => typed.with(words, kinds),
    }
}

/// A command that takes something, taken apart.
struct Typed<'a> {
    row: &'static Row,
    word: &'a str,
    force: bool,
    /// All after the word, as typed.
    rest: &'a str,
    words: Vec<&'a str>,
}

impl Typed<'_> {
    fn too_many(&self) -> SlashError {
        let takes = if self.row.arguments.is_empty() { "nothing after it" } else { self.row.arguments };
        fault(format!("/{} takes {takes}", self.word))
    }

    fn needs(&self, what: &str) -> Result<Slash, SlashError> {
        Err(fault(format!("/{} needs {what}: {}", self.word, self.row.command())))
    }

    /// Without anything behind it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only commands that take something come here")]
    fn alone(&self) -> Result<Slash, SlashError> {
        Ok(match self.row.action {
            Action::New => Slash::New { kind: String::new(), name: None },
            Action::Fork => Slash::Fork(None),
            Action::Close => Slash::Close { target: None, force: self.force },
            Action::Delete => Slash::Delete { force: self.force },
            Action::Help => Slash::Help(None),
            Action::Tag => Slash::Do(Action::Tag),
            Action::Pin | Action::Unpin => pin(self.row.action, None),
            Action::Unread => Slash::Wish(Wish::Unread(None)),
            Action::Unqueue => Slash::TakeBack(None),
            Action::SendNow => Slash::Wish(Wish::Now(None)),
            Action::Approve | Action::Always => approve(self.row.action, None),
            Action::Deny => Slash::Wish(Wish::Deny { number: None, words: None }),
            Action::Switch => {
                return Err(fault(
                    "/switch needs a session: /switch NAME or /switch NUMBER; /sessions lists them",
                ));
            }
            Action::Rename => return self.needs("a name"),
            Action::Reopen | Action::Restore => return self.needs("a session"),
            Action::EditQueued | Action::Move => return self.needs("the number of a waiting prompt"),
            Action::Steer | Action::Answer => return self.needs("words"),
            other => Slash::Do(other),
        })
    }

    /// With something behind it.
    fn with(&self, words: &[&str], kinds: &Kinds) -> Result<Slash, SlashError> {
        let text = || self.rest.to_owned();
        Ok(match (self.row.action, words) {
            (Action::New, words) => new(words, kinds)?,
            (Action::Fork, words) => Slash::Fork(Some(one_name(words)?)),
            (Action::Rename, words) => Slash::Wish(Wish::Rename(one_name(words)?)),
            (Action::Switch, [target]) => Slash::Switch((*target).into()),
            (Action::Close, [target]) => Slash::Close { target: Some((*target).into()), force: self.force },
            (Action::Delete, [address]) => seek(address, Seek::Trash { force: self.force }),
            (Action::Reopen, [address]) => seek(address, Seek::Reopen),
            (Action::Restore, [address]) => seek(address, Seek::Restore),
            (Action::Tag, words) => {
                Slash::Wish(Wish::Tag(words.iter().map(|word| TagChange::typed(word)).collect()))
            }
            (Action::Pin | Action::Unpin, [target]) => pin(self.row.action, Some((*target).into())),
            (Action::Unread, [target]) => Slash::Wish(Wish::Unread(Some((*target).into()))),
            (Action::Unqueue | Action::EditQueued, [number]) => Slash::TakeBack(Some(place(number)?)),
            (Action::EditQueued, [number, ..]) => {
                let text = self.rest.strip_prefix(number).unwrap_or_default().trim().to_owned();
                Slash::Wish(Wish::Edit { number: place(number)?, text })
            }
            (Action::Move, [number, to]) => {
                Slash::Wish(Wish::Move { number: place(number)?, place: place(to)? })
            }
            (Action::Move, [_]) => return self.needs("the place as well"),
            (Action::SendNow, [number]) => Slash::Wish(Wish::Now(Some(place(number)?))),
            (Action::Steer, _) => Slash::Steer(text()),
            (Action::Approve | Action::Always, [number]) => {
                approve(self.row.action, Some(waiting_number(number)?))
            }
            (Action::Deny, [first, ..]) => Slash::Wish(deny(first, self.rest)),
            (Action::Answer, _) => Slash::Wish(Wish::Answer(text())),
            (Action::Help, words) => Slash::Help(Some(words.join(" ").trim_start_matches('/').into())),
            (_, _) => return Err(self.too_many()),
        })
    }
}

fn seek(address: &str, wanted: Seek) -> Slash {
    Slash::Seek { address: address.to_owned(), wanted }
}

fn pin(action: Action, target: Option<String>) -> Slash {
    Slash::Wish(Wish::Pin { target, pinned: action == Action::Pin })
}

fn approve(action: Action, number: Option<usize>) -> Slash {
    Slash::Wish(Wish::Approve { number, always: action == Action::Always })
}

/// `/deny 2 use the other one`: a number first is the call's.
fn deny(first: &str, rest: &str) -> Wish {
    let number = first.parse().ok();
    let words = if number.is_some() { rest.strip_prefix(first).unwrap_or_default() } else { rest }.trim();
    Wish::Deny { number, words: (!words.is_empty()).then(|| words.to_owned()) }
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
fn new(words: &[&str], kinds: &Kinds) -> Result<Slash, SlashError> {
    let (kind, rest) = match words {
        ["--", rest @ ..] => return Ok(Slash::New { kind: String::new(), name: Some(one_name(rest)?) }),
        [first, "--", rest @ ..] if kinds.knows(first) => {
            return Ok(Slash::New { kind: (*first).to_owned(), name: Some(one_name(rest)?) });
        }
        [first, rest @ ..] if kinds.knows(first) => (*first, rest),
        [first, rest @ ..] => match kind_meant(first, kinds) {
            Some(kind) => return Err(ask_kind(first, kind, rest)),
            None => ("", words),
        },
        [] => ("", words),
    };
    let name = if rest.is_empty() { None } else { Some(one_name(rest)?) };
    Ok(Slash::New { kind: kind.to_owned(), name })
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
