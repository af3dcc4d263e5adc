//! Keys: one written form for every way a terminal may report them.

mod chord;
mod keyboard;

pub use chord::{Chord, NotAChord};
