//! What the multiplexer knows: all sessions and what they share, and what follows from that. Nothing is decided here.
//!
//! Not here: commands that wait for a session to wake (`deferred`): a command is decided on this, and does not belong to it.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::deadline::{Deadline, Reason};
use crate::focus::Focus;
use crate::id::{Seq, SessionId};
use crate::limits::Limits;
use crate::multiplexer::importing::Importing;
use crate::session::Session;
use crate::sessions::Sessions;
use crate::time::{Instant, Now};

/// All sessions and what they share.
#[derive(Clone, Debug)]
pub(crate) struct MultiplexerState {
    pub(crate) limits: Limits,
    pub(crate) sessions: Sessions,
    pub(crate) focus: Focus,
    /// Sessions whose memory is being read, each with how far at least that must reach: an older reading is late.
    pub(super) waking: BTreeMap<SessionId, Seq>,
    /// Sessions of which the host knows how their agent is reached.
    pub(super) bound: BTreeSet<SessionId>,
    /// Sessions that come in from elsewhere.
    pub(super) importing: BTreeMap<SessionId, Importing>,
    /// The resident memory of the host's process, as last told.
    pub(super) memory: u64,
    /// Since when nobody is attached and nothing runs; `None` while somebody is or something does.
    pub(super) deserted: Option<Instant>,
    pub(super) stopping: bool,
    /// When the last call was: deadlines of the wall clock are counted from here.
    pub(super) last: Now,
}

impl MultiplexerState {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            sessions: Sessions::default(),
            focus: Focus::default(),
            waking: BTreeMap::new(),
            bound: BTreeSet::new(),
            importing: BTreeMap::new(),
            memory: 0,
            deserted: None,
            stopping: false,
            last: Now::default(),
        }
    }

    /// When to call again at the latest, if nothing comes before. A function of state alone.
    pub(super) fn next_deadline(&self) -> Option<Deadline> {
        let at = |at: Instant, reason: Reason| Deadline { at, reason };
        let limits = &self.limits;
        let memories = || self.sessions.live().filter_map(Session::live);
        let writing = memories().filter_map(|live| live.stream().since);
        let writing = writing.map(|since| at(since.after(limits.stream_delay), Reason::WriteStream));
        let calls = memories().flat_map(|live| live.pending().values());
        let calls = calls.map(|call| at(call.since.after(limits.approval_for), Reason::ExpireCall));
        // Only of what may hibernate: a deadline at which nothing can be done would come again at once.
        let unused = self.sessions.live().filter(|session| self.may_hibernate(session));
        let unused = unused
            .filter_map(|session| session.live()?.used)
            .map(|used| at(used.after(limits.hibernate_after), Reason::Hibernate));
        let trash = self.next_erasure().map(|due| at(self.last.mono_at(due), Reason::EmptyTrash));
        let leaving = self.deserted.map(|since| at(since.after(limits.leave_after), Reason::Leave));
        writing.chain(calls).chain(unused).chain(trash).chain(leaving).min()
    }
}
