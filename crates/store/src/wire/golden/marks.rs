//! What came with marks by hand that say what is known.

use q_core::{Head, Record};

use super::seat_head;

/// As [`seat_head`], of which the person said that they know how its last turn ended.
pub(super) fn acknowledged_head() -> Head {
    Head { acknowledged: true, unread: 0, ..seat_head() }
}

/// The record that says so.
pub(super) fn mark_records() -> Vec<(&'static str, Record)> {
    vec![("read", Record::MarkedRead)]
}
