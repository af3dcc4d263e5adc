//! What stands around a call that its exact bytes do not say, for the person who is asked about it.

use alloc::string::String;

/// The most that is kept of what a call would replace, in bytes: the rest is read where it stands.
const DIFFERENCE_BYTES: usize = 8 << 10;

/// What its tool knows of a call when it asks. It is shown with the question and recorded nowhere: what came of the call says it
/// again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Circumstance {
    /// Nothing that its bytes do not say.
    #[default]
    Plain,
    /// A command runs without a sandbox where there is one.
    Unheld,
    /// The same, of a command that failed in the sandbox in this turn: no rule answers for the person, who has not seen that.
    Denied,
    /// A file is made where none is.
    New,
    /// A file that is there is written anew.
    Replaces {
        /// How many lines it has.
        lines: u64,
        /// Which go and which come, as a person reads it.
        difference: String,
    },
}

impl Circumstance {
    /// With no more of a difference than is kept.
    pub(crate) fn bounded(mut self) -> Self {
        if let Self::Replaces { difference, .. } = &mut self
            && difference.len() > DIFFERENCE_BYTES
        {
            difference.truncate(difference.floor_char_boundary(DIFFERENCE_BYTES));
            difference.push_str("\n(there is more)\n");
            difference.shrink_to_fit();
        }
        self
    }

    /// Bytes of its texts.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Plain | Self::Unheld | Self::Denied | Self::New => 0,
            Self::Replaces { difference, .. } => difference.len(),
        }
    }
}
