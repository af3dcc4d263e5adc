//! What a follower is: the trait, and where one goes on.

use std::collections::BTreeMap;

use q_core::{Seq, SessionId, Stamped};

/// A consumer of committed records. All of it is called from one thread at a time.
pub(crate) trait Follower: Send + 'static {
    /// For the log, and its thread.
    fn name(&self) -> &'static str;

    /// Where it goes on. Asked once, before it is given anything.
    fn resume(&self) -> Resume {
        Resume::Next
    }

    /// These records stand in the session's log from `from` on, one behind the other, but for those that the store lost.
    /// What it has of that session from there on stands there no longer: the end of a log that was damaged is cut off, and
    /// the log goes on with others. Where there are none, that is all there is to say.
    ///
    /// It may be given records that no power cut would leave: what it keeps for later hosts says how far it reaches, and
    /// what the store does not have is taken back when it resumes.
    fn take(&mut self, session: SessionId, from: Seq, records: &[Stamped]);

    /// The session was erased: nothing of it may be kept. It never comes back.
    fn forget(&mut self, session: SessionId);
}

/// Where a follower goes on.
#[derive(Debug)]
pub(crate) enum Resume {
    /// With what is committed next: it keeps nothing.
    Next,
    /// Behind these records, one a session; of sessions that are not among them, at their beginnings.
    #[cfg_attr(not(test), expect(dead_code, reason = "the follower that there is keeps nothing"))]
    Behind(BTreeMap<SessionId, Seq>),
}
