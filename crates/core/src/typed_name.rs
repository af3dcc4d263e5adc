//! Names that people type behind a slash, of commands and skills that somebody wrote: what is looked for by such a name, and what is
//! taken for one as it is typed, are told apart by the same rule.
//!
//! Not here: names of sessions (`name`), and of servers, which a protocol bounds more tightly.

/// The longest one, in bytes.
const MOST: usize = 64;

/// Whether a name can be typed behind a slash, or as a part of what is.
pub fn is_typed_name(name: &str) -> bool {
    name.len() <= MOST
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_letters_digits_dashes_and_underscores() {
        for name in ["a", "2", "log_2", "Fix-it", &"a".repeat(MOST)] {
            assert!(is_typed_name(name), "{name}");
        }
        for none in ["", "-a", "_a", "a b", "a:b", "a/b", "größe", "a.md", &"a".repeat(MOST + 1)] {
            assert!(!is_typed_name(none), "{none}");
        }
    }
}
