//! Completion while something is typed: what is being typed, what there is of that kind, and the list of what fits.
//!
//! Not here: when the list is on the screen and what keys do in it (`ui::completion`), where it is drawn (`draw`).

mod fit;
mod list;
mod sources;
mod subject;

pub(crate) use list::CompletionList;
pub(crate) use sources::{CompletionScene, CompletionSources, FileName};
pub(crate) use subject::{CompletionKind, CompletionSubject, subject};

/// One thing that could be meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CompletionItem {
    /// As it is typed.
    pub(crate) name: String,
    /// Other words that find it.
    pub(crate) also: &'static [&'static str],
    /// What is typed behind it, in words for people.
    pub(crate) usage: String,
    pub(crate) about: String,
    /// Whether something else is typed behind it, so that a blank follows.
    pub(crate) goes_on: bool,
}

impl CompletionItem {
    /// One of which nothing is said, and behind which nothing is typed.
    fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }

    fn going_on(self) -> Self {
        Self { goes_on: true, ..self }
    }
}
