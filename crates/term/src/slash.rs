//! Slash commands: a typed line → what it asks for.
//!
//! Only a prompt that begins with `/` can be a command. A single line that does is one, so that a mistyped command is
//! never sent to an agent; `//text` sends a prompt that begins with `/`. Several lines that begin with `/` are a command
//! only if the first word is the name of one: a pasted path or log is a prompt.

use core::fmt;

use q_core::{Kind, Name, Refusal};

use crate::action::{self, Action, ROWS};

/// What a typed text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// A prompt for the agent.
    Prompt(&'a str),
    /// A command for `q`.
    Command(Result<Slash, SlashError>),
}

impl Typed<'_> {
    /// Whether it can be done while no host is there.
    pub(crate) const fn needs_no_host(&self) -> bool {
        matches!(
            self,
            Self::Command(
                Err(_) | Ok(Slash::Help(_) | Slash::Switch(_) | Slash::Do(Action::Detach | Action::List))
            )
        )
    }
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slash {
    /// `/new [KIND] [NAME]`
    New {
        /// What the session is for.
        kind: Kind,
        /// Its name.
        name: Option<String>,
    },
    /// `/switch NAME|NUMBER`
    Switch(String),
    /// `/close [SESSION]`, `/close! [SESSION]`
    Close {
        /// Which session; without one, the one in view.
        target: Option<String>,
        /// Also while it works.
        force: bool,
    },
    /// `/rename NAME`
    Rename(String),
    /// `/unqueue [NUMBER]`
    Unqueue(Option<usize>),
    /// `/help [WORD]`
    Help(Option<String>),
    /// A command that takes nothing.
    Do(Action),
}

/// Why a command is none; the message says what to type instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlashError {
    /// One line for the person.
    pub message: String,
}

impl fmt::Display for SlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for SlashError {}

fn fault(message: impl Into<String>) -> SlashError {
    SlashError { message: message.into() }
}

/// Tells commands from prompts.
pub fn read(text: &str) -> Typed<'_> {
    let Some(rest) = text.strip_prefix('/') else { return Typed::Prompt(text) };
    if rest.starts_with('/') {
        return Typed::Prompt(rest);
    }
    let several_lines = rest.trim_end().contains('\n');
    let known = action::by_slash(word_of(rest).0).is_some();
    if several_lines && !known { Typed::Prompt(text) } else { Typed::Command(parse(text)) }
}

/// The first word without a trailing `!`, whether it had one, and the rest.
fn word_of(text: &str) -> (&str, bool, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match word.strip_suffix('!') {
        Some(bare) => (bare, true, rest),
        None => (word, false, rest),
    }
}

/// Reads a command, with or without its slash.
pub fn parse(text: &str) -> Result<Slash, SlashError> {
    let text = text.trim();
    let (word, force, rest) = word_of(text.strip_prefix('/').unwrap_or(text));
    let words: Vec<&str> = rest.split_whitespace().collect();
    let row = action::by_slash(word).filter(|row| !force || row.action == Action::Close);
    let Some(row) = row else { return Err(unknown(&format!("{word}{}", if force { "!" } else { "" }))) };
    let too_many = || {
        fault(format!(
            "/{word} takes {}",
            if row.arguments.is_empty() { "nothing after it" } else { row.arguments }
        ))
    };
    if row.arguments.is_empty() {
        return if words.is_empty() { Ok(Slash::Do(row.action)) } else { Err(too_many()) };
    }
    match (row.action, words.as_slice()) {
        (Action::New, words) => new(words),
        (Action::Switch, []) => {
            Err(fault("/switch needs a session: /switch NAME or /switch NUMBER; /sessions lists them"))
        }
        (Action::Switch, [target]) => Ok(Slash::Switch((*target).into())),
        (Action::Close, []) => Ok(Slash::Close { target: None, force }),
        (Action::Close, [target]) => Ok(Slash::Close { target: Some((*target).into()), force }),
        (Action::Rename, []) => Err(fault("/rename needs a name: /rename NAME")),
        (Action::Rename, words) => one_name(words).map(Slash::Rename),
        (Action::Unqueue, []) => Ok(Slash::Unqueue(None)),
        (Action::Unqueue, [number]) => match number.parse() {
            Ok(number @ 1..) => Ok(Slash::Unqueue(Some(number))),
            Ok(_) | Err(_) => {
                Err(fault(format!("`{number}` is not a number of a waiting prompt; they count from 1")))
            }
        },
        (Action::Help, []) => Ok(Slash::Help(None)),
        (Action::Help, words) => Ok(Slash::Help(Some(words.join(" ").trim_start_matches('/').into()))),
        (_, _) => Err(too_many()),
    }
}

/// `debug` is a kind, `debug debug` is a session named debug of kind debug, `api` is a session named api.
fn new(words: &[&str]) -> Result<Slash, SlashError> {
    let (kind, rest) = match words {
        [first, rest @ ..] => match first.parse::<Kind>() {
            Ok(kind) => (kind, rest),
            Err(_) => (Kind::default(), words),
        },
        [] => (Kind::default(), words),
    };
    let name = if rest.is_empty() { None } else { Some(one_name(rest)?) };
    Ok(Slash::New { kind, name })
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
    let nearest = ROWS
        .iter()
        .flat_map(|row| row.slash.iter())
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match nearest {
        Some((_, known)) => fault(format!(
            "there is no /{word}; did you mean /{known}? (a prompt that begins with / is typed //…)"
        )),
        None => fault(format!(
            "there is no /{word}; /help lists the commands (a prompt that begins with / is typed //…)"
        )),
    }
}

/// What to say when an address leads nowhere: candidates, or the nearest name.
pub fn missed<'a>(miss: &q_core::address::Miss, names: impl IntoIterator<Item = &'a str>) -> String {
    match miss {
        q_core::address::Miss::Ambiguous { address, candidates } => {
            format!("`{address}` could be {}; type more of it", candidates.join(", "))
        }
        q_core::address::Miss::Unknown { address } => {
            let folded = address.to_lowercase();
            let nearest = names
                .into_iter()
                .map(|name| (strsim::jaro_winkler(&folded, &name.to_lowercase()), name))
                .filter(|(likeness, _)| *likeness > 0.75)
                .max_by(|(one, _), (other, _)| one.total_cmp(other));
            match nearest {
                Some((_, name)) => format!("there is no session `{address}`; did you mean {name}?"),
                None => format!("there is no session `{address}`; /sessions lists them"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn new_of(kind: Kind, name: Option<&str>) -> Slash {
        Slash::New { kind, name: name.map(Into::into) }
    }

    #[test]
    fn commands_mean_what_they_say() {
        for (typed, means) in [
            ("/new", new_of(Kind::Development, None)),
            ("/new debug", new_of(Kind::Debug, None)),
            ("/new debug foo", new_of(Kind::Debug, Some("foo"))),
            ("/new foo", new_of(Kind::Development, Some("foo"))),
            ("/new debug debug", new_of(Kind::Debug, Some("debug"))),
            ("/new development review", new_of(Kind::Development, Some("review"))),
            ("/new Debug", new_of(Kind::Development, Some("Debug"))),
            ("  /new   planning\tроуды ", new_of(Kind::Planning, Some("роуды"))),
            ("/switch 3", Slash::Switch("3".into())),
            ("/sw api", Slash::Switch("api".into())),
            ("/close", Slash::Close { target: None, force: false }),
            ("/close! api", Slash::Close { target: Some("api".into()), force: true }),
            ("/rename api-v2", Slash::Rename("api-v2".into())),
            ("/unqueue", Slash::Unqueue(None)),
            ("/unqueue 2", Slash::Unqueue(Some(2))),
            ("/help /new", Slash::Help(Some("new".into()))),
            ("/sessions", Slash::Do(Action::List)),
            ("/ls", Slash::Do(Action::List)),
            ("/inbox", Slash::Do(Action::Inbox)),
            ("/last", Slash::Do(Action::Last)),
            ("/retry", Slash::Do(Action::Retry)),
            ("/exit", Slash::Do(Action::Detach)),
        ] {
            assert_eq!(parse(typed), Ok(means), "{typed}");
        }
    }

    #[test]
    fn mistakes_say_what_to_type_instead() {
        for (typed, message) in [
            ("/", "a command follows the slash; /help lists them"),
            (
                "/swich api",
                "there is no /swich; did you mean /switch? (a prompt that begins with / is typed //…)",
            ),
            (
                "/etc/hosts",
                "there is no /etc/hosts; /help lists the commands (a prompt that begins with / is typed //…)",
            ),
            ("/new api handler", "a name is one word; try api-handler"),
            ("/new 1st", "`1st` cannot be a name: it must begin with a letter; for example: fix-login"),
            ("/switch", "/switch needs a session: /switch NAME or /switch NUMBER; /sessions lists them"),
            ("/switch a b", "/switch takes NAME|NUMBER"),
            ("/rename", "/rename needs a name: /rename NAME"),
            ("/next please", "/next takes nothing after it"),
            ("/unqueue 0", "`0` is not a number of a waiting prompt; they count from 1"),
            ("/new!", "there is no /new!; did you mean /new? (a prompt that begins with / is typed //…)"),
        ] {
            assert_eq!(parse(typed).map_err(|error| error.message), Err(message.to_owned()), "{typed}");
        }
    }

    #[test]
    fn prompts_are_told_from_commands() {
        for (typed, prompt) in [
            ("why?", Some("why?")),
            ("//etc/hosts is wrong", Some("/etc/hosts is wrong")),
            ("/nope", None),
            ("/next", None),
            (
                "/usr/lib: no such file\n/usr/bin: no such file",
                Some("/usr/lib: no such file\n/usr/bin: no such file"),
            ),
            ("/rename\napi", None),
            (" /next", Some(" /next")),
        ] {
            let read = match read(typed) {
                Typed::Prompt(text) => Some(text),
                Typed::Command(_) => None,
            };
            assert_eq!(read, prompt, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "/?[a-z!/ \n]{0,12}.{0,20}") {
            drop(read(&text));
            drop(parse(&text));
        }
    }
}
