//! What several frontends tell the core of a session: terminals, editors and verbs alike.

use q_core::{Command, PromptNo, SessionId};

/// Has the turn that runs end where it is.
pub(crate) const fn interrupt(session: SessionId) -> Command {
    Command::Interrupt { session }
}

/// Takes a prompt back that waits.
pub(crate) const fn unqueue(session: SessionId, prompt: PromptNo) -> Command {
    Command::Unqueue { session, prompt }
}

/// Has a session in memory again.
pub(crate) const fn wake(session: SessionId) -> Command {
    Command::Wake { session }
}
