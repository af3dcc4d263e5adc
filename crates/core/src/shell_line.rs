//! What a person types to have a command run: `!` and a line for the shell, or `!!`.
//!
//! Not here: when it runs (the multiplexer decides), and how (the host's business).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::Outcome;
use crate::entry::Resulted;
use crate::id::CallNo;

/// What the call of such a turn has for a tool.
pub const SHELL: &str = "!";
/// The number of the one call of such a turn.
pub const SHELL_CALL: CallNo = CallNo(1);

/// A line for the shell, as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShellLine<'a> {
    /// Exactly what the shell gets.
    pub line: &'a str,
    /// Whether the agent is told of it with the next prompt.
    pub is_told: bool,
}

impl<'a> ShellLine<'a> {
    /// What this text says, where it says one: it begins with `!`, and something follows.
    pub fn of(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix('!')?;
        let (rest, is_told) = rest.strip_prefix('!').map_or((rest, true), |rest| (rest, false));
        let line = rest.trim();
        (!line.is_empty()).then_some(Self { line, is_told })
    }

    /// What an agent is told of it with the next prompt: how it ended, and what it put out by then. Each line of that is marked, so
    /// that none reads like what `q` says.
    pub(crate) fn told(&self, result: Option<&Resulted>, put_out: &str) -> String {
        let outcome = result.map_or(Outcome::CutShort, |result| result.outcome);
        // Of one that was cut short there is no more than what was seen of it.
        let text = result.map(|result| result.text.as_str()).filter(|text| !text.is_empty());
        let lines: Vec<&str> = text.unwrap_or(put_out).lines().flat_map(|line| ["\n| ", line]).collect();
        let text = lines.concat();
        let said = if text.is_empty() { "it put out nothing" } else { "it put out:" };
        format!(
            "[The person ran this in a shell by themselves: {:?}. {}; {said}]{text}",
            self.line,
            outcome.words()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_one_mark_or_two_and_says_something() {
        for (text, expected) in [
            ("!ls -l", Some(("ls -l", true))),
            ("! ls", Some(("ls", true))),
            ("!!ls", Some(("ls", false))),
            ("!!! ls", Some(("! ls", false))),
            ("!a\nb", Some(("a\nb", true))),
            ("!", None),
            ("!! ", None),
            (" !ls", None),
            ("ls", None),
            ("", None),
        ] {
            let line = ShellLine::of(text).map(|shell| (shell.line, shell.is_told));
            assert_eq!(line, expected, "{text:?}");
        }
    }
}
