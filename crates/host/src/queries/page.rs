//! A page of a session's entries, from the store.

use q_core::{EntryNo, SessionId};
use q_proto::Response;
use q_proto::view::Pages;
use q_store::{Store, StoreError};

use super::query::{PAGE_BYTES, StoreQuery};

pub(crate) fn query(session: SessionId, before: Option<u64>, bytes: u32) -> StoreQuery {
    StoreQuery::Page { session, before: before.map(EntryNo), bytes: bytes.min(PAGE_BYTES) as usize }
}

pub(super) fn read(
    store: &dyn Store,
    session: SessionId,
    before: Option<EntryNo>,
    bytes: usize,
) -> Result<Response, StoreError> {
    let page = store.page(session, before, bytes)?;
    let entries = page.entries.into_iter().map(Into::into).collect();
    Ok(Response::Page(Pages { entries, trimmed: page.trimmed }))
}
