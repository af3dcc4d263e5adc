//! Simulation of a whole machine: the host's real loop with its real core, pipeline, wire and outboxes; around it a disk,
//! clients, agents and clocks that fail as their seed says, all on one thread in virtual time.
//!
//! A run is data ([`Plan`]): from a seed, and shrunk by leaving steps out. It ends well, or with the law it broke.
//!
//! Not here: real sockets, files and processes (the end-to-end tests), the disk's own format (the store's tests).

mod agents;
mod client;
mod clocks;
mod consent;
mod disk;
mod history;
mod index;
mod law;
mod ledger;
mod loads;
mod mark;
mod outcome;
mod pace;
mod plan;
mod planted;
mod script;
mod shells;
mod shrink;
mod side;
mod stage;
mod step;
mod texts;
mod trace;
mod wishes;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use law::{Law, Violation};
pub use outcome::{Counts, RunOutcome};
pub use pace::Pace;
pub use plan::Plan;
pub use planted::Planted;
pub use shrink::shrunk;
pub use step::{Act, Aim, AnswerKind, ClientRequest, Does, InjectedFault, Number, Say, SimulationStep};

use stage::Stage;

impl Plan {
    pub fn play(&self, keeps_lines: bool) -> RunOutcome {
        let mut stage = Stage::new(self, keeps_lines);
        let played = catch_unwind(AssertUnwindSafe(|| stage.play(&self.steps)));
        let held = played.unwrap_or_else(|panic| Err(Law::NoPanic.broken(words_of(&*panic))));
        stage.into_outcome(held)
    }

    /// Plays it twice: the second time all must be as it was.
    pub fn play_twice(&self) -> RunOutcome {
        let mut outcome = self.play(false);
        let again = self.play(false);
        if outcome.broken.is_none() && outcome.hash != again.hash {
            let how = format!("played twice, seen {:016x} and {:016x}", outcome.hash, again.hash);
            outcome.broken = Some(Law::Repeatable.broken(how));
        }
        outcome
    }
}

/// What a panic said.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".into())
}
