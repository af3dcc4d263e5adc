//! Who watches: the log file and the figures of `q stats`. Nothing here leaves the machine, and no text of a
//! conversation is written: fields are numbers, ids and enums.

mod log;
mod metrics;

pub use log::{LogError, init};
pub use metrics::{Metrics, Quantiles};
