//! Names and slots, found by looking at all that are taken.

use q_core::SessionId;

use super::Model;

/// The longest name, in characters.
const LONGEST: usize = 40;
/// The longest name made from a text.
const LONGEST_MADE: usize = 24;
/// Most words in such a name.
const MOST_WORDS: usize = 4;
/// The one word the model knows that tells nothing. The core knows a hundred; they are data with a test of their own, and
/// whoever plays texts to the model sees to it that no other of them is in it.
pub(super) const SILENT: &str = "a";

/// Whether the text may be a name.
pub(super) fn is_name(text: &str) -> bool {
    let is_fit = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    text.starts_with(char::is_alphabetic) && text.chars().count() <= LONGEST && text.chars().all(is_fit)
}

/// The telling words of a text, as many as fit; nothing if there are none.
pub(super) fn name_from(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let telling = words.filter(|word| word.starts_with(char::is_alphabetic) && word != SILENT);
    let telling: Vec<String> = telling.take(MOST_WORDS).collect();
    let first: String = telling.first()?.chars().take(LONGEST_MADE).collect();
    let joined = |words: usize| {
        let rest = telling[1..words].iter().map(|word| format!("-{word}"));
        format!("{first}{}", rest.collect::<String>())
    };
    (1..=telling.len()).map(joined).take_while(|name| name.chars().count() <= LONGEST_MADE).last()
}

impl Model {
    /// Whether another open session has the name; case does not count.
    pub(super) fn is_taken(&self, name: &str, own: Option<SessionId>) -> bool {
        let others = self.sessions.iter().filter(|session| session.is_open() && Some(session.id) != own);
        others.into_iter().any(|other| other.label.name.to_lowercase() == name.to_lowercase())
    }

    /// The name, or the first numbered form of it that is free.
    pub(super) fn free_name(&self, wanted: &str, own: Option<SessionId>) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while self.is_taken(&name, own) {
            number += 1;
            let suffix = format!("-{number}");
            name = wanted.chars().take(LONGEST - suffix.len()).collect::<String>() + &suffix;
        }
        name
    }

    /// A name as typed, or the code of why not.
    pub(super) fn chosen_name(&self, typed: &str, own: Option<SessionId>) -> Result<String, &'static str> {
        if !is_name(typed) {
            Err("bad_name")
        } else if self.is_taken(typed, own) {
            Err("name_taken")
        } else {
            Ok(typed.to_owned())
        }
    }

    /// The lowest slot that no open session has.
    pub(super) fn free_slot(&self) -> u32 {
        let is_taken =
            |slot: u32| self.sessions.iter().any(|other| other.is_open() && other.label.slot == slot);
        let mut slot = 1;
        while is_taken(slot) {
            slot += 1;
        }
        slot
    }
}
