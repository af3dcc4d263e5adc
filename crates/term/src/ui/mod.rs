//! What is only this terminal's: which session it shows, what is typed where, how far each is scrolled.
//!
//! [`Ui::handle`] turns events into intents, [`Ui::refreshed`] follows the mirror. Neither draws nor waits.
//!
//! [`state`] is what there is, and each other room what changes it: [`events`] from outside, [`keys`] and [`mod@overlay`] for
//! what is pressed, [`commands`] for what is wanted, [`bulk`] of several sessions at once, [`focus`], [`reading`], [`finding`], [`pointing`] and [`sleep`] for the
//! sessions in view, [`mod@split`] for the panes they stand in, [`delivery`] for what is sent, [`watch`] for what happens while nobody looks, [`named_keys`] for advice
//! that names keys, [`learning`] for the tour and what is said once.

mod bulk;
mod commands;
mod completion;
mod copying;
mod delivery;
mod events;
mod finding;
mod focus;
mod geometry;
mod history;
mod keys;
mod learning;
mod models;
mod named_keys;
mod offers;
mod overlay;
mod pane;
mod pane_view;
mod pasting;
mod pointing;
mod reading;
mod scrollback;
mod sleep;
mod split;
mod state;
mod status;
mod submissions;
mod trust;
mod trust_question;
mod visits;
mod watch;
mod written;

pub(crate) use bulk::UNDO;
pub(crate) use geometry::{Geometry, PaneFrame, Places, SessionPlaces};
pub(crate) use learning::tour_line;
pub(crate) use pane::WakeState;
pub(crate) use pane_view::PaneView;
pub(crate) use scrollback::ScrollbackPart;
pub(crate) use state::Notice;
pub use state::{Face, Options, Ui};
