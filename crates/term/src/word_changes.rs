//! Which words of a changed line are other ones: for whoever reads a change of files. Bounded in work, whatever the lines.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Lines of more bytes than this are marked as a whole or not at all.
const LONGEST: usize = 2 << 10;
/// More words than this between what begins and what ends alike are told apart by those two ends alone.
const WORDS: usize = 64;

/// How many lines come with a change, and how many go, without those that stay at its beginning and its end.
pub(crate) fn changed_lines(old: &str, new: &str) -> (usize, usize) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let (begin, end) = alike(&old, &new);
    (new.len() - begin - end, old.len() - begin - end)
}

/// How many at the beginning and at the end are the same in both, none of them counted twice.
fn alike(old: &[&str], new: &[&str]) -> (usize, usize) {
    let begin = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old, new) = (old.get(begin..).unwrap_or_default(), new.get(begin..).unwrap_or_default());
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    (begin, end)
}

/// Where in either line words stand that are not in the other, in order. Nothing where hardly anything is alike, since all of it
/// would be marked then.
pub(crate) fn changed_words(old: &str, new: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    if old.len().max(new.len()) > LONGEST {
        return Default::default();
    }
    let words = |line| -> Vec<&str> { UnicodeSegmentation::split_word_bounds(line).collect() };
    let (before, after) = (words(old), words(new));
    let (begin, end) = alike(&before, &after);
    let (gone, come) = (
        before.get(begin..before.len() - end).unwrap_or_default(),
        after.get(begin..after.len() - end).unwrap_or_default(),
    );
    let (stays_old, stays_new) = common(gone, come);
    let start = |words: &[&str]| words.iter().take(begin).map(|word| word.len()).sum::<usize>();
    let marked = (ranges(gone, &stays_old, start(&before)), ranges(come, &stays_new, start(&after)));
    let bytes = |ranges: &[Range<usize>]| ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
    let is_too_much = |ranges: &[Range<usize>], line: &str| bytes(ranges) * 4 >= line.trim().len() * 3;
    if is_too_much(&marked.0, old) && is_too_much(&marked.1, new) { Default::default() } else { marked }
}

/// Which words of both are the same ones, by the longest row of words that stands in both. None where there are too many.
fn common(old: &[&str], new: &[&str]) -> (Vec<bool>, Vec<bool>) {
    let (mut in_old, mut in_new) = (vec![false; old.len()], vec![false; new.len()]);
    if old.len().max(new.len()) > WORDS {
        return (in_old, in_new);
    }
    let width = new.len() + 1;
    // How long a row the words from there on have in common.
    let mut lengths = vec![0_u8; (old.len() + 1) * width];
    let at = |lengths: &[u8], old: usize, new: usize| lengths.get(old * width + new).copied().unwrap_or(0);
    for (one, word) in old.iter().enumerate().rev() {
        for (other, candidate) in new.iter().enumerate().rev() {
            let length = if word == candidate {
                at(&lengths, one + 1, other + 1) + 1
            } else {
                at(&lengths, one + 1, other).max(at(&lengths, one, other + 1))
            };
            if let Some(slot) = lengths.get_mut(one * width + other) {
                *slot = length;
            }
        }
    }
    let (mut one, mut other) = (0, 0);
    while let (Some(word), Some(candidate)) = (old.get(one), new.get(other)) {
        if word == candidate {
            if let (Some(old), Some(new)) = (in_old.get_mut(one), in_new.get_mut(other)) {
                (*old, *new) = (true, true);
            }
            (one, other) = (one + 1, other + 1);
        } else if at(&lengths, one + 1, other) >= at(&lengths, one, other + 1) {
            one += 1;
        } else {
            other += 1;
        }
    }
    (in_old, in_new)
}

/// The places of the words that do not stay; those with nothing but blanks between them are one.
fn ranges(words: &[&str], stays: &[bool], start: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let (mut place, mut is_apart) = (start, true);
    for (word, stays) in words.iter().zip(stays) {
        let here = place..place + word.len();
        place = here.end;
        if *stays {
            is_apart |= !word.trim().is_empty();
            continue;
        }
        match ranges.last_mut().filter(|_| !is_apart) {
            Some(last) => last.end = here.end,
            None => ranges.push(here),
        }
        is_apart = false;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(line: &str, ranges: &[Range<usize>]) -> String {
        let mut shown = line.to_owned();
        for range in ranges.iter().rev() {
            shown.insert(range.end, ']');
            shown.insert(range.start, '[');
        }
        shown
    }

    #[test]
    fn words_that_changed_are_marked_and_no_others() {
        for (old, new, old_marked, new_marked) in [
            ("let a = 1;", "let a = 2;", "let a = [1];", "let a = [2];"),
            ("call(one, two)", "call(one, two, three)", "call(one, two)", "call(one, two[, three])"),
            ("the old name of it", "the name of it", "the [old ]name of it", "the name of it"),
            ("if a { b }", "if c { b } else { d }", "if [a] { b }", "if [c] { b[ } else { d] }"),
            ("same", "same", "same", "same"),
            ("nothing here", "is alike", "nothing here", "is alike"),
            ("", "new", "", "new"),
        ] {
            let (in_old, in_new) = changed_words(old, new);
            assert_eq!(
                (marked(old, &in_old).as_str(), marked(new, &in_new).as_str()),
                (old_marked, new_marked)
            );
        }
    }

    #[test]
    fn lines_that_stay_are_not_counted() {
        for (old, new, changed) in [
            ("a\nb\nc", "a\nx\ny\nc", (2, 1)),
            ("", "a\nb\n", (2, 0)),
            ("a\n", "", (0, 1)),
            ("a\na", "a", (0, 1)),
        ] {
            assert_eq!(changed_lines(old, new), changed, "{old:?} {new:?}");
        }
    }

    proptest! {
        /// Without what is marked both lines are the same, and marks are in order and on letters' boundaries.
        #[test]
        fn what_is_not_marked_is_in_both(old in "[ab \\.é]{0,40}", new in "[ab \\.é]{0,40}") {
            let (in_old, in_new) = changed_words(&old, &new);
            prop_assume!(!in_old.is_empty() || !in_new.is_empty());
            let rest = |line: &str, ranges: &[Range<usize>]| {
                let mut rest = line.to_owned();
                ranges.iter().rev().for_each(|range| rest.replace_range(range.clone(), ""));
                rest.split_whitespace().collect::<String>()
            };
            prop_assert_eq!(rest(&old, &in_old), rest(&new, &in_new));
        }
    }
}
