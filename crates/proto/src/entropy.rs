//! Random bits from the operating system: for session ids and submission tokens.

use q_core::{SessionId, Token};

/// The operating system gives no random bits.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gives no random bits")]
pub struct NoEntropy;

/// A fresh session id.
pub fn session_id() -> Result<SessionId, NoEntropy> {
    bits().map(SessionId)
}

/// A fresh token for a submission.
pub fn token() -> Result<Token, NoEntropy> {
    bits().map(Token)
}

fn bits() -> Result<u128, NoEntropy> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| NoEntropy)?;
    // In whatever order: no bit of it means anything.
    Ok(u128::from_ne_bytes(bytes))
}
