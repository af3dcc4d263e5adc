//! A byte range of what is kept of a result, from the store.

use q_core::{EntryNo, SessionId};
use q_proto::Response;
use q_store::{ByteRange, Store, StoreError};

use super::query::{PAGE_BYTES, StoreQuery};

pub(crate) fn query(session: SessionId, entry: u64, from: u64, bytes: u32) -> StoreQuery {
    let bytes = bytes.min(PAGE_BYTES) as usize;
    StoreQuery::Output { session, range: ByteRange { entry: EntryNo(entry), from, bytes } }
}

pub(super) fn read(store: &dyn Store, session: SessionId, range: ByteRange) -> Result<Response, StoreError> {
    store.result(session, range).map(Response::ByteRange)
}
