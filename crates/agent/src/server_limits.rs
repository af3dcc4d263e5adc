//! What a server says of its own limits, in the heads of its answers: kept for whoever asks, and obeyed by nobody here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most limits that are kept of one answer, and the longest text of one, in bytes.
const MOST: usize = 16;
const LONGEST: usize = 64;

/// How much of something may be asked for, in the server's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerLimit {
    /// What is limited: `requests`, `input tokens`.
    pub what: String,
    /// How much of it is left.
    pub left: Option<String>,
    /// How much there is in all.
    pub of: Option<String>,
}

/// The limits that the newest answer told of. It says nothing of how a server is reached: all are alike.
#[derive(Clone, Debug, Default)]
pub struct ServerLimits(Arc<Mutex<Vec<ServerLimit>>>);

impl PartialEq for ServerLimits {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for ServerLimits {}

impl ServerLimits {
    /// Takes in the head of an answer.
    pub(crate) fn note<'a>(&self, headers: impl Iterator<Item = (&'a str, &'a str)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = limits(headers);
    }

    /// As the newest answer told them.
    pub(crate) fn told(&self) -> Vec<ServerLimit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The limits in a head: `x-ratelimit-remaining-tokens`, `anthropic-ratelimit-requests-limit`.
fn limits<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<ServerLimit> {
    let mut limits: BTreeMap<String, ServerLimit> = BTreeMap::new();
    for (name, value) in headers.filter(|(name, value)| name.len().max(value.len()) <= LONGEST) {
        let prefixes = ["x-ratelimit-", "anthropic-ratelimit-", "ratelimit-"];
        let Some(rest) = prefixes.into_iter().find_map(|prefix| name.strip_prefix(prefix)) else { continue };
        let part = ["limit", "remaining"].into_iter().find(|part| rest.split('-').any(|word| word == *part));
        let Some(part) = part else { continue };
        let what: Vec<&str> = rest.split('-').filter(|word| *word != part).collect();
        let what = if what.is_empty() { "requests".to_owned() } else { what.join(" ") };
        if limits.len() == MOST && !limits.contains_key(&what) {
            continue;
        }
        let limit =
            limits.entry(what.clone()).or_insert_with(|| ServerLimit { what, ..ServerLimit::default() });
        let place = if part == "limit" { &mut limit.of } else { &mut limit.left };
        *place = Some(value.trim().to_owned());
    }
    limits.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_however_servers_name_them_and_bounded() {
        let told = limits(
            [
                ("x-ratelimit-limit-requests", "60"),
                ("x-ratelimit-remaining-requests", " 59 "),
                ("x-ratelimit-reset-requests", "1s"),
                ("anthropic-ratelimit-input-tokens-remaining", "1000"),
                ("content-type", "text/event-stream"),
            ]
            .into_iter(),
        );
        let limit = |what: &str, left: &str, of: Option<&str>| ServerLimit {
            what: what.into(),
            left: Some(left.into()),
            of: of.map(str::to_owned),
        };
        assert_eq!(told, [limit("input tokens", "1000", None), limit("requests", "59", Some("60"))]);
        let many: Vec<String> = (0..100).map(|no| format!("x-ratelimit-limit-a{no}")).collect();
        assert_eq!(limits(many.iter().map(|name| (name.as_str(), "1"))).len(), MOST);
        let long = "1".repeat(LONGEST + 1);
        assert_eq!(limits([("x-ratelimit-limit-requests", long.as_str())].into_iter()), []);
    }
}
