//! What one input costs the core: read with `cargo bench -p q-model`, never asserted.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use q_core::{AgentEvent, Input, Limits, SessionId, TurnNo};
use q_model::workload::{Action, Step, Wish};
use q_model::world::World;

/// Ten sessions with a turn in flight each.
fn ten_working() -> World {
    let mut world = World::new(Limits::default());
    for session in 0..10 {
        for wish in [Wish::Create { named: true }, Wish::Submit { token: 1, text: "why?".into() }] {
            let _played = world.play(&Step { after_ms: 1, action: Action::Wish(session, wish) });
        }
    }
    world
}

fn core(criterion: &mut Criterion) {
    let world = ten_working();
    let token =
        Input::Agent { session: SessionId(3), turn: TurnNo(1), event: AgentEvent::Text("token ".into()) };
    criterion.bench_function("a token, ten sessions working", |bench| {
        bench.iter_batched_ref(
            || (world.core().clone(), token.clone()),
            |(core, token)| core.handle(q_core::Now::default(), token.clone()),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("recover ten sessions", |bench| bench.iter(|| world.recovered()));
}

criterion_group!(benches, core);
criterion_main!(benches);
