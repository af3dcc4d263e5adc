//! Long texts that came in at once and are shown as a word, `[paste, 412 lines]`: the text has them whole, and only who looks at
//! it, or moves in it, takes each for one letter.

use std::ops::Range;

use crate::words;

/// A text of more lines than this is folded when it is pasted.
const LINES: usize = 10;
/// A text of more characters than this is folded when it is pasted.
const CHARACTERS: usize = 1_000;
/// No more are folded at once in a text: each is looked at with each key.
const MOST: usize = 64;

/// A part of a text that is shown as a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoldedPaste {
    pub(super) range: Range<usize>,
    /// What is shown for it; it is counted once, since it may be long.
    pub(super) label: String,
}

/// Those of a text, in its order; none is in another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pastes(Vec<FoldedPaste>);

/// Whether a text that comes in at once is folded.
fn is_long(text: &str) -> bool {
    text.lines().nth(LINES).is_some() || text.chars().nth(CHARACTERS).is_some()
}

impl Pastes {
    pub(super) fn iter(&self) -> impl Iterator<Item = &FoldedPaste> {
        self.0.iter()
    }

    /// The one with that place inside of it, where no cursor stands.
    pub(super) fn around(&self, place: usize) -> Option<&Range<usize>> {
        self.ranges().find(|range| range.start < place && place < range.end)
    }

    /// The last one that ends at a place or before it.
    pub(super) fn before(&self, place: usize) -> Option<&Range<usize>> {
        self.ranges().take_while(|range| range.end <= place).last()
    }

    /// The first one that begins at a place or behind it.
    pub(super) fn behind(&self, place: usize) -> Option<&Range<usize>> {
        self.ranges().find(|range| range.start >= place)
    }

    /// Folds a text that came in at that place, where it is long. What took the place of the same text is folded already.
    pub(super) fn fold(&mut self, place: usize, text: &str) {
        let is_folded = self.ranges().any(|range| range.start < place + text.len() && place < range.end);
        if !is_long(text) || is_folded || self.0.len() >= MOST {
            return;
        }
        let size = match text.lines().count() {
            0 | 1 => words::size(text.len() as u64),
            lines => words::counted(lines, "line"),
        };
        self.put(
            0,
            vec![FoldedPaste { range: place..place + text.len(), label: format!("[paste, {size}]") }],
        );
    }

    /// Shows the one whole that the cursor stands at; says whether there was one.
    pub(super) fn unfold(&mut self, cursor: usize) -> bool {
        let touches = |range: &Range<usize>| range.start == cursor || range.end == cursor;
        let at = self.ranges().position(touches);
        at.map(|at| self.0.remove(at)).is_some()
    }

    /// A range of the text is about to become one of another length. Those that are in it go, and are handed back as they stand in it;
    /// one that is only touched is shown whole from then on.
    pub(super) fn change(&mut self, range: &Range<usize>, len: usize) -> Vec<FoldedPaste> {
        let mut gone = Vec::new();
        self.0.retain_mut(|paste| {
            let here = &mut paste.range;
            if here.end <= range.start {
                return true;
            }
            if here.start >= range.end {
                *here = moved(here, len, range.len());
                return true;
            }
            if range.start <= here.start && here.end <= range.end {
                let label = std::mem::take(&mut paste.label);
                gone.push(FoldedPaste { range: moved(here, 0, range.start), label });
            }
            false
        });
        gone
    }

    /// Folds again what was handed back, in a text that begins at that place now.
    pub(super) fn put(&mut self, place: usize, pastes: Vec<FoldedPaste>) {
        for paste in pastes {
            let range = moved(&paste.range, place, 0);
            let at = self.0.partition_point(|known| known.range.start < range.start);
            self.0.insert(at, FoldedPaste { range, ..paste });
        }
    }

    fn ranges(&self) -> impl Iterator<Item = &Range<usize>> {
        self.0.iter().map(|paste| &paste.range)
    }
}

/// The range, so much further on and so much further back.
const fn moved(range: &Range<usize>, on: usize, back: usize) -> Range<usize> {
    range.start + on - back..range.end + on - back
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Edit;
    use crate::editor::{Editor, lay_out};
    use proptest::prelude::*;

    /// What is typed, letter by letter and paste by paste, and where the cursor is among these.
    #[derive(Debug, Default)]
    struct Naive {
        units: Vec<String>,
        cursor: usize,
    }

    impl Naive {
        fn put(&mut self, units: Vec<String>) {
            let count = units.len();
            self.units.splice(self.cursor..self.cursor, units);
            self.cursor += count;
        }

        fn line(&self) -> Range<usize> {
            let feed = |unit: &String| unit == "\n";
            let start = self.units[..self.cursor].iter().rposition(feed).map_or(0, |feed| feed + 1);
            let end = self.units[self.cursor..].iter().position(feed);
            start..end.map_or(self.units.len(), |end| self.cursor + end)
        }

        fn remove(&mut self, range: Range<usize>) {
            self.units.drain(range.clone());
            self.cursor = range.start;
        }

        #[expect(clippy::wildcard_enum_match_arm, reason = "the one of EDITS that is left")]
        fn edit(&mut self, edit: Edit) {
            let (line, len, at) = (self.line(), self.units.len(), self.cursor);
            match edit {
                Edit::Left => self.cursor = at.saturating_sub(1),
                Edit::Right => self.cursor = (at + 1).min(len),
                Edit::LineStart => self.cursor = line.start,
                Edit::LineEnd => self.cursor = line.end,
                Edit::DeleteBack => self.remove(at.saturating_sub(1)..at),
                Edit::DeleteForward => self.remove(at..(at + 1).min(len)),
                Edit::DeleteToStart => self.remove(line.start..at),
                _to_end => self.remove(at..if line.end == at { (at + 1).min(len) } else { line.end }),
            }
        }

        fn unfold(&mut self) {
            let is_paste = |unit: &&usize| self.units.get(**unit).is_some_and(|unit| unit.len() > 1);
            let Some(at) = [self.cursor.wrapping_sub(1), self.cursor].iter().find(is_paste).copied() else {
                return;
            };
            let letters: Vec<String> = self.units[at].chars().map(String::from).collect();
            self.cursor += if at < self.cursor { letters.len() - 1 } else { 0 };
            self.units.splice(at..=at, letters);
        }

        fn shown(&self) -> String {
            let label = |unit: &String| match unit.lines().count() {
                lines if unit.len() > 1 => format!("[paste, {lines} lines]"),
                _one => unit.clone(),
            };
            self.units.iter().map(label).collect()
        }
    }

    const EDITS: [Edit; 8] = [
        Edit::Left,
        Edit::Right,
        Edit::LineStart,
        Edit::LineEnd,
        Edit::DeleteBack,
        Edit::DeleteForward,
        Edit::DeleteToStart,
        Edit::DeleteToEnd,
    ];

    fn shown(editor: &Editor) -> String {
        let view = lay_out(editor, 4_000);
        view.rows.iter().map(|row| row.shown.as_str()).collect::<Vec<_>>().join("\n")
    }

    proptest! {
        /// A folded paste is one letter for whoever edits, and all of it is in the text.
        #[test]
        fn a_folded_paste_is_a_letter_of_many(keys in prop::collection::vec(0u8..13, 0..60)) {
            let long = |key: u8| format!("{key}\n").repeat(11) + "end";
            let (mut editor, mut naive) = (Editor::default(), Naive::default());
            for key in keys {
                match key {
                    8 => { editor.type_in('x'); naive.put(vec!["x".into()]); }
                    9 => { editor.edit(Edit::Newline); naive.put(vec!["\n".into()]); }
                    10 | 11 => { editor.paste(&long(key)); naive.put(vec![long(key)]); }
                    12 => { editor.unfold(); naive.unfold(); }
                    edit => { editor.edit(EDITS[usize::from(edit)]); naive.edit(EDITS[usize::from(edit)]); }
                }
                prop_assert_eq!(editor.text(), naive.units.concat());
                prop_assert_eq!(editor.cursor(), naive.units[..naive.cursor].concat().len());
                prop_assert_eq!(shown(&editor), naive.shown());
            }
        }

        /// Whatever is done to it can be undone to the same sight, and done again.
        #[test]
        fn what_was_folded_is_folded_again(keys in prop::collection::vec(0u8..11, 0..40)) {
            let mut editor = Editor::default();
            editor.paste(&"line\n".repeat(12));
            let mut seen = vec![shown(&editor)];
            for key in keys {
                match key {
                    8 => editor.insert("a b"),
                    9 | 10 => drop(editor.paste(&"other\n".repeat(20))),
                    edit => editor.edit(EDITS[usize::from(edit)]),
                }
                seen.push(shown(&editor));
            }
            let end = shown(&editor);
            for _ in 0..seen.len() {
                editor.edit(Edit::Undo);
                prop_assert!(shown(&editor).is_empty() || seen.contains(&shown(&editor)), "{}", shown(&editor));
            }
            prop_assert_eq!(editor.text(), "");
            for _ in 0..seen.len() {
                editor.edit(Edit::Redo);
            }
            prop_assert_eq!(shown(&editor), end);
        }
    }

    #[test]
    fn what_only_looks_like_a_folded_paste_is_text() {
        let mut editor = Editor::default();
        "[paste, 412 lines]".chars().for_each(|typed| editor.type_in(typed));
        editor.edit(Edit::DeleteBack);
        assert_eq!(editor.text(), "[paste, 412 lines");
        assert!(!editor.unfold());
    }

    #[test]
    fn a_word_beside_a_folded_paste_is_deleted_without_it() {
        let long = "foo bar\n".repeat(20) + "foo";
        let mut editor = Editor::with("see ");
        editor.paste(&long);
        "bar".chars().for_each(|typed| editor.type_in(typed));
        editor.edit(Edit::DeleteWordBack);
        assert_eq!(editor.text(), format!("see {long}"));
        editor.edit(Edit::DeleteWordBack);
        assert_eq!(editor.text(), "see ");
        editor.edit(Edit::Yank);
        assert_eq!(
            (editor.text(), shown(&editor).as_str()),
            (format!("see {long}bar").as_str(), "see [paste, 21 lines]")
        );
    }

    #[test]
    fn rows_above_and_below_are_gone_to_around_a_folded_paste() {
        let mut editor = Editor::with("one\ntwo ");
        editor.paste(&"x\n".repeat(2_000_000));
        editor.insert(" three\nfour");
        for width in [1, 4, 10, 80] {
            for (from, next) in [(0, true), (editor.text().len(), false)] {
                let mut walked = editor.clone();
                walked.go_to(from);
                for _ in 0..200 {
                    let view = lay_out(&walked, width);
                    let Some(place) = (if next { view.below() } else { view.above() }) else { break };
                    walked.go_to(place);
                    let to = walked.cursor();
                    assert!(walked.pastes.around(to).is_none());
                }
            }
        }
        let view = lay_out(&editor, 80);
        let rows: Vec<_> = view.rows.iter().map(|row| row.shown.as_str()).collect();
        assert_eq!(rows, ["one", "two [paste, 2000000 lines] three", "four"]);
    }

    #[test]
    fn what_is_long_is_folded_and_says_how_long_it_is() {
        for (text, label) in [
            ("a\n".repeat(10), None),
            ("a\n".repeat(11), Some("[paste, 11 lines]")),
            ("é".repeat(1_000), None),
            ("é".repeat(1_001), Some("[paste, 2 KB]")),
        ] {
            let mut pastes = Pastes::default();
            pastes.fold(3, &text);
            let folded = pastes.0.first().map(|paste| paste.label.as_str());
            assert_eq!(folded, label, "{}", text.len());
            assert!(pastes.0.iter().all(|paste| paste.range == (3..3 + text.len())));
        }
    }
}
