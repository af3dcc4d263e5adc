//! What is known of a call before anybody is asked about it.

use q_core::Circumstance;

/// A call that can be carried out, as far as can be told before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedCall {
    /// Whether it only looks: such ones may run at the same time.
    pub reads: bool,
    /// Whether the person is to be asked.
    pub wants_consent: bool,
    /// What they are to know besides.
    pub circumstance: Circumstance,
}

impl CheckedCall {
    /// One of which there is no more to know.
    pub const fn plain(reads: bool, wants_consent: bool) -> Self {
        Self { reads, wants_consent, circumstance: Circumstance::Plain }
    }
}
