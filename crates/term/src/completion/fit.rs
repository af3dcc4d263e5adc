//! How well a name fits what is typed of it.

/// How a name fits: the less, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    place: MatchPlace,
    /// Whether another word was found than the name itself.
    is_other: bool,
    /// Bytes from the first letter that was typed to the last; where they stand together nothing is told by it.
    spread: usize,
    /// Bytes of the name.
    length: usize,
}

impl Fit {
    /// That of another word for the same.
    pub(super) const fn of_other(self) -> Self {
        Self { is_other: true, ..self }
    }

    /// What is alike but for the lengths of their names is as good.
    pub(super) const fn whatever_its_length(self) -> Self {
        Self { length: 0, ..self }
    }
}

/// Where in a name stands what is typed, from the best on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MatchPlace {
    Whole,
    Beginning,
    /// At the beginning of one of its words.
    Word,
    Inside,
    /// Its letters, in order, with others between them.
    Scattered,
}

/// How a name fits what is typed, which is in lower case; nothing where it does not. Linear in both.
pub(super) fn fit(name: &str, typed: &str) -> Option<Fit> {
    fit_lower(&name.to_lowercase(), typed)
}

/// The same of a name that is in lower case, too.
pub(super) fn fit_lower(name: &str, typed: &str) -> Option<Fit> {
    let at = |place, spread| Some(Fit { place, is_other: false, spread, length: name.len() });
    if let Some(rest) = name.strip_prefix(typed) {
        return at(if rest.is_empty() { MatchPlace::Whole } else { MatchPlace::Beginning }, 0);
    }
    let begins_word = |at: usize| {
        let before = name.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| !before.is_alphanumeric())
    };
    let mut places = name.match_indices(typed).map(|(at, _)| at).peekable();
    if places.peek().is_some() {
        return at(if places.any(begins_word) { MatchPlace::Word } else { MatchPlace::Inside }, 0);
    }
    let mut letters = name.char_indices();
    let mut ends = None;
    for wanted in typed.chars() {
        let (found, _) = letters.find(|(_, letter)| *letter == wanted)?;
        ends = Some((ends.map_or(found, |(first, _)| first), found));
    }
    ends.and_then(|(first, last)| at(MatchPlace::Scattered, last - first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_fit_the_better_the_nearer_they_are() {
        let ranked = [
            "main",
            "main.rs",
            "src/main.rs",
            "src/deep/main.rs",
            "domain.rs",
            "mail_in.rs",
            "a/m/a/long/way/in",
        ];
        for pair in ranked.windows(2) {
            assert!(fit(pair[0], "main") < fit(pair[1], "main"), "{pair:?}");
        }
        for (name, typed) in [("main", "mane"), ("", "a"), ("ab", "ba"), ("größe", "ß ")] {
            assert_eq!(fit(name, typed), None, "{name} {typed}");
        }
        assert!(fit("GRÖSSE", "größ").is_none() && fit("GRÖSSE", "grös").is_some());
    }

    proptest! {
        /// A name fits exactly what has its letters in order.
        #[test]
        fn whatever_has_the_letters_in_order_fits(name in "[abc/]{0,8}", typed in "[abc/]{0,4}") {
            let mut letters = name.chars();
            let has_them = typed.chars().all(|wanted| letters.any(|letter| letter == wanted));
            prop_assert_eq!(fit(&name, &typed).is_some(), has_them);
        }
    }
}
