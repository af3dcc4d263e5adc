//! Results read in whole: from their records, and what stands beside those.

use q_core::{Body, EntryNo, Record, Resulted, SessionId, Stamped};
use q_store::{ByteRange, Store, StoreError};

/// A record with all that is kept of its result as the text. If some of that is damaged, so is the record.
pub(super) fn with_all_of_it(store: &dyn Store, mut stamped: Stamped) -> Result<Stamped, StoreError> {
    if stamped.beside() == 0 {
        return Ok(stamped);
    }
    let end = stamped.text().len() as u64 + stamped.beside();
    let all = all_of_result(store, stamped.session, EntryNo(stamped.seq.0))?;
    if all.len() as u64 != end || !all.starts_with(stamped.text()) {
        return Err(StoreError::Damaged { session: stamped.session, seq: stamped.seq });
    }
    if let Record::Resulted { text, .. }
    | Record::Imported { body: Body::Result(Resulted { text, .. }), .. } = &mut stamped.record
    {
        *text = all;
    }
    Ok(stamped)
}

/// All that is kept of the result in an entry.
pub fn all_of_result(store: &dyn Store, session: SessionId, entry: EntryNo) -> Result<String, StoreError> {
    let mut all = String::new();
    loop {
        let more = store.result(session, ByteRange { entry, from: all.len() as u64, bytes: usize::MAX })?;
        if more.is_empty() {
            return Ok(all);
        }
        all.push_str(&more);
    }
}
