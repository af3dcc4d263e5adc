//! Commands that wait until the session they are about is awake, and what becomes of them.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::effect::Effect;
use crate::id::{ReplyTo, SessionId};
use crate::multiplexer::command::Command;
use crate::multiplexer::step::Step;
use crate::refusal::Refusal;
use crate::session::stored::Stored;

/// Commands by the session that each waits for, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Deferred {
    commands: BTreeMap<SessionId, Vec<(ReplyTo, Command)>>,
}

impl Deferred {
    /// Decides a command now, or once the session it is about is awake.
    pub(super) fn grant(&mut self, step: &mut Step<'_>, to: ReplyTo, command: Command) {
        if step.is_stopping() {
            return step.after(Effect::Reply { to, answer: Err(Refusal::Stopping) });
        }
        if let Some(id) = command.wakes().filter(|&id| step.sleeps(id)) {
            return self.wake_for(step, id, to, command);
        }
        let takes_time_in = command.takes_time_in();
        match (takes_time_in, step.decide(to.client, command)) {
            (Some(id), Ok(_)) => step.answer_later(id, to),
            (_, answer) => step.after(Effect::Reply { to, answer }),
        }
    }

    fn wake_for(&mut self, step: &mut Step<'_>, id: SessionId, to: ReplyTo, command: Command) {
        if let Err(refusal) = step.begin_waking(id) {
            return step.after(Effect::Reply { to, answer: Err(refusal) });
        }
        let limit = step.state().limits.waking_wishes;
        let commands = self.commands.entry(id).or_default();
        if commands.len() < limit {
            commands.push((to, command));
        } else {
            step.after(Effect::Reply { to, answer: Err(Refusal::TooManyWaking { limit }) });
        }
    }

    /// The store has read a session that is to wake, or cannot. Whoever waits for it is answered.
    pub(super) fn loaded(&mut self, step: &mut Step<'_>, id: SessionId, stored: Result<Box<Stored>, String>) {
        let Some(outcome) = step.loaded(id, stored) else { return };
        for (to, command) in self.commands.remove(&id).unwrap_or_default() {
            // Each is decided as things stand by then: an earlier one may have closed the session.
            match &outcome {
                Ok(()) => self.grant(step, to, command),
                Err(refusal) => step.after(Effect::Reply { to, answer: Err(refusal.clone()) }),
            }
        }
    }

    /// The host goes: nobody waits any longer.
    pub(super) fn refuse_all(&mut self, step: &mut Step<'_>) {
        for (to, _) in core::mem::take(&mut self.commands).into_values().flatten() {
            step.after(Effect::Reply { to, answer: Err(Refusal::Stopping) });
        }
    }
}
