//! The words of a line: bare ones, texts in double quotes, ids with a mark in front, digests, lengths of time.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::id::{Digest, SessionId, TurnNo};

/// Below this a session id is written `s1`: the ids of scripts. Others are written as people see them.
const SMALL_IDS: u128 = 1000;

/// Units of time, the largest first, in microseconds.
const UNITS: [(&str, u64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1000),
    ("us", 1),
];

/// The words of a line; the quotes of texts are gone.
pub(super) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut chars = line.trim().chars().peekable();
    while let Some(&next) = chars.peek() {
        if next.is_whitespace() {
            chars.next();
        } else if next == '"' {
            chars.next();
            words.push(text(&mut chars)?);
        } else {
            let mut word = String::new();
            while let Some(plain) = chars.next_if(|c| !c.is_whitespace()) {
                word.push(plain);
            }
            words.push(word);
        }
    }
    Ok(words)
}

/// A text up to its closing quote, with the escapes that `{:?}` writes.
fn text(chars: &mut impl Iterator<Item = char>) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match chars.next().ok_or("a text does not end")? {
            '"' => return Ok(text),
            '\\' => match chars.next().ok_or("a text does not end")? {
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                '0' => text.push('\0'),
                'u' => {
                    let code: String =
                        chars.by_ref().take_while(|c| *c != '}').filter(|c| *c != '{').collect();
                    let code = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                    text.push(code.ok_or("a text has an escape that is no character")?);
                }
                plain => text.push(plain),
            },
            plain => text.push(plain),
        }
    }
}

/// The word as it is, or in quotes where it would be read otherwise.
pub(super) fn bare(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | ':');
    if !word.is_empty() && word.chars().all(is_plain) { word.to_string() } else { format!("{word:?}") }
}

/// `s1` for the small ids of scripts, the id itself otherwise.
pub(super) fn session(id: SessionId) -> String {
    if id.0 < SMALL_IDS { format!("s{}", id.0) } else { id.to_string() }
}

/// Reads back what [`session`] wrote.
pub(super) fn read_session(word: &str) -> Result<SessionId, String> {
    let small = word.strip_prefix('s').and_then(|digits| digits.parse().ok()).map(SessionId);
    small.or_else(|| word.parse().ok()).ok_or_else(|| format!("`{word}` is not a session, like s1"))
}

/// A length of time in the largest unit of which it is a whole number; less than a microsecond is left out.
pub(super) fn span(time: Duration) -> String {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let unit = UNITS.into_iter().find(|(_, size)| micros.is_multiple_of(*size));
    unit.map_or_else(|| format!("{micros}us"), |(unit, size)| format!("{}{unit}", micros / size))
}

/// Reads back what [`span`] wrote.
pub(super) fn read_span(word: &str) -> Result<Duration, String> {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = word.strip_prefix(digits).and_then(|rest| UNITS.into_iter().find(|(unit, _)| *unit == rest));
    let micros = unit.and_then(|(_, size)| digits.parse::<u64>().ok()?.checked_mul(size));
    micros.map(Duration::from_micros).ok_or_else(|| format!("`{word}` is not a time, like 100ms or 30d"))
}

/// The word of one of the values that are known.
pub(super) fn named<T: Copy + PartialEq>(known: &[(&str, T)], value: T) -> String {
    known.iter().find(|(_, one)| *one == value).map(|(name, _)| (*name).to_string()).unwrap_or_default()
}

/// What a turn adds to a line, where it is not the first.
pub(super) fn turn(turn: TurnNo) -> String {
    if turn == TurnNo(1) { String::new() } else { format!(" turn {turn}") }
}

/// What a digest adds to a line: nothing for the one that goes with a call of that number in scripts.
pub(super) fn digest(digest: Digest, call: u64) -> String {
    let (number, rest) = digest.0.split_at(size_of::<u64>());
    let number = number.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
    if digest == Digest::numbered(call) {
        String::new()
    } else if rest.iter().all(|byte| *byte == 0) {
        format!(" digest {number}")
    } else {
        let digits = digest.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        format!(" digest x{digits}")
    }
}

/// Reads a digest back that is written as a number or, with an `x`, in full.
pub(super) fn read_digest(word: &str) -> Result<Digest, String> {
    let digest = match word.strip_prefix('x') {
        None => word.parse().ok().map(Digest::numbered),
        Some(digits) => full_digest(digits),
    };
    digest.ok_or_else(|| format!("`{word}` is not a digest"))
}

fn full_digest(digits: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    if digits.len() != 2 * digest.len() {
        return None;
    }
    for (place, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(Digest(digest))
}
