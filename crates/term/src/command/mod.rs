//! What the person wants done, by a key or as a typed line: one type for both, and the table of all there is.
//!
//! Only a prompt that begins with `/` can be a command. A single line that does is one, so that a mistyped command is
//! never sent to an agent; `//text` sends a prompt that begins with `/`. Several lines that begin with `/` are a command
//! only if the first word is the name of one: a pasted path or log is a prompt.

pub mod table;

mod arguments;
mod parse;
mod resolve;

pub use arguments::{Among, Arguments, CoreCommand, Param, QueueEnd};
pub use parse::parse;
pub use resolve::{Resolved, Scene, queue, tags};
pub use table::Action;

use core::fmt;

use crate::kinds::Kinds;

/// What a typed text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// A prompt for the agent.
    Prompt(&'a str),
    /// A command for `q`.
    Command(Result<UserCommand, SlashError>),
}

impl Typed<'_> {
    /// Whether it can be done while no host is there.
    pub(crate) const fn needs_no_host(&self) -> bool {
        match self {
            Self::Prompt(_) => false,
            Self::Command(Err(_)) => true,
            Self::Command(Ok(command)) => {
                matches!(command.action, Action::Help | Action::Switch | Action::Detach | Action::List)
            }
        }
    }
}

/// What the person wants done: by a key, or as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCommand {
    pub action: Action,
    pub arguments: Arguments,
}

impl UserCommand {
    /// What a key means, which takes nothing but its digit, where it has one.
    pub(crate) fn key(action: Action, digit: Option<u8>) -> Self {
        let number = digit.map(usize::from);
        Self { action, arguments: Arguments { number, ..Arguments::default() } }
    }

    /// Whether it opens a session, which is shown then.
    pub const fn opens_session(&self) -> bool {
        matches!(self.action, Action::New | Action::Fork | Action::Reopen)
    }
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
pub fn read<'a>(text: &'a str, kinds: &Kinds) -> Typed<'a> {
    let Some(rest) = text.strip_prefix('/') else { return Typed::Prompt(text) };
    if rest.starts_with('/') {
        return Typed::Prompt(rest);
    }
    let several_lines = rest.trim_end().contains('\n');
    let known = table::by_slash(word_of(rest).0).is_some();
    if several_lines && !known { Typed::Prompt(text) } else { Typed::Command(parse(text, kinds)) }
}

/// The first word without a trailing `!`, whether it had one, and the rest.
fn word_of(text: &str) -> (&str, bool, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match word.strip_suffix('!') {
        Some(bare) => (bare, true, rest),
        None => (word, false, rest),
    }
}

/// What to say when an address leads nowhere: candidates, or the nearest name.
pub fn missed(miss: &q_core::address::Miss) -> String {
    match miss {
        q_core::address::Miss::Ambiguous { address, candidates } => {
            format!("`{address}` could be {}; type more of it", candidates.join(", "))
        }
        q_core::address::Miss::Unknown { address, nearest: Some(name) } => {
            format!("there is no session `{address}`; did you mean {name}?")
        }
        q_core::address::Miss::Unknown { address, nearest: None } => {
            format!("there is no session `{address}`; /sessions lists them")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use q_core::TagChange;

    use proptest::prelude::*;

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

    fn forced(mut command: UserCommand) -> UserCommand {
        command.arguments.force = true;
        command
    }

    fn parsed(text: &str) -> Result<UserCommand, SlashError> {
        let mut kinds = Kinds::default();
        kinds.define("writing", crate::kinds::Colour::Blue);
        parse(text, &kinds)
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
            ("/exit", alone(Action::Detach)),
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
            ("/unqueue 0", "`0` is not a number of a waiting prompt; they count from 1"),
            ("/reopen", "/reopen needs a session: /reopen SESSION"),
            ("/edit", "/edit needs the number of a waiting prompt: /edit NUMBER [TEXT]"),
            ("/edit x y", "`x` is not a number of a waiting prompt; they count from 1"),
            ("/move 2", "/move needs the place as well: /move NUMBER PLACE"),
            ("/move 2 0", "`0` is not a number of a waiting prompt; they count from 1"),
            ("/approve all", "`all` is not a number; /inbox shows what waits, with numbers"),
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
            let read = match read(typed, &Kinds::default()) {
                Typed::Prompt(text) => Some(text),
                Typed::Command(_) => None,
            };
            assert_eq!(read, prompt, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "/?[a-z!/ \n]{0,12}.{0,20}") {
            drop(read(&text, &Kinds::default()));
            drop(parsed(&text));
        }
    }
}
