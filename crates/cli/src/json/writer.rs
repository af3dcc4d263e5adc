//! JSON as text that a terminal only shows: what could control it, hide or reorder is written as `\uXXXX`. A reader of
//! JSON gets every character back.

use std::io;

use q_term::sanitize::is_hidden;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::error::CliError;

/// One value on one line.
pub(crate) fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, CliError> {
    let unwritable = |why: &dyn std::fmt::Display| CliError::failed(format!("not writable as JSON: {why}"));
    let mut bytes = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut bytes, Harmless))
        .map_err(|error| unwritable(&error))?;
    String::from_utf8(bytes).map_err(|error| unwritable(&error))
}

/// The compact form, with more characters escaped than JSON itself asks for.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (at, hidden) in fragment.char_indices().filter(|(_, c)| is_hidden(*c)) {
            out.write_all(fragment.get(plain..at).unwrap_or_default().as_bytes())?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            plain = at + hidden.len_utf8();
        }
        out.write_all(fragment.get(plain..).unwrap_or_default().as_bytes())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_could_control_is_escaped_and_what_speaks_is_not() {
        for (said, written) in [
            ("naïve 日本語 ✓ \"\\", r#""naïve 日本語 ✓ \"\\""#),
            ("a\u{1b}[2J\r\n\tb", r#""a\u001b[2J\r\n\tb""#),
            ("\u{7f}\u{9b}31m", r#""\u007f\u009b31m""#),
            ("\u{202e}x\u{2066}\u{61c}\u{200f}", r#""\u202ex\u2066\u061c\u200f""#),
            ("\u{2028}\u{2029}\u{feff}", r#""\u2028\u2029\ufeff""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
        ] {
            assert_eq!(text(said).unwrap(), written, "{said:?}");
        }
        let keyed = BTreeMap::from([("\u{9b}", vec!["\u{9d}"])]);
        assert_eq!(text(&keyed).unwrap(), r#"{"\u009b":["\u009d"]}"#, "names of members, too");
    }

    #[test]
    fn every_character_comes_back_and_none_of_them_controls() {
        let every: String = (char::MIN..=char::MAX).collect();
        let written = text(&every).unwrap();
        assert!(!written.chars().any(is_hidden));
        assert!(!written.chars().any(char::is_control));
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), every);
    }
}
