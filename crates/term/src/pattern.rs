//! What is looked for in a transcript, and where it stands in a text or in rows of the screen.
//!
//! Not here: what of an entry is searched, and which place is gone to (`ui::finding`).

/// More characters than this nobody looks for; the rest of what is typed counts for nothing.
const MOST: usize = 200;

/// What is looked for. Capitals count where one was typed; any white space stands for any other, and for the end of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Each run of white space is one blank; it begins and ends with neither.
    wanted: Vec<char>,
    with_capitals: bool,
}

/// Where it stands in rows: from that column of that row to the one behind its last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowPlace {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) end: (usize, usize),
}

impl Pattern {
    /// What that text looks for; nothing where it is blank.
    pub fn typed(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let wanted: Vec<char> = words.join(" ").chars().take(MOST).collect();
        let with_capitals = wanted.iter().any(|c| c.is_uppercase());
        (!wanted.is_empty()).then_some(Self { wanted, with_capitals })
    }

    /// Where it begins in a text, in bytes; no place is in two of them.
    pub fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        let first = self.wanted.first().copied().unwrap_or_default();
        let mut from = 0;
        std::iter::from_fn(move || {
            let rest = text.get(from..)?;
            let begins = |(_, c): &(usize, char)| self.is_same(*c, first);
            let mut candidates = rest.char_indices().filter(begins);
            let (at, length) = candidates.find_map(|(at, _)| Some((at, self.length_at(rest.get(at..)?)?)))?;
            let place = from + at;
            from = place + length;
            Some(place)
        })
    }

    /// How many bytes of the beginning of a text are it; nothing where the text begins otherwise. Stars within it are those that
    /// make words bold, which no screen shows.
    fn length_at(&self, text: &str) -> Option<usize> {
        /// No words are bolder than with so many.
        const STARS: usize = 3;
        let stars = if self.wanted.contains(&'*') { 0 } else { STARS };
        let mut rest = text;
        for wanted in &self.wanted {
            if rest.len() < text.len() {
                let skipped = rest.bytes().take(stars).take_while(|byte| *byte == b'*').count();
                rest = rest.get(skipped..)?;
            }
            let next = rest.chars().next()?;
            rest = if *wanted == ' ' {
                next.is_whitespace().then(|| rest.trim_start())?
            } else {
                self.is_same(next, *wanted).then(|| rest.get(next.len_utf8()..).unwrap_or_default())?
            };
        }
        Some(text.len() - rest.len())
    }

    fn is_same(&self, c: char, wanted: char) -> bool {
        if self.with_capitals || c == wanted {
            c == wanted
        } else if c.is_ascii() {
            c.to_ascii_lowercase() == wanted
        } else {
            c.to_lowercase().eq([wanted])
        }
    }

    /// Where it stands in rows that follow each other, given as characters with the column of each: also over the end of a
    /// row, between words or where a long one was broken.
    pub(crate) fn in_rows(&self, rows: &[Vec<(usize, char)>]) -> Vec<RowPlace> {
        let cells: Vec<(usize, usize, char)> = rows
            .iter()
            .enumerate()
            .flat_map(|(row, cells)| {
                let end = cells.last().map_or(0, |(column, _)| column + 1);
                let cells = cells.iter().map(move |(column, c)| (row, *column, *c));
                cells.chain([(row, end, '\n')])
            })
            .collect();
        let mut places = Vec::new();
        let mut from = 0;
        while let Some((row, column, _)) = cells.get(from).copied() {
            match self.cells_at(cells.get(from..).unwrap_or_default()) {
                Some(count) => {
                    from += count;
                    let last = cells.get(from - 1).map_or((row, column), |(row, column, _)| (*row, *column));
                    places.push(RowPlace { row, column, end: (last.0, last.1 + 1) });
                }
                None => from += 1,
            }
        }
        places
    }

    /// How many cells of the beginning are it.
    fn cells_at(&self, cells: &[(usize, usize, char)]) -> Option<usize> {
        // What a row begins with that goes on with the one before: an indent, or the bar beside code.
        let leads = |at: usize| {
            let rest = cells.get(at..).unwrap_or_default().iter();
            rest.take_while(|(_, _, c)| c.is_whitespace() || *c == '│').count()
        };
        let mut at = 0;
        for wanted in &self.wanted {
            let mut next = cells.get(at)?.2;
            if *wanted == ' ' {
                at += next.is_whitespace().then(|| leads(at))?;
                continue;
            }
            if next == '\n' && at > 0 {
                at += leads(at);
                next = cells.get(at)?.2;
            }
            if !self.is_same(next, *wanted) {
                return None;
            }
            at += 1;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(wanted: &str, text: &str) -> Vec<usize> {
        Pattern::typed(wanted).map(|pattern| pattern.places(text).collect()).unwrap_or_default()
    }

    #[test]
    fn capitals_count_where_one_is_typed_and_blanks_are_alike() {
        for (wanted, text, expected) in [
            ("error", "Error, error: ERROR", vec![0, 7, 14]),
            ("Error", "Error, error: ERROR", vec![0]),
            ("aa", "aaaa a", vec![0, 2]),
            ("two  words", "two\n\twords, two words", vec![0, 12]),
            (" padded ", "unpadded", vec![2]),
            ("äpfel", "Äpfel äpfel", vec![0, 7]),
            ("日本", "in 日本語", vec![3]),
            ("a b", "ab", vec![]),
            ("two bold words", "two **bold** words", vec![0]),
            ("2*3", "2*3", vec![0]),
            ("bold words", "***bold*** words", vec![3]),
            ("ab", "a****b", vec![]),
            ("*x", "***x", vec![2]),
            ("*x", &"*".repeat(200_000), vec![]),
            ("", "anything", vec![]),
            (" \t", "any thing", vec![]),
        ] {
            assert_eq!(places(wanted, text), expected, "{wanted:?} in {text:?}");
        }
    }

    #[test]
    fn what_goes_on_in_the_next_row_is_found_whole() {
        let rows = |text: &str| -> Vec<Vec<(usize, char)>> {
            text.lines().map(|line| line.chars().enumerate().collect()).collect()
        };
        for (wanted, shown, expected) in [
            ("two words", "one two\nwords", vec![(0, 4, (1, 5))]),
            ("abcdef", "x abc\n    def", vec![(0, 2, (1, 7))]),
            ("let x", "│ le\n│ t x", vec![(0, 2, (1, 5))]),
            ("b", "ab\nb", vec![(0, 1, (0, 2)), (1, 0, (1, 1))]),
            ("c", "ab", vec![]),
        ] {
            let found = Pattern::typed(wanted).unwrap().in_rows(&rows(shown));
            let found: Vec<_> = found.iter().map(|place| (place.row, place.column, place.end)).collect();
            assert_eq!(found, expected, "{wanted:?} in {shown:?}");
        }
    }

    proptest! {
        #[test]
        fn each_place_says_what_was_typed(wanted in "[abA é]{1,4}", text in "[abAB é\n]{0,40}") {
            let Some(pattern) = Pattern::typed(&wanted) else { return Ok(()) };
            // There is no star in either.
            let naive = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            for at in pattern.places(&text) {
                let found = &text[at..at + pattern.length_at(&text[at..]).unwrap()];
                prop_assert_eq!(naive(found), naive(&wanted));
            }
            prop_assert_eq!(pattern.places(&text).next().is_none(), pattern.places(&text).count() == 0);
        }
    }
}
