//! The keys that an overlay advertises. What stands beneath it is made from its tables of them, and so is what the keys do:
//! nothing is advertised that does not work.

use crate::keys::Chord;

/// Keys with what each does, how they are shown, and what is said of them, in a word or two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hint<D: 'static> {
    keys: &'static [(Chord, D)],
    shown: &'static str,
    said: &'static str,
}

pub(super) const fn hint<D>(keys: &'static [(Chord, D)], shown: &'static str, said: &'static str) -> Hint<D> {
    Hint { keys, shown, said }
}

/// What a key does by what is advertised; nothing where it is not.
pub(super) fn does<D: Copy>(hints: &[Hint<D>], chord: Chord) -> Option<D> {
    let means = |chord: Chord| {
        let mut keys = hints.iter().flat_map(|hint| hint.keys);
        keys.find(|(key, _)| *key == chord).map(|(_, does)| *does)
    };
    means(chord).or_else(|| means(chord.with_latin()?))
}

/// What stands beneath an overlay.
pub(super) fn footer<D>(hints: &[Hint<D>]) -> String {
    let said: Vec<String> = hints.iter().map(|hint| format!("{} {}", hint.shown, hint.said)).collect();
    format!(" {} ", said.join(" · "))
}

/// For the tests of each table: every key has a written form, and means one thing.
#[cfg(test)]
pub(super) fn assert_each_key_means_one_thing<D: std::fmt::Debug>(hints: &[Hint<D>]) {
    let mut seen = std::collections::BTreeSet::new();
    for (key, _) in hints.iter().flat_map(|hint| hint.keys) {
        assert_eq!(key.to_string().parse::<Chord>(), Ok(*key));
        assert!(seen.insert(key.to_string()), "{key} twice in {hints:?}");
    }
}
