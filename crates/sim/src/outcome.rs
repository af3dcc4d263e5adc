//! What became of a run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::law::Violation;

/// How often what happened.
pub type Counts = BTreeMap<Cow<'static, str>, u64>;

/// What became of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOutcome {
    /// The law that was broken, if one was.
    pub broken: Option<Violation>,
    /// All that was observed, as a number.
    pub hash: u64,
    /// How often what happened.
    pub figures: Counts,
    /// What was observed, if lines were kept.
    pub lines: Vec<String>,
    /// What the core was told, as a scenario has it, if lines were kept.
    pub script: Vec<String>,
}
