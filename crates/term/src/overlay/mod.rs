//! Overlays: a question, a line, a list or a page on top of the session, which alone gets the keys.
//!
//! Each is a [`component`] in a file of its own: it owns its state, says what a key means, and draws itself. What follows for
//! sessions and terminal it does not do but answers, as a [`Reaction`]; `ui` carries that out. So none knows the terminal,
//! or another one, or a verb: whoever opens it says what it is for.
//!
//! What several share stands beside them: [`picker`] for those that choose from a list, [`page`] for those that are read,
//! [`mod@line`] for a text of one row, [`hints`] for the keys that are advertised, [`popup`] for the box around it all.

mod bulk;
mod call;
mod changes;
mod component;
mod confirm;
mod find;
mod help;
mod hints;
mod history;
mod inbox;
mod line;
mod models;
mod page;
mod picker;
mod popup;
mod queue;
mod rename;
mod rules;
mod session_filter;
mod session_listing;
mod session_preview;
mod switcher;

pub(crate) use call::CallSheet;
pub use changes::ChangesPage;
pub(crate) use component::{Overlay, OverlayContext, OverlaySubject, Reaction};
pub(crate) use confirm::Confirm;
pub(crate) use find::{FindLine, SeekStep};
pub(crate) use help::HelpSheet;
pub(crate) use history::HistorySearch;
pub(crate) use inbox::InboxOverlay;
pub(crate) use models::ModelsSheet;
pub(crate) use page::{PageOverlay, Sheet};
pub(crate) use queue::QueueSheet;
pub(crate) use rename::Rename;
pub(crate) use rules::RuleList;
pub(crate) use switcher::Switcher;
