//! Which editing action is which change of the text.

use crate::command::Edit;
use crate::editor::{Editor, LastEdit};

impl Editor {
    pub(crate) fn edit(&mut self, edit: Edit) {
        let last = std::mem::take(&mut self.last);
        if edit.kills() && last == LastEdit::Kill {
            self.last = LastEdit::Kill;
        }
        match edit {
            Edit::Undo => self.step_in_time(true),
            Edit::Redo => self.step_in_time(false),
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
            Edit::Yank => self.yank(self.cursor..self.cursor, 0),
            Edit::YankBefore => {
                if let LastEdit::Yank(place, back) = last {
                    self.yank(place, back + 1);
                }
            }
        }
    }

    pub(crate) fn type_in(&mut self, typed: char) {
        let mut buffer = [0; 4];
        self.insert(typed.encode_utf8(&mut buffer));
    }
}
