//! What stands around a call that its exact bytes do not say, for the person who is asked about it.

use alloc::boxed::Box;
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
    Replaces(Box<ReplacedFile>),
}

/// What a file that is written takes the place of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplacedFile {
    /// How many lines it has.
    pub lines: u64,
    /// Which go and which come, as a person reads it.
    pub difference: String,
}

impl Circumstance {
    /// A file that is there is replaced: what goes and comes is cut where it is told.
    pub fn replaces(lines: u64, difference: String) -> Self {
        Self::Replaces(Box::new(ReplacedFile { lines, difference }))
    }

    /// With no more of a difference than is kept.
    pub(crate) fn bounded(mut self) -> Self {
        if let Self::Replaces(replaced) = &mut self
            && let difference = &mut replaced.difference
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
            Self::Replaces(replaced) => replaced.difference.len(),
        }
    }
}
