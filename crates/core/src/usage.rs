//! What turns cost in tokens.

/// Tokens, as the agent's own server counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub input: u64,
    pub output: u64,
    /// Of the input: what the server read from its cache.
    pub cached: u64,
    /// Of the input: what the server wrote to its cache.
    pub cache_written: u64,
    /// Of the output: what the model thought.
    pub reasoning: u64,
    /// Of turns of which no server counted anything: guessed by the bytes, and in neither of the two above. No agent says this.
    pub guessed: u64,
}

impl Usage {
    /// What was spent since it was `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            input: self.input.saturating_sub(earlier.input),
            output: self.output.saturating_sub(earlier.output),
            cached: self.cached.saturating_sub(earlier.cached),
            cache_written: self.cache_written.saturating_sub(earlier.cache_written),
            reasoning: self.reasoning.saturating_sub(earlier.reasoning),
            guessed: self.guessed.saturating_sub(earlier.guessed),
        }
    }

    /// What both cost together, each count for itself.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cached: self.cached.saturating_add(other.cached),
            cache_written: self.cache_written.saturating_add(other.cache_written),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            guessed: self.guessed.saturating_add(other.guessed),
        }
    }

    /// Tokens in all: what budgets count. What is cached or thought is among them.
    pub const fn total(self) -> u64 {
        self.input.saturating_add(self.output).saturating_add(self.guessed)
    }
}
