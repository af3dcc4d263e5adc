//! Which submissions a session remembers.

use crate::id::{PromptNo, Token};
use crate::session::head::Head;
use crate::time::WallTime;

/// How many submissions are remembered so that a repeated one is taken once: more than may wait in a queue, since a client
/// delivers again all that a host did not live to acknowledge.
const TOKENS_KEPT: usize = 32;

impl Head {
    /// A prompt that was not there before.
    pub(super) fn take_new(&mut self, token: Token, prompt: PromptNo, at: WallTime) {
        (self.touched, self.prompts) = (at, prompt);
        self.take(token, prompt);
    }

    pub(super) fn take(&mut self, token: Token, prompt: PromptNo) {
        if self.taken.len() == TOKENS_KEPT {
            self.taken.remove(0);
        }
        self.taken.push((token, prompt));
    }

    /// The prompt that a token stands for, if it was taken and is remembered.
    pub(crate) fn prompt_of(&self, token: Token) -> Option<PromptNo> {
        self.taken.iter().find(|(taken, _)| *taken == token).map(|&(_, prompt)| prompt)
    }
}
