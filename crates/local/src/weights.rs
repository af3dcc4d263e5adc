//! The contract with whatever computes: tokens in, what may come next out. Everything else of an answer is done without it, so
//! that it can be tried with weights that follow a script.

use crate::error::LocalError;

/// A model that is loaded.
pub trait Weights: Send {
    /// A conversation of which nothing was read yet. What it remembers is its own.
    fn sequence(&self) -> Box<dyn Sequence>;
}

/// One conversation, as far as the model has read it.
pub trait Sequence: Send {
    /// Reads on, and says how likely each token is to come next: a number for each of the vocabulary, of any scale. There is at
    /// least one token.
    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>, LocalError>;
}
