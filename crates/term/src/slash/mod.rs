//! Slash commands: a typed line → what it asks for.
//!
//! Only a prompt that begins with `/` can be a command. A single line that does is one, so that a mistyped command is
//! never sent to an agent; `//text` sends a prompt that begins with `/`. Several lines that begin with `/` are a command
//! only if the first word is the name of one: a pasted path or log is a prompt.

mod parse;

pub use parse::parse;

use core::fmt;

use q_core::{Presence, Summary};

use crate::action::{self, Action};
use crate::kinds::Kinds;
use crate::wish::Wish;

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
        /// The word of its kind; empty for the usual one.
        kind: String,
        /// Its name.
        name: Option<String>,
    },
    /// `/fork [NAME]`
    Fork(Option<String>),
    /// `/switch NAME|NUMBER`
    Switch(String),
    /// `/close [SESSION]`, `/close! [SESSION]`
    Close {
        /// Which session; without one, the one in view.
        target: Option<String>,
        /// Also while it works.
        force: bool,
    },
    /// `/delete`, `/delete!`: the session in view.
    Delete {
        /// Also while it works.
        force: bool,
    },
    /// Something of a session that may not be open: it is looked up among all there are.
    Seek {
        /// As typed.
        address: String,
        /// What is wanted of it.
        wanted: Seek,
    },
    /// `/unqueue [NUMBER]`, `/edit NUMBER`: a waiting prompt comes back into the editor.
    TakeBack(Option<usize>),
    /// `/steer TEXT`
    Steer(String),
    /// What the core is asked for as it is typed.
    Wish(Wish),
    /// `/help [WORD]`
    Help(Option<String>),
    /// A command that takes nothing, or was given nothing.
    Do(Action),
}

/// What may be wanted of a session that is not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// `/reopen SESSION`
    Reopen,
    /// `/restore SESSION`
    Restore,
    /// `/delete SESSION`, `/delete! SESSION`
    Trash {
        /// Also while it works.
        force: bool,
    },
}

impl Seek {
    /// Where a session of that name is meant if there are several; of all others it is told where they are.
    pub const fn meant(self, summary: &Summary) -> bool {
        match (self, summary.presence) {
            (Self::Reopen, presence) => matches!(presence, Presence::Closed),
            (Self::Restore, presence) => matches!(presence, Presence::Trashed),
            (Self::Trash { .. }, presence) => !matches!(presence, Presence::Trashed),
        }
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
    let known = action::by_slash(word_of(rest).0).is_some();
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

    fn new_of(kind: &str, name: Option<&str>) -> Slash {
        Slash::New { kind: kind.into(), name: name.map(Into::into) }
    }

    fn seek(address: &str, wanted: Seek) -> Slash {
        Slash::Seek { address: address.into(), wanted }
    }

    fn parsed(text: &str) -> Result<Slash, SlashError> {
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
            ("/switch 3", Slash::Switch("3".into())),
            ("/sw api", Slash::Switch("api".into())),
            ("/close", Slash::Close { target: None, force: false }),
            ("/close! api", Slash::Close { target: Some("api".into()), force: true }),
            ("/rename api-v2", Slash::Wish(Wish::Rename("api-v2".into()))),
            ("/unqueue", Slash::TakeBack(None)),
            ("/unqueue 2", Slash::TakeBack(Some(2))),
            ("/fork", Slash::Fork(None)),
            ("/fork other", Slash::Fork(Some("other".into()))),
            ("/delete!", Slash::Delete { force: true }),
            ("/delete api", seek("api", Seek::Trash { force: false })),
            ("/reopen api", seek("api", Seek::Reopen)),
            ("/restore 0k3d", seek("0k3d", Seek::Restore)),
            ("/tag", Slash::Do(Action::Tag)),
            (
                "/tag work +Urgent -old",
                Slash::Wish(Wish::Tag(["work", "+Urgent", "-old"].map(TagChange::typed).to_vec())),
            ),
            ("/pin", Slash::Wish(Wish::Pin { target: None, pinned: true })),
            ("/unpin 2", Slash::Wish(Wish::Pin { target: Some("2".into()), pinned: false })),
            ("/unread", Slash::Wish(Wish::Unread(None))),
            ("/queue", Slash::Do(Action::Queue)),
            ("/edit 2", Slash::TakeBack(Some(2))),
            (
                "/edit 2  two  spaces\nand a line ",
                Slash::Wish(Wish::Edit { number: 2, text: "two  spaces\nand a line".into() }),
            ),
            ("/move 3 1", Slash::Wish(Wish::Move { number: 3, place: 1 })),
            ("/now", Slash::Wish(Wish::Now(None))),
            ("/now 2", Slash::Wish(Wish::Now(Some(2)))),
            ("/steer  not  that way", Slash::Steer("not  that way".into())),
            ("/approve", Slash::Wish(Wish::Approve { number: None, always: false })),
            ("/always 4", Slash::Wish(Wish::Approve { number: Some(4), always: true })),
            ("/deny", Slash::Wish(Wish::Deny { number: None, words: None })),
            ("/deny 4", Slash::Wish(Wish::Deny { number: Some(4), words: None })),
            ("/deny 4 use grep", Slash::Wish(Wish::Deny { number: Some(4), words: Some("use grep".into()) })),
            ("/deny use 4", Slash::Wish(Wish::Deny { number: None, words: Some("use 4".into()) })),
            ("/answer 7 of them", Slash::Wish(Wish::Answer("7 of them".into()))),
            ("/help /new", Slash::Help(Some("new".into()))),
            ("/sessions", Slash::Do(Action::List)),
            ("/ls", Slash::Do(Action::List)),
            ("/inbox", Slash::Do(Action::Inbox)),
            ("/attend", Slash::Do(Action::Attend)),
            ("/last", Slash::Do(Action::Last)),
            ("/retry", Slash::Do(Action::Retry)),
            ("/exit", Slash::Do(Action::Detach)),
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
