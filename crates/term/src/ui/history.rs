//! The prompts sent before: walked through from row to row, or searched.

use crate::command::{Action, HistoryStep};
use crate::editor::{self, History};
use crate::keys::Chord;
use crate::overlay::HistorySearch;
use crate::ui::state::Ui;

/// A walk through earlier prompts: from what is typed to the one it comes to.
type Walk = fn(&mut History, &str) -> Option<String>;

impl Ui {
    /// From row to row of what is typed; beyond its first and last row, from prompt to prompt, and at last into the list of what could
    /// be meant.
    pub(super) fn walk_history(&mut self, step: HistoryStep) {
        let pane = self.pane_mut();
        let width = pane.frame.geometry.editor;
        let text = pane.editor.text();
        let view = editor::lay_out(&pane.editor, width);
        let (place, prompt) = match step {
            HistoryStep::Older => (view.above(), History::older as Walk),
            HistoryStep::Newer => (view.below(), History::newer as Walk),
            HistoryStep::Search => return self.search_history(),
        };
        if let Some(place) = place {
            pane.editor.go_to(place);
        } else if let Some(prompt) = prompt(&mut pane.history, text) {
            pane.editor.set(prompt);
        } else if step == HistoryStep::Newer {
            self.enter_list();
        }
    }

    fn search_history(&mut self) {
        let pane = self.pane();
        let search = HistorySearch::new(pane.history.newest_first(), pane.editor.text());
        self.open(search);
    }

    /// A key that renames while nothing is typed, and searches while something is, searches wherever something was sent.
    pub(super) fn or_search(&self, action: Action, chord: Chord) -> Action {
        const SEARCH: Action = Action::History(HistoryStep::Search);
        let searches = || self.options.keymap.by_chord(chord, false) == Some(SEARCH);
        if action == Action::Rename && !self.pane().history.is_empty() && searches() {
            SEARCH
        } else {
            action
        }
    }
}
