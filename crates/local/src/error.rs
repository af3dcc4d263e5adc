//! What went wrong, and the way out: for the person who typed it, or for who asked.

use std::fmt;

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalError {
    pub what: String,
    /// What to do next; empty where nothing is known.
    pub way_out: String,
}

impl LocalError {
    /// One without a way out.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), way_out: String::new() }
    }

    /// With a way out.
    #[must_use]
    pub fn hint(self, way_out: impl Into<String>) -> Self {
        Self { way_out: way_out.into(), ..self }
    }

    /// With what it is about in front.
    #[must_use]
    pub fn of(self, subject: impl fmt::Display) -> Self {
        Self { what: format!("{subject}: {}", self.what), ..self }
    }
}

impl fmt::Display for LocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.way_out.is_empty() { Ok(()) } else { write!(f, "; {}", self.way_out) }
    }
}

impl std::error::Error for LocalError {}
