//! What tools changed, as it is being read beside everything else.

use std::future::pending;

use q_core::SessionId;
use q_tools::ChangeSet;
use tokio::task::JoinHandle;

use crate::changes::Look;

/// What is being read.
pub(super) struct ReadingChanges {
    pub(super) session: SessionId,
    pub(super) look: Look,
    /// Whether it is to be carried out without being shown.
    pub(super) at_once: bool,
    pub(super) reading: JoinHandle<Result<Option<ChangeSet>, String>>,
}

/// What was read, and what it was read for.
pub(super) struct ReadChanges {
    pub(super) session: SessionId,
    pub(super) look: Look,
    pub(super) at_once: bool,
    pub(super) outcome: Result<Option<ChangeSet>, String>,
}

/// Waits for what is being read.
pub(super) async fn read(reading: &mut Option<ReadingChanges>) -> ReadChanges {
    let Some(ReadingChanges { session, look, at_once, reading: task }) = reading else {
        return pending().await;
    };
    let outcome = task.await.unwrap_or_else(|_| Err("reading what was changed broke".into()));
    let read = ReadChanges { session: *session, look: *look, at_once: *at_once, outcome };
    *reading = None;
    read
}
