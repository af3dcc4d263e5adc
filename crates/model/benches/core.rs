//! What one input costs the core: read with `cargo bench -p q-model`, never asserted.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use q_core::{AgentEvent, Input, Limits, SessionId, TurnNo};
use q_model::system::SystemUnderTest;
use q_model::workload::{CommandTemplate, Stimulus, WorkloadStep};

/// Ten sessions with a turn in flight each.
fn ten_working() -> SystemUnderTest {
    let mut system = SystemUnderTest::new(Limits::default());
    for session in 0..10 {
        for wish in [
            CommandTemplate::Create { named: true },
            CommandTemplate::Submit { token: 1, text: "why?".into() },
        ] {
            let _played =
                system.play(&WorkloadStep { after_ms: 1, stimulus: Stimulus::Command(session, wish) });
        }
    }
    system
}

fn core(criterion: &mut Criterion) {
    let system = ten_working();
    let token =
        Input::Agent { session: SessionId(3), turn: TurnNo(1), event: AgentEvent::Text("token ".into()) };
    criterion.bench_function("a token, ten sessions working", |bench| {
        bench.iter_batched_ref(
            || (system.core().clone(), token.clone()),
            |(core, token)| core.handle(q_core::Now::default(), token.clone()),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("recover ten sessions", |bench| bench.iter(|| system.recovered()));
}

criterion_group!(benches, core);
criterion_main!(benches);
