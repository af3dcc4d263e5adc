//! What a server says back, without the keys and tokens that it was sent: it may say any of them, and part of one too.

use crate::sign_in::escaped;

/// What stands in the place of one.
const HIDDEN: &str = "[key]";
/// A shorter value is a word like any other, and stays readable.
const SHORT: usize = 8;
/// So much of its beginning tells a long one, wherever it was cut off.
const BEGINNING: usize = 16;
/// So much of one is hidden at the end of a text, which may have been cut there.
const TAIL: usize = 4;

/// All that must not show of what a request sent.
#[derive(Default)]
pub(crate) struct SentSecrets(Vec<String>);

impl SentSecrets {
    /// Of these values of headers, of a body or of an address. A scheme in front of one is no part of it.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let words = values.into_iter().flat_map(str::split_whitespace).filter(|word| word.len() >= SHORT);
        Self(words.flat_map(|word| [word.to_owned(), escaped(word)]).collect())
    }

    /// All of a text without them: to be done before it is cut, which would leave a part of one.
    pub(crate) fn without(&self, text: &str) -> String {
        let (mut shown, mut rest) = (String::new(), text);
        while let Some(letter) = rest.chars().next() {
            let hidden = self.0.iter().map(|value| alike(value, rest)).max().unwrap_or_default();
            if hidden == 0 {
                shown.push(letter);
            } else {
                shown.push_str(HIDDEN);
            }
            rest = rest.get(hidden.max(letter.len_utf8())..).unwrap_or_default();
        }
        shown
    }
}

/// How much at the beginning of a text is such a value, or what a cut left of it, in bytes.
fn alike(value: &str, text: &str) -> usize {
    let same = value.chars().zip(text.chars()).take_while(|(sent, said)| sent == said);
    let length: usize = same.map(|(letter, _)| letter.len_utf8()).sum();
    let is_cut = || text.get(length..).is_some_and(|behind| behind.trim().is_empty());
    if length >= value.len().min(BEGINNING) || (length >= TAIL && is_cut()) { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_shown_wherever_it_stands_and_however_it_was_cut() {
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{}", "canary-x/".repeat(300));
        let sent = SentSecrets::of([format!("Bearer {token}").as_str(), "sk-canary", "blue", "ab cd+ef/gh"]);
        for (said, shown) in [
            (format!("no {token} is known"), "no [key] is known"),
            (format!("who is Bearer {token}?"), "who is Bearer [key]?"),
            (format!("who is Bearer {}", token.split_at(1000).0), "who is Bearer [key]"),
            (format!("{}… is none", token.split_at(30).0), "[key]… is none"),
            (format!("bad {}", escaped(&token)), "bad [key]"),
            ("a key eyJhb \n".to_owned(), "a key [key] \n"),
            ("sk-canary, sk-canary and sk-ca".to_owned(), "[key], [key] and [key]"),
            ("blue cd+ef/gh Bearer".to_owned(), "blue [key] Bearer"),
            ("sk- is short".to_owned(), "sk- is short"),
            (String::new(), ""),
        ] {
            assert_eq!(sent.without(&said), shown);
        }
        for place in 0..40 {
            let said = format!("{}{token}{token}", "x".repeat(place));
            assert!(!sent.without(&said).contains("canary"), "{place}");
        }
        assert_eq!(SentSecrets::default().without("nothing was sent"), "nothing was sent");
    }
}
