//! A chord: one key with what is held, written `Ctrl+X`, `Alt+1`, `Shift+Enter`.

use core::fmt;
use core::str::FromStr;

use crossterm::event::{KeyCode, KeyModifiers};

use crate::keys::keyboard;

/// One key and what is held with it, in one form for all encodings.
///
/// Shift is kept only where it is not in the character already; letters with Ctrl or Alt are lower-case. What a chord types
/// is no part of which chord it is: two are equal when key and modifiers are.
#[derive(Clone, Copy, Debug)]
pub struct Chord {
    code: KeyCode,
    held: KeyModifiers,
    /// What it types where it means nothing else.
    types: Option<char>,
    /// What the key in its place says on the keyboard whose letters chords are named after, where the terminal tells.
    base: Option<char>,
}

/// The text names no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAChord;

const NAMED: [(&str, KeyCode); 16] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Space", KeyCode::Char(' ')),
    ("Plus", KeyCode::Char('+')),
    ("Insert", KeyCode::Insert),
];

/// Other names that keyboards and programs have for some of them.
const ALSO: [(&str, &str); 5] =
    [("Escape", "Esc"), ("Return", "Enter"), ("PgUp", "PageUp"), ("PgDn", "PageDown"), ("Del", "Delete")];

impl PartialEq for Chord {
    fn eq(&self, other: &Self) -> bool {
        (self.code, self.held) == (other.code, other.held)
    }
}

impl Eq for Chord {}

/// A key that has a name, with nothing held.
pub(crate) const fn key(code: KeyCode) -> Chord {
    Chord::of(code, KeyModifiers::NONE)
}

/// The key of a character, with nothing held.
pub(crate) const fn plain(typed: char) -> Chord {
    key(KeyCode::Char(typed))
}

/// A letter, in lower case, or a digit, with Ctrl held.
pub(crate) const fn ctrl(letter: char) -> Chord {
    plain(letter).ctrl()
}

/// A letter, in lower case, or a digit, with Alt held.
pub(crate) const fn alt(letter: char) -> Chord {
    plain(letter).alt()
}

impl Chord {
    /// The same with Ctrl held.
    #[must_use]
    pub(crate) const fn ctrl(self) -> Self {
        Self::of(self.code, self.held.union(KeyModifiers::CONTROL))
    }

    /// The same with Alt held.
    #[must_use]
    pub(crate) const fn alt(self) -> Self {
        Self::of(self.code, self.held.union(KeyModifiers::ALT))
    }

    /// The same with Shift held.
    #[must_use]
    pub(crate) const fn shift(self) -> Self {
        Self::of(self.code, self.held.union(KeyModifiers::SHIFT))
    }

    /// The chord of a key, however a terminal reports it.
    pub fn pressed(code: KeyCode, held: KeyModifiers) -> Self {
        let held = held & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        Self { types: types(code, held), ..Self::normal(code, held) }
    }

    /// The same, of a key that says `base` where letters are Latin: a sign that a layout has where it needs Shift for the digit
    /// means that digit, too.
    #[must_use]
    pub(crate) const fn at(self, base: Option<char>) -> Self {
        Self { base, ..self }
    }

    /// Whether something is held with it that makes no letter, or it is a function key that has no meaning of its own.
    pub(crate) const fn is_held_or_function(self) -> bool {
        self.held.intersects(KeyModifiers::CONTROL.union(KeyModifiers::ALT))
            || matches!(self.code, KeyCode::F(2..))
    }

    const fn of(code: KeyCode, held: KeyModifiers) -> Self {
        Self { code, held, types: None, base: None }
    }

    fn normal(code: KeyCode, held: KeyModifiers) -> Self {
        if code == KeyCode::BackTab {
            return Self::of(KeyCode::Tab, held | KeyModifiers::SHIFT);
        }
        let KeyCode::Char(typed) = code else {
            return Self::of(code, held);
        };
        // Some terminals send a control character for what has a name of its own.
        match typed {
            '\n' => return Self::of(KeyCode::Char('j'), held | KeyModifiers::CONTROL),
            '\r' => return Self::of(KeyCode::Enter, held),
            '\t' => return Self::of(KeyCode::Tab, held),
            '\u{8}' | '\u{7f}' => return Self::of(KeyCode::Backspace, held),
            _ => {}
        }
        if !held.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return Self { types: types(code, held), ..Self::of(code, KeyModifiers::NONE) };
        }
        let typed = keyboard::latin(typed).unwrap_or(typed);
        let typed = typed.to_lowercase().next().unwrap_or(typed);
        let held = if typed.is_alphabetic() { held } else { held - KeyModifiers::SHIFT };
        Self::of(KeyCode::Char(typed), held)
    }

    /// The same key where another layout says a digit of it; for chords that name digits.
    #[must_use]
    pub fn digit(self) -> Option<u8> {
        let KeyCode::Char(typed) = self.code else { return None };
        let base = || self.base.and_then(|base| base.to_digit(10));
        let digit = typed.to_digit(10).or_else(base).or_else(|| keyboard::digit(typed)?.to_digit(10))?;
        u8::try_from(digit).ok()
    }

    /// This chord with its digit in the place of what the layout says there, if that differs. Where the terminal tells the place,
    /// that alone counts; else letters do, and no sign: others have it elsewhere, and mean no digit by it.
    #[must_use]
    pub fn with_digit(self) -> Option<Self> {
        let KeyCode::Char(typed) = self.code else { return None };
        let is_digits = match self.base {
            Some(base) => base.is_ascii_digit(),
            None => !typed.is_ascii(),
        };
        let digit = char::from_digit(self.digit().filter(|_| is_digits)?.into(), 10)?;
        let other = Self { code: KeyCode::Char(digit), ..self };
        (other != self).then_some(other)
    }

    /// This chord with the Latin letter in its place, if the layout says another: for keys after the leader.
    #[must_use]
    pub fn with_latin(self) -> Option<Self> {
        let KeyCode::Char(typed) = self.code else { return None };
        let latin = self.base.filter(|_| !typed.is_ascii()).or_else(|| keyboard::latin(typed))?;
        Some(Self { code: KeyCode::Char(latin), ..self })
    }

    /// Whether Ctrl or Alt is held, as it is for commands; what `AltGr` makes is reported so, too.
    pub const fn is_command(self) -> bool {
        self.held.intersects(KeyModifiers::CONTROL.union(KeyModifiers::ALT))
    }

    /// The character this chord types where it means nothing else, if it types one.
    pub const fn typed(self) -> Option<char> {
        self.types
    }
}

/// What a key types. With Alt held, or Ctrl and Alt, that is what `AltGr` made, which some terminals report as those: a
/// sign, a digit, a letter of no chord's layout. It makes no letters that chords are named after.
fn types(code: KeyCode, held: KeyModifiers) -> Option<char> {
    let KeyCode::Char(typed) = code else { return None };
    if typed.is_control() {
        return None;
    }
    let held = held - KeyModifiers::SHIFT;
    if held.is_empty() {
        return Some(typed);
    }
    let by_alt_gr = held == KeyModifiers::ALT || held == KeyModifiers::ALT | KeyModifiers::CONTROL;
    let is_made = !typed.is_ascii_alphabetic() && typed != ' ' && keyboard::latin(typed).is_none();
    (by_alt_gr && is_made).then_some(typed)
}

/// A function key by its number.
fn function(name: &str) -> Option<KeyCode> {
    let number = name.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=12).contains(&number).then_some(KeyCode::F(number))
}

impl FromStr for Chord {
    type Err = NotAChord;

    fn from_str(text: &str) -> Result<Self, NotAChord> {
        let mut held = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((word, tail)) = rest.split_once('+').filter(|(_, tail)| !tail.is_empty()) {
            held |= match word.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => KeyModifiers::CONTROL,
                "alt" | "option" | "meta" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => return Err(NotAChord),
            };
            rest = tail;
        }
        let also = ALSO.iter().find(|(other, _)| other.eq_ignore_ascii_case(rest));
        rest = also.map_or(rest, |(_, name)| name);
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(only), None) if !only.is_control() => KeyCode::Char(only),
            _ => {
                let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest));
                named.map(|(_, code)| *code).or_else(|| function(rest)).ok_or(NotAChord)?
            }
        };
        Ok(Self::normal(code, held))
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in
            [(KeyModifiers::CONTROL, "Ctrl+"), (KeyModifiers::ALT, "Alt+"), (KeyModifiers::SHIFT, "Shift+")]
        {
            if self.held.contains(modifier) {
                f.write_str(name)?;
            }
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        if let KeyCode::Char(typed) = self.code {
            if self.held.is_empty() { write!(f, "{typed}") } else { write!(f, "{}", typed.to_uppercase()) }
        } else {
            write!(f, "{}", self.code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, held: KeyModifiers) -> String {
        Chord::pressed(code, held).to_string()
    }

    #[test]
    fn every_encoding_of_a_chord_reads_the_same() {
        let ctrl = KeyModifiers::CONTROL;
        let alt = KeyModifiers::ALT;
        let shift = KeyModifiers::SHIFT;
        for (code, held, written) in [
            (KeyCode::Char('w'), ctrl, "Ctrl+W"),
            (KeyCode::Char('W'), ctrl, "Ctrl+W"),
            (KeyCode::Char('ц'), ctrl, "Ctrl+W"),
            (KeyCode::Char('д'), alt, "Alt+L"),
            (KeyCode::Char('λ'), alt, "Alt+L"),
            (KeyCode::Char('ך'), alt, "Alt+L"),
            (KeyCode::Char('м'), alt, "Alt+V"),
            (KeyCode::Char('1'), alt, "Alt+1"),
            (KeyCode::Char('L'), alt | shift, "Alt+Shift+L"),
            (KeyCode::BackTab, ctrl, "Ctrl+Shift+Tab"),
            (KeyCode::BackTab, ctrl | shift, "Ctrl+Shift+Tab"),
            (KeyCode::Tab, ctrl, "Ctrl+Tab"),
            (KeyCode::Enter, shift, "Shift+Enter"),
            (KeyCode::Char('\n'), KeyModifiers::NONE, "Ctrl+J"),
            (KeyCode::Char('?'), shift, "?"),
            (KeyCode::PageUp, ctrl, "Ctrl+PageUp"),
            (KeyCode::F(1), KeyModifiers::NONE, "F1"),
        ] {
            assert_eq!(pressed(code, held), written, "{code:?} {held:?}");
            assert_eq!(written.parse::<Chord>().map(|chord| chord.to_string()), Ok(written.to_owned()));
        }
        for (written, chord) in
            [("ctrl+n", "Ctrl+N"), ("Option+PgUp", "Alt+PageUp"), ("escape", "Esc"), ("alt++", "Alt+Plus")]
        {
            assert_eq!(written.parse::<Chord>().map(|chord| chord.to_string()), Ok(chord.to_owned()));
        }
        for written in ["", "Ctrl+", "Hyper+X", "F13x", "Ctrl+no", "\u{1b}"] {
            assert_eq!(written.parse::<Chord>(), Err(NotAChord), "{written:?}");
        }
    }

    #[test]
    fn digits_are_found_without_shift() {
        for (typed, digit) in [('&', Some(1)), ('é', Some(2)), ('ç', Some(9)), ('7', Some(7)), ('x', None)]
        {
            let chord = Chord::pressed(KeyCode::Char(typed), KeyModifiers::ALT);
            assert_eq!(chord.digit(), digit, "{typed}");
        }
    }

    #[test]
    fn a_sign_means_a_digit_only_where_its_key_is_known_to_have_it() {
        for (typed, base, digit) in [
            ('(', None, None),
            ('-', None, None),
            ('\'', None, None),
            ('è', None, Some('7')),
            ('š', None, Some('3')),
            ('(', Some('5'), Some('5')),
            ('-', Some('6'), Some('6')),
            ('(', Some('9'), Some('9')),
            ('-', Some('/'), None),
            ('á', Some('a'), None),
            ('7', None, None),
        ] {
            for held in [KeyModifiers::NONE, KeyModifiers::ALT] {
                let chord = Chord::pressed(KeyCode::Char(typed), held).at(base);
                let wanted = digit.map(|digit| Chord::pressed(KeyCode::Char(digit), held));
                assert_eq!(chord.with_digit(), wanted, "{typed} {base:?} {held:?}");
            }
        }
    }
}
