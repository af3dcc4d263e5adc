//! Sessions as files: written as JSON for `q`, as Markdown and HTML for people; read back from JSON.
//!
//! Not here: who is asked for what is in them (`commands/export.rs`, `commands/import.rs`).

mod blocks;
pub(crate) mod calendar;
pub(crate) mod document;
pub(crate) mod entry;
pub(crate) mod form;
pub(crate) mod html;
pub(crate) mod markdown;
pub(crate) mod output;
pub(crate) mod read;
