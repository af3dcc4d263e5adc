//! What became of a command.

/// What became of a command that the person gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommandStatus {
    /// It was done here, or leads elsewhere.
    Done,
    /// The core is told something of a session that stays where it is.
    Sent,
    /// Why is on the screen.
    Refused,
}
