//! What is pasted into the prompt.

use crate::ui::state::Ui;

impl Ui {
    /// Puts a text in that came at once. How one that is folded is seen whole is a hint, which is said once.
    pub(super) fn paste(&mut self, text: &str) {
        if self.pane_mut().editor.paste(text) {
            self.note_folded_paste();
        }
    }
}
