//! Queries that wait: an asker may know already of what is still being written, so that comes first.

use std::collections::VecDeque;

use q_core::ClientId;

use super::query::Query;
use crate::pipeline::CommitNo;

/// A query, and who gets the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientQuery {
    pub(crate) client: ClientId,
    pub(crate) request: u64,
    pub(crate) query: Query,
}

/// Queries in the order they came, each with the newest commit that was under way then.
#[derive(Debug, Default)]
pub(crate) struct QueryQueue(VecDeque<(CommitNo, ClientQuery)>);

impl QueryQueue {
    pub(crate) fn push(&mut self, behind: CommitNo, query: ClientQuery) {
        self.0.push_back((behind, query));
    }

    /// The next query for which enough is written by now.
    pub(crate) fn pop_due(&mut self, written: CommitNo) -> Option<ClientQuery> {
        self.0.pop_front_if(|(behind, _)| *behind <= written).map(|(_, query)| query)
    }
}
