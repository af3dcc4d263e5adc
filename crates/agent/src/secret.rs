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
/// A shorter value of a header is a word like any other, and stays readable.
const SHORT: usize = 8;

/// All that must not show of how an agent is reached: a server may say any of it back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// The key; values of headers, whole and without the scheme in front of them; the password of an address.
    pub(crate) fn new(key: Option<&Secret>, headers: &[(String, Secret)], password: Option<&str>) -> Self {
        let values = headers.iter().flat_map(|(_, value)| {
            let value = value.expose();
            [Some(value), value.rsplit(' ').next()].into_iter().flatten().filter(|value| value.len() >= SHORT)
        });
        // A key may be a pair, or more, of which a server may say each alone.
        let parts =
            key.into_iter().flat_map(|key| key.expose().split(':')).filter(|part| part.len() >= SHORT);
        let others = values.chain(password).chain(parts).map(Secret::new);
        let mut all: Vec<Secret> =
            key.cloned().into_iter().chain(others).filter(|secret| !secret.0.is_empty()).collect();
        // A short one may stand in a long one.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.0.len()));
        all.dedup();
        Self(all)
    }

    /// `text` without any of them.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| secret.redact(&text))
    }
}

impl From<Secret> for Secrets {
    fn from(key: Secret) -> Self {
        Self::new(Some(&key), &[], None)
    }
}

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

    #[test]
    fn whatever_is_secret_of_an_agent_is_hidden_and_short_words_are_not() {
        let header = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
        let headers = [
            header("api-key", "sk-header-1"),
            header("authorization", "Bearer sk-header-2"),
            header("x-team", "blue"),
        ];
        let secrets = Secrets::new(Some(&Secret::new("sk-key")), &headers, Some("pass"));
        assert_eq!(
            secrets.redact("sk-key sk-header-1 Bearer sk-header-2 (sk-header-2) pass blue Bearer"),
            "[key] [key] [key] ([key]) [key] blue Bearer"
        );
        assert_eq!(Secrets::default().redact("nothing to hide"), "nothing to hide");
    }
}
