//! What a server says with a refusal of who asks it, in `WWW-Authenticate` (RFC 6750, RFC 9728).

/// The longest such header that is read, in bytes.
const MOST: usize = 8 << 10;
/// The longest list of scopes, in bytes.
const SCOPE_BYTES: usize = 1 << 10;

/// What of it is for bearers of tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// Where it says who signs people in.
    pub(crate) resource_metadata: Option<String>,
    /// What a token must be for, separated by blanks.
    pub(crate) scope: Option<String>,
    pub(crate) error: Option<String>,
}

impl Challenge {
    /// The first that is for bearers; nothing where there is none.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let mut rest = header.get(..MOST.min(header.len()))?;
        let (mut found, mut is_inside) = (None, false);
        while let Some((word, behind)) = token(rest.trim_start_matches([' ', '\t', ','])) {
            match behind.trim_start().strip_prefix('=') {
                Some(behind) => {
                    let (value, behind) = value(behind.trim_start());
                    rest = behind;
                    if let Some(challenge) = found.as_mut().filter(|_| is_inside) {
                        take(challenge, word, value);
                    }
                }
                None if found.is_some() => break,
                None => {
                    is_inside = word.eq_ignore_ascii_case("bearer");
                    found = is_inside.then(Self::default);
                    rest = behind;
                }
            }
        }
        found
    }

    /// Whether the token is good and not for what was asked.
    pub(crate) fn wants_more(&self) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
    }
}

/// Whether the server itself says that the token is none, as gateways that fail do not.
pub(crate) fn is_invalid(header: Option<&str>) -> bool {
    header.and_then(Challenge::read).is_some_and(|told| told.error.as_deref() == Some("invalid_token"))
}

fn take(challenge: &mut Challenge, name: &str, value: String) {
    let place = match name.to_ascii_lowercase().as_str() {
        "resource_metadata" => &mut challenge.resource_metadata,
        "scope" if is_scope(&value) => &mut challenge.scope,
        "error" => &mut challenge.error,
        _other => return,
    };
    place.get_or_insert(value);
}

/// Whether it is a list of scopes as one server says it.
pub(crate) fn is_scope(text: &str) -> bool {
    are_scopes(text, SCOPE_BYTES)
}

/// Whether it is a list of scopes, of at most so many bytes: visible letters without quotes, which nobody reads as something else.
pub(crate) fn are_scopes(text: &str, most: usize) -> bool {
    let is_fit = |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && !matches!(byte, b'"' | b'\\');
    !text.trim().is_empty() && text.len() <= most && text.bytes().all(is_fit)
}

/// The word at the beginning, and what stands behind it.
fn token(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| c.is_whitespace() || ",=\"".contains(c)).unwrap_or(text.len());
    let end = if end == 0 { text.chars().next()?.len_utf8() } else { end };
    text.split_at_checked(end)
}

/// A value, which may stand in quotes, and what stands behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let (mut value, mut letters) = (String::new(), quoted.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            letter => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_the_first_for_bearers_however_it_is_written() {
        let all = |place: Option<&str>, scope: Option<&str>, error: Option<&str>| {
            Some(Challenge {
                resource_metadata: place.map(str::to_owned),
                scope: scope.map(str::to_owned),
                error: error.map(str::to_owned),
            })
        };
        for (header, expected) in [
            ("Bearer", all(None, None, None)),
            ("bearer scope=\"a b\"", all(None, Some("a b"), None)),
            (
                "Bearer realm=\"x, y\", resource_metadata=\"https://x.test/m\", error=\"invalid_token\"",
                all(Some("https://x.test/m"), None, Some("invalid_token")),
            ),
            ("Bearer error = insufficient_scope,scope=a", all(None, Some("a"), Some("insufficient_scope"))),
            ("Basic realm=\"Bearer scope=no\", Bearer scope=\"yes\"", all(None, Some("yes"), None)),
            ("Bearer scope=a, Basic scope=b", all(None, Some("a"), None)),
            ("Bearer scope=\"a\", scope=\"b\"", all(None, Some("a"), None)),
            ("Bearer error=\"a \\\" b\"", all(None, None, Some("a \" b"))),
            // Nobody pastes such scopes into a shell.
            ("Bearer scope=\"a\\\\b\"", all(None, None, None)),
            ("Bearer scope=\"a", all(None, Some("a"), None)),
            ("Basic realm=\"x\"", None),
            ("=\"\", ,\u{e9}=", None),
            ("", None),
        ] {
            assert_eq!(Challenge::read(header), expected, "{header}");
        }
        let endless = format!("Bearer {}scope=a", "x=\"y\", ".repeat(MOST));
        assert_eq!(Challenge::read(&endless), all(None, None, None));
    }
}
