//! What the multiplexer knows: all sessions and what they share, and what follows from that. Nothing is decided here.
//!
//! Not here: commands that wait for a session to wake (`deferred`): a command is decided on this, and does not belong to it.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::budget::{BudgetScope, BudgetUse, day_of, end_of};
use crate::deadline::{Deadline, Reason};
use crate::focus::Focus;
use crate::id::{ReplyTo, Seq, SessionId};
use crate::limits::Limits;
use crate::multiplexer::importing::Importing;
use crate::presence::Presence;
use crate::session::Session;
use crate::session::head::Head;
use crate::sessions::Sessions;
use crate::time::{Instant, Now, WallTime};

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
    /// Sessions whose changes of files are being reversed, each with who is answered then: none of their turns is asked meanwhile.
    pub(crate) reversing: BTreeMap<SessionId, ReplyTo>,
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
            reversing: BTreeMap::new(),
            memory: 0,
            deserted: None,
            stopping: false,
            last: Now::default(),
        }
    }

    /// The budget that ends first for a session, if it had cost so much more than it has; nothing where none is set.
    pub(crate) fn budget(&self, head: &Head, more: u64) -> Option<BudgetUse> {
        if head.setup.costs_nothing() {
            return None;
        }
        let all = BudgetUse::of(BudgetScope::Day, self.spent_today(), self.limits.budget_tokens_per_day);
        let both = self.own_budget(head).into_iter().chain(all).map(|budget| budget.with(more));
        both.reduce(BudgetUse::tighter)
    }

    /// The budget that a session's line tells of. What all share stands in the lines of live sessions alone: it moves with
    /// every turn, and there is no bound to how many others there are.
    pub(crate) fn told_budget(&self, head: &Head) -> Option<BudgetUse> {
        if head.presence == Presence::Live || head.setup.costs_nothing() {
            return self.budget(head, 0);
        }
        self.own_budget(head)
    }

    fn own_budget(&self, head: &Head) -> Option<BudgetUse> {
        let of = head.setup.settings.budget_tokens.unwrap_or(self.limits.budget_tokens);
        BudgetUse::of(BudgetScope::Session, head.spending.in_all, of)
    }

    fn spent_today(&self) -> u64 {
        self.sessions.spent_on(day_of(self.last.wall))
    }

    /// When the day ends, where that changes what a live session may spend.
    fn next_day(&self) -> Option<WallTime> {
        let changes = self.limits.budget_tokens_per_day > 0 && self.spent_today() > 0;
        let is_told = self.sessions.live().next().is_some();
        (changes && is_told).then(|| end_of(day_of(self.last.wall)))
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
        let unused = self.sessions.live().filter(|session| self.may_be_unused(session));
        let unused = unused
            .filter_map(|session| session.live()?.used)
            .map(|used| at(used.after(limits.hibernate_after), Reason::Hibernate));
        let trash = self.next_erasure().map(|due| at(self.last.mono_at(due), Reason::EmptyTrash));
        let leaving = self.deserted.map(|since| at(since.after(limits.leave_after), Reason::Leave));
        let day = self.next_day().map(|ends| at(self.last.mono_at(ends), Reason::NewDay));
        let leaving = leaving.into_iter().chain(day);
        writing.chain(calls).chain(unused).chain(trash).chain(leaving).min()
    }
}
