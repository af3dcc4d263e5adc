//! A typed command → what it asks for; or what to type instead.

use core::fmt;

use q_core::{Name, Refusal, SettingChange, TagChange};

use crate::command::action::Action;
use crate::command::arguments::{Arguments, CoreCommand, Flags, Param, params};
use crate::command::table::{self, CommandRow};
use crate::command::user_command::UserCommand;
use crate::kinds::Kinds;
use crate::settings;
use crate::suggest;
use crate::way::Way;

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

/// Reads a command, with or without its slash.
pub fn parse(text: &str, kinds: &Kinds) -> Result<UserCommand, SlashError> {
    let text = text.trim();
    let (word, force, rest) = word_of(text.strip_prefix('/').unwrap_or(text));
    let row = table::by_slash(word).filter(|row| !force || row.may_force());
    let Some(row) = row else { return Err(unknown(&format!("{word}{}", if force { "!" } else { "" }))) };
    let arguments = CommandLine { row, word, rest: rest.trim() }.arguments(kinds)?;
    Ok(UserCommand {
        action: row.action,
        arguments: Arguments {
            flags: Flags { force: force || arguments.flags.force, ..arguments.flags },
            ..arguments
        },
    })
}

/// The first word without a trailing `!`, whether it had one, and the rest.
pub(super) fn word_of(text: &str) -> (&str, bool, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match word.strip_suffix('!') {
        Some(bare) => (bare, true, rest),
        None => (word, false, rest),
    }
}

/// A command taken apart.
struct CommandLine<'a> {
    row: &'static CommandRow,
    word: &'a str,
    /// All after the word, as typed.
    rest: &'a str,
}

impl CommandLine<'_> {
    fn too_many(&self) -> SlashError {
        let takes = if self.row.arguments.is_empty() { "nothing after it" } else { self.row.arguments };
        fault(format!("/{} takes {takes}", self.word))
    }

    fn needs(&self, param: Param) -> SlashError {
        let (what, usage) = match param.word {
            "NAME|NUMBER" => ("a session", "/switch NAME or /switch NUMBER; /sessions lists them".to_owned()),
            "SESSION" => ("a session", self.row.command()),
            "NAME" => ("a name", self.row.command()),
            "NUMBER" if self.row.action == Action::Kill => {
                ("the number of a process; /processes lists them", self.row.command())
            }
            "NUMBER" => ("the number of a waiting prompt", self.row.command()),
            "PLACE" => ("the place as well", self.row.command()),
            _ => ("words", self.row.command()),
        };
        fault(format!("/{} needs {what}: {usage}", self.word))
    }

    /// What stands behind it, by the usage in its row.
    fn arguments(&self, kinds: &Kinds) -> Result<Arguments, SlashError> {
        let mut arguments = Arguments::default();
        let mut rest = self.rest;
        let mut params = params(self.row.arguments).peekable();
        while let Some(param) = params.next() {
            let is_last = params.peek().is_none();
            let (word, behind) = first_word(rest);
            let words = || rest.split_whitespace().collect::<Vec<_>>();
            // Which of its words is the kind and which the name depends on all of them.
            if param.word == "KIND" {
                return new(&words(), kinds);
            }
            if word.is_empty() {
                if param.is_optional {
                    break;
                }
                return Err(self.needs(param));
            }
            if word == param.word && arguments.flags.raise(word) {
                rest = behind;
                continue;
            }
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
                "all" | "code" if !is_last => rest,
                "undo" | "yes" | "all" | "skip" => return Err(self.too_many()),
                "+TAG|-TAG" => {
                    arguments.tags = words().into_iter().map(TagChange::typed).collect();
                    ""
                }
                "MODEL" | "MODE" => {
                    arguments.changes = vec![change(&param.word.to_ascii_lowercase(), word)];
                    behind
                }
                // Alone it is asked about.
                "SETTING" => {
                    arguments.text = Some(word.to_owned());
                    behind
                }
                "VALUE" => {
                    let name = arguments.text.take().unwrap_or_default();
                    let (change, behind) = setting(&name, word, rest, behind)?;
                    arguments.changes = vec![change];
                    behind
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
        if self.row.action == Action::Copy {
            let number = word.parse().ok().filter(|number| *number > 0);
            return number.ok_or_else(|| fault(format!("`{word}` is no number; the newest counts as 1")));
        }
        if matches!(self.row.core, Some(CoreCommand::Call(..))) { waiting_number(word) } else { place(word) }
    }
}

/// What a setting is to be, and what is typed behind it: the values of some have blanks in them.
fn setting<'a>(
    name: &str,
    word: &str,
    rest: &str,
    behind: &'a str,
) -> Result<(SettingChange, &'a str), SlashError> {
    let is_all = matches!(name, "body" | "omit" | "headers");
    let (value, behind) = if is_all { (rest, "") } else { (word, behind) };
    let change = settings::change(name, value).map_err(|refused| fault(refused.to_string()))?;
    Ok((change, behind))
}

fn change(name: &str, value: &str) -> SettingChange {
    SettingChange { name: name.to_owned(), value: value.to_owned() }
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
///
/// What `q new` takes by name is taken so here as well.
fn new(words: &[&str], kinds: &Kinds) -> Result<Arguments, SlashError> {
    let (by_name, words) = taken_by_name(words)?;
    if by_name.kind.is_empty() {
        let placed = new_by_place(&words, kinds)?;
        return Ok(Arguments { wish: by_name.wish, ..placed });
    }
    let words = words.strip_prefix(&["--"]).unwrap_or(&words);
    let name = if words.is_empty() { None } else { Some(one_name(words)?) };
    Ok(Arguments { name, ..by_name })
}

/// What stands as `--agent AGENT` or `--agent=AGENT` in front of a `--`, and the words that are left.
fn taken_by_name<'a>(words: &[&'a str]) -> Result<(Arguments, Vec<&'a str>), SlashError> {
    let (mut taken, mut left) = (Arguments::default(), Vec::new());
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let (option, value) =
            word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
        let mut value = || {
            let value = value.or_else(|| words.next()).filter(|value| !value.is_empty());
            value
                .map(str::to_owned)
                .ok_or_else(|| fault(format!("{option} needs a word behind it: /help /new")))
        };
        match option {
            "--agent" => taken.wish.get_or_insert_default().agent = Some(value()?),
            "--model" => taken.wish.get_or_insert_default().model = Some(value()?),
            "--kind" => taken.kind = value()?,
            "--" => {
                left.push(word);
                left.extend(words.by_ref());
            }
            _name_or_kind => left.push(word),
        }
    }
    Ok((taken, left))
}

fn new_by_place(words: &[&str], kinds: &Kinds) -> Result<Arguments, SlashError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::arguments::AgentWish;
    use crate::kinds::Colour;

    fn command(action: Action, arguments: Arguments) -> UserCommand {
        UserCommand { action, arguments }
    }

    fn alone(action: Action) -> UserCommand {
        command(action, Arguments::default())
    }

    fn new_of(kind: &str, name: Option<&str>) -> UserCommand {
        let (kind, name) = (kind.into(), name.map(Into::into));
        command(Action::New, Arguments { kind, name, ..Arguments::default() })
    }

    fn by_agent(kind: &str, name: Option<&str>, agent: &str, model: Option<&str>) -> UserCommand {
        let made = new_of(kind, name);
        let wish = AgentWish { agent: Some(agent.to_owned()), model: model.map(str::to_owned) };
        command(made.action, Arguments { wish: Some(wish.into()), ..made.arguments })
    }

    fn of(action: Action, session: &str) -> UserCommand {
        command(action, Arguments { session: Some(session.into()), ..Arguments::default() })
    }

    fn named(action: Action, name: &str) -> UserCommand {
        command(action, Arguments { name: Some(name.into()), ..Arguments::default() })
    }

    fn numbered(action: Action, number: usize) -> UserCommand {
        command(action, Arguments { number: Some(number), ..Arguments::default() })
    }

    fn worded(action: Action, number: Option<usize>, text: &str) -> UserCommand {
        command(action, Arguments { number, text: Some(text.into()), ..Arguments::default() })
    }

    fn set(action: Action, name: &str, value: &str) -> UserCommand {
        command(action, Arguments { changes: vec![change(name, value)], ..Arguments::default() })
    }

    fn of_all(mut command: UserCommand) -> UserCommand {
        command.arguments.flags.all = true;
        command
    }

    fn forced(mut command: UserCommand) -> UserCommand {
        command.arguments.flags.force = true;
        command
    }

    fn undoing(mut command: UserCommand) -> UserCommand {
        command.arguments.flags.undo = true;
        command
    }

    fn parsed(text: &str) -> Result<UserCommand, SlashError> {
        let mut kinds = Kinds::default();
        kinds.define("writing", Colour::Blue);
        parse(text, &kinds)
    }

    #[test]
    fn a_session_is_made_with_what_is_said_by_name() {
        for (line, expected) in [
            ("/new api --agent cc", by_agent("", Some("api"), "cc", None)),
            ("/new --agent=cc debug api --model opus", by_agent("debug", Some("api"), "cc", Some("opus"))),
            ("/new --kind review debug --agent cc", by_agent("review", Some("debug"), "cc", None)),
            ("/new --kind review", new_of("review", None)),
        ] {
            assert_eq!(parsed(line), Ok(expected), "{line}");
        }
        for (line, why) in [
            ("/new api --agent", "--agent needs a word behind it: /help /new"),
            ("/new --kind=", "--kind needs a word behind it: /help /new"),
            (
                "/new -- --agent",
                "`--agent` cannot be a name: it must begin with a letter; for example: fix-login",
            ),
        ] {
            assert_eq!(parsed(line).map_err(|error| error.message), Err(why.to_owned()), "{line}");
        }
    }

    #[test]
    fn commands_mean_what_they_say() {
        for (typed, means) in [
            ("/new", new_of("", None)),
            ("/new debug", new_of("debug", None)),
            ("/new writing", new_of("writing", None)),
            ("/new debug foo", new_of("debug", Some("foo"))),
            ("/new foo", new_of("", Some("foo"))),
            ("/new debug debug", new_of("debug", Some("debug"))),
            ("/new development review", new_of("development", Some("review"))),
            ("/new -- Debug", new_of("", Some("Debug"))),
            ("  /new   planning\tроуды ", new_of("planning", Some("роуды"))),
            ("/switch 3", of(Action::Switch, "3")),
            ("/sw api", of(Action::Switch, "api")),
            ("/close", alone(Action::Close)),
            ("/close! api", forced(of(Action::Close, "api"))),
            ("/rename api-v2", named(Action::Rename, "api-v2")),
            ("/unqueue", alone(Action::Unqueue)),
            ("/unqueue 2", numbered(Action::Unqueue, 2)),
            ("/fork", alone(Action::Fork)),
            ("/fork other", named(Action::Fork, "other")),
            ("/delete!", forced(alone(Action::Delete))),
            ("/delete api", of(Action::Delete, "api")),
            ("/reopen api", of(Action::Reopen, "api")),
            ("/restore 0k3d", of(Action::Restore, "0k3d")),
            ("/tag", alone(Action::Tag)),
            (
                "/tag work +Urgent -old",
                command(
                    Action::Tag,
                    Arguments {
                        tags: ["work", "+Urgent", "-old"].map(TagChange::typed).to_vec(),
                        ..Arguments::default()
                    },
                ),
            ),
            ("/pin", alone(Action::Pin)),
            ("/unpin 2", of(Action::Unpin, "2")),
            ("/unread", alone(Action::Unread)),
            ("/set", alone(Action::Set)),
            ("/set temperature", worded(Action::Set, None, "temperature")),
            ("/set temperature  0.2", set(Action::Set, "temperature", "0.2")),
            ("/set x -1", set(Action::Set, "x", "-1")),
            ("/model", alone(Action::Model)),
            ("/model a/b:c", set(Action::Model, "model", "a/b:c")),
            ("/queue", alone(Action::Queue)),
            ("/edit 2", numbered(Action::EditQueued, 2)),
            (
                "/edit 2  two  spaces\nand a line ",
                worded(Action::EditQueued, Some(2), "two  spaces\nand a line"),
            ),
            (
                "/move 3 1",
                command(Action::Move, Arguments { number: Some(3), place: Some(1), ..Arguments::default() }),
            ),
            ("/now", alone(Action::SendNow)),
            ("/now 2", numbered(Action::SendNow, 2)),
            ("/steer  not  that way", worded(Action::Steer, None, "not  that way")),
            ("/approve", alone(Action::Approve)),
            ("/always 4", numbered(Action::Always, 4)),
            ("/deny", alone(Action::Deny)),
            ("/deny 4", numbered(Action::Deny, 4)),
            ("/deny 4 use grep", worded(Action::Deny, Some(4), "use grep")),
            ("/deny use 4", worded(Action::Deny, None, "use 4")),
            ("/answer 7 of them", worded(Action::Answer, None, "7 of them")),
            ("/help /new", worded(Action::Help, None, "new")),
            ("/sessions", alone(Action::List)),
            ("/ls", alone(Action::List)),
            ("/inbox", alone(Action::Inbox)),
            ("/attend", alone(Action::Attend)),
            ("/last", alone(Action::Last)),
            ("/retry", alone(Action::Retry)),
            ("/usage", alone(Action::Usage)),
            ("/compact", alone(Action::Compact)),
            ("/undo yes", forced(alone(Action::Undo))),
            ("/compact undo", undoing(alone(Action::Compact))),
            ("/exit", alone(Action::Detach)),
        ] {
            assert_eq!(parsed(typed), Ok(means), "{typed}");
        }
    }

    #[test]
    fn a_mode_is_a_setting_by_another_word() {
        assert_eq!(parsed("/mode"), Ok(alone(Action::Mode)));
        assert_eq!(parsed("/mode plan"), Ok(set(Action::Mode, "mode", "plan")));
        assert!(parsed("/mode two words").is_err());
    }

    #[test]
    fn all_is_a_word_of_its_own() {
        for (typed, means) in [
            ("/approve all", of_all(alone(Action::Approve))),
            ("/approve 2 all", of_all(numbered(Action::Approve, 2))),
            ("/deny all", of_all(alone(Action::Deny))),
            ("/deny 2 all use grep", of_all(worded(Action::Deny, Some(2), "use grep"))),
            ("/deny allocations", worded(Action::Deny, None, "allocations")),
        ] {
            assert_eq!(parsed(typed), Ok(means), "{typed}");
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
            ("/new plannign api", "there is no kind of session `plannign`; did you mean /new planning api?"),
            (
                "/new Debug",
                "there is no kind of session `Debug`; did you mean /new debug? (a session of that name: /new -- Debug)",
            ),
            ("/new 1st", "`1st` cannot be a name: it must begin with a letter; for example: fix-login"),
            ("/switch", "/switch needs a session: /switch NAME or /switch NUMBER; /sessions lists them"),
            ("/switch a b", "/switch takes NAME|NUMBER"),
            ("/rename", "/rename needs a name: /rename NAME"),
            ("/next please", "/next takes nothing after it"),
            ("/set temperature 0.2 please", "/set takes [SETTING] [VALUE]"),
            ("/model a b", "/model takes [MODEL]"),
            ("/unqueue 0", "`0` is not a number of a waiting prompt; they count from 1"),
            ("/reopen", "/reopen needs a session: /reopen SESSION"),
            ("/edit", "/edit needs the number of a waiting prompt: /edit NUMBER [TEXT]"),
            ("/edit x y", "`x` is not a number of a waiting prompt; they count from 1"),
            ("/move 2", "/move needs the place as well: /move NUMBER PLACE"),
            ("/move 2 0", "`0` is not a number of a waiting prompt; they count from 1"),
            ("/always all", "`all` is not a number; /inbox shows what waits, with numbers"),
            ("/approve every", "/approve takes [NUMBER] [all]"),
            ("/answer", "/answer needs words: /answer WORDS"),
            ("/pin a b", "/pin takes [SESSION]"),
            (
                "/restor api",
                "there is no /restor; did you mean /restore? (a prompt that begins with / is typed //…)",
            ),
            ("/new!", "there is no /new!; did you mean /new? (a prompt that begins with / is typed //…)"),
        ] {
            assert_eq!(parsed(typed).map_err(|error| error.message), Err(message.to_owned()), "{typed}");
        }
    }

    #[test]
    fn a_value_with_blanks_is_all_that_follows() {
        for (typed, name, value) in [
            ("/set body  {\"a\": [1, 2]}", "body", "{\"a\": [1, 2]}"),
            ("/set omit a, b", "omit", "a, b"),
            ("/set headers x-key: 1", "headers", "x-key: 1"),
        ] {
            let read = parse(typed, &Kinds::default()).map(|command| command.arguments.changes);
            assert_eq!(read, Ok(vec![change(name, value)]), "{typed}");
        }
        assert!(parse("/set temperature 1 2", &Kinds::default()).is_err());
        assert!(parse("/set body [1]", &Kinds::default()).is_err());
    }
}
