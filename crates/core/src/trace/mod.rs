//! The text form of inputs and effects: what scenarios are written in, and what a failing simulation prints.
//!
//! An input is a line of words: `submit s1 "why?" token 7`. Sessions are written `s1`, clients `c1`; texts stand in
//! double quotes, escaped as in Rust. What is usual is left out: `c1` as the client, turn 1, a token of its own. Any line
//! may end with how much time has passed before (`after 100ms`) and what the calendar says (`wall 30d`). An effect is a
//! line: when it may happen, then what it is.

mod command;
mod disk;
mod entry;
mod event;
mod input;
mod line;
mod look;
mod player;
mod print;
mod reader;
mod rule;
mod setup;
mod words;

pub use disk::Disk;
pub use input::{parse, write};
pub use line::{Directive, Faulty, Line};
pub use player::{Player, limits};
pub use print::print;
