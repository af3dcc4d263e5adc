//! Shrinking: leaves steps out and makes others plainer, as long as the same law is broken (delta debugging).

use super::law::Law;
use super::plan::Plan;
use super::step::{Act, SimulationStep};

/// How often a failing run is played again at most.
const PLAYS: usize = 4_000;

/// The run without what its failure does not need.
pub fn shrunk(plan: &Plan) -> Plan {
    let Some(broken) = plan.play_twice().broken else { return plan.clone() };
    let mut search = Search { plan: plan.clone(), law: broken.law, plays: 0 };
    let mut size = search.plan.steps.len().div_ceil(2);
    while size > 0 {
        let removed = search.remove(size);
        if !removed {
            size /= 2;
        }
    }
    search.simplify();
    search.remove(1);
    search.plan
}

/// The shortest plan found so far that breaks the law.
struct Search {
    plan: Plan,
    law: Law,
    plays: usize,
}

impl Search {
    /// Leaves out runs of `size` steps. Whether any could go.
    fn remove(&mut self, size: usize) -> bool {
        let before = self.plan.steps.len();
        let mut place = 0;
        while place < self.plan.steps.len() {
            let end = (place + size).min(self.plan.steps.len());
            let steps = [&self.plan.steps[..place], &self.plan.steps[end..]].concat();
            if !self.still_breaks(steps) {
                place += size;
            }
        }
        self.plan.steps.len() < before
    }

    /// Takes pauses away, and lets all move where some did.
    fn simplify(&mut self) {
        for place in 0..self.plan.steps.len() {
            let step = self.plan.steps[place].clone();
            self.replace(place, SimulationStep { after_us: 0, ..step });
            if matches!(self.plan.steps[place].act, Act::Move { .. }) {
                let after_us = self.plan.steps[place].after_us;
                self.replace(place, SimulationStep { after_us, act: Act::Settle });
            }
        }
    }

    fn replace(&mut self, place: usize, step: SimulationStep) {
        if self.plan.steps[place] != step {
            let mut steps = self.plan.steps.clone();
            steps[place] = step;
            self.still_breaks(steps);
        }
    }

    /// Keeps the steps if they break the law too.
    fn still_breaks(&mut self, steps: Vec<SimulationStep>) -> bool {
        self.plays += 1;
        if self.plays > PLAYS {
            return false;
        }
        let plan = Plan { steps, ..self.plan.clone() };
        let outcome = if self.law == Law::Repeatable { plan.play_twice() } else { plan.play(false) };
        let breaks = outcome.broken.is_some_and(|broken| broken.law == self.law);
        if breaks {
            self.plan = plan;
        }
        breaks
    }
}
