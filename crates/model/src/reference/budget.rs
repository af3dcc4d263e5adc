//! Budgets: what sessions have cost, against what they may.

use q_core::{AgentFailure, FailureKind, Presence, WallTime};

use super::{Ending, Model, Session, Turn, Uncounted, What};

/// A day, in milliseconds.
pub(super) const DAY: u64 = 86_400_000;

/// Whether it is that of all sessions, what is spent of it, and what it is.
pub(super) type Spent = (bool, u64, u64);

impl Model {
    /// The budget of which less is left, by its share. The session's turn has cost `more` that is not counted yet.
    pub(super) fn budget(&self, at: usize, more: u64) -> Option<Spent> {
        let (own, all) = (self.own_budget(at), (true, self.spent_today(), self.limits.budget_tokens_per_day));
        let (own, all) = ((own.0, own.1 + more, own.2), (all.0, all.1 + more, all.2));
        let share = |(_, spent, of): Spent| u128::from(spent) * (1 << 60) / u128::from(of);
        match (own.2 > 0, all.2 > 0) {
            (true, true) if share(all) > share(own) => Some(all),
            (true, _) => Some(own),
            (false, true) => Some(all),
            (false, false) => None,
        }
    }

    /// What is said of it in lists: of a session that sleeps only its own.
    pub(super) fn told_budget(&self, at: usize) -> Option<Spent> {
        if self.sessions[at].presence == Presence::Live {
            self.budget(at, 0)
        } else {
            Some(self.own_budget(at)).filter(|own| own.2 > 0)
        }
    }

    fn own_budget(&self, at: usize) -> Spent {
        let session = &self.sessions[at];
        let set = session.terms.settings.get("budget_tokens").map(|set| set.parse().unwrap_or(0)); // `off` is no number
        (false, session.spending.in_all, set.unwrap_or(self.limits.budget_tokens))
    }

    fn spent_today(&self) -> u64 {
        let today = self.now.wall.0 / DAY;
        let counts = |session: &&Session| [today, today + 1].contains(&session.spending.on_day.0);
        self.sessions.iter().filter(counts).map(|session| session.spending.on_day.1).sum()
    }

    pub(super) fn check_budget(&self, at: usize) -> Result<(), &'static str> {
        match self.budget(at, 0) {
            Some((true, spent, of)) if spent >= of => Err("day_budget_spent"),
            Some((false, spent, of)) if spent >= of => Err("session_budget_spent"),
            Some(_) | None => Ok(()),
        }
    }

    /// A turn does not ask again once it has cost more than is left.
    pub(super) fn end_if_spent(&mut self, at: usize) {
        let Some(turn) = &self.sessions[at].turn else { return };
        let cost = turn.usage.input + turn.usage.output + turn.uncounted.guessed;
        let budget = self.budget(at, cost).filter(|(_, spent, of)| cost > 0 && spent >= of);
        if let Some((of_all, spent, of)) = budget {
            self.cancel(at);
            let whose = if of_all { "all sessions today" } else { "this session" };
            let detail = format!("{spent} tokens of {of}, {whose}");
            self.end(at, Ending::Failed(AgentFailure::new(FailureKind::BudgetSpent, detail)));
        }
    }

    /// What waited for a budget alone goes on, where its agent is known.
    pub(super) fn go_on_within_budget(&mut self, at: usize) {
        let session = &self.sessions[at];
        let is_ready = session.agent.reached
            && !self.stopping
            && session.presence == Presence::Live
            && session.turn.is_none()
            && session.last_ending() == Ending::Done;
        if is_ready {
            self.begin_next(at);
        }
    }

    pub(super) fn begin_day(&mut self, before: WallTime) {
        if before.0 / DAY != self.now.wall.0 / DAY {
            for at in self.live() {
                self.go_on_within_budget(at);
            }
        }
    }
}

impl Session {
    /// Bytes that the agent said in the turn, what it gave to tools among them.
    pub(super) fn said_in(&self, turn: &Turn) -> u64 {
        let speaks = |what: &What| matches!(what, What::Answer | What::Thinking | What::Call(_));
        let said = self.entries.iter().filter(|entry| entry.turn == turn.no && speaks(&entry.what));
        said.map(|entry| entry.text.len() as u64).sum()
    }

    /// What is known once its agent is about to be asked again.
    pub(super) fn asks_again(&self, turn: &Turn) -> Uncounted {
        let (guessed, said_before) = (self.guessed_cost(turn), self.said_in(turn));
        Uncounted { guessed, said_before, ..Uncounted::default() }
    }

    /// Tokens that the turn cost of which nobody told: four bytes each, of what was asked and of what was said.
    pub(super) fn guessed_cost(&self, turn: &Turn) -> u64 {
        let said = self.said_in(turn) - turn.uncounted.said_before;
        if turn.uncounted.is_told || said == 0 {
            return turn.uncounted.guessed;
        }
        let asked = match turn.filling.asked.0 {
            0 if !turn.uncounted.is_cut => return turn.uncounted.guessed,
            0 => self.window.map_or(0, |window| window.tokens),
            bytes => bytes.div_ceil(4),
        };
        turn.uncounted.guessed + asked + said.div_ceil(4)
    }
}
