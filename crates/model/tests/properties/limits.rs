//! Limits: every one holds after every step, and refusing changes nothing.

use proptest::prelude::*;
use q_core::{Effect, Head, Limits, Presence, Record, Refusal};
use q_model::system::SystemUnderTest;

use super::screens::Screens;
use super::workloads::workload;
use super::{cases, played, tight};

proptest! {
    #![proptest_config(cases())]

    /// Whatever is told, no collection and no text grows above its limit. Broken by: an off-by-one, a limit forgotten.
    #[test]
    fn everything_is_bounded(steps in workload(120)) {
        let limits = tight();
        let mut system = SystemUnderTest::new(limits.clone());
        for step in &steps {
            let _effects = system.play(step);
            prop_assert!(live(&system) <= limits.live_sessions, "{} are live", live(&system));
            for head in system.disk().heads.values() {
                bounded(head, &limits)?;
            }
            for snapshot in system.snapshots() {
                let queued: usize = snapshot.queue.iter().map(|waiting| waiting.text.len()).sum();
                prop_assert!(queued <= limits.queued_bytes, "{queued} bytes wait");
                prop_assert!(snapshot.draft.len() <= limits.prompt_bytes);
                prop_assert!(snapshot.pending.len() <= limits.open_calls);
            }
        }
        for stamped in &system.written {
            match &stamped.record {
                Record::Queued { text, .. } | Record::Edited { text, .. } | Record::Steered { text, .. } => {
                    prop_assert!(text.len() <= limits.prompt_bytes && !text.trim().is_empty());
                }
                Record::Resulted { text, kept, whole, .. } => {
                    prop_assert!(text.len() <= limits.result_bytes && text.len() as u64 <= *kept);
                    prop_assert!(*kept <= limits.result_kept_bytes as u64 && kept <= whole);
                    prop_assert!(kept == whole || kept + 3 >= limits.result_kept_bytes as u64);
                }
                _ => {}
            }
        }
    }

    /// What is live never keeps more in memory than it may, unless nothing can hibernate.
    /// Broken by: forgetting to hibernate, weighing wrongly.
    #[test]
    fn memory_is_given_back(steps in workload(80), allowed in 200usize..2000) {
        let limits = Limits { memory_bytes: allowed, ..tight() };
        let system = played(&steps, limits);
        let idle = |line: &q_core::Summary| line.presence == Presence::Live && !line.pinned && !line.activity.is_busy();
        let shown = |id| steps.iter().any(|step| matches!(step.stimulus, q_model::workload::Stimulus::Show { session, beside, .. } if session.into_iter().chain(beside.map(|(beside, _)| beside)).any(|shown| q_core::SessionId(shown) == id)));
        let weight: usize = system.snapshots().iter().map(|snapshot| {
            let entries: usize = snapshot.entries.iter().map(q_core::Entry::weight).sum();
            entries + snapshot.draft.len()
        }).sum();
        let could_hibernate = system.core().view().sessions().any(|line| idle(&line) && !shown(line.id));
        prop_assert!(weight <= allowed || !could_hibernate, "{weight} bytes are kept, {allowed} are allowed");
    }

    /// For one more live session the least recently used idle one hibernates; a refusal creates nothing.
    /// Broken by: hibernating what works, is pinned or is shown; refusing where one could hibernate.
    #[test]
    fn room_is_made_before_refusing(steps in workload(100)) {
        let mut system = SystemUnderTest::new(tight());
        let mut screens = Screens::default();
        for step in &steps {
            let before: Vec<_> = system.core().view().sessions().collect();
            let heads = system.disk().heads.clone();
            let (input, effects) = system.play(step);
            let shown_before = screens.clone();
            screens.see(&input, &effects);
            let refused = effects.after.iter().any(|effect| matches!(effect, Effect::Reply { answer: Err(Refusal::TooManyLive { .. }), .. }));
            if refused {
                let known: Vec<_> = before.iter().map(|line| line.id).collect();
                prop_assert!(system.disk().heads.keys().all(|id| known.contains(id)), "a refusal created something");
            }
            let mut heads = heads;
            for stamped in effects.batch.iter().flat_map(|batch| &batch.records) {
                let Some(head) = heads.get_mut(&stamped.session) else { continue };
                if matches!(stamped.record, Record::Hibernated { .. }) {
                    prop_assert!(!head.pinned, "a pinned session hibernated");
                    prop_assert!(head.turn.is_none(), "a working session hibernated");
                    let stays_shown = shown_before.show(stamped.session) && screens.show(stamped.session);
                    prop_assert!(!stays_shown, "a session on a screen hibernated");
                }
                head.apply(stamped);
            }
        }
    }
}

fn live(system: &SystemUnderTest) -> usize {
    system.core().view().sessions().filter(|line| line.presence == Presence::Live).count()
}

fn bounded(head: &Head, limits: &Limits) -> Result<(), TestCaseError> {
    prop_assert!(head.queue.len() <= limits.queued_prompts);
    prop_assert!(head.rules.len() <= limits.allowed_tools);
    prop_assert!(head.taken.len() <= 16);
    if let Some(flight) = &head.turn {
        prop_assert!(flight.entries <= limits.turn_entries);
        prop_assert!(flight.said <= limits.answer_bytes as u64);
        prop_assert!(flight.calls.len() <= limits.open_calls);
        prop_assert!(flight.unasked <= limits.turn_calls);
    }
    Ok(())
}
