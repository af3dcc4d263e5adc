//! What holds for every workload. Each property names the faults that break it; `cargo xtask mutants` plants them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a property names the records it is about")]

mod conversation;
mod durability;
mod import;
mod isolation;
mod limits;
mod model;
mod screens;
mod turns;
mod watching;
mod wishes;
mod workloads;

use proptest::prelude::*;
use q_core::Limits;
use q_model::system::SystemUnderTest;
use q_model::workload::WorkloadStep;

/// Cases each property is tried with; `PROPTEST_CASES` raises it.
fn cases() -> ProptestConfig {
    let cases = ProptestConfig::default().cases.max(1);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Small limits, so that workloads reach them.
fn tight() -> Limits {
    Limits {
        live_sessions: 3,
        agent_calls: 2,
        agent_calls_in_view: 1,
        waking_wishes: 2,
        queued_prompts: 2,
        prompt_bytes: 10,
        queued_bytes: 18,
        answer_bytes: 40,
        turn_entries: 8,
        turn_calls: 2,
        open_calls: 2,
        result_bytes: 6,
        result_kept_bytes: 9,
        output_bytes: 210,
        allowed_tools: 1,
        stream_bytes: 12,
        ..Limits::default()
    }
}

/// No limit that sessions share can be reached.
fn lifted() -> Limits {
    Limits {
        live_sessions: usize::MAX,
        agent_calls: usize::MAX,
        memory_bytes: usize::MAX,
        soft_memory: u64::MAX,
        hard_memory: u64::MAX,
        ..tight()
    }
}

/// Plays a workload within tight limits, and looks at the system after every step.
fn after_each(
    steps: &[WorkloadStep],
    mut look: impl FnMut(&mut SystemUnderTest) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut system = SystemUnderTest::new(tight());
    steps.iter().try_for_each(|step| {
        let _effects = system.play(step);
        look(&mut system)
    })
}

fn played(steps: &[WorkloadStep], limits: Limits) -> SystemUnderTest {
    let mut system = SystemUnderTest::new(limits);
    for step in steps {
        let _effects = system.play(step);
    }
    system
}
