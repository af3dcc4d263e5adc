//! The keys that an overlay advertises. What stands beneath it is made from its tables of them, and so is what the keys do:
//! nothing is advertised that does not work.

use crate::command::ScrollStep;
use crate::keys::KeyCode::{Enter, Esc};
use crate::keys::{Chord, ctrl, key, plain};

/// What a key means in an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OverlayKey {
    /// Takes what is chosen, typed or asked about.
    Accept,
    Leave,
    Scroll(ScrollStep),
    /// Begins a command, as any other character does that is typed.
    Begin,
    /// Forgets the command that is being typed.
    Clear,
    /// Chooses the next one, or the one before.
    Choose(bool),
    /// Looks further, or only here again.
    Widen,
    /// Does to what is chosen what the key does to the session in view.
    Act,
}

/// Keys with what each means, how they are shown, and what is said of them, in a word or two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hint {
    keys: &'static [(Chord, OverlayKey)],
    shown: &'static str,
    label: &'static str,
}

impl Hint {
    /// The same keys, of which something else is said.
    pub(super) const fn saying(self, label: &'static str) -> Self {
        Self { label, ..self }
    }
}

pub(super) const fn hint(
    keys: &'static [(Chord, OverlayKey)],
    shown: &'static str,
    label: &'static str,
) -> Hint {
    Hint { keys, shown, label }
}

pub(super) const ENTER: &[(Chord, OverlayKey)] = &[(key(Enter), OverlayKey::Accept)];
pub(super) const ESC_LEAVES: Hint =
    hint(&[(key(Esc), OverlayKey::Leave), (ctrl('c'), OverlayKey::Leave)], "Esc", "leaves");
/// Where Enter has nothing to send, and is pressed to go on.
pub(super) const READ_LEAVES: Hint = hint(
    &[(key(Esc), OverlayKey::Leave), (ctrl('c'), OverlayKey::Leave), (key(Enter), OverlayKey::Leave)],
    "Esc",
    "leaves",
);
/// While a command is typed.
pub(super) const TYPING: &[Hint] = &[
    hint(ENTER, "Enter", "does it"),
    hint(&[(key(Esc), OverlayKey::Clear), (ctrl('c'), OverlayKey::Clear)], "Esc", "clears it"),
];

/// What a key does by what is advertised; nothing where it is not.
pub(super) fn meaning(hints: &[Hint], chord: Chord) -> Option<OverlayKey> {
    let means = |chord: Chord| {
        let mut keys = hints.iter().flat_map(|hint| hint.keys);
        keys.find(|(key, _)| *key == chord).map(|(_, meaning)| *meaning)
    };
    // On a keyboard of another layout the key in that place is meant.
    means(chord).or_else(|| means(chord.with_latin()?))
}

/// What stands beneath an overlay.
pub(super) fn footer(hints: &[Hint]) -> String {
    footer_around(hints, Vec::new())
}

/// The same, with what is set by the person behind the first of them.
pub(super) fn footer_around(hints: &[Hint], set: Vec<String>) -> String {
    let mut labels: Vec<String> = hints.iter().map(|hint| format!("{} {}", hint.shown, hint.label)).collect();
    let behind = labels.len().min(1);
    labels.splice(behind..behind, set);
    format!(" {} ", labels.join(" · "))
}

/// The same, with that in front of them.
pub(super) fn footer_behind(hints: &[Hint], mut set: Vec<String>) -> String {
    set.extend(hints.iter().map(|hint| format!("{} {}", hint.shown, hint.label)));
    format!(" {} ", set.join(" · "))
}

/// How what was asked about is done, and how it is not.
pub(crate) const YES: &[(Chord, OverlayKey)] =
    &[(plain('y'), OverlayKey::Accept), (plain('Y'), OverlayKey::Accept)];
pub(crate) const KEEPS: Hint = hint(
    &[
        (plain('n'), OverlayKey::Leave),
        (plain('N'), OverlayKey::Leave),
        (key(Esc), OverlayKey::Leave),
        (ctrl('c'), OverlayKey::Leave),
    ],
    "n",
    "keeps it",
);

/// For the tests of each table: every key has a written form, and means one thing.
#[cfg(test)]
pub(super) fn assert_each_key_means_one_thing(hints: &[Hint]) {
    let mut seen = std::collections::BTreeSet::new();
    for (key, _) in hints.iter().flat_map(|hint| hint.keys) {
        assert_eq!(key.to_string().parse::<Chord>(), Ok(*key));
        assert!(seen.insert(key.to_string()), "{key} twice in {hints:?}");
    }
}
