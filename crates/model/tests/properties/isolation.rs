//! A session is a function of its own inputs; limits are the only channel.

use proptest::prelude::*;
use q_core::{Effect, Effects, Limits, Record, Refusal, Reply, SessionId, Stamped, Update};
use q_model::system::{SystemUnderTest, is_shared, purged};
use q_model::workload::{SESSIONS, WorkloadStep};

use super::workloads::workload;
use super::{cases, lifted, tight};

proptest! {
    #![proptest_config(cases())]

    /// What one session writes, asks and shows does not depend on the others, when no shared limit can be reached.
    /// Broken by: a counter, buffer or name that sessions share.
    #[test]
    fn a_session_is_a_function_of_its_own_inputs(steps in workload(80), alone in 0..SESSIONS) {
        let steps: Vec<WorkloadStep> = steps.into_iter().filter(|step| !is_shared(step)).collect();
        let together = Observed::of(&steps, alone, lifted());
        let by_itself = Observed::of(&purged(&steps, alone), alone, lifted());
        prop_assert_eq!(together.seen, by_itself.seen);
    }

    /// With shared limits on, a session that was not refused by one, had not to make room and had not to wait for a place
    /// is still a function of its own inputs: limits are the only channel. Broken by: a limit that does more than refuse,
    /// hibernate or hold.
    #[test]
    fn limits_are_the_only_channel(steps in workload(80), alone in 0..SESSIONS) {
        let steps: Vec<WorkloadStep> = steps.into_iter().filter(|step| !is_shared(step)).collect();
        let together = Observed::of(&steps, alone, tight());
        let by_itself = Observed::of(&purged(&steps, alone), alone, tight());
        if !together.was_limited && !by_itself.was_limited {
            prop_assert_eq!(together.seen, by_itself.seen);
        }
    }

    /// A step of one session leaves every other session's durable state and view as they were, bit by bit; what a limit does
    /// to others (hibernating one to make room, asking one that waited) is named.
    /// Broken by: any leak, however short.
    #[test]
    fn a_step_touches_its_own_session_only(steps in workload(80)) {
        let mut system = SystemUnderTest::new(lifted());
        for step in steps.iter().filter(|step| !is_shared(step)) {
            let Some(own) = step.stimulus.session().map(SessionId) else {
                let _effects = system.play(step);
                continue;
            };
            // What is due anyway is done before, so that it is not taken for the step's.
            let _effects = system.play(&WorkloadStep { after_ms: step.after_ms, stimulus: q_model::workload::Stimulus::Tick });
            let before = system.core().view().sessions().collect::<Vec<_>>();
            let written = system.written.len();
            let _effects = system.play(&WorkloadStep { after_ms: 0, stimulus: step.stimulus.clone() });
            prop_assert!(system.written[written..].iter().all(|stamped| stamped.session == own));
            for line in before.iter().filter(|line| line.id != own) {
                prop_assert_eq!(system.core().view().summary(line.id), Some(line.clone()));
            }
        }
    }
}

/// All that an observer of one session sees: its records (slots aside) and the effects that concern it.
struct Observed {
    seen: Vec<String>,
    /// Whether a shared limit did something to it.
    was_limited: bool,
}

impl Observed {
    fn of(steps: &[WorkloadStep], session: u128, limits: Limits) -> Self {
        let id = SessionId(session);
        let mut system = SystemUnderTest::new(limits);
        let mut observed = Self { seen: Vec::new(), was_limited: false };
        for step in steps {
            let about_it = step.stimulus.session().is_none_or(|about| about == session);
            let (_, effects) = system.play(step);
            observed.see(id, about_it && step.stimulus.session().is_some(), &effects);
            observed.was_limited |= system.core().view().summary(id).is_some_and(|line| line.held);
        }
        observed
    }

    fn see(&mut self, id: SessionId, answers_it: bool, effects: &Effects) {
        let records = effects.batch.iter().flat_map(|batch| &batch.records);
        for stamped in records.filter(|stamped| stamped.session == id) {
            self.was_limited |=
                matches!(&stamped.record, Record::Hibernated { why } if *why != q_core::Why::Unused);
            self.seen.push(format!("{:?}", without_slot(stamped.clone())));
        }
        for effect in effects.at_once.iter().chain(&effects.after) {
            if subject(effect) == Some(id) {
                self.seen.push(format!("{effect:?}"));
            }
            if let Effect::Reply { answer, .. } = effect
                && answers_it
            {
                self.was_limited |= answer.as_ref().is_err_and(Refusal::is_limit);
                self.seen.push(match answer {
                    // Slots, and who makes room, are shared by design.
                    Ok(Reply::Created { session, .. }) => format!("created {session}"),
                    Err(Refusal::AlreadyOpen { name, .. }) => format!("{name} is open"),
                    answer => format!("{answer:?}"),
                });
            }
        }
    }
}

/// Which session an effect concerns alone. A line says its slot, which is shared, and a reply is for whoever asked.
const fn subject(effect: &Effect) -> Option<SessionId> {
    match effect {
        Effect::Run { session, .. }
        | Effect::Cancel { session, .. }
        | Effect::Steer { session, .. }
        | Effect::Permit { session, .. }
        | Effect::Settle { session, .. }
        | Effect::Bind { session, .. }
        | Effect::Unbind { session }
        | Effect::Release { session }
        | Effect::Load { session }
        | Effect::Reverse { session, .. }
        | Effect::Shell { session, .. }
        | Effect::Resync { session }
        | Effect::Update(
            Update::Entry { session, .. }
            | Update::Text { session, .. }
            | Update::Queue { session, .. }
            | Update::Draft { session, .. }
            | Update::Pending { session, .. }
            | Update::Gone(session),
        ) => Some(*session),
        Effect::Update(Update::Session(_)) | Effect::Reply { .. } | Effect::Leave => None,
    }
}

fn without_slot(mut stamped: Stamped) -> Stamped {
    if let Record::Created { slot, .. } | Record::Reopened { slot } = &mut stamped.record {
        *slot = 0;
    }
    stamped
}
