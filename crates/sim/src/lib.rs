//! Simulation of a whole machine: the host's real loop with its real core, pipeline, wire and outboxes; around it a disk,
//! clients, agents and clocks that fail as their seed says, all on one thread in virtual time.
//!
//! A run is data ([`Plan`]): from a seed, and shrunk by leaving steps out. It ends well, or with the law it broke.
//!
//! Not here: real sockets, files and processes (the end-to-end tests), the disk's own format (the store's tests).

mod agents;
mod client;
mod clocks;
mod connections;
mod consent;
mod disk;
mod history;
mod hosts;
mod index;
mod law;
mod ledger;
mod life;
mod loads;
mod mark;
mod moves;
mod outcome;
mod pace;
mod plan;
mod planted;
mod rest;
mod script;
mod shrink;
mod side;
mod stage;
mod step;
mod texts;
mod together;
mod trace;
mod turn;
mod wishes;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

pub use law::{Law, Violation};
pub use outcome::{Counts, RunOutcome};
pub use pace::Pace;
pub use plan::Plan;
pub use planted::Planted;
pub use shrink::shrunk;
pub use step::{Act, Aim, AnswerKind, ClientRequest, Does, InjectedFault, Number, Say, SimulationStep};

use law::Held;
use stage::Stage;

/// How many runs there were, for a world that is never the same.
static RUNS: AtomicU64 = AtomicU64::new(0);

impl Plan {
    pub fn play(&self, keeps_lines: bool) -> RunOutcome {
        let mut stage = Stage::new(self, keeps_lines);
        let played = catch_unwind(AssertUnwindSafe(|| self.play_on(&mut stage)));
        let held = played.unwrap_or_else(|panic| Err(Law::NoPanic.broken(words_of(&*panic))));
        stage.write_script(); // of a panic, what came just before it
        let (acknowledged, asked) = stage.ledger.totals();
        stage.count("prompts acknowledged", acknowledged);
        stage.count("turns asked", asked);
        let ran = stage.ledger.consents.count();
        stage.count("tools run", ran);
        if self.planted == Some(Planted::IsNeverTheSame) {
            stage.trace.saw(format_args!("{}", RUNS.fetch_add(1, Ordering::Relaxed)));
        }
        let drawn = stage.life.map_or(stage.drawn, |life| life.host.into_world().drawn);
        let Stage { trace, figures, script, .. } = stage;
        let script = script.into_lines(drawn);
        RunOutcome { broken: held.err(), hash: trace.hash(), figures, lines: trace.into_lines(), script }
    }

    fn play_on(&self, stage: &mut Stage) -> Held {
        for step in &self.steps {
            stage.play(step)?;
        }
        stage.finish()
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
