//! Advice that names keys: what is said where a key is the way out, by the keys in force.

use crate::command::{Action, HistoryStep};
use crate::ui::state::Ui;

impl Ui {
    /// Where there is nothing to step to.
    pub(super) fn no_other(&self) -> String {
        format!("there is no other session; {} creates one", self.options.keymap.announce(Action::New))
    }

    /// Why something has to wait for the end of an answer.
    pub(super) fn answer_comes(&self) -> String {
        format!("an answer is on its way; {} stops it", self.key(Action::Interrupt))
    }

    /// Where what was typed is not lost.
    pub(super) fn brings_back(&self) -> String {
        format!("{} brings it back", self.options.keymap.press(Action::History(HistoryStep::Older), true))
    }

    /// What can be completed.
    pub(super) fn completes(&self) -> String {
        let key = self.options.keymap.press(Action::Complete, false);
        format!("{key} completes /COMMAND, what one takes, and @FILE")
    }
}
