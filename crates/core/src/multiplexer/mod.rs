//! The state machine: routes each input to the part that decides it. No rule of its own stands here.
//!
//! The files stand on each other in this order: `state` (what is known), `step` (one call as it is being decided), a file for
//! each subject that is decided, `command` (which command is whose), `deferred` (commands that wait), and this one.

mod agents;
mod archive;
mod budget;
pub(crate) mod calls;
mod clients;
pub(crate) mod command;
mod compaction;
mod deferred;
mod faults;
mod images;
mod import;
mod importing;
mod invariant;
mod marks;
mod queue;
mod residence;
mod reversal;
mod sessions;
mod settings;
mod shell;
pub(crate) mod state;
mod step;
mod turns;

use crate::deadline::Deadline;
use crate::effect::Effects;
use crate::focus::SessionInView;
use crate::id::SessionId;
use crate::input::Input;
use crate::limits::Limits;
use crate::session::Session;
use crate::session::stored::Stored;
use crate::time::Now;
use crate::view::View;

use deferred::Deferred;
use state::MultiplexerState;
use step::Step;

/// All sessions and the rules between them. See the crate's documentation for the four rules it keeps.
#[derive(Clone, Debug)]
pub struct Multiplexer {
    state: MultiplexerState,
    deferred: Deferred,
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
        Self { state: MultiplexerState::new(limits), deferred: Deferred::default() }
    }

    /// One that goes on from what was stored. Costs what is live, not what is stored.
    pub fn recover(limits: Limits, stored: impl IntoIterator<Item = Stored>) -> Result<Self, RecoverError> {
        let mut state = MultiplexerState::new(limits);
        for one in stored {
            let id = one.head.id;
            let session = Session::restored(one, state.limits.tail_bytes);
            if !state.sessions.restore(session) {
                return Err(RecoverError::Twice(id));
            }
        }
        Ok(Self { state, deferred: Deferred::default() })
    }

    /// Takes one input in. Whatever is due at `now` is done first, so a late wake-up does no harm.
    pub fn handle(&mut self, now: Now, input: Input) -> Effects {
        let before = core::mem::replace(&mut self.state.last, now);
        let mut step = Step::new(&mut self.state, now);
        step.expire(before);
        step.route(&mut self.deferred, input);
        step.settle();
        let effects = step.finish();
        invariant::check(&self.state, &effects);
        effects
    }

    /// When to call again at the latest, if nothing comes before. A function of state alone.
    pub fn next_deadline(&self) -> Option<Deadline> {
        self.state.next_deadline()
    }

    pub const fn view(&self) -> View<'_> {
        View { state: &self.state }
    }

    /// The limits in force.
    pub const fn limits(&self) -> &Limits {
        &self.state.limits
    }
}

impl Step<'_> {
    fn route(&mut self, deferred: &mut Deferred, input: Input) {
        match input {
            Input::Started => self.take_up(),
            Input::Stopping => {
                deferred.refuse_all(self);
                self.stop();
            }
            Input::Attached(client) => self.attach(client),
            Input::Detached(client) => self.detach(client),
            Input::Showing { client, session, at_end, beside } => {
                let first = session.map(|session| SessionInView { session, at_end });
                let others = beside.into_iter().take(SessionInView::MOST);
                self.show(client, first.into_iter().chain(others).collect());
            }
            Input::Wish { to, command } => deferred.grant(self, to, command),
            Input::Loaded { session, stored } => deferred.loaded(self, session, stored),
            Input::Offered { session, agent } => self.offered(session, agent),
            Input::NotBound { session, turn } => self.not_bound(session, turn),
            Input::Reversed { session, redo, outcome } => self.reversed(session, redo, outcome),
            Input::Memory { bytes } => self.weigh(bytes),
            Input::Background { session, running } => self.note_background(session, running),
            Input::Agent { session, turn, event } => self.on_agent_event(session, turn, event),
            Input::Tick => {} // what is due was done before
        }
    }

    /// Does what is due since it was `before`.
    fn expire(&mut self, before: Now) {
        self.write_old_streams();
        self.expire_calls();
        // Before anything hibernates: what waited for the day to end is to be asked.
        self.begin_day(before);
        self.hibernate_unused();
        self.empty_trash();
        self.leave_if_deserted();
    }

    /// Does what the call made possible or necessary.
    fn settle(&mut self) {
        // A fork that went in this call may have been the last of one that is due.
        self.empty_trash();
        // Before memory is counted: what runs may not hibernate.
        self.run_next();
        self.keep_within_memory();
        self.watch_desertion();
    }
}
