//! The text form of inputs and effects: what scenarios are written in, and what a failing simulation prints.
//!
//! An input is a line of words: `submit s1 "why?" token 7`. Sessions are written `s1`, clients `c1`; texts stand in
//! double quotes with `\n`, `\"` and `\\`. An effect is a line: when it may happen, then what it is.

mod parse;
mod print;

pub use parse::{Faulty, Line, parse};
pub use print::print;
