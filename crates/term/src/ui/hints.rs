//! The keys that an overlay advertises. What stands beneath it is made from these tables, and so is what the keys do:
//! nothing is advertised that does not work.

use crate::keys::KeyCode::{Down, Enter, Esc, PageDown, PageUp, Up};
use crate::keys::{Chord, ctrl, key, plain};
use crate::ui::overlay::{Ending, Overlay};

/// What an advertised key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Leaves, and changes nothing.
    Leave,
    /// Says yes to the question, or does what is typed or chosen.
    Accept,
    /// Gives the chosen session another name.
    Rename,
    /// Closes the chosen session.
    Close,
    /// One row back.
    Up,
    /// One row on.
    Down,
    /// Half a screen back.
    PageUp,
    /// Half a screen on.
    PageDown,
    /// Begins a command, or goes on typing it.
    Type,
    /// Takes back what is typed.
    Clear,
}

/// Keys, how they are shown, and what each does, in a word or two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hint {
    pub(crate) keys: &'static [(Chord, Does)],
    pub(crate) shown: &'static str,
    pub(crate) said: &'static str,
}

const fn hint(keys: &'static [(Chord, Does)], shown: &'static str, said: &'static str) -> Hint {
    Hint { keys, shown, said }
}

const ESC: &[(Chord, Does)] = &[(key(Esc), Does::Leave), (ctrl('c'), Does::Leave)];
const LEAVES: Hint = hint(ESC, "Esc", "leaves");
const ENTER: &[(Chord, Does)] = &[(key(Enter), Does::Accept)];
const YES: &[(Chord, Does)] = &[(plain('y'), Does::Accept), (plain('Y'), Does::Accept)];
const KEEPS: Hint = hint(
    &[
        (plain('n'), Does::Leave),
        (plain('N'), Does::Leave),
        (key(Esc), Does::Leave),
        (ctrl('c'), Does::Leave),
    ],
    "n",
    "keeps it",
);
const RENAMES: Hint = hint(&[(ctrl('r'), Does::Rename)], "Ctrl+R", "renames");
const GOES: Hint = hint(ENTER, "Enter", "goes there");
const COMMAND: Hint = hint(&[(plain('/'), Does::Type)], "/", "begins a command");
/// While a command is typed.
const TYPING: &[Hint] = &[
    hint(ENTER, "Enter", "does it"),
    hint(&[(key(Esc), Does::Clear), (ctrl('c'), Does::Clear)], "Esc", "clears it"),
];

const SCROLLS: Hint = hint(
    &[
        (key(Up), Does::Up),
        (key(Down), Does::Down),
        (key(PageUp), Does::PageUp),
        (key(PageDown), Does::PageDown),
    ],
    "↑ ↓ PgUp PgDn",
    "scroll",
);
const PAGE: &[Hint] = &[SCROLLS, COMMAND, LEAVES];
const SWITCHER: &[Hint] = &[
    GOES,
    RENAMES,
    hint(&[(ctrl('w'), Does::Close)], "Ctrl+W", "closes"),
    hint(&[(plain('/'), Does::Type)], "/", "command"),
    LEAVES,
];
/// With text in the filter, Ctrl+W edits that as it does in any text.
const FILTERED: &[Hint] = &[GOES, RENAMES, LEAVES];
const RENAME: &[Hint] = &[hint(ENTER, "Enter", "renames"), LEAVES];
const CLOSE: &[Hint] = &[hint(YES, "y", "closes it"), KEEPS];
const DELETE: &[Hint] = &[hint(YES, "y", "deletes it"), KEEPS];

impl Overlay {
    /// The keys it advertises now.
    pub(crate) fn hints(&self) -> &'static [Hint] {
        match self {
            Self::End { ending: Ending::Close, .. } => CLOSE,
            Self::End { ending: Ending::Delete, .. } => DELETE,
            Self::Rename { .. } => RENAME,
            Self::Switcher { filter, .. } if filter.text().starts_with('/') => TYPING,
            Self::Switcher { filter, .. } if filter.is_empty() => SWITCHER,
            Self::Switcher { .. } => FILTERED,
            Self::Page { line, .. } if line.is_empty() => PAGE,
            Self::Page { .. } => TYPING,
        }
    }

    /// What a key does by what is advertised; nothing where it is not.
    pub(crate) fn does(&self, chord: Chord) -> Option<Does> {
        let means = |chord: Chord| {
            let mut keys = self.hints().iter().flat_map(|hint| hint.keys);
            keys.find(|(key, _)| *key == chord).map(|(_, does)| *does)
        };
        means(chord).or_else(|| means(chord.with_latin()?))
    }
}

/// What stands beneath an overlay, scrolling only where there is something to scroll.
pub(crate) fn footer(hints: &[Hint], scrolls: bool) -> String {
    let shown = hints.iter().filter(|hint| scrolls || hint.shown != SCROLLS.shown);
    let said: Vec<String> = shown.map(|hint| format!("{} {}", hint.shown, hint.said)).collect();
    format!(" {} ", said.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_advertised_key_is_a_chord_and_means_one_thing() {
        for hints in [TYPING, PAGE, SWITCHER, FILTERED, RENAME, CLOSE, DELETE] {
            let mut seen = std::collections::BTreeSet::new();
            for (key, _) in hints.iter().flat_map(|hint| hint.keys) {
                assert_eq!(key.to_string().parse::<Chord>(), Ok(*key));
                assert!(seen.insert(key.to_string()), "{key} twice in {hints:?}");
            }
        }
    }
}
