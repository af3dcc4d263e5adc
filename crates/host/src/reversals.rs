//! Changes of files reversed beside the loop, and what is kept of them let go with its session.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use q_agent::{ChangeLog, Reversal};
use q_core::{Seq, SessionId, Stamped, TurnNo};
use q_store::Store;
use tokio::sync::mpsc;

use crate::events::ReversalReport;
use crate::followers::Follower;

/// Who puts files back.
pub(crate) struct Reversals {
    /// Where files are kept as they were, if anywhere.
    all: Option<PathBuf>,
    told: mpsc::UnboundedSender<ReversalReport>,
}

impl Reversals {
    pub(crate) const fn new(all: Option<PathBuf>, told: mpsc::UnboundedSender<ReversalReport>) -> Self {
        Self { all, told }
    }

    /// Reverses the changes of a turn, in a thread that may wait for the disk.
    pub(crate) fn start(&self, session: SessionId, redo: bool, turn: TurnNo, directory: String) {
        let (all, told) = (self.all.clone(), self.told.clone());
        tokio::task::spawn_blocking(move || {
            let reverse = || {
                let all = all.ok_or("nothing is kept of changes here")?;
                let way = if redo { Reversal::Redo } else { Reversal::Undo };
                ChangeLog::of(&all, session.0, directory.into()).reverse(way, turn.0)
            };
            // Whoever waits is answered, whatever breaks.
            let outcome = catch_unwind(AssertUnwindSafe(reverse));
            let outcome = outcome.unwrap_or_else(|_| Err("it broke while files were put back".into()));
            let _host_gone = told.send(ReversalReport { session, redo, outcome });
        });
    }
}

/// Removes what is kept of changes of sessions that the store has no longer: a host may have died before it did.
pub(crate) fn forget_erased(all: &std::path::Path, store: &dyn Store) {
    // One that cannot be read is there.
    let is_there = |session| !matches!(store.head(SessionId(session)), Ok(None));
    if let Err(error) = ChangeLog::keep_only(all, is_there) {
        tracing::warn!(target: "q::host", %error, "what is kept of changes of erased sessions stays");
    }
}

/// Lets what is kept of a session's changes go when it is erased.
pub(crate) struct ForgetsChanges {
    pub(crate) all: PathBuf,
}

impl Follower for ForgetsChanges {
    fn name(&self) -> &'static str {
        "changes"
    }

    /// What is kept, the tools keep themselves.
    fn take(&mut self, _session: SessionId, _from: Seq, _records: &[Stamped]) {}

    fn forget(&mut self, session: SessionId) {
        if let Err(error) = ChangeLog::forget(&self.all, session.0) {
            tracing::warn!(target: "q::host", %session, %error, "what is kept of its changes stays until the next start");
        }
    }
}
