//! Who watches: the log file and the figures of `q stats`. Nothing here leaves the machine, and no text of a
//! conversation is written: fields are numbers, ids and enums.

mod figures;
mod log;

pub use figures::{Figures, Quantiles};
pub use log::{LogError, init};
