//! The terminal: keys → intents, view → frame.
//!
//! Everything here but [`guard`] is pure and synchronous: the client's loop reads events, feeds [`Ui`], carries its
//! [`Intent`]s to the host, applies what comes back to a [`q_core::Mirror`], and calls [`draw()`].
//!
//! Not here: the loop, the wire, the clock (the client's business); what a session is (the core's).

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has found something")
)]

pub mod advice;
pub mod backend;
pub mod changes;
mod circumstances;
pub mod command;
pub mod copied;
mod counted;
pub mod guard;
pub mod inbox;
pub mod inline;
pub mod intent;
pub mod keymap;
pub mod keys;
pub mod kinds;
pub mod learned;
pub mod mention;
pub mod notification;
pub mod offers;
pub mod pattern;
pub mod plain;
pub mod plan;
pub mod project;
pub mod quoted;
pub mod rules;
pub mod sanitize;
pub mod searched;
pub mod served;
pub mod settings;
pub mod sources;
pub mod spending;
pub mod suggest;
pub mod theme;
pub mod typed;
pub mod words;
pub mod written;

mod agent_input;
mod archive;
mod completion;
mod doing;
mod draw;
mod editor;
mod event;
mod found;
mod layout;
mod output;
mod overlay;
mod server_question;
mod signs;
mod style;
mod tool_input;
mod ui;
mod way;
mod word_changes;

pub use draw::{InlineFrame, draw, inline_frame, lay_out};
pub use event::TerminalEvent;
pub use intent::Intent;
pub use overlay::ChangesPage;
pub use ui::{Face, Options, Ui};
pub use way::Way;
