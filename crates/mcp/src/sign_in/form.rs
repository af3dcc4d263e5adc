//! How names and values stand in the query of an address or in the body of a form, and how bytes are written as letters (RFC 4648's
//! base64, in both its alphabets).

use std::fmt::Write as _;

/// The most names that an answer may have.
const MOST: usize = 32;
const BESIDE_LETTERS: &str = "-._~";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The pairs as a body, or as what stands behind the `?` of an address.
pub(crate) fn written(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", escaped(name), escaped(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match char::from(byte) {
            plain if plain.is_ascii_alphanumeric() || BESIDE_LETTERS.contains(plain) => escaped.push(plain),
            _other => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

/// What a query says; nothing where a name comes twice, which could be read in two ways, or a value is no text.
pub(crate) fn read(query: &str) -> Option<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for field in query.split('&').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let name = unescaped(name)?;
        if pairs.len() == MOST || pairs.iter().any(|(known, _)| *known == name) {
            return None;
        }
        pairs.push((name, unescaped(value)?));
    }
    Some(pairs)
}

fn unescaped(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Bytes as letters that stand in an address as they are.
pub(crate) fn base64_url(bytes: &[u8]) -> String {
    base64(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut letters = String::new();
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        let number = number << (8 * (3 - three.len()));
        for at in 0..4 {
            let letter = ALPHABET.get(number >> (18 - 6 * at) & 63).filter(|_| at <= three.len());
            letters.push(letter.map_or('=', |letter| char::from(*letter)));
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_could_be_read_in_two_ways_is_not() {
        let pairs = [("a b", "ü&=+%\n"), ("state", "-._~")];
        let text = written(&pairs);
        assert_eq!(text, "a%20b=%C3%BC%26%3D%2B%25%0A&state=-._~");
        let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read(&text), Some(owned.to_vec()));
        assert_eq!(read("a=b+c&&d"), Some(vec![("a".into(), "b c".into()), ("d".into(), String::new())]));
        for bad in ["a=1&a=2", "a=1&%61=2", "a=%", "a=%4", "a=%zz", "a=%ff"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let many: Vec<String> = (0..=MOST).map(|number| number.to_string()).collect();
        assert_eq!(read(&many.join("&")), None);
    }

    #[test]
    fn bytes_are_written_as_everybody_writes_them() {
        for (bytes, letters) in [
            (b"".as_slice(), ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foobar", "Zm9vYmFy"),
            (b"\xfb\xff\xfe", "+//+"),
        ] {
            assert_eq!(base64(bytes), letters);
        }
        assert_eq!(base64_url(b"\xfb\xff\xfef"), "-__-Zg");
    }
}
