//! Tags: words by which a person groups sessions.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// The longest tag, in characters.
pub const MAX_CHARS: usize = 24;
/// The most tags of one session.
pub const MAX_TAGS: usize = 16;

/// One tag: 1–24 characters, letters and digits of any script, `-`, `_`, `.`; kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// The text is not a tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a tag: 1 to 24 letters, digits, `-`, `_` or `.`")]
pub struct NotATag(pub String);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = NotATag;

    fn from_str(text: &str) -> Result<Self, NotATag> {
        let lower = text.to_lowercase();
        let is_short = lower.chars().nth(MAX_CHARS).is_none();
        let is_plain = lower.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if is_short && is_plain && !lower.is_empty() {
            Ok(Self(lower))
        } else {
            Err(NotATag(text.to_string()))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A change of a session's tags as typed: `+work`, `-old`, or a bare word to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagChange {
    /// From here on the session has it.
    Add(String),
    /// From here on it does not.
    Remove(String),
}

impl TagChange {
    /// Reads `+T`, `-T` or `T`.
    pub fn typed(word: &str) -> Self {
        match (word.strip_prefix('+'), word.strip_prefix('-')) {
            (Some(tag), _) => Self::Add(tag.to_string()),
            (None, Some(tag)) => Self::Remove(tag.to_string()),
            (None, None) => Self::Add(word.to_string()),
        }
    }
}

/// The tags after some changes, sorted, each once.
pub fn changed(tags: &[Tag], changes: &[TagChange]) -> Result<Vec<Tag>, NotATag> {
    let mut after = tags.to_vec();
    for change in changes {
        match change {
            TagChange::Add(text) => {
                let tag = text.parse()?;
                if !after.contains(&tag) {
                    after.push(tag);
                }
            }
            TagChange::Remove(text) => {
                let gone: Tag = text.parse()?;
                after.retain(|tag| *tag != gone);
            }
        }
    }
    after.sort();
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_short_words_in_lower_case() {
        for (text, tag) in [("Work", Some("work")), ("v1.2", Some("v1.2")), ("работа", Some("работа"))]
        {
            assert_eq!(text.parse::<Tag>().ok().as_ref().map(Tag::as_str), tag);
        }
        let long = "a".repeat(MAX_CHARS + 1);
        for bad in ["", "a b", "a\u{1b}", "+", &long] {
            assert_eq!(bad.parse::<Tag>(), Err(NotATag(bad.into())), "{bad:?}");
        }
        assert!("a".repeat(MAX_CHARS).parse::<Tag>().is_ok());
    }

    #[test]
    fn changes_apply_in_order_and_each_tag_stands_once() {
        let typed = |words: &[&str]| words.iter().map(|word| TagChange::typed(word)).collect::<Vec<_>>();
        let text = |tags: Vec<Tag>| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        let tags = changed(&[], &typed(&["b", "+a", "B"])).map(text);
        assert_eq!(tags, Ok(["a", "b"].map(String::from).to_vec()));
        let tags = changed(&[], &typed(&["a", "b", "-a"])).map(text);
        assert_eq!(tags, Ok(["b"].map(String::from).to_vec()));
        assert_eq!(changed(&[], &typed(&["-"])), Err(NotATag(String::new())));
    }
}
