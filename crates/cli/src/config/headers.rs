//! `[agents.NAME.headers]`: what no HTTP can send is told where it stands, and not at the first turn. Values may be keys, so
//! a complaint holds none.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// A name that a header can have.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct HeaderName(String);

impl TryFrom<String> for HeaderName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if let Some(own) = OWN.iter().find(|own| own.eq_ignore_ascii_case(&name)) {
            return Err(format!(
                "`{own}` is not to be set: it says how a request is sent, which q knows itself"
            ));
        }
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if !name.is_empty() && name.len() <= MAX_BYTES && name.chars().all(is_token) {
            return Ok(Self(name));
        }
        Err(format!("`{name}` cannot be the name of a header: letters and digits of ASCII and - _ . can"))
    }
}

/// Headers that say how a request is sent and to whom: another value breaks it, or has servers read two requests in one.
const OWN: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What a header can hold.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct HeaderText(String);

impl TryFrom<String> for HeaderText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
            return Ok(Self(text));
        }
        Err("a header can hold printable characters of ASCII only, and no line break")
    }
}

/// The longest name that is taken by whoever sends them.
const MAX_BYTES: usize = (64 << 10) - 1;

/// The same of names and texts that somebody else read; or why one of them can be no header.
pub(crate) fn checked(headers: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    headers
        .into_iter()
        .map(|(name, text)| Ok((HeaderName::try_from(name)?.0, HeaderText::try_from(text)?.0)))
        .collect()
}

/// Headers beside those that are sent anyway.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let headers = BTreeMap::<HeaderName, HeaderText>::deserialize(from)?;
    Ok(headers.into_iter().map(|(name, text)| (name.0, text.0)).collect())
}
