//! Layout: texts → rows of a given width, kept while they stay true.
//!
//! Not here: where on the screen rows go (`draw`), which of them are in sight (`ui::scroll`).

pub(crate) mod cache;
pub(crate) mod flow;
pub(crate) mod wrap;

mod entry;
mod indent;
mod markdown;
mod table;

pub(crate) use cache::Cache;
pub(crate) use entry::Shape;
pub(crate) use wrap::Row;
