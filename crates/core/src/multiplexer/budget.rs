//! Where a budget of tokens stops a session: its next turn is not begun, and a turn that asks again and again is ended.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use crate::agent::{AgentFailure, FailureKind};
use crate::budget::{BudgetScope, BudgetUse, day_of};
use crate::compaction::guessed;
use crate::id::SessionId;
use crate::multiplexer::step::Step;
use crate::presence::Presence;
use crate::record::Ending;
use crate::refusal::Refusal;
use crate::session::live::RunState;
use crate::time::Now;
use crate::usage::Usage;

impl Step<'_> {
    /// Refuses what would begin a turn that a budget does not allow.
    pub(super) fn refuse_if_spent(&self, id: SessionId) -> Result<(), Refusal> {
        let Some(BudgetUse { scope, spent, of }) = self.spent_budget(id) else { return Ok(()) };
        Err(match scope {
            BudgetScope::Session => {
                let name = self.head(id).map(|head| head.name.to_string()).unwrap_or_default();
                Refusal::SessionBudgetSpent { name, spent, limit: of }
            }
            BudgetScope::Day => Refusal::DayBudgetSpent { spent, limit: of },
        })
    }

    /// The budget that is spent, if one is that concerns the session.
    pub(super) fn spent_budget(&self, id: SessionId) -> Option<BudgetUse> {
        self.state().budget(self.head(id)?, 0).filter(|budget| budget.is_spent())
    }

    /// Begins what waited for nothing but a budget, where that allows it again. What waits behind a turn that did not end well
    /// goes on waiting for the person, as ever, and what nobody could be asked for waits for its agent.
    pub(super) fn go_on_within_budget(&mut self, id: SessionId) {
        let is_bound = self.state().bound.contains(&id) && !self.state().stopping;
        let Some(head) = self.head(id).filter(|head| is_bound && head.presence == Presence::Live) else {
            return;
        };
        // Where no turn ever ended, what waits came with an import, which asks nobody by itself.
        let ended_well = head.last == Some(Ending::Done);
        if ended_well && head.turn.is_none() && !head.queue.is_empty() && self.spent_budget(id).is_none() {
            self.begin_next(id);
            self.notify_queue(id);
            self.changed(id);
        }
    }

    /// Where the calendar shows another day, lines say what is spent of that, and what waited for it goes on.
    pub(super) fn begin_day(&mut self, before: Now) {
        if day_of(before.wall) == day_of(self.now().wall) {
            return;
        }
        self.note_spending();
        let live: Vec<SessionId> = self.state().sessions.live().map(|live| live.head().id).collect();
        for id in live {
            self.go_on_within_budget(id);
        }
    }

    /// Ends a turn whose agent is about to ask once more, with what the turn has cost so far no budget allows that.
    pub(super) fn end_if_spent(&mut self, id: SessionId) {
        let cost = self.cost(id).total();
        let spent = self.head(id).and_then(|head| self.state().budget(head, cost));
        let Some(BudgetUse { scope, spent, of }) = spent.filter(|budget| cost > 0 && budget.is_spent())
        else {
            return;
        };
        let whose = match scope {
            BudgetScope::Session => "this session",
            BudgetScope::Day => "all sessions today",
        };
        let detail = format!("{spent} tokens of {of}, {whose}");
        self.cancel(id);
        self.end_turn(id, Ending::Failed(AgentFailure { kind: FailureKind::BudgetSpent, detail }));
    }

    /// What the turn in flight has cost, with a guess of what no server counted.
    pub(super) fn cost(&self, id: SessionId) -> Usage {
        let told = self.live(id).map_or_else(Usage::default, |live| live.stream().usage);
        Usage { guessed: self.guessed_cost(id), ..told }
    }

    /// A guess, by the bytes, of what the asks of the turn in flight cost that no server counted. Of one in which nothing was
    /// said nobody knows whether it was taken at all: it is guessed to cost nothing.
    pub(super) fn guessed_cost(&self, id: SessionId) -> u64 {
        let Some(live) = self.live(id) else { return 0 };
        let stream = live.stream();
        let said = self.spoken(id).saturating_sub(stream.spoken);
        if stream.is_counted || said == 0 {
            return stream.guessed;
        }
        let asked = if stream.ask.asked.0 > 0 {
            guessed(stream.ask.asked.0)
        } else if live.run == RunState::None {
            // Of an ask that a crash cut all that is known is how long the one before it was, and what was written of its answer.
            self.head(id).and_then(|head| head.window).map_or(0, |window| window.tokens)
        } else {
            return stream.guessed; // nobody says that a model was asked
        };
        stream.guessed.saturating_add(asked).saturating_add(guessed(said))
    }

    /// Bytes that the agent said in the turn in flight, in any voice, with what it gave to tools.
    pub(super) fn spoken(&self, id: SessionId) -> u64 {
        let Some(session) = self.session(id) else { return 0 };
        let written = session.head().turn.as_ref().map_or(0, |flight| flight.said);
        written.saturating_add(session.unwritten_speech())
    }

    /// Where what all sessions share was spent of, the lines are other ones that tell of it.
    pub(super) fn note_spending(&mut self) {
        if self.state().limits.budget_tokens_per_day == 0 {
            return;
        }
        let live: Vec<SessionId> = self.state().sessions.live().map(|live| live.head().id).collect();
        for id in live {
            self.changed(id);
        }
    }
}
