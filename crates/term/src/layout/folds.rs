//! Which entries of a session are shown whole that are folded otherwise: thoughts, and results of many lines.

use std::collections::BTreeSet;

use q_core::EntryNo;

use crate::keys::Chord;

/// More entries than this are not told from the others; who unfolds so many means all.
const MOST: usize = 512;

/// All of them or none, but for those that were chosen one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folds {
    all_whole: bool,
    others: BTreeSet<EntryNo>,
    /// The key that unfolds them all, which is named where something is folded.
    pub(crate) key: Option<Chord>,
}

impl Folds {
    /// The same where that key unfolds them.
    pub(crate) fn by_key(self, key: Option<Chord>) -> Self {
        Self { key, ..self }
    }

    pub(crate) fn is_whole(&self, entry: EntryNo) -> bool {
        self.all_whole != self.others.contains(&entry)
    }

    /// Unfolds everything, or folds it again.
    pub(crate) fn toggle_all(&mut self) {
        self.all_whole ^= true;
        self.others.clear();
    }

    /// Unfolds one, or folds it again.
    pub(crate) fn toggle(&mut self, entry: EntryNo) {
        if !self.others.remove(&entry) && self.others.len() < MOST {
            self.others.insert(entry);
        }
    }

    /// Shows one whole, as it may be already.
    pub(crate) fn unfold(&mut self, entry: EntryNo) {
        if !self.is_whole(entry) {
            self.toggle(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_differs_from_the_others_until_all_are_told_alike() {
        let mut folds = Folds::default();
        let whole = |folds: &Folds| [1, 2].map(|no| folds.is_whole(EntryNo(no)));
        for (step, expected) in [
            (Folds::toggle_all as fn(&mut Folds), [true, true]),
            (|folds| folds.toggle(EntryNo(2)), [true, false]),
            (|folds| folds.unfold(EntryNo(1)), [true, false]),
            (Folds::toggle_all, [false, false]),
            (|folds| folds.unfold(EntryNo(2)), [false, true]),
            (|folds| folds.unfold(EntryNo(2)), [false, true]),
            (|folds| folds.toggle(EntryNo(2)), [false, false]),
        ] {
            step(&mut folds);
            assert_eq!(whole(&folds), expected);
        }
        (0..2 * MOST as u64).for_each(|no| folds.toggle(EntryNo(no)));
        assert_eq!(folds.others.len(), MOST, "bounded");
    }
}
