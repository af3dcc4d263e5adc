//! Whole machines, simulated: a few hundred seeds for each change (`cargo xtask sim` runs as many as wanted), and for each
//! law a fault in the world that breaks it, to show that it can be broken.
#![allow(clippy::panic, reason = "tests may panic")]

use q_core::trace::{Player, limits};
use q_sim::{Law, Plan, Planted, shrunk};

/// Seeds for each change.
const SEEDS: u64 = 200;
/// Seeds whose scripts are played again.
const SCRIPTS: u64 = 40;
/// Seeds within which a planted fault must be found.
const PATIENCE: u64 = 400;

#[test]
fn no_law_is_broken_whatever_fails() {
    for seed in 0..SEEDS {
        if let Some(broken) = Plan::new(seed).play_twice().broken {
            panic!("seed {seed}: {broken}\nagain: cargo xtask sim --seed {seed}");
        }
    }
}

/// A plan in whose world something is wrong, and that shows it.
fn found(planted: Planted) -> Option<Plan> {
    let plans = (0..PATIENCE).map(|seed| Plan { planted: Some(planted), ..Plan::new(seed) });
    plans
        .into_iter()
        .find(|plan| plan.play_twice().broken.is_some_and(|broken| broken.law == planted.breaks()))
}

#[test]
fn every_law_can_be_broken() {
    let blind: Vec<_> = Planted::ALL.into_iter().filter(|&planted| found(planted).is_none()).collect();
    assert!(blind.is_empty(), "within {PATIENCE} seeds nobody saw {blind:?}");
}

#[test]
fn every_law_has_a_planted_fault() {
    let broken: Vec<Law> = Planted::ALL.into_iter().map(Planted::breaks).collect();
    let whole: Vec<_> = Law::ALL.into_iter().filter(|law| !broken.contains(law)).collect();
    assert!(whole.is_empty(), "nothing breaks {whole:?}");
}

#[test]
fn a_failure_is_shrunk_to_what_it_needs() {
    let Some(plan) = found(Planted::IgnoresCancel) else { panic!("no seed shows it") };
    let few = shrunk(&plan);
    assert!(few.steps.len() <= 20, "{} of {} steps: {:?}", few.steps.len(), plan.steps.len(), few.steps);
    let law = few.play(false).broken.map(|broken| broken.law);
    assert_eq!(law, Some(Law::AsksMatchTurns));
}

#[test]
fn what_the_core_was_told_can_be_told_again() {
    for seed in 0..SCRIPTS {
        let plan = Plan::new(seed);
        let script = plan.play(true).script;
        assert_eq!(limits(&script.join("\n")), Ok(plan.host.limits.clone()), "seed {seed}");
        let mut player = Player::new(plan.host.limits.clone());
        for line in script.iter().filter_map(|line| line.strip_prefix("> ")) {
            assert!(player.play(line).is_ok(), "seed {seed}: {line}");
        }
    }
}
