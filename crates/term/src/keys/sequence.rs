//! One key as terminals write it: the legacy forms, xterm's modifyOtherKeys, `CSI u` and kitty's with the place of the key.
//! Read in one pass; nothing here waits.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::event::TerminalEvent;
use crate::keys::{Chord, mouse};

/// A sequence that is longer is none, and passed over.
pub(super) const LONGEST: usize = 256;
/// So many parameters, and parts of one, count.
const PARAMETERS: usize = 4;
const PARTS: usize = 3;
const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// What stands first in bytes that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is not whole yet.
    More,
    /// What it is, if `q` has a use for it, and how many bytes it takes.
    Came(Option<TerminalEvent>, usize),
    /// So many bytes begin a string that answers somebody's question; what it says goes on until [`answer_in`] finds its end.
    Answer(usize),
}

fn key(code: KeyCode, held: KeyModifiers, count: usize) -> Step {
    Step::Came(Some(TerminalEvent::Key(Chord::pressed(code, held))), count)
}

const fn nothing(count: usize) -> Step {
    Step::Came(None, count)
}

/// What stands first in bytes that came; whatever they are, it takes at least one of them.
pub(super) fn first(bytes: &[u8]) -> Step {
    match bytes {
        [] | [ESC] | [ESC, ESC | b'[' | b'O'] => Step::More,
        [ESC, b'[', rest @ ..] => control(rest, 2),
        [ESC, b'O', named, ..] => single(*named, 3),
        // Some terminals put Alt before a sequence as they do before a letter.
        [ESC, ESC, b'[', rest @ ..] if !rest.is_empty() => with_alt(control(rest, 3)),
        [ESC, ESC, b'O', named, ..] => with_alt(single(*named, 4)),
        [ESC, ESC, b'[' | b'O'] => Step::More,
        [ESC, ESC, ..] => key(KeyCode::Esc, KeyModifiers::NONE, 1),
        [ESC, named, rest @ ..] if begins_answer(*named) => match rest {
            [] | [ESC] => Step::More,
            [BEL | 0x20..=0x7e, ..] | [ESC, b'\\', ..] => Step::Answer(2),
            // No answer is empty or begins so: it was pressed.
            _ => with_alt_held(*named),
        },
        [ESC, rest @ ..] => match character(rest) {
            Some((code, held, count)) => key(code, held | KeyModifiers::ALT, count + 1),
            None if is_begun(rest) => Step::More,
            None => nothing(2),
        },
        rest => match character(rest) {
            Some((code, held, count)) => key(code, held, count),
            None if is_begun(rest) => Step::More,
            None => nothing(1),
        },
    }
}

/// What bytes are that may begin a longer sequence, where nothing follows.
pub(super) fn alone(bytes: &[u8]) -> Option<Step> {
    match bytes {
        [ESC] | [ESC, ESC] | [ESC, ESC, b'[' | b'O'] => Some(key(KeyCode::Esc, KeyModifiers::NONE, 1)),
        [ESC, named @ (b'[' | b'O')] => Some(with_alt_held(*named)),
        [ESC, named] | [ESC, named, ESC] if begins_answer(*named) => Some(with_alt_held(*named)),
        _ => None,
    }
}

/// Whether it begins a string behind an escape: OSC, DCS, APC, PM or SOS.
const fn begins_answer(named: u8) -> bool {
    matches!(named, b']' | b'P' | b'_' | b'^' | b'X')
}

/// How many bytes belong to a string that was begun, and whether that is all of it. Another escape than the one that ends it
/// breaks it off.
pub(super) fn answer_in(bytes: &[u8]) -> (usize, bool) {
    let ends = bytes.iter().position(|byte| matches!(*byte, BEL | ESC)).unwrap_or(bytes.len());
    match bytes.get(ends..).unwrap_or_default() {
        [] | [ESC] => (ends, false),
        [BEL, ..] => (ends + 1, true),
        [ESC, b'\\', ..] => (ends + 2, true),
        _ => (ends, true),
    }
}

fn with_alt_held(letter: u8) -> Step {
    key(KeyCode::Char(letter.into()), upper(letter) | KeyModifiers::ALT, 2)
}

const fn upper(letter: u8) -> KeyModifiers {
    if letter.is_ascii_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE }
}

fn with_alt(step: Step) -> Step {
    let Step::Came(Some(TerminalEvent::Key(chord)), count) = step else { return step };
    Step::Came(Some(TerminalEvent::Key(chord.alt())), count)
}

/// A character in UTF-8 or a control character, and its bytes.
fn character(bytes: &[u8]) -> Option<(KeyCode, KeyModifiers, usize)> {
    let first = *bytes.first()?;
    let ctrl = |letter: u8| (KeyCode::Char(letter.into()), KeyModifiers::CONTROL, 1);
    Some(match first {
        0 => ctrl(b' '),
        b'\r' => (KeyCode::Enter, KeyModifiers::NONE, 1),
        b'\t' => (KeyCode::Tab, KeyModifiers::NONE, 1),
        0x7f => (KeyCode::Backspace, KeyModifiers::NONE, 1),
        ESC => return None,
        0x1f => ctrl(b'/'),
        0x01..=0x1a => ctrl(first - 1 + b'a'),
        0x1c..=0x1e => ctrl(first - 0x1c + b'\\'),
        0x20..=0x7e => (KeyCode::Char(first.into()), upper(first), 1),
        0x80.. => {
            let count = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return None,
            };
            let typed = str::from_utf8(bytes.get(..count)?).ok()?.chars().next()?;
            let held = if typed.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
            (KeyCode::Char(typed), held, count)
        }
    })
}

/// Whether bytes are the beginning of a character in UTF-8.
fn is_begun(bytes: &[u8]) -> bool {
    let rest = bytes.get(..bytes.len().min(4)).unwrap_or_default();
    str::from_utf8(rest).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

/// A key that is named by one letter.
fn single(named: u8, count: usize) -> Step {
    let code = match named {
        b'M' => KeyCode::Enter,
        b'I' => KeyCode::Tab,
        b'X' => KeyCode::Char('='),
        b'j'..=b'y' => KeyCode::Char((named - b'j' + b'*').into()),
        _ => match by_letter(named) {
            Some(code) => code,
            None => return nothing(count),
        },
    };
    key(code, KeyModifiers::NONE, count)
}

const fn by_letter(named: u8) -> Option<KeyCode> {
    Some(match named {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

fn by_number(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F((number - 10) as u8),
        17..=21 => KeyCode::F((number - 11) as u8),
        23..=24 => KeyCode::F((number - 12) as u8),
        _ => return None,
    })
}

/// A code point as `CSI u` has it, with the keys that kitty numbers.
fn by_code(code: u32) -> Option<KeyCode> {
    Some(match code {
        8 | 127 => KeyCode::Backspace,
        9 => KeyCode::Tab,
        13 | 57414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        57399..=57408 => KeyCode::Char(char::from_digit(code - 57399, 10)?),
        57409 => KeyCode::Char('.'),
        57410 => KeyCode::Char('/'),
        57411 => KeyCode::Char('*'),
        57412 => KeyCode::Char('-'),
        57413 => KeyCode::Char('+'),
        57415 => KeyCode::Char('='),
        57416 => KeyCode::Char(','),
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57425 => KeyCode::Insert,
        57426 => KeyCode::Delete,
        // What is left of the private area are keys that only hold, or make sounds.
        57344..=63743 => return None,
        _ => KeyCode::Char(char::from_u32(code).filter(|typed| !typed.is_control())?),
    })
}

/// What follows `CSI`, of which `before` bytes were taken.
fn control(bytes: &[u8], before: usize) -> Step {
    if let [b'[', rest @ ..] = bytes {
        // The Linux console's first function keys.
        return match rest.first() {
            None => Step::More,
            Some(named @ b'A'..=b'E') => key(KeyCode::F(named - b'A' + 1), KeyModifiers::NONE, before + 2),
            Some(_) => nothing(before + 2),
        };
    }
    if let [b'M', rest @ ..] = bytes {
        // The oldest form of a mouse, three bytes of anything.
        return if rest.len() < 3 { Step::More } else { nothing(before + 4) };
    }
    let is_private = bytes.first().is_some_and(|first| (b'<'..=b'?').contains(first));
    let is_final = |byte: u8| matches!(byte, 0x40..=0x7e) || byte == b'$' && !is_private;
    let place = bytes.iter().take(LONGEST).position(|byte| is_final(*byte) || !matches!(byte, 0x20..=0x3f));
    let Some((place, ends)) = place.and_then(|place| Some((place, *bytes.get(place)?))) else {
        return if bytes.len() + before >= LONGEST { nothing(bytes.len() + before) } else { Step::More };
    };
    if !is_final(ends) {
        return nothing(before + place); // broken off by what follows
    }
    let parameters = bytes.get(..place).unwrap_or_default();
    let event = match (is_private, ends) {
        (true, b'M' | b'm') => mouse::event(parameters, ends),
        (true, _) => None,
        (false, _) => event(parameters, ends),
    };
    Step::Came(event, before + place + 1)
}

/// Numbers between semicolons, each in parts between colons; nothing where that is not their form.
fn numbers(parameters: &[u8]) -> Option<[[u32; PARTS]; PARAMETERS]> {
    let mut numbers = [[0; PARTS]; PARAMETERS];
    let text = str::from_utf8(parameters).ok()?;
    for (parameter, into) in text.split(';').zip(&mut numbers) {
        for (part, into) in parameter.split(':').zip(into) {
            *into = if part.is_empty() { 0 } else { part.parse().ok()? };
        }
    }
    Some(numbers)
}

fn event(parameters: &[u8], ends: u8) -> Option<TerminalEvent> {
    match (parameters, ends) {
        ([], b'I') => return Some(TerminalEvent::Focus(true)),
        ([], b'O') => return Some(TerminalEvent::Focus(false)),
        _ => {}
    }
    let [[first, shifted, base], [mask, kind, _], [third, ..], _] = numbers(parameters)?;
    let held = modifiers(mask)?;
    if kind == 3 {
        return None; // released
    }
    let chord = match ends {
        b'~' if first == 27 => typed((third, 0, 0), held)?,
        b'~' => Chord::pressed(by_number(first)?, held),
        // rxvt says by the end what is held.
        b'^' => Chord::pressed(by_number(first)?, held | KeyModifiers::CONTROL),
        b'$' => Chord::pressed(by_number(first)?, held | KeyModifiers::SHIFT),
        b'@' => Chord::pressed(by_number(first)?, held | KeyModifiers::CONTROL | KeyModifiers::SHIFT),
        b'a'..=b'd' if parameters.is_empty() => {
            Chord::pressed(by_letter(ends.to_ascii_uppercase())?, KeyModifiers::SHIFT)
        }
        b'u' => typed((first, shifted, base), held)?,
        b'Z' => Chord::pressed(KeyCode::BackTab, held),
        b'I' => Chord::pressed(KeyCode::Tab, held),
        // A place of the cursor ends so, too.
        b'R' if first > 1 => return None,
        _ if first <= 1 => Chord::pressed(by_letter(ends)?, held),
        _ => return None,
    };
    Some(TerminalEvent::Key(chord))
}

/// What is held, as a number that is one more than its bits; nothing where a key is held that chords have not.
fn modifiers(mask: u32) -> Option<KeyModifiers> {
    let bits = mask.saturating_sub(1);
    let foreign = 8 | 16 | 32;
    if bits & foreign != 0 {
        return None;
    }
    let all = [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)];
    Some(all.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, held)| held).collect())
}

/// A key by the code of what its layout says, what that is with Shift, and the key in its place where letters are Latin.
fn typed((code, shifted, base): (u32, u32, u32), held: KeyModifiers) -> Option<Chord> {
    let plain = by_code(code)?;
    let with_shift = char::from_u32(shifted).filter(|typed| *typed != '\0' && !typed.is_control());
    let shifts = held.contains(KeyModifiers::SHIFT);
    let code = match (plain, with_shift) {
        (KeyCode::Char(_), Some(other)) if shifts => KeyCode::Char(other),
        (KeyCode::Char(typed), None) if shifts => KeyCode::Char(typed.to_ascii_uppercase()),
        (code, _) => code,
    };
    let base = char::from_u32(base).filter(char::is_ascii_graphic);
    // A letter of another alphabet means the key in its place; a Latin one means itself wherever it lies. One with an accent on a
    // letter's key is what AltGr made, which some terminals tell as Alt.
    let is_made = held == KeyModifiers::ALT
        && base.is_some_and(|base| base.is_ascii_alphabetic())
        && matches!(code, KeyCode::Char('\u{c0}'..='\u{24f}'));
    let is_chord = held.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) && !is_made;
    let code = match (code, base) {
        (KeyCode::Char(typed), Some(base)) if is_chord && !typed.is_ascii() => KeyCode::Char(base),
        (code, _) => code,
    };
    Some(Chord::pressed(code, held).at(base))
}
