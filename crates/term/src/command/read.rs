//! A typed text is a prompt, a command, or a line for the shell.
//!
//! One line that begins with `!` is for the shell; `\!text` sends a prompt that begins so. Of several lines none is: what is pasted
//! runs nothing.
//!
//! Only a prompt that begins with `/` can be a command. A single line that does is one, so that a mistyped command is
//! never sent to an agent; `//text` sends a prompt that begins with `/`. `/SERVER:PROMPT` is a prompt that a client asks a server for; what
//! is no command of q's may be one that somebody wrote, which the client knows too. Several lines that begin with `/` are a command only if
//! the first word is the name of one: a pasted path or log is a prompt.

use crate::command::action::Action;
use crate::command::arguments::{Arguments, Flags};
use crate::command::parse::{SlashError, parse, word_of};
use crate::command::table;
use crate::command::user_command::UserCommand;
use crate::kinds::Kinds;
use crate::{served, written};
use q_core::ShellLine;

/// What a typed text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// A prompt for the agent.
    Prompt(&'a str),
    /// A line for the shell, with its marks.
    Shell(&'a str),
    /// A command for `q`.
    Command(Result<UserCommand, SlashError>),
}

impl Typed<'_> {
    /// Whether it can be done while no host is there.
    pub(crate) const fn needs_no_host(&self) -> bool {
        match self {
            Self::Prompt(_) | Self::Shell(_) => false,
            // That a command is none is said here, by nobody else.
            Self::Command(Err(_)) => true,
            Self::Command(Ok(command)) => command.action.needs_no_host(),
        }
    }
}

/// Tells commands from prompts.
pub fn read<'a>(text: &'a str, kinds: &Kinds) -> Typed<'a> {
    let is_one_line = !text.trim_end().contains('\n');
    if is_one_line && ShellLine::of(text).is_some() {
        return Typed::Shell(text);
    }
    if let Some(literal) = text.strip_prefix('\\').filter(|rest| rest.starts_with('!')) {
        return Typed::Prompt(literal);
    }
    let Some(rest) = text.strip_prefix('/') else { return Typed::Prompt(text) };
    if rest.starts_with('/') {
        // Whoever sends it tells it by its two slashes from what a server is asked for, and from what somebody wrote.
        let is_told = served::prompt(rest).is_some() || written::command(rest).is_some();
        return Typed::Prompt(if is_told { text } else { rest });
    }
    if served::prompt(text).is_some() {
        return Typed::Prompt(text);
    }
    let known = table::by_slash(word_of(rest).0).is_some();
    if !is_one_line && !known { Typed::Prompt(text) } else { Typed::Command(parse(text, kinds)) }
}

/// What a letter means where a call waits for consent: `y`, `a` or `n`, each with the number of a call where several wait; `A` for
/// all of its tool. Behind `n` there may be words for the agent. Other words behind a letter make it a prompt.
pub(crate) fn answer(text: &str) -> Option<UserCommand> {
    let text = text.trim();
    let (letter, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let action = match letter {
        "y" => Action::Approve,
        "A" if rest.is_empty() => {
            let arguments =
                Arguments { flags: Flags { all: true, ..Flags::default() }, ..Arguments::default() };
            return Some(UserCommand { action: Action::Approve, arguments });
        }
        "a" => Action::Always,
        "n" => return parse(&format!("deny {rest}"), &Kinds::default()).ok(),
        _other => return None,
    };
    let number = if rest.is_empty() { None } else { Some(rest.trim().parse().ok()?) };
    Some(UserCommand { action, arguments: Arguments { number, ..Arguments::default() } })
}

/// Whether a line that begins with that letter may be one.
pub(crate) fn begins_answer(letter: char) -> bool {
    answer(letter.encode_utf8(&mut [0; 4])).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prompts_are_told_from_commands() {
        let prompt = |typed| match read(typed, &Kinds::default()) {
            Typed::Prompt(text) => Some(text),
            Typed::Command(_) | Typed::Shell(_) => None,
        };
        for (typed, said) in [
            ("why?", "why?"),
            ("//etc/hosts is wrong", "/etc/hosts is wrong"),
            (
                "/usr/lib: no such file\n/usr/bin: no such file",
                "/usr/lib: no such file\n/usr/bin: no such file",
            ),
            (" /next", " /next"),
            ("\\!ls", "!ls"),
            (" !ls", " !ls"),
            ("!", "!"),
            ("!! ", "!! "),
            ("!ls\nrm -r x", "!ls\nrm -r x"),
            ("\\n", "\\n"),
            ("/files:review a", "/files:review a"),
            ("//files:review a", "//files:review a"),
            ("//review a", "//review a"),
        ] {
            assert_eq!(prompt(typed), Some(said), "{typed:?}");
        }
        for typed in ["/nope", "/next", "/rename\napi"] {
            assert_eq!(prompt(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn one_line_that_begins_with_a_mark_is_for_the_shell() {
        for typed in ["!ls", "!!ls", "! ls -l\n"] {
            assert_eq!(read(typed, &Kinds::default()), Typed::Shell(typed), "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "/?[a-z!/ \n]{0,12}.{0,20}") {
            drop(read(&text, &Kinds::default()));
            drop(parse(&text, &Kinds::default()));
        }
    }
}
