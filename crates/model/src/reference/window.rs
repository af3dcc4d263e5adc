//! The window of a session's model, as the naive multiplexer counts it.

use super::Window;

impl Window {
    /// Tokens of so many further bytes.
    pub(super) fn worth(self, bytes: u64) -> u64 {
        if self.bytes == 0 {
            return bytes.div_ceil(4);
        }
        (bytes * self.tokens).div_ceil(self.bytes).clamp(bytes.div_ceil(8), bytes.div_ceil(2))
    }

    /// With so many bytes in all.
    pub(super) fn at(self, bytes: u64) -> Self {
        let tokens = match bytes.checked_sub(self.bytes) {
            _ if self.bytes == 0 => bytes.div_ceil(4),
            Some(more) => self.tokens + self.worth(more),
            None => self.tokens.saturating_sub(self.worth(self.bytes - bytes)),
        };
        Self { tokens, bytes, ..self }
    }
}
