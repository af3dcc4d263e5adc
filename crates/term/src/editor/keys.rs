//! Which editing action is which change of the text.

use crate::command::Edit;
use crate::editor::Editor;

impl Editor {
    pub(crate) fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Newline => self.insert("\n"),
            Edit::Left => self.cursor = self.before(),
            Edit::Right => self.cursor = self.after(),
            Edit::WordLeft => self.cursor = self.word_before(),
            Edit::WordRight => self.cursor = self.word_after(),
            Edit::LineStart => self.cursor = self.start_of_line(),
            Edit::LineEnd => self.cursor = self.end_of_line(),
            Edit::DeleteBack => self.delete_back(),
            Edit::DeleteForward => self.delete_forward(),
            Edit::DeleteWordBack => self.delete_word_back(),
            Edit::DeleteWordForward => self.delete_word_forward(),
            Edit::DeleteToStart => self.delete_to_start(),
            Edit::DeleteToEnd => self.delete_to_end(),
            Edit::Yank => self.yank(),
        }
    }

    pub(crate) fn type_in(&mut self, typed: char) {
        let mut buffer = [0; 4];
        self.insert(typed.encode_utf8(&mut buffer));
    }
}
