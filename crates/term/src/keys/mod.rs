//! Keys: one written form for every way a terminal may report them.

mod chord;
mod decoder;
mod keyboard;
mod mouse;
mod sequence;

pub use chord::{Chord, NotAChord};
pub(crate) use chord::{alt, ctrl, key, plain};
pub(crate) use crossterm::event::KeyCode;
pub use decoder::{Arrived, Decoder};
