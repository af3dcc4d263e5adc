//! What the person wants done: one type, by a key or as typed, from where it is read to where it is carried out.

use crate::command::action::Action;
use crate::command::arguments::Arguments;

/// What the person wants done: by a key, or as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCommand {
    pub action: Action,
    pub arguments: Arguments,
}

impl UserCommand {
    /// Those words as the answer to the question in view.
    pub fn answer_with(words: &str) -> Self {
        let arguments = Arguments { text: Some(words.to_owned()), ..Arguments::default() };
        Self { action: Action::Answer, arguments }
    }

    /// What a key means, which takes nothing but its digit, where it has one.
    pub(crate) fn key(action: Action, digit: Option<u8>) -> Self {
        let number = digit.map(usize::from);
        Self { action, arguments: Arguments { number, ..Arguments::default() } }
    }

    /// Whether it opens a session, which is shown then.
    pub const fn opens_session(&self) -> bool {
        self.action.opens_session()
    }
}
