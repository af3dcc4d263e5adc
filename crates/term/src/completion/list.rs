//! The list of what could be meant: what fits best first, and what of it is chosen, if anything is.

use std::collections::BTreeSet;

use q_core::SessionId;

use crate::completion::fit::{Fit, fit, fit_lower};
use crate::completion::{CompletionItem, CompletionKind, CompletionSubject, FileName};

/// More of them nobody looks through.
const MOST: usize = 200;

/// What could be meant by what is typed in a session.
#[derive(Clone, Debug)]
pub(crate) struct CompletionList {
    pub(crate) session: Option<SessionId>,
    pub(crate) subject: CompletionSubject,
    pub(crate) items: Vec<CompletionItem>,
    /// The one that Enter takes, once keys that would do nothing else have chosen one; without one, Enter sends what is typed, and
    /// no key means anything but what it always means.
    pub(crate) chosen: Option<usize>,
    /// How many more fit.
    more: usize,
}

impl CompletionList {
    /// Those that fit, nothing chosen.
    pub(crate) fn new(
        session: Option<SessionId>,
        subject: CompletionSubject,
        all: Vec<CompletionItem>,
    ) -> Self {
        let typed = subject.begun.to_lowercase();
        let best = |item: &CompletionItem| {
            let others = item.also.iter().filter_map(|other| fit(other, &typed)).map(Fit::of_other);
            fit(&item.name, &typed).into_iter().chain(others).min()
        };
        // What nobody asked for stands in the order in which it was named.
        let fitting = all.into_iter().filter_map(|item| {
            let fit = best(&item)?.whatever_its_length();
            Some(((!typed.is_empty()).then_some(fit), item))
        });
        Self::of_best(session, subject, fitting.collect(), |item| item)
    }

    /// Those files that fit: of tens of thousands, at each key, only those are made that are in the list.
    pub(crate) fn of_files(
        session: Option<SessionId>,
        subject: CompletionSubject,
        beginning: &[FileName],
        beneath: &[FileName],
    ) -> Self {
        let typed = subject.begun.to_lowercase();
        let fits = |file: &FileName| fit_lower(&file.lower, &typed);
        let rank = |fit: Fit| (!typed.is_empty()).then_some(fit);
        let known: BTreeSet<&str> = beginning.iter().map(|file| file.name.as_str()).collect();
        let first = beginning.iter().filter_map(|file| Some((rank(fits(file)?), file)));
        let others = beneath.iter().filter_map(|file| Some((rank(fits(file)?), file)));
        let others = others.filter(|(_, file)| !known.contains(file.name.as_str()));
        Self::of_best(session, subject, first.chain(others).collect(), FileName::item)
    }

    /// The best of those that fit, which keep their order where they fit alike.
    fn of_best<T>(
        session: Option<SessionId>,
        subject: CompletionSubject,
        fitting: Vec<(Option<Fit>, T)>,
        item: impl Fn(T) -> CompletionItem,
    ) -> Self {
        let more = fitting.len().saturating_sub(MOST);
        let mut ranked: Vec<((Option<Fit>, usize), T)> =
            fitting.into_iter().enumerate().map(|(place, (fit, of))| ((fit, place), of)).collect();
        if more > 0 {
            ranked.select_nth_unstable_by_key(MOST, |(rank, _)| *rank);
            ranked.truncate(MOST);
        }
        ranked.sort_unstable_by_key(|(rank, _)| *rank);
        let mut items: Vec<CompletionItem> = ranked.into_iter().map(|(_, of)| item(of)).collect();
        if items.first().is_some_and(|only| only.name == subject.begun)
            && items.len() == 1
            && subject.kind != CompletionKind::Command
        {
            items.clear(); // it is typed whole, and there is nothing to say of it
        }
        Self { session, subject, items, chosen: None, more }
    }

    /// Items that are not among the first so many, too.
    pub(crate) const fn beyond(&self, shown: usize) -> usize {
        self.items.len().saturating_sub(shown) + self.more
    }

    /// Chooses the next one, after the last the first again.
    pub(crate) fn choose_next(&mut self) {
        let next = self.chosen.map_or(0, |chosen| chosen + 1);
        self.chosen = next.checked_rem(self.items.len());
    }

    /// Chooses the one before. Before the first is the prompt, and before that the last.
    pub(crate) fn choose_previous(&mut self) {
        self.chosen = match self.chosen {
            Some(chosen) => chosen.checked_sub(1),
            None => self.items.len().checked_sub(1),
        };
    }

    /// The one that is meant where only one begins as it is typed, or only one fits at all.
    pub(crate) fn only(&self) -> Option<&CompletionItem> {
        let mut beginning = self.beginning();
        match (beginning.next(), beginning.next()) {
            (Some(only), None) => Some(only),
            (None, _) => self.items.first().filter(|_| self.items.len() == 1),
            (Some(_), Some(_)) => None,
        }
    }

    /// How far all are one that begin as it is typed, where that is further than it is typed.
    pub(crate) fn grown(&self) -> Option<&str> {
        let mut beginning = self.beginning().map(|item| item.name.as_str());
        let first = beginning.next()?;
        let shared = beginning.fold(first, shared);
        (shared.len() > self.subject.begun.len()).then_some(shared)
    }

    fn beginning(&self) -> impl Iterator<Item = &CompletionItem> {
        self.items.iter().filter(|item| item.name.starts_with(&self.subject.begun))
    }
}

/// The beginning that both have.
fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let mut pairs = one.char_indices().zip(other.chars());
    let differs = pairs.find(|((_, letter), other)| letter != other);
    let end = differs.map_or(one.len().min(other.len()), |((at, _), _)| at);
    one.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(begun: &str, names: &[&str]) -> CompletionList {
        let subject =
            CompletionSubject { kind: CompletionKind::File, range: 1..1 + begun.len(), begun: begun.into() };
        let names: Vec<FileName> = names.iter().map(|&name| FileName::new(name.to_owned())).collect();
        CompletionList::of_files(None, subject, &names, &names)
    }

    #[test]
    fn what_is_typed_grows_as_far_as_all_that_begin_so_are_one() {
        for (begun, names, grown, only) in [
            ("a", &["alpha.rs", "alphabet.rs", "src/a.rs"] as &[&str], Some("alpha"), None),
            ("alpha", &["alpha.rs", "alphabet.rs"], None, None),
            ("d/日", &["d/日本", "d/日曜"], None, None),
            ("d/", &["d/日本", "d/日曜"], Some("d/日"), None),
            ("sr", &["src/", "dir/sr.txt"], Some("src/"), Some("src/")),
            ("mai", &["src/main.rs"], None, Some("src/main.rs")),
            ("x", &["a"], None, None),
        ] {
            let list = list(begun, names);
            assert_eq!(list.grown(), grown, "{begun}");
            assert_eq!(list.only().map(|item| item.name.as_str()), only, "{begun}");
        }
    }

    #[test]
    fn the_choice_goes_round_and_out_at_the_top() {
        let mut list = list("", &["a", "b"]);
        let mut seen = Vec::new();
        for step in [1, 1, 1, -1, -1, 1, -1] {
            if step > 0 {
                list.choose_next();
            } else {
                list.choose_previous();
            }
            seen.push(list.chosen);
        }
        assert_eq!(seen, [Some(0), Some(1), Some(0), None, Some(1), Some(0), None]);
    }

    #[test]
    fn a_list_has_an_end_and_says_how_much_is_behind_it() {
        let names: Vec<String> = (0..500).map(|number| format!("file{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let list = list("file", &names);
        assert_eq!((list.items.len(), list.beyond(8)), (MOST, 492));
    }
}
