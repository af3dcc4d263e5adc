//! One moment of a store, as paging and recovery read it.

use q_core::{Fork, Seq, SessionId, Stamped};

use crate::byte_range::ByteRange;
use crate::error::StoreError;

/// Every session's records at one moment.
pub(crate) trait Log {
    /// The session's last record's place; 0 where there is none.
    fn last(&self, session: SessionId) -> Result<Seq, StoreError>;

    /// Where the session's history begins, if that is another session's.
    fn fork(&self, session: SessionId) -> Result<Option<Fork>, StoreError>;

    /// Verifies that what a session took over still ends with the record that it was made from: a parent whose log was cut
    /// goes on with other records in the same places.
    fn verify_root(&self, session: SessionId, fork: Fork) -> Result<(), StoreError>;

    /// The session's own records from `from` back to its first, newest first. `from` must not be after the last.
    fn newest_first(
        &self,
        session: SessionId,
        from: Seq,
    ) -> Result<impl Iterator<Item = Result<Stamped, StoreError>>, StoreError>;

    /// The one record at this place, which must be there.
    fn record(&self, session: SessionId, seq: Seq) -> Result<Stamped, StoreError>;

    /// A byte range of what stands beside this record, which begins within that.
    fn rest(&self, record: &Stamped, range: ByteRange) -> Result<String, StoreError>;
}
