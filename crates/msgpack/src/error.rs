//! Why bytes are not the value that is wanted.

use std::fmt::Display;

/// How deep lists and maps may stand inside of one another. What `q` writes nests less than 16 deep.
pub(crate) const MAX_DEPTH: u8 = 64;

/// Why bytes are not the value that is wanted.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What is announced is longer than the bytes are.
    #[error("the bytes end inside of a value")]
    Short,
    /// Lists and maps stand inside of one another as nothing of `q` does.
    #[error("values nest deeper than {MAX_DEPTH}")]
    Deep,
    /// A text holds other bytes.
    #[error("a text is not UTF-8")]
    Text(#[from] std::str::Utf8Error),
    /// The bytes are a value, and not the one that is wanted.
    #[error("{0}")]
    Value(String),
}

impl serde::de::Error for ReadError {
    fn custom<T: Display>(objection: T) -> Self {
        Self::Value(objection.to_string())
    }
}
