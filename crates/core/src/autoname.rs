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

/// What people say before they say anything. Only at the beginning of a prompt: a `morning` may be what a task is about.
const GREETINGS: &[&[&str]] = &[
    &["aloha"],
    &["bonjour"],
    &["bonsoir"],
    &["buenas"],
    &["buenos", "días"],
    &["buongiorno"],
    &["ciao"],
    &["dear"],
    &["good", "afternoon"],
    &["good", "day"],
    &["good", "evening"],
    &["good", "morning"],
    &["greetings"],
    &["guten", "morgen"],
    &["guten", "tag"],
    &["hallo"],
    &["hej"],
    &["hello"],
    &["hey"],
    &["hi"],
    &["hiya"],
    &["hola"],
    &["howdy"],
    &["moin"],
    &["morning"],
    &["olá"],
    &["salut"],
    &["servus"],
    &["yo"],
    &["γεια"],
    &["здравствуйте"],
    &["привет"],
    &["שלום"],
    &["مرحبا"],
    &["こんにちは"],
    &["你好"],
    &["안녕하세요"],
];

/// What follows the greetings at the beginning, or all where there are none.
fn behind_greetings(words: &[String]) -> &[String] {
    let mut rest = words;
    let mut begins = rest;
    loop {
        let greets = |greeting: &&&[&str]| {
            let is_long_enough = begins.len() >= greeting.len();
            is_long_enough && begins.iter().zip(**greeting).all(|(word, greets)| word == greets)
        };
        let Some(greeting) = GREETINGS.iter().find(greets) else { return rest };
        rest = begins.get(greeting.len()..).unwrap_or_default();
        // "hey there, good morning": between two of them stands what tells nothing.
        let silent = rest.iter().take_while(|word| SILENT.contains(&word.as_str()));
        begins = rest.get(silent.count()..).unwrap_or_default();
    }
}

/// A name for a session that begins with `prompt`; nothing when no word in it tells anything.
pub(crate) fn from_prompt(prompt: &str) -> Option<Name> {
    let start: String = prompt.chars().take(LOOK_AT).collect();
    let mut name = String::new();
    let words = start
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().next().is_some_and(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect::<Vec<_>>();
    let telling = behind_greetings(&words).iter().filter(|word| !SILENT.contains(&word.as_str()));
    for word in telling.take(MAX_WORDS) {
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
            ("Hallo! Guten Morgen, fix the parser", "fix-parser"),
            ("a good morning routine", "good-morning-routine"),
            ("plan the morning", "plan-morning"),
            ("abcdefghijkl mnopqrstuvwx", "abcdefghijkl"),
            ("abcdefghijkl mnopqrstuvw", "abcdefghijkl-mnopqrstuvw"),
        ] {
            assert_eq!(from_prompt(prompt).as_ref().map(Name::as_str), Some(name), "{prompt}");
        }
        for prompt in [
            "Hello, could you help me?",
            "",
            "1 2 3",
            "hi",
            "Hey there!",
            "hallo",
            "Bonjour",
            "¡Hola!",
            "good morning",
            "hello and good evening to you",
            "Привет",
            "你好",
        ] {
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
