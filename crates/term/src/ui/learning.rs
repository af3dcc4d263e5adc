//! The tour and the hints: what the person did is noticed, whichever way, and what may help now is said, once.
//!
//! Not here: what was shown before ([`crate::learned`]), where it stands on the screen (`draw`).

use std::time::Duration;

use q_core::{Instant, Mirror, Summary, Wants};

use crate::command::{Action, UserCommand};
use crate::intent::Intent;
use crate::keymap::Keymap;
use crate::learned::{Learned, OnceHint, TourStep};
use crate::ui::state::Ui;
use crate::ui::status::CommandStatus;

/// A hint goes with a key, but not before it could be read.
const READ: Duration = Duration::from_secs(5);

/// What is being taught in this terminal.
#[derive(Debug, Default)]
pub(crate) struct Lessons {
    pub(crate) learned: Learned,
    /// What the client was last given to keep.
    kept: Learned,
    /// A hint, and since when it is shown.
    pub(crate) hint: Option<(String, Instant)>,
    /// A session was asked for as such, and not by a prompt that needs one; it is on its way.
    asked_new: bool,
    pasted_much: bool,
}

impl Lessons {
    /// Begins with what was shown before.
    pub(super) fn of(learned: &Learned) -> Self {
        Self { learned: learned.clone(), kept: learned.clone(), ..Self::default() }
    }
}

impl Ui {
    /// A key was pressed: a hint that could be read goes.
    pub(super) fn pass_hint(&mut self) {
        let is_read = |(_, since): &(String, Instant)| self.at.since(*since) >= READ;
        if self.lessons.hint.as_ref().is_some_and(is_read) {
            self.lessons.hint = None;
        }
    }

    /// Notices what a command is for the tour, before it is carried out.
    pub(super) fn note_command(&mut self, command: &UserCommand) {
        if command.action == Action::New {
            self.lessons.asked_new = true;
        } else if command.action == Action::List {
            self.tried(TourStep::List);
        }
    }

    /// A session that was asked for is there: the tour's second one, if it was asked for as such.
    pub(super) fn note_created(&mut self) {
        if std::mem::take(&mut self.lessons.asked_new) {
            self.tried(TourStep::New);
        }
    }

    /// The host refused it: no step was taken.
    pub(super) const fn note_not_created(&mut self) {
        self.lessons.asked_new = false;
    }

    /// The person went from one session to another.
    pub(super) fn note_switched(&mut self) {
        self.tried(TourStep::Switch);
    }

    /// A paste came that is so long that it is folded.
    pub(super) const fn note_folded_paste(&mut self) {
        self.lessons.pasted_much = true;
    }

    fn tried(&mut self, step: TourStep) {
        if self.lessons.learned.try_step(step) {
            let help = self.options.keymap.press(Action::Help, true);
            self.say_once(format!("✓ That was the tour. {help} shows all there is; /tour begins it again."));
        }
    }

    /// `/tour`, and `/tour skip`.
    pub(super) fn tour(&mut self, skip: bool) -> CommandStatus {
        self.lessons.hint = None;
        if skip {
            self.lessons.learned.end_tour();
            self.notify("the tour is over; `/tour` begins it again");
        } else {
            self.lessons.learned.begin_tour();
        }
        CommandStatus::Done
    }

    /// Says what may help now, if that was never said, and has the client keep what changed.
    pub(super) fn teach(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        if self.options.hints && self.lessons.hint.is_none() && self.notice.is_none() {
            self.hint(mirror);
        }
        self.lessons.pasted_much = false;
        if self.lessons.learned != self.lessons.kept {
            self.lessons.kept = self.lessons.learned.clone();
            intents.push(Intent::Learned(self.lessons.learned.clone()));
        }
    }

    fn hint(&mut self, mirror: &Mirror) {
        let wanted = |hint: OnceHint| !self.lessons.learned.was_given(hint);
        let others = || mirror.sessions().filter(|session| Some(session.summary.id) != self.focus);
        let has_news = |summary: &Summary| summary.unread > 0 && !summary.activity.is_busy();
        let keymap = &self.options.keymap;
        let press = |action| keymap.press(action, self.pane().editor.is_empty());
        let here = self.focus.and_then(|id| mirror.get(id));
        let asks =
            here.is_some_and(|here| here.pending.iter().any(|pending| pending.wants == Wants::Consent));
        let (hint, text) = if asks && wanted(OnceHint::Approval) {
            let (inbox, send) = (press(Action::Inbox), keymap.press(Action::Submit, false));
            (
                OnceHint::Approval,
                format!("y and {send} let it run this once, n does not; {inbox} shows all that waits."),
            )
        } else if self.lessons.pasted_much && wanted(OnceHint::Paste) {
            let unfold = keymap.at_once(Action::Thoughts, false);
            let unfolds = unfold.map_or_else(String::new, |key| format!("; {key} unfolds it"));
            (OnceHint::Paste, format!("A long paste is folded and sent whole, by Enter alone{unfolds}."))
        } else if wanted(OnceHint::News)
            && let Some(news) = others().find(|session| has_news(&session.summary))
        {
            let (name, attend) = (news.summary.name.as_str(), press(Action::Attend));
            (OnceHint::News, format!("{name} has something new: {attend} goes there."))
        } else if wanted(OnceHint::TwoSessions)
            && !self.lessons.learned.tour_runs()
            && others().next().is_some()
        {
            (OnceHint::TwoSessions, two_sessions(keymap, &press(Action::Last)))
        } else {
            return;
        };
        self.lessons.learned.give(hint);
        self.say_once(text);
    }

    fn say_once(&mut self, text: String) {
        self.lessons.hint = Some((text, self.at));
    }
}

fn two_sessions(keymap: &Keymap, last: &str) -> String {
    let by_number = match keymap.direct_keys(Action::Switch) {
        keys if keys.is_empty() => "/switch NUMBER".to_owned(),
        keys => keys,
    };
    format!("{last} goes back and forth between two sessions, {by_number} by number.")
}

/// What the tour says in a line: what was tried, and what to try next; where that does not fit in `width`, the command alone.
pub(crate) fn tour_line(learned: &Learned, keymap: &Keymap, fits: impl Fn(&str) -> bool) -> Option<String> {
    let next = learned.next_step()?;
    let (mut ticks, mut said) = (String::from("Tour"), String::new());
    let mut short = String::new();
    for (_, step, action, what) in TourStep::ALL {
        let command = action
            .row()
            .map_or_else(String::new, |row| format!("/{}", row.slash.first().copied().unwrap_or_default()));
        if learned.has_tried(step) {
            ticks = format!("{ticks} ✓ {command}");
        } else if step == next {
            let usage = if step == TourStep::List { command } else { format!("{command} NAME") };
            short.clone_from(&usage);
            let key = keymap.leader_keys(action);
            let key = if key.is_empty() { key } else { format!(" ({key})") };
            said = format!("{usage}{key}: {what}");
        }
    }
    let lines = [
        format!("{ticks} · try {said} · /tour skip"),
        format!("{ticks} · try {said}"),
        format!("{ticks} · try {short}"),
        format!("Tour: try {short}"),
    ];
    let last = lines.len() - 1;
    lines.into_iter().enumerate().find(|(no, line)| *no == last || fits(line)).map(|(_, line)| line)
}
