//! How two contents of a file differ, line by line, as a person or a model reads it: bounded in work and in length.

use std::fmt::Write as _;

use crate::view::{is_binary, lines, visible};

/// Lines of each side that are compared; where more differ, all of one side is shown to go and all of the other to come.
const MAX_COMPARED: usize = 1500;
/// Lines around a change that are shown with it.
const AROUND: usize = 3;
/// The most that is told of one file, in bytes.
const MAX_DIFF: usize = 48 << 10;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate<'a> {
    Stays(&'a [u8]),
    Goes(&'a [u8]),
    Comes(&'a [u8]),
}

/// What is different in `after`: lines that go behind `-`, that come behind `+`, and some around them behind a space.
pub(crate) fn diff(before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    if is_binary(old) || is_binary(new) {
        return format!("(no text: {} bytes before, {} after)\n", old.len(), new.len());
    }
    let (old_lines, new_lines): (Vec<&[u8]>, Vec<&[u8]>) = (lines(old).collect(), lines(new).collect());
    let fates = fates(&old_lines, &new_lines);
    if fates.iter().all(|fate| matches!(fate, Fate::Stays(_))) {
        let is_same = old == new;
        return if is_same { String::new() } else { "(only the ends of lines differ)\n".into() };
    }
    told(&fates)
}

/// Each line of either side, in order.
fn fates<'a>(old: &[&'a [u8]], new: &[&'a [u8]]) -> Vec<Fate<'a>> {
    let front = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (old.get(front..).unwrap_or_default(), new.get(front..).unwrap_or_default());
    let back = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
    let old_middle = old_rest.get(..old_rest.len() - back).unwrap_or_default();
    let new_middle = new_rest.get(..new_rest.len() - back).unwrap_or_default();
    let stays = |lines: &[&'a [u8]]| lines.iter().map(|line| Fate::Stays(line)).collect::<Vec<_>>();
    let mut all = stays(old.get(..front).unwrap_or_default());
    all.extend(middle(old_middle, new_middle));
    all.extend(stays(old.get(old.len() - back..).unwrap_or_default()));
    all
}

/// By the longest sequence of lines that both have, where that is not too much work.
fn middle<'a>(old: &[&'a [u8]], new: &[&'a [u8]]) -> Vec<Fate<'a>> {
    let goes = old.iter().map(|line| Fate::Goes(line));
    let comes = new.iter().map(|line| Fate::Comes(line));
    if old.len() > MAX_COMPARED || new.len() > MAX_COMPARED || old.is_empty() || new.is_empty() {
        return goes.chain(comes).collect();
    }
    // How many lines both have from each pair of places on.
    let width = new.len() + 1;
    let mut common = vec![0_u16; (old.len() + 1) * width];
    let at = |common: &[u16], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    for (i, old_line) in old.iter().enumerate().rev() {
        for (j, new_line) in new.iter().enumerate().rev() {
            let longest = if old_line == new_line {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = longest;
            }
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(old_line), Some(new_line)) if old_line == new_line => {
                all.push(Fate::Stays(old_line));
                (i, j) = (i + 1, j + 1);
            }
            (Some(old_line), other) if other.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                all.push(Fate::Goes(old_line));
                i += 1;
            }
            (_, Some(new_line)) => {
                all.push(Fate::Comes(new_line));
                j += 1;
            }
            (_, None) => return all,
        }
    }
}

fn told(fates: &[Fate<'_>]) -> String {
    let is_near = |place: usize| {
        let around = place.saturating_sub(AROUND)..(place + AROUND + 1).min(fates.len());
        fates.get(around).unwrap_or_default().iter().any(|fate| !matches!(fate, Fate::Stays(_)))
    };
    let (mut shown, mut number, mut skips) = (String::new(), 1_usize, true);
    for (place, fate) in fates.iter().enumerate() {
        let (sign, line, counts) = match fate {
            Fate::Stays(line) => (' ', line, 1),
            Fate::Goes(line) => ('-', line, 1),
            Fate::Comes(line) => ('+', line, 0),
        };
        if is_near(place) {
            if shown.len() > MAX_DIFF {
                shown.push_str("(there is more)\n");
                return shown;
            }
            // Writing to a string does not fail.
            if skips {
                let _never = writeln!(shown, "@@ line {number}");
            }
            let _never = writeln!(shown, "{sign}{}", visible(line));
        }
        skips = !is_near(place);
        number += counts;
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_goes_and_comes_is_told_with_what_is_around_it() {
        for (before, after, expected) in [
            (Some("a\nb\nc\n"), Some("a\nx\nc\n"), "@@ line 1\n a\n-b\n+x\n c\n"),
            (None, Some("a\n"), "@@ line 1\n+a\n"),
            (Some("a\n"), None, "@@ line 1\n-a\n"),
            (Some("a\n"), Some("a\n"), ""),
            (Some("a\r\n"), Some("a\n"), "(only the ends of lines differ)\n"),
            (Some("1\n2\n3\n4\n5\n6\n"), Some("1\n2\n3\n4\n5\n7\n"), "@@ line 3\n 3\n 4\n 5\n-6\n+7\n"),
            (Some("a\nb\n"), Some("b\na\n"), "@@ line 1\n-a\n b\n+a\n"),
            (Some("a\0"), Some("b"), "(no text: 2 bytes before, 1 after)\n"),
            (Some("a\n"), Some("\u{e0041}\n"), "@@ line 1\n-a\n+<U+E0041>\n"),
        ] {
            let told = diff(before.map(str::as_bytes), after.map(str::as_bytes));
            assert_eq!(told, expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_is_told_has_a_bound_whatever_the_files() {
        let (old, new) = (b"a\n".repeat(1 << 20), b"b\n".repeat(1 << 20));
        let told = diff(Some(&old), Some(&new));
        assert!(told.len() < MAX_DIFF + 4000 && told.ends_with("(there is more)\n"), "{}", told.len());
    }

    proptest! {
        /// What stays and comes is the new text, what stays and goes the old one.
        #[test]
        fn either_side_can_be_told_from_what_becomes_of_the_lines(
            old in prop::collection::vec("[ab]{0,2}", 0..20), new in prop::collection::vec("[ab]{0,2}", 0..20),
        ) {
            let old: Vec<&[u8]> = old.iter().map(String::as_bytes).collect();
            let new: Vec<&[u8]> = new.iter().map(String::as_bytes).collect();
            let (mut was, mut is) = (Vec::new(), Vec::new());
            for fate in fates(&old, &new) {
                match fate {
                    Fate::Stays(line) => {
                        was.push(line);
                        is.push(line);
                    }
                    Fate::Goes(line) => was.push(line),
                    Fate::Comes(line) => is.push(line),
                }
            }
            prop_assert_eq!(was, old);
            prop_assert_eq!(is, new);
        }
    }
}
