//! What an agent of others lets people choose or type, in lines for them: its modes, and commands of its own.

use crate::command::table;
use crate::sanitize::visible_line;

/// What it offers, as it last said: names, each with what is said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferList {
    /// The mode that it is in; empty for none.
    pub mode: String,
    pub modes: Vec<(String, String)>,
    pub commands: Vec<(String, String)>,
    /// What the client knows of commands that somebody wrote, in lines.
    pub written: Vec<String>,
}

/// What is wanted of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferUse {
    Modes,
    Commands,
    /// What could be meant by what is typed.
    Complete,
    /// A line that begins with a slash and is no command of q's: sent where the agent knows it.
    Send {
        line: String,
        /// What is said where it does not.
        otherwise: String,
    },
}

/// What an agent says only once it runs.
const NOT_YET: &str = "none are known: an agent over ACP tells of them once it was asked something here";

/// Its modes, the one that it is in marked, and how another is chosen.
pub fn modes(offers: &OfferList) -> Vec<String> {
    if offers.modes.is_empty() {
        return vec![format!("no modes; {NOT_YET}")];
    }
    let line = |(name, about): &(String, String)| {
        format!("{} {}", if *name == offers.mode { "*" } else { " " }, told(name, about))
    };
    let first =
        "* is its mode now; `/mode NAME` is kept for this session, `/mode default` goes back".to_owned();
    [first].into_iter().chain(offers.modes.iter().map(line)).collect()
}

/// What somebody wrote, then its commands, and how those are typed that q has, too.
pub fn commands(offers: &OfferList) -> Vec<String> {
    if offers.commands.is_empty() {
        let none = offers.written.is_empty().then(|| format!("no commands; {NOT_YET}"));
        return offers.written.iter().cloned().chain(none).collect();
    }
    let line = |(name, about): &(String, String)| {
        let slash = if table::by_slash(name).is_some() { "//" } else { "/" };
        format!("  {slash}{}", told(name, about))
    };
    let first =
        "the agent's own commands, sent to it as prompts; with // where q has one of that name".to_owned();
    offers.written.iter().cloned().chain([first]).chain(offers.commands.iter().map(line)).collect()
}

/// Whether a line begins with a word behind a slash that is none of q's.
pub fn may_be_one(line: &str) -> bool {
    word_of(line).is_some_and(|word| table::by_slash(word.trim_end_matches('!')).is_none())
}

fn word_of(line: &str) -> Option<&str> {
    line.strip_prefix('/')?.split_whitespace().next()
}

/// Whether a line is one of its commands.
pub fn is_command(offers: &OfferList, line: &str) -> bool {
    word_of(line).is_some_and(|word| offers.commands.iter().any(|(name, _)| name == word))
}

fn told(name: &str, about: &str) -> String {
    let (name, about) = (visible_line(name), visible_line(about));
    if about.is_empty() { name.into_owned() } else { format!("{name}  {about}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_listed_as_it_is_typed() {
        let pair = |name: &str, about: &str| (name.to_owned(), about.to_owned());
        let offers = OfferList {
            mode: "plan".into(),
            modes: vec![pair("code", "Writes"), pair("plan", "")],
            commands: vec![pair("init", "Looks\u{1b} around"), pair("compact", "")],
            written: Vec::new(),
        };
        assert_eq!(modes(&offers)[1..], ["  code  Writes".to_owned(), "* plan".to_owned()]);
        let told = ["  /init  Looks<U+001B> around".to_owned(), "  //compact".to_owned()];
        assert_eq!(commands(&offers)[1..], told);
        for (line, is_one) in
            [("/init now", true), ("/init", true), ("/in", false), ("init", false), ("/", false)]
        {
            assert_eq!(is_command(&offers, line), is_one, "{line}");
        }
        let none = OfferList::default();
        assert!(modes(&none)[0].starts_with("no modes") && commands(&none)[0].starts_with("no commands"));
    }
}
