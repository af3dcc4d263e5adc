//! The terminal as a whole, through its public face: events in, intents and frames out.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has found something")]

mod advice;
mod asleep;
mod attention;
mod bar;
mod calls;
mod completing;
mod copying;
mod doing;
mod finding;
mod hostile;
mod inline;
mod intents;
mod keyboards;
mod keymaps;
mod keys;
mod learning;
mod losing;
mod notifying;
mod overlay;
mod panic;
mod pasting;
mod plain;
mod pointing;
mod readme;
mod retrying;
mod screens;
mod settings;
mod speed;
mod split;
mod waiting;
mod world;
