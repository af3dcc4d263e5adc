//! Where the person types: inside q or in the shell. The same thing is written differently there.

/// Where the person types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Inside q: `/reopen api`.
    Slash,
    /// In the shell: `q reopen api`.
    Shell,
}

impl Way {
    /// What stands in front of a command that is typed this way.
    pub const fn before(self) -> &'static str {
        match self {
            Self::Slash => "/",
            Self::Shell => "q ",
        }
    }

    /// A command as it is typed this way.
    pub fn written(self, command: &str) -> String {
        format!("{}{command}", self.before())
    }

    /// Where the person does not type.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Slash => Self::Shell,
            Self::Shell => Self::Slash,
        }
    }
}
