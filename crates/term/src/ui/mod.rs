//! What is only this terminal's: which session it shows, what is typed where, how far each is scrolled.
//!
//! [`Ui::handle`] turns events into intents, [`Ui::refreshed`] follows the mirror. Neither draws nor waits.
//!
//! [`state`] is what there is, and each other room what changes it: [`events`] from outside, [`keys`] and [`mod@overlay`] for
//! what is pressed, [`commands`] for what is wanted, [`focus`], [`reading`], [`finding`], [`pointing`] and [`sleep`] for the
//! session in view, [`delivery`] for what is sent, [`watch`] for what happens while nobody looks, [`named_keys`] for advice
//! that names keys.

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
mod models;
mod named_keys;
mod offers;
mod overlay;
mod pane;
mod pasting;
mod pointing;
mod reading;
mod sleep;
mod state;
mod status;
mod submissions;
mod trust;
mod trust_question;
mod visits;
mod watch;
mod written;

pub(crate) use geometry::{Geometry, Places, SessionPlaces};
pub(crate) use pane::WakeState;
pub(crate) use state::Notice;
pub use state::{Options, Ui};
