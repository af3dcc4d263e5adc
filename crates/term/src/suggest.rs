//! What a person could have meant by a word that means nothing here: the table of words that other programs use, and
//! the known word that a slip of the fingers made it of. The same for slash commands, the shell's verbs and names.

use core::cmp::Reverse;
use core::fmt;

use crate::command::TOPICS;
use crate::command::table::{self, ROWS};
use crate::sanitize;
use crate::way::Way;

/// Something people want, by the words they look for it with.
struct Sense {
    words: &'static [&'static str],
    /// How it is done inside q, if it can be.
    slash: Option<&'static str>,
    /// How it is done in the shell, if it can be.
    shell: Option<&'static str>,
}

macro_rules! senses {
    ($([$($word:literal),*], $slash:expr, $shell:expr;)*) => {
        &[$(Sense { words: &[$($word),*], slash: $slash, shell: $shell }),*]
    };
}

/// No word of it is a slash command or a verb; each stands once.
const SENSES: &[Sense] = senses![
    ["go", "goto", "open", "resume", "select", "focus", "tab", "attach", "join"],
        Some("/switch NAME"), Some("q attach SESSION");
    ["ps", "tabs", "session", "browse", "overview", "dir"], Some("/sessions"), Some("q ls");
    ["kill", "abort", "cancel", "halt", "end", "terminate"],
        Some("/interrupt, which stops the answer, or /close, which archives the session"),
        Some("q interrupt SESSION, which stops the answer, or q close SESSION, which archives the session");
    ["rm", "remove", "del", "trash", "erase", "destroy", "drop"], Some("/delete"), Some("q delete SESSION");
    ["undelete", "recover", "untrash"], Some("/restore SESSION"), Some("q restore SESSION");
    ["unarchive", "unclose"], Some("/reopen SESSION"), Some("q reopen SESSION");
    ["archive", "finish"], Some("/close"), Some("q close SESSION");
    ["create", "add", "start", "begin", "make", "clear", "reset"], Some("/new"), Some("q new");
    ["branch", "duplicate", "clone"], Some("/fork"), Some("q fork SESSION");
    ["mv", "name", "title"], Some("/rename NAME"), Some("q rename SESSION NAME");
    ["label", "tags", "group"], Some("/tag +TAG"), Some("q tag SESSION +TAG");
    ["back"], Some("/last"), None;
    ["forward"], Some("/next"), None;
    ["needs", "attention", "jump"], Some("/attend"), Some("q ls --waiting");
    ["todo", "notifications", "waiting", "questions"], Some("/inbox"), Some("q inbox");
    ["allow", "accept", "ok", "yes", "permit"], Some("/approve"), Some("q approve SESSION");
    ["reject", "refuse", "no", "forbid"], Some("/deny"), Some("q deny SESSION");
    ["reply", "respond"], Some("/answer WORDS"), Some("q answer SESSION WORDS");
    ["again", "resend", "regenerate", "rerun"], Some("/retry"), Some("q retry SESSION");
    ["proceed", "rest"], Some("/continue"), Some("q continue SESSION");
    ["tell", "inject", "nudge"], Some("/steer TEXT"), Some("q steer SESSION TEXT");
    ["prompts", "pending"], Some("/queue"), Some("q queue SESSION");
    ["unsend", "withdraw"], Some("/unqueue"), Some("q unqueue SESSION PROMPT");
    ["ask", "say", "prompt", "submit", "send"],
        Some("the words themselves, without a slash"), Some("q send SESSION PROMPT");
    ["search", "grep", "filter"],
        Some("/find TEXT, or /sessions, where typing filters the list"), Some("q ls, or q show SESSION to search in one");
    ["history", "log", "view", "cat", "print", "transcript", "show"],
        Some("PageUp, which scrolls back"), Some("q show SESSION");
    ["refresh", "repaint", "reload"], Some("/redraw"), None;
    ["keys", "shortcuts", "bindings", "keybindings"], Some("/help keys"), Some("q keys list");
    ["man", "manual", "about"], Some("/help"), Some("q --help");
    ["bye", "leave", "logout"], Some("/detach"), None;
    ["chat"], Some("/new"), Some("q chat PROMPT");
    ["models"], Some("/model, which shows them"), Some("q agents models NAME");
    ["settings", "setting", "config", "temperature", "effort", "reasoning"], Some("/set"), Some("q set SESSION");
    ["agent", "provider", "agents"],
        None, Some("q agents, which lists them, and q new NAME --agent AGENT --model MODEL");
    ["setup", "onboard", "connect", "configure"],
        None, Some("q setup, which asks who is to answer and writes it down");
    ["export", "save", "dump", "download", "share"], None, Some("q export SESSION");
    ["import", "load"], None, Some("q import FILE");
    ["figures", "stats"], None, Some("q stats");
    ["cost", "tokens", "window"], Some("/usage"), Some("q usage");
    ["summarise", "summarize", "shorten"], Some("/compact"), Some("q compact SESSION");
    ["status", "daemon", "server", "host"], None, Some("q host status");
    ["check", "repair", "verify", "doctor"], None, Some("q doctor");
    ["clean", "prune", "gc", "cleanup"], None, Some("q cleanup");
    ["wait"], None, Some("q wait SESSION");
];

/// What was probably meant, to be typed instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// Where it was typed.
    Here(String),
    /// In the shell where it was typed inside q, and the other way round.
    Elsewhere(Way, String),
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(what) => write!(f, "did you mean {what}?"),
            Self::Elsewhere(Way::Slash, what) => write!(f, "inside q: {what}"),
            Self::Elsewhere(Way::Shell, what) => write!(f, "in a shell: {what}"),
        }
    }
}

/// What may be meant by a command `typed` this way that is none of the `known` ones. Words are given without slash and
/// `q`.
pub fn meant<'a>(typed: &str, way: Way, known: impl IntoIterator<Item = &'a str>) -> Option<Suggestion> {
    let folded = typed.to_lowercase();
    let known: Vec<&str> = known.into_iter().collect();
    if known.contains(&folded.as_str()) {
        return Some(Suggestion::Here(way.written(&folded)));
    }
    if let Some(said) = sense(&folded, way).or_else(|| other_way(&folded, way)) {
        return Some(said);
    }
    match nearest(&folded, known) {
        Some(word) => Some(Suggestion::Here(way.written(word))),
        None => sense(nearest(&folded, SENSES.iter().flat_map(|sense| sense.words.iter().copied()))?, way),
    }
}

/// What the table of habits says the word means.
fn sense(word: &str, way: Way) -> Option<Suggestion> {
    let sense = SENSES.iter().find(|sense| sense.words.contains(&word))?;
    let (here, elsewhere) = match way {
        Way::Slash => (sense.slash, sense.shell),
        Way::Shell => (sense.shell, sense.slash),
    };
    match here {
        Some(here) => Some(Suggestion::Here(here.to_owned())),
        None => elsewhere.map(|there| Suggestion::Elsewhere(way.other(), there.to_owned())),
    }
}

/// A slash command typed in the shell.
fn other_way(word: &str, way: Way) -> Option<Suggestion> {
    if way == Way::Slash {
        return None; // the table has the verbs that are no slash commands
    }
    let row = table::by_slash(word)?;
    Some(match row.cli {
        Some(verb) => Suggestion::Here(verb.to_owned()),
        None => Suggestion::Elsewhere(Way::Slash, row.command()),
    })
}

/// What to say of a help topic that nothing mentions.
pub fn no_topic(topic: &str, way: Way) -> String {
    /// Shorter words say nothing about what they stand in.
    const TELLING: usize = 4;
    let texts = ROWS.iter().flat_map(|row| row.slash.iter().copied().chain([row.word, row.group.title()]));
    let words = texts.flat_map(|text| text.split(|letter: char| !letter.is_alphabetic()));
    let words = words.filter(|word| word.chars().count() >= TELLING);
    let near = slip(topic, TOPICS.iter().map(|topic| topic.name).chain(words));
    let help = match way {
        Way::Slash => "/help",
        Way::Shell => "q help",
    };
    let said = match (meant(topic, way, slash_words()), near) {
        (Some(suggestion), _) => suggestion.to_string(),
        (None, Some(near)) => format!("did you mean {help} {}?", near.to_lowercase()),
        (None, None) => format!("{help} alone shows everything"),
    };
    format!("nothing in the help mentions `{}`; {said}", sanitize::visible_line(topic))
}

/// What to say of a line that is a slip for a command that somebody wrote.
pub fn written(line: &str, names: &[String]) -> Option<String> {
    let word = line.strip_prefix('/')?.split_whitespace().next()?;
    let near = nearest(word, names.iter().map(String::as_str))?;
    Some(format!("there is no /{}; did you mean /{near}?", sanitize::visible_line(word)))
}

/// The words of all slash commands.
pub(crate) fn slash_words() -> impl Iterator<Item = &'static str> {
    ROWS.iter().flat_map(|row| row.slash.iter().copied())
}

/// The word that `typed` is a slip of the fingers for, or the only one that it is the beginning of.
pub fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// One character may be the beginning of anything.
    const BEGINNING: usize = 2;
    let words: Vec<&str> = words.into_iter().collect();
    let folded = typed.to_lowercase();
    if folded.chars().count() >= BEGINNING {
        let mut begun = words.iter().filter(|word| word.to_lowercase().starts_with(&folded));
        if let (Some(word), None) = (begun.next(), begun.next()) {
            return Some(word);
        }
    }
    slip(typed, words)
}

/// The word that `typed` is a slip of the fingers for; of several, the one that begins most like it.
pub fn slip<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let most = slips(typed.chars().count());
    let measured = words.into_iter().map(|word| {
        let folded = word.to_lowercase();
        let shared = folded.chars().zip(typed.chars()).take_while(|(one, other)| one == other).count();
        (strsim::osa_distance(&typed, &folded), Reverse(shared), word)
    });
    measured
        .filter(|(distance, ..)| *distance <= most)
        .min_by_key(|(distance, shared, _)| (*distance, *shared))
        .map(|(.., word)| word)
}

/// How many characters of a word that long may be wrong, missing, too many or in the other's place: with more of them
/// it is another word.
const fn slips(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        9.. => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn inside(typed: &str) -> Option<String> {
        meant(typed, Way::Slash, slash_words()).map(|said| said.to_string())
    }

    fn in_a_shell(typed: &str) -> Option<String> {
        let verbs = ["attach", "ls", "close", "export", "interrupt", "restore", "stats", "queue"];
        meant(typed, Way::Shell, verbs).map(|said| said.to_string())
    }

    #[test]
    fn slips_of_the_fingers_are_seen_through_and_other_words_are_not() {
        let words = ["switch", "sessions", "restore", "rename", "new", "next", "now", "move", "exit"];
        for (typed, near) in [
            ("swich", "switch"),
            ("Switch", "switch"),
            ("swithc", "switch"),
            ("ses", "sessions"),
            ("restor", "restore"),
            ("rname", "rename"),
            ("nex", "next"),
            ("nwe", "new"),
        ] {
            assert_eq!(nearest(typed, words), Some(near), "{typed}");
        }
        for typed in ["re", "n", "", "model", "modle", "export", "search", "etc/hosts", "usr"] {
            assert_eq!(nearest(typed, words), None, "{typed}");
        }
    }

    #[test]
    fn a_command_that_is_none_suggests_what_is_wanted() {
        for (typed, said) in [
            (
                "provider",
                "in a shell: q agents, which lists them, and q new NAME --agent AGENT --model MODEL",
            ),
            ("Model", "did you mean /model?"),
            ("settings", "did you mean /set?"),
            ("export", "in a shell: q export SESSION"),
            ("exprot", "in a shell: q export SESSION"),
            ("search", "did you mean /find TEXT, or /sessions, where typing filters the list?"),
            (
                "kill",
                "did you mean /interrupt, which stops the answer, or /close, which archives the session?",
            ),
            ("SWITCH", "did you mean /switch?"),
            ("swich", "did you mean /switch?"),
            ("rm", "did you mean /delete?"),
        ] {
            assert_eq!(inside(typed).as_deref(), Some(said), "{typed}");
        }
        assert_eq!(inside("etc/hosts"), None);
        for (typed, said) in [
            ("switch", "did you mean q attach SESSION?"),
            ("list", "did you mean q ls?"),
            ("lst", "did you mean q ls?"),
            ("next", "inside q: /next"),
            ("detach", "inside q: /detach"),
            ("exprot", "did you mean q export?"),
        ] {
            assert_eq!(in_a_shell(typed).as_deref(), Some(said), "{typed}");
        }
        assert_eq!(in_a_shell("frobnicate"), None);
    }

    #[test]
    fn the_table_names_commands_that_there_are_and_no_word_twice() {
        let mut seen: BTreeSet<&str> = slash_words().collect();
        for sense in SENSES {
            for word in sense.words {
                assert!(seen.insert(word), "{word} twice, or a slash command");
            }
            let commands = sense.slash.into_iter().flat_map(|said| said.split([' ', ',']));
            for command in commands.filter_map(|word| word.strip_prefix('/')) {
                assert!(table::by_slash(command).is_some(), "there is no /{command}");
            }
            assert!(sense.slash.is_some() || sense.shell.is_some(), "{:?} lead nowhere", sense.words);
        }
    }
}
