//! Layout: texts → rows of a given width, kept while they stay true.
//!
//! Not here: where on the screen rows go (`draw`), which of them are in sight (`ui`, by the window that [`flow`] measures).

pub(crate) mod cache;
pub(crate) mod changed;
mod ended_call;
pub(crate) mod flow;
pub(crate) mod folds;
pub(crate) mod markdown;
pub(crate) mod measure;
pub(crate) mod selection;
pub(crate) mod wrap;

mod block;
mod code;
mod entry;
mod indent;
mod table;
