//! The state machine: routes each input to the part that decides it. No rule of its own stands here.

mod clients;
mod sessions;
mod step;
mod turns;

use alloc::collections::BTreeMap;

use crate::deadline::{Deadline, Reason};
use crate::effect::{Effect, Effects, Tag};
use crate::focus::Focus;
use crate::id::SessionId;
use crate::input::{Command, Input};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::head::{Activity, Presence};
use crate::session::stored::Stored;
use crate::time::{Instant, Now};
use crate::view::View;

use step::Step;

/// All sessions and the rules between them. See the crate's documentation for the four rules it keeps.
#[derive(Clone, Debug)]
pub struct Multiplexer {
    limits: Limits,
    sessions: BTreeMap<SessionId, Session>,
    focus: Focus,
    /// Since when nobody is attached and nothing runs; `None` while somebody is or something does.
    deserted: Option<Instant>,
    stopping: bool,
}

/// What was stored contradicts itself; the store must repair it first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// Two heads of one session.
    #[error("session {0} is stored twice")]
    Twice(SessionId),
}

impl Multiplexer {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self { limits, sessions: BTreeMap::new(), focus: Focus::default(), deserted: None, stopping: false }
    }

    /// One that goes on from what was stored. Costs what is live, not what is stored.
    pub fn recover(limits: Limits, stored: impl IntoIterator<Item = Stored>) -> Result<Self, RecoverError> {
        let mut multiplexer = Self::new(limits);
        for one in stored {
            let id = one.head.id;
            let session = Session::restored(one, multiplexer.limits.tail_bytes);
            if multiplexer.sessions.insert(id, session).is_some() {
                return Err(RecoverError::Twice(id));
            }
        }
        Ok(multiplexer)
    }

    /// Takes one input in. Whatever is due at `now` is done first, so a late wake-up does no harm.
    pub fn handle(&mut self, now: Now, input: Input) -> Effects {
        let mut step = Step::new(self, now);
        step.expire();
        step.take(input);
        step.watch_desertion();
        let effects = step.finish();
        crate::invariant::check(self, &effects);
        effects
    }

    /// When to call again at the latest, if nothing comes before. A function of state alone.
    pub fn next_deadline(&self) -> Option<Deadline> {
        let writing =
            self.sessions.values().filter_map(|session| session.live()?.stream().since).map(|since| {
                Deadline { at: since.after(self.limits.stream_delay), reason: Reason::WriteStream }
            });
        let leaving = self
            .deserted
            .map(|since| Deadline { at: since.after(self.limits.leave_after), reason: Reason::Leave });
        writing.chain(leaving).min()
    }

    /// The read model.
    pub const fn view(&self) -> View<'_> {
        View { multiplexer: self }
    }

    /// The limits in force.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    pub(crate) fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    pub(crate) const fn focus(&self) -> &Focus {
        &self.focus
    }
}

impl Step<'_> {
    fn take(&mut self, input: Input) {
        match input {
            Input::Started => self.mark_cut_turns(),
            Input::Stopping => self.stop(),
            Input::Attached(client) => self.attach(client),
            Input::Detached(client) => self.detach(client),
            Input::Showing { client, session, at_end } => self.show(client, session, at_end),
            Input::Wish { tag, command } => self.grant(tag, command),
            Input::Agent { session, turn, event } => self.hear(session, turn, event),
            Input::Tick => {} // what is due was done before
        }
    }

    fn grant(&mut self, tag: Tag, command: Command) {
        let answer = if self.is_stopping() {
            Err(Refusal::Stopping)
        } else {
            match command {
                Command::Create { id, name, kind, agent, model, directory } => {
                    self.create(id, name.as_deref(), kind, agent, model, directory)
                }
                Command::Rename { session, name } => self.rename(session, &name),
                Command::Close { session, even_if_working } => self.close(session, even_if_working),
                Command::Submit { session, token, text } => self.submit(session, token, text),
                Command::Unqueue { session, prompt } => self.unqueue(session, prompt),
                Command::Interrupt { session } => self.interrupt(session),
                Command::Retry { session, token } => self.retry(session, token),
                Command::SaveDraft { session, text } => self.save_draft(session, text),
            }
        };
        self.after(Effect::Reply { tag, answer });
    }

    /// Does what is due.
    fn expire(&mut self) {
        self.write_old_streams();
        self.leave_if_deserted();
    }

    /// Notes since when nobody is attached and nothing runs.
    fn watch_desertion(&mut self) {
        let busy = !self.multiplexer().focus.nobody_attached()
            || self.multiplexer().sessions.values().any(|session| {
                session.head().presence == Presence::Live && session.head().activity() == Activity::Working
            });
        let since = if busy { None } else { self.multiplexer().deserted.or(Some(self.now().mono)) };
        self.multiplexer_mut().deserted = since;
    }
}
