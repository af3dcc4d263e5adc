//! The state machine: routes each input to the part that decides it. No rule of its own stands here.

mod agents;
mod archive;
mod calls;
mod clients;
mod import;
mod marks;
mod queue;
mod residence;
mod sessions;
mod step;
mod turns;

use alloc::collections::{BTreeMap, BTreeSet};

use crate::deadline::{Deadline, Reason};
use crate::effect::{Effect, Effects, Reply, ReplyTo};
use crate::focus::Focus;
use crate::id::{ClientId, SessionId};
use crate::input::{Command, Input};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::stored::Stored;
use crate::sessions::Sessions;
use crate::time::{Instant, Now};
use crate::view::View;

pub(crate) use calls::TOOL_BYTES;
pub(crate) use turns::{DETAIL_BYTES, PLAN_BYTES};

use import::Importing;
use residence::Waking;
use step::Step;

/// All sessions and the rules between them. See the crate's documentation for the four rules it keeps.
#[derive(Clone, Debug)]
pub struct Multiplexer {
    limits: Limits,
    sessions: Sessions,
    focus: Focus,
    /// Sessions whose memory is being read, with the wishes that wait for it.
    waking: BTreeMap<SessionId, Waking>,
    /// Sessions of which the host knows how their agent is reached.
    bound: BTreeSet<SessionId>,
    /// Sessions that come in from elsewhere.
    importing: BTreeMap<SessionId, Importing>,
    /// What the host's process weighs, as last told.
    memory: u64,
    /// Since when nobody is attached and nothing runs; `None` while somebody is or something does.
    deserted: Option<Instant>,
    stopping: bool,
    /// When the last call was: deadlines of the wall clock are counted from here.
    last: Now,
}

/// What was stored contradicts itself; the store must repair it first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// Two heads of one session.
    #[error("session {0} is stored twice")]
    Twice(SessionId),
}

impl Multiplexer {
    pub fn new(limits: Limits) -> Self {
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

    /// One that goes on from what was stored. Costs what is live, not what is stored.
    pub fn recover(limits: Limits, stored: impl IntoIterator<Item = Stored>) -> Result<Self, RecoverError> {
        let mut multiplexer = Self::new(limits);
        for one in stored {
            let id = one.head.id;
            let session = Session::restored(one, multiplexer.limits.tail_bytes);
            if !multiplexer.sessions.restore(session) {
                return Err(RecoverError::Twice(id));
            }
        }
        Ok(multiplexer)
    }

    /// Takes one input in. Whatever is due at `now` is done first, so a late wake-up does no harm.
    pub fn handle(&mut self, now: Now, input: Input) -> Effects {
        self.last = now;
        let mut step = Step::new(self, now);
        step.expire();
        step.take(input);
        step.settle();
        let effects = step.finish();
        crate::invariant::check(self, &effects);
        effects
    }

    /// When to call again at the latest, if nothing comes before. A function of state alone.
    pub fn next_deadline(&self) -> Option<Deadline> {
        let at = |at: Instant, reason: Reason| Deadline { at, reason };
        let limits = &self.limits;
        let memories = || self.sessions.live().filter_map(Session::live);
        let writing = memories().filter_map(|live| live.stream().since);
        let writing = writing.map(|since| at(since.after(limits.stream_delay), Reason::WriteStream));
        let calls = memories().flat_map(|live| live.pending().values());
        let calls = calls.map(|call| at(call.since.after(limits.approval_for), Reason::ExpireCall));
        let unused = self.sessions.live().filter(|session| self.may_hibernate(session));
        let unused = unused
            .filter_map(|session| session.live()?.used)
            .map(|used| at(used.after(limits.hibernate_after), Reason::Hibernate));
        let trash = self.next_erasure().map(|due| at(self.last.mono_at(due), Reason::EmptyTrash));
        let leaving = self.deserted.map(|since| at(since.after(limits.leave_after), Reason::Leave));
        writing.chain(calls).chain(unused).chain(trash).chain(leaving).min()
    }

    pub const fn view(&self) -> View<'_> {
        View { multiplexer: self }
    }

    /// The limits in force.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn last(&self) -> Now {
        self.last
    }

    pub(crate) const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    pub(crate) const fn focus(&self) -> &Focus {
        &self.focus
    }
}

impl Step<'_> {
    fn take(&mut self, input: Input) {
        match input {
            Input::Started => self.take_up(),
            Input::Stopping => self.stop(),
            Input::Attached(client) => self.attach(client),
            Input::Detached(client) => self.detach(client),
            Input::Showing { client, session, at_end } => self.show(client, session, at_end),
            Input::Wish { to, command } => self.grant(to, command),
            Input::Loaded { session, stored } => self.loaded(session, stored),
            Input::Offered { session, agent } => self.offered(session, agent),
            Input::NotBound { session, turn } => self.not_bound(session, turn),
            Input::Memory { bytes } => self.weigh(bytes),
            Input::Agent { session, turn, event } => self.hear(session, turn, event),
            Input::Tick => {} // what is due was done before
        }
    }

    /// Grants a wish now, or once the session it is about is awake.
    fn grant(&mut self, to: ReplyTo, command: Command) {
        let sleeper = command.wakes().filter(|&id| self.sleeps(id));
        match sleeper {
            _ if self.is_stopping() => self.after(Effect::Reply { to, answer: Err(Refusal::Stopping) }),
            Some(id) => self.wake_for(id, to, command),
            None => {
                let answer = self.decide(to.client, command);
                self.after(Effect::Reply { to, answer });
            }
        }
    }

    fn decide(&mut self, client: ClientId, command: Command) -> Result<Reply, Refusal> {
        match command {
            Command::Create { id, name, setup, tags } => self.create(id, name.as_deref(), setup, &tags),
            Command::Fork { session, id, at, name } => self.fork(session, id, at, name.as_deref()),
            Command::Import(import) => self.import(client, *import),
            Command::ImportPart { session, items } => self.import_part(client, session, items),
            Command::EndImport { session } => self.end_import(client, session),
            Command::Rename { session, name } => self.rename(session, &name),
            Command::Close { session, even_if_working } => self.close(session, even_if_working),
            Command::Reopen { session } => self.reopen(session),
            Command::Trash { session, even_if_working } => self.trash(session, even_if_working),
            Command::Restore { session } => self.restore(session),
            Command::Erase { session, even_if_working } => self.erase(session, even_if_working),
            Command::Wake { session } => self.open(session).map(|_| Reply::Done),
            Command::Tag { session, changes } => self.tag(session, &changes),
            Command::Pin { session, pinned } => self.pin(session, pinned),
            Command::SetPolicy { session, policy } => self.set_policy(session, policy),
            Command::MarkUnread { session } => self.mark_unread(session),
            Command::Submit { session, token, text } => self.submit(session, token, text),
            Command::Steer { session, token, text } => self.steer(session, token, text),
            Command::Unqueue { session, prompt } => self.unqueue(session, prompt),
            Command::Edit { session, prompt, text } => self.edit(session, prompt, text),
            Command::Move { session, prompt, place } => self.move_to(session, prompt, place),
            Command::SendNow { session, prompt } => self.send_now(session, prompt),
            Command::Answer { session, turn, call, digest, answer } => {
                self.answer(session, turn, call, digest, answer)
            }
            Command::Interrupt { session } => self.interrupt(session),
            Command::Retry { session, token } => self.retry(session, token),
            Command::SaveDraft { session, text } => self.save_draft(session, text),
        }
    }

    /// Does what is due.
    fn expire(&mut self) {
        self.write_old_streams();
        self.expire_calls();
        self.hibernate_unused();
        self.empty_trash();
        self.leave_if_deserted();
    }

    /// Does what the call made possible or necessary.
    fn settle(&mut self) {
        self.empty_trash();
        self.run_next();
        self.keep_within_memory();
        self.watch_desertion();
    }
}
