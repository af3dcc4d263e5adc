//! What is pasted into the prompt.

use crate::command::Action;
use crate::ui::state::Ui;

impl Ui {
    /// Puts a text in that came at once. Where it is folded, it is said once how it is seen whole.
    pub(super) fn paste(&mut self, text: &str) {
        let is_folded = self.pane_mut().editor.paste(text);
        if is_folded && !std::mem::replace(&mut self.told_of_folds, true) {
            let unfolds = match self.options.keymap.at_once(Action::Thoughts, false) {
                Some(key) => format!("; {key} behind it unfolds it"),
                None => String::new(),
            };
            self.notify(format!("the paste is folded, and sent whole{unfolds}"));
        }
    }
}
