//! What this person was shown: how far the tour is, and which hints were given. It is kept beside the sessions, so that nobody
//! is told twice; a host, an agent and a session know nothing of it.
//!
//! Not here: when something counts as done or as worth a hint (`ui`), where it is kept (the client).

use std::collections::BTreeSet;

use crate::command::Action;

/// Lines that are read of what was kept; there are far fewer words than that.
const LINES: usize = 64;
/// The words of the tour itself, in what is kept.
const RUNS: &str = "tour runs";
const OVER: &str = "tour over";

/// One thing that the tour has a person try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TourStep {
    New,
    Switch,
    List,
}

impl TourStep {
    /// All of them in their order: the word that is kept, the action, and what is said of it.
    pub(crate) const ALL: [(&'static str, Self, Action, &'static str); 3] = [
        ("tried new", Self::New, Action::New, "one more session"),
        ("tried switch", Self::Switch, Action::Switch, "go to another"),
        ("tried sessions", Self::List, Action::List, "see them all"),
    ];
}

/// Something that is worth a line the first time that it happens, and never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnceHint {
    /// Another session has something new.
    News,
    /// A call waits for consent.
    Approval,
    /// Many lines were pasted.
    Paste,
    /// There are two sessions.
    TwoSessions,
}

impl OnceHint {
    const ALL: [(&'static str, Self); 4] = [
        ("hint news", Self::News),
        ("hint approval", Self::Approval),
        ("hint paste", Self::Paste),
        ("hint two-sessions", Self::TwoSessions),
    ];
}

/// What was shown to this person, and what was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    tour_runs: bool,
    tried: BTreeSet<TourStep>,
    hints: BTreeSet<OnceHint>,
}

impl Default for Learned {
    /// Everything: nothing is left to be shown.
    fn default() -> Self {
        Self {
            tour_runs: false,
            tried: BTreeSet::new(),
            hints: OnceHint::ALL.iter().map(|(_, hint)| *hint).collect(),
        }
    }
}

impl Learned {
    /// Nothing yet, as at a first start: the tour runs. Whoever has sessions already knows what it shows, and gets hints alone.
    pub const fn nothing(has_sessions: bool) -> Self {
        Self { tour_runs: !has_sessions, tried: BTreeSet::new(), hints: BTreeSet::new() }
    }

    /// What was kept. Words that mean nothing here are passed over: another version may have kept them.
    pub fn read(text: &str) -> Self {
        let lines: BTreeSet<&str> = text.lines().take(LINES).collect();
        let tried = TourStep::ALL.iter().filter(|(word, ..)| lines.contains(word)).map(|(_, step, ..)| *step);
        let hints = OnceHint::ALL.iter().filter(|(word, _)| lines.contains(word)).map(|(_, hint)| *hint);
        Self { tour_runs: lines.contains(RUNS), tried: tried.collect(), hints: hints.collect() }
    }

    /// What is to be kept, a line each.
    pub fn written(&self) -> String {
        let mut lines = vec![if self.tour_runs { RUNS } else { OVER }];
        lines.extend(
            TourStep::ALL.iter().filter(|(_, step, ..)| self.has_tried(*step)).map(|(word, ..)| *word),
        );
        lines.extend(
            OnceHint::ALL.iter().filter(|(_, hint)| self.hints.contains(hint)).map(|(word, _)| *word),
        );
        lines.join("\n") + "\n"
    }

    /// The same with the hints that another terminal gave meanwhile.
    #[must_use]
    pub fn with_hints_of(mut self, other: &Self) -> Self {
        self.hints.extend(&other.hints);
        self
    }

    /// What the tour has to be tried next; nothing while there is no tour.
    pub(crate) fn next_step(&self) -> Option<TourStep> {
        let mut steps = TourStep::ALL.iter().map(|(_, step, ..)| *step).filter(|_| self.tour_runs);
        steps.find(|step| !self.has_tried(*step))
    }

    pub(crate) fn has_tried(&self, step: TourStep) -> bool {
        self.tried.contains(&step)
    }

    /// Whether the tour runs, and has not come to its end.
    pub(crate) const fn tour_runs(&self) -> bool {
        self.tour_runs
    }

    /// Something of the tour was done; whether that was the last of it, with which it ends.
    pub(crate) fn try_step(&mut self, step: TourStep) -> bool {
        if !self.tour_runs || !self.tried.insert(step) {
            return false;
        }
        self.tour_runs = self.next_step().is_some();
        !self.tour_runs
    }

    /// Begins the tour anew.
    pub(crate) fn begin_tour(&mut self) {
        self.tried.clear();
        self.tour_runs = true;
    }

    /// Ends it where it is.
    pub(crate) const fn end_tour(&mut self) {
        self.tour_runs = false;
    }

    pub(crate) fn was_given(&self, hint: OnceHint) -> bool {
        self.hints.contains(&hint)
    }

    pub(crate) fn give(&mut self, hint: OnceHint) {
        self.hints.insert(hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_is_read_and_words_of_others_are_passed_over() {
        let mut learned = Learned::nothing(false);
        assert!(!learned.try_step(TourStep::Switch));
        learned.give(OnceHint::News);
        assert_eq!(learned.written(), "tour runs\ntried switch\nhint news\n");
        for learned in [learned, Learned::nothing(true), Learned::default()] {
            assert_eq!(Learned::read(&learned.written()), learned);
        }
        assert_eq!(Learned::read("\u{1b}[2J\nhint nonsense\n\0"), Learned::nothing(true));
        assert_eq!(Learned::read(&format!("{}{RUNS}", "x\n".repeat(LINES))), Learned::nothing(true));
        let both = Learned::nothing(true).with_hints_of(&Learned::default());
        assert_eq!(both, Learned::default());
    }

    #[test]
    fn the_tour_ends_with_its_last_step_in_whatever_order() {
        let mut learned = Learned::nothing(false);
        assert_eq!(learned.next_step(), Some(TourStep::New));
        assert!(!learned.try_step(TourStep::List) && !learned.try_step(TourStep::New));
        assert!(!learned.try_step(TourStep::New), "tried before");
        assert_eq!(learned.next_step(), Some(TourStep::Switch));
        assert!(learned.try_step(TourStep::Switch));
        assert!(!learned.tour_runs() && learned.next_step().is_none());
        assert!(!learned.try_step(TourStep::New), "there is no tour");
        learned.begin_tour();
        assert_eq!(learned.next_step(), Some(TourStep::New));
        learned.end_tour();
        assert_eq!(learned.next_step(), None);
    }
}
