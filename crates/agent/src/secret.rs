//! Keys: text that is never shown.

use std::fmt;

use zeroize::Zeroizing;

/// A key. Neither `Debug` nor `Display` shows it, and the copy kept here is zeroed when dropped.
///
/// Copies made to send it (headers of a request) are the HTTP library's and are not zeroed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a key in. Blanks around it are dropped: keys come from files and shells that add line ends.
    pub fn new(key: impl Into<String>) -> Self {
        let key = Zeroizing::new(key.into());
        Self(Zeroizing::new(key.trim().to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` without the key.
    pub(crate) fn redact(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(self.0.as_str(), HIDDEN) }
    }
}

const HIDDEN: &str = "[key]";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([key])")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let key = Secret::new("sk-verysecret\n");
        assert_eq!(key.expose(), "sk-verysecret");
        assert_eq!(format!("{key} {key:?} {key:#?}"), "[key] Secret([key]) Secret([key])");
        assert_eq!(
            key.redact("Incorrect API key provided: sk-verysecret."),
            "Incorrect API key provided: [key]."
        );
        assert_eq!(Secret::new("").redact("nothing to hide"), "nothing to hide");
    }
}
