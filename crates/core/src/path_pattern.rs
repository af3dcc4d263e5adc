//! Patterns of paths, as rules have them: `*` and `?` within a name, `**` for any names, `\` before what stands for itself.
//!
//! A path is the names that a tool opens one beneath the other, without `..`, links or a directory in front. Matching keeps a place
//! for each name and never starts again: a pattern costs at most its length times the path's.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// What stands for any number of names.
const ANY_NAMES: &str = "**";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Any,
    One,
    Char(char),
}

/// Whether the pattern stands for this path.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    Reached::of(pattern, path).all
}

/// Whether it stands for this path and everything beneath.
pub(crate) fn covers(pattern: &str, path: &str) -> bool {
    names(pattern).last() == Some(ANY_NAMES) && matches(pattern, path)
}

/// Whether it stands for this path, or may do so for something beneath.
pub(crate) fn touches(pattern: &str, path: &str) -> bool {
    Reached::of(pattern, path).path
}

/// Whether it stands for one path alone.
pub(crate) fn is_literal(pattern: &str) -> bool {
    pieces(pattern).iter().all(|piece| matches!(piece, Piece::Char(_)))
}

/// The pattern that stands for exactly this path.
pub(crate) fn literal(path: &str) -> String {
    let mut pattern = String::new();
    for letter in path.chars() {
        if matches!(letter, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

/// The names of a path or a pattern, one beneath the other; none of the directory itself.
pub(crate) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !matches!(*name, "" | "."))
}

/// How far a pattern and a path came along each other.
struct Reached {
    /// To the end of the path, with or without a rest of the pattern.
    path: bool,
    /// To the end of both.
    all: bool,
}

impl Reached {
    fn of(pattern: &str, path: &str) -> Self {
        let path: Vec<&str> = names(path).collect();
        // Whether the pattern so far stands for so many names.
        let mut places = vec![false; path.len() + 1];
        places[..1].fill(true);
        let ends = |places: &[bool]| places.last().copied().unwrap_or_default();
        let mut reaches_path = ends(&places);
        for wanted in names(pattern) {
            let mut next = vec![false; places.len()];
            if wanted == ANY_NAMES {
                let mut is_behind = false;
                for (place, next) in places.iter().zip(&mut next) {
                    is_behind |= *place;
                    *next = is_behind;
                }
            } else {
                let pieces = pieces(wanted);
                for ((place, name), next) in places.iter().zip(&path).zip(next.iter_mut().skip(1)) {
                    *next = *place && name_matches(&pieces, name);
                }
            }
            places = next;
            reaches_path |= ends(&places);
        }
        Self { path: reaches_path, all: ends(&places) }
    }
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut letters = pattern.chars();
    let mut pieces = Vec::new();
    while let Some(letter) = letters.next() {
        pieces.push(match letter {
            '*' => Piece::Any,
            '?' => Piece::One,
            '\\' => Piece::Char(letters.next().unwrap_or('\\')),
            letter => Piece::Char(letter),
        });
    }
    pieces
}

/// Whether a name is so made. Only the last `*` is ever tried anew, so the work is bounded by both lengths multiplied.
fn name_matches(pieces: &[Piece], name: &str) -> bool {
    let letters: Vec<char> = name.chars().collect();
    let (mut piece, mut letter) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while let Some(&here) = letters.get(letter) {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                last_any = Some((piece, letter));
                piece += 1;
            }
            Some(Piece::One) => {
                piece += 1;
                letter += 1;
            }
            Some(Piece::Char(wanted)) if *wanted == here => {
                piece += 1;
                letter += 1;
            }
            Some(Piece::Char(_)) | None => {
                let Some((any, from)) = last_any else { return false };
                last_any = Some((any, from + 1));
                piece = any + 1;
                letter = from + 1;
            }
        }
    }
    pieces.iter().skip(piece).all(|rest| *rest == Piece::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_what_it_says_and_nothing_else() {
        for (pattern, fitting, other) in [
            ("src/main.rs", &["src/main.rs"] as &[&str], &["src/main.rsx", "lib/src/main.rs"] as &[&str]),
            ("src/*.rs", &["src/main.rs"], &["src/deep/main.rs"]),
            ("src/**", &["src", "src/a/b/c"], &["srcs/a"]),
            ("**/*.md", &["README.md", "docs/a/b.md"], &["docs/a.md/x"]),
            ("a?c", &["abc", "aéc"], &["ac"]),
            ("*", &["a"], &["."]),
            ("**", &["."], &[]),
            ("\\*", &["*"], &["a"]),
            ("./src//a", &["src/a"], &[]),
            ("a*b*c", &["axbxbxc"], &["axbxb"]),
        ] {
            for path in fitting {
                assert!(matches(pattern, path), "{pattern} {path}");
            }
            for path in other {
                assert!(!matches(pattern, path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn what_looks_beneath_a_directory_is_held_to_all_of_it() {
        for (pattern, path, covered, touched) in [
            ("src/**", "src", true, true),
            ("src/**", "src/a", true, true),
            ("src/**", ".", false, true),
            ("src/*", "src", false, true),
            ("secrets/keys/*", "secrets", false, true),
            ("secrets/keys/*", "src", false, false),
            ("**/*.pem", "src", false, true),
            ("**", ".", true, true),
        ] {
            assert_eq!(
                (covers(pattern, path), touches(pattern, path)),
                (covered, touched),
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn any_path_has_a_pattern_of_its_own() {
        for path in ["src/main.rs", "a*b", "a?b", "back\\slash", "[a]", "**/x"] {
            let pattern = literal(path);
            assert!(is_literal(&pattern) && matches(&pattern, path), "{pattern}");
        }
        assert!(!matches(&literal("a*"), "ab") && !is_literal("a*") && !is_literal("**"));
    }

    #[test]
    fn a_pattern_that_is_made_to_take_long_does_not() {
        let pattern = "*a".repeat(100);
        let name = "a".repeat(4000) + "b";
        assert!(!matches(&pattern, &name));
        let pattern = "**/*a/".repeat(33);
        let path = "a/".repeat(128) + "b";
        assert!(!matches(&pattern, &path));
    }
}
