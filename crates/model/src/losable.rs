//! What the loss of power may take.

use q_core::{Fault, Record};

/// Whether nothing was promised with a record: text that streams and how much was sent for it, what was read, and what was in
/// memory.
pub const fn may_be_lost(record: &Record) -> bool {
    let streams = matches!(record, Record::Said { .. } | Record::Sealed { .. } | Record::Planned { .. });
    let is_of_the_agent =
        matches!(record, Record::Answering { .. } | Record::Sent { .. } | Record::Cited { .. })
            || matches!(record, Record::ProjectRead { .. })
            || matches!(record, Record::Repaired { fault: Fault::SealsTooLong | Fault::AnswerTorn { .. } });
    let is_of_the_host = matches!(record, Record::Seen { .. } | Record::Hibernated { .. } | Record::Woken);
    streams || is_of_the_agent || is_of_the_host
}
