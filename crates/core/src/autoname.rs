//! Names made from a first prompt: two to four telling words, kebab-case, at most 24 characters.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::name::Name;

/// The longest name made here, in characters; room for a `-2` stays below [`crate::name::MAX_CHARS`].
const MAX_CHARS: usize = 24;
const MAX_WORDS: usize = 4;
/// How far into a prompt to look, in characters: a pasted novel is not read for a name.
const LOOK_AT: usize = 400;

/// Words that tell nothing about a task.
const SILENT: &[&str] = &[
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "but", "by", "can",
    "could", "did", "do", "does", "doing", "for", "from", "get", "give", "had", "has", "have", "hello",
    "help", "here", "hey", "hi", "how", "i", "if", "in", "into", "is", "it", "its", "just", "let", "like",
    "make", "may", "me", "my", "need", "now", "of", "on", "or", "our", "out", "please", "q", "should",
    "show", "so", "some", "tell", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "to", "up", "us", "want", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will",
    "with", "would", "you", "your",
];

/// A name for a session that begins with `prompt`; nothing when no word in it tells anything.
pub(crate) fn from_prompt(prompt: &str) -> Option<Name> {
    let start: String = prompt.chars().take(LOOK_AT).collect();
    let mut name = String::new();
    let telling = start
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().next().is_some_and(char::is_alphabetic))
        .map(str::to_lowercase)
        .filter(|word| !SILENT.contains(&word.as_str()))
        .take(MAX_WORDS)
        .collect::<Vec<_>>();
    for word in telling {
        let separator = usize::from(!name.is_empty());
        let room = MAX_CHARS.saturating_sub(name.chars().count() + separator);
        if name.is_empty() {
            name = word.chars().take(room).collect();
        } else if word.chars().count() <= room {
            name = format!("{name}-{word}");
        } else {
            break;
        }
    }
    name.parse().ok()
}

/// `wanted`, or the first of `wanted-2`, `wanted-3` … that `is_free` allows.
pub(crate) fn make_unique(wanted: &Name, is_free: impl Fn(&Name) -> bool) -> Name {
    let mut number: u64 = 1;
    loop {
        let candidate = if number == 1 { Some(wanted.clone()) } else { numbered(wanted, number) };
        match candidate {
            Some(name) if is_free(&name) => return name,
            Some(_) | None => number = number.saturating_add(1),
        }
    }
}

fn numbered(name: &Name, number: u64) -> Option<Name> {
    let suffix = number.to_string();
    let keep = crate::name::MAX_CHARS.saturating_sub(suffix.chars().count() + 1);
    let stem: String = name.as_str().chars().take(keep).collect();
    format!("{stem}-{suffix}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn telling_words_make_the_name() {
        for (prompt, name) in [
            ("why does the login handler return 500?", "login-handler-return"),
            ("fix parser", "fix-parser"),
            ("Explain how the borrow checker works in async Rust code", "explain-borrow-checker"),
            ("почему падает сервер", "почему-падает-сервер"),
            ("Donaudampfschifffahrtsgesellschaft", "donaudampfschifffahrtsge"),
            ("abcdefghijkl mnopqrstuvwx", "abcdefghijkl"),
            ("abcdefghijkl mnopqrstuvw", "abcdefghijkl-mnopqrstuvw"),
        ] {
            assert_eq!(from_prompt(prompt).as_ref().map(Name::as_str), Some(name), "{prompt}");
        }
        for prompt in ["Hello, could you help me?", "", "1 2 3"] {
            assert_eq!(from_prompt(prompt), None, "{prompt}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_prompt_the_name_is_short(prompt in ".{0,200}") {
            if let Some(name) = from_prompt(&prompt) {
                prop_assert!(name.as_str().chars().count() <= MAX_CHARS);
            }
        }

        #[test]
        fn a_unique_name_is_found(taken in 1u64..50) {
            let wanted: Name = "a".repeat(crate::name::MAX_CHARS).parse().map_err(|_| TestCaseError::fail("a name"))?;
            let asked = core::cell::Cell::new(0);
            let name = make_unique(&wanted, |_| { asked.set(asked.get() + 1); asked.get() > taken });
            prop_assert!(name.as_str().chars().count() <= crate::name::MAX_CHARS);
        }
    }
}
