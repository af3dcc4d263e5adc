//! What holds for every workload. Each property names the fault that breaks it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use q_core::{
    Body, Effect, Effects, Input, Limits, Record, Refusal, Reply, SessionId, Stamped, Token, Update,
};
use q_sim::workload::{Action, SESSIONS, Step, Wish, workload};
use q_sim::world::{World, is_synced, purged, snapshots};

/// Small limits, so that workloads reach them.
fn tight() -> Limits {
    Limits {
        live_sessions: 3,
        queued_prompts: 2,
        prompt_bytes: 10,
        answer_bytes: 30,
        stream_bytes: 12,
        ..Limits::default()
    }
}

fn played(steps: &[Step], limits: Limits) -> World {
    let mut world = World::new(limits);
    for step in steps {
        let _effects = world.play(step);
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(8192), ..ProptestConfig::default() })]

    /// Nothing granted is lost: whatever a reply promises stands in a synced batch of the same call, and an agent is
    /// asked only behind the record that says so. Broken by: replying at once, buffering prompts.
    #[test]
    fn what_is_promised_is_persisted_first(steps in workload(80)) {
        let mut world = World::new(tight());
        for step in &steps {
            let (input, effects) = world.play(step);
            promised_first(&input, &effects)?;
        }
    }

    /// After every step, what a restart would read is what the running core has (once it has written what streams).
    /// Broken by: changing state outside `apply`, forgetting a head, writing one too few.
    #[test]
    fn recovery_after_every_prefix_equals_the_live_state(steps in workload(40)) {
        let mut world = World::new(tight());
        for step in &steps {
            let _effects = world.play(step);
            let mut written = world.clone();
            for client in 1..=3 {
                let _effects = written.tell(Input::Detached(q_core::ClientId(client)));
            }
            for _ in 0..SESSIONS {
                if written.core.next_deadline().is_some_and(|next| next.reason == q_core::Reason::WriteStream) {
                    written.follow_deadline();
                }
            }
            prop_assert_eq!(&written.replayed_heads(), &written.heads, "heads are what the records say");
            let recovered = written.recovered();
            prop_assert_eq!(snapshots(&recovered), written.snapshots());
            prop_assert_eq!(recovered.view().sessions().collect::<Vec<_>>(), written.core.view().sessions().collect::<Vec<_>>());
        }
    }

    /// Following deadlines exactly, and nothing else, everything that streamed gets written.
    /// Broken by: a deadline that state does not imply.
    #[test]
    fn deadlines_suffice(steps in workload(60)) {
        let mut world = played(&steps, tight());
        for _ in 0..=SESSIONS {
            world.follow_deadline();
        }
        let recovered = world.recovered();
        let texts = |core: &q_core::Multiplexer| -> Vec<_> { snapshots(core).into_iter().map(|s| s.entries).collect() };
        prop_assert_eq!(texts(&recovered), texts(&world.core));
    }

    /// A client that watched from the beginning has what a snapshot would give it. Broken by: a change that is not told.
    #[test]
    fn a_mirror_stays_true(steps in workload(80)) {
        let mut world = World::new(tight());
        for step in &steps {
            let _effects = world.play(step);
        }
        prop_assert_eq!(world.missed, 0);
        for snapshot in world.snapshots() {
            let mirrored = world.mirror.get(snapshot.summary.id).unwrap();
            prop_assert_eq!(mirrored.entries.iter().collect::<Vec<_>>(), snapshot.entries.iter().collect::<Vec<_>>());
            prop_assert_eq!(&mirrored.queue, &snapshot.queue);
            prop_assert_eq!(&mirrored.draft, &snapshot.draft);
            prop_assert_eq!(mirrored.summary.activity, snapshot.summary.activity);
            prop_assert_eq!(mirrored.summary.unread > 0, snapshot.summary.unread > 0);
        }
        prop_assert_eq!(world.mirror.len(), world.snapshots().len());
    }

    /// A turn is asked for at most once, whatever crashes; and only because somebody wished it or a turn before it ended
    /// well. Broken by: asking again at start, starting the queue after a failure.
    #[test]
    fn a_turn_is_asked_at_most_once(steps in workload(100)) {
        let mut world = World::new(tight());
        let mut asked = BTreeSet::new();
        for step in &steps {
            let (input, effects) = world.play(step);
            for effect in effects.at_once.iter().chain(&effects.after) {
                if let Effect::Ask { session, turn, .. } = effect {
                    prop_assert!(asked.insert((*session, *turn)), "asked twice: {session} {turn}");
                    let wished = matches!(input, Input::Wish { .. });
                    let before_ended_well = matches!(&input, Input::Agent { event: q_core::AgentEvent::Done, .. });
                    prop_assert!(wished || before_ended_well, "asked by itself after {input:?}");
                }
            }
        }
    }

    /// One submission, however often it arrives and whatever crashes in between, is one prompt.
    /// Broken by: not remembering tokens, or remembering them only in memory.
    #[test]
    fn a_submission_is_taken_once(text in "[a-z]{1,8}", crash in any::<bool>(), times in 1usize..4) {
        let wish = |wish| Step { after_ms: 1, action: Action::Wish(0, wish) };
        let mut world = played(&[wish(Wish::Create { named: true })], Limits::default());
        for _ in 0..times {
            let (_, effects) = world.play(&wish(Wish::Submit { token: 9, text: text.clone() }));
            let accepted = Effect::Reply { tag: tag_of(&effects), answer: Ok(Reply::Accepted(q_core::PromptNo(1))) };
            prop_assert!(effects.after.contains(&accepted));
            if crash {
                let _effects = world.crash();
            }
        }
        let queued = world.log.iter().filter(|stamped| matches!(&stamped.record, Record::Queued { token: Token(9), .. })).count();
        prop_assert_eq!(queued, 1);
    }

    /// What one session writes, asks and shows does not depend on the others, as long as no shared limit is reached.
    /// Broken by: a counter, buffer or name that sessions share.
    #[test]
    fn a_session_is_a_function_of_its_own_inputs(steps in workload(80), alone in 0..SESSIONS) {
        let steps: Vec<Step> = steps.into_iter().filter(is_free_of_shared_names).collect();
        let together = trace(&steps, alone);
        let by_itself = trace(&purged(&steps, alone), alone);
        prop_assert_eq!(together, by_itself);
    }

    /// With shared limits on, the only difference they make is a refusal that names them.
    /// Broken by: a limit that changes instead of refusing.
    #[test]
    fn limits_only_refuse(steps in workload(80)) {
        let mut world = World::new(Limits { live_sessions: 2, ..Limits::default() });
        for step in &steps {
            let before = world.heads.clone();
            let (_, effects) = world.play(step);
            let refused = effects.after.iter().any(|effect| matches!(effect, Effect::Reply { answer: Err(Refusal::TooManyLive { limit: 2 }), .. }));
            if refused {
                let changed: Vec<_> = world.heads.keys().filter(|id| !before.contains_key(id)).collect();
                prop_assert!(changed.is_empty(), "a refusal created {changed:?}");
            }
        }
    }

    /// What a list says in numbers is what the log adds up to. Broken by: a head that forgets to count.
    #[test]
    fn totals_are_what_the_log_adds_up_to(steps in workload(100)) {
        let world = played(&steps, tight());
        for head in world.heads.values() {
            let own = || world.log.iter().filter(|stamped| stamped.session == head.id).map(|stamped| &stamped.record);
            let mut spent = (0, 0);
            for record in own() {
                if let Record::Ended { usage, .. } = record {
                    spent = (spent.0 + usage.input, spent.1 + usage.output);
                }
            }
            prop_assert_eq!((head.usage.input, head.usage.output), spent);
            prop_assert_eq!(head.turns.0, own().filter(|record| matches!(record, Record::Began { .. })).count() as u64);
            prop_assert_eq!(head.prompts.0, own().filter(|record| matches!(record, Record::Queued { .. })).count() as u64);
        }
        for snapshot in world.snapshots() {
            prop_assert_eq!(snapshot.summary.entries, snapshot.entries.len() as u64);
        }
    }

    /// What a model is sent always makes a conversation: no entry is empty, none stands twice, all are in order.
    /// Broken by: writing empty pieces, numbering entries by hand.
    #[test]
    fn transcripts_are_conversations(steps in workload(100)) {
        for snapshot in played(&steps, tight()).snapshots() {
            prop_assert!(snapshot.entries.windows(2).all(|pair| pair[0].no < pair[1].no));
            for entry in &snapshot.entries {
                match &entry.body {
                    Body::Prompt(text) | Body::Answer(text) => prop_assert!(!text.is_empty()),
                    Body::Stop(_) => {}
                }
            }
            let first = snapshot.entries.first().map(|entry| &entry.body);
            prop_assert!(matches!(first, None | Some(Body::Prompt(_))), "an answer without a prompt");
        }
    }
}

fn promised_first(input: &Input, effects: &Effects) -> Result<(), TestCaseError> {
    for effect in &effects.at_once {
        let waits_for_nothing = match effect {
            Effect::Cancel { .. } => true,
            Effect::Update(update) => matches!(update, Update::Text { .. } | Update::Entry { .. }),
            Effect::Ask { .. } | Effect::Reply { .. } | Effect::Leave => false,
        };
        prop_assert!(waits_for_nothing, "{effect:?} must wait for its batch");
    }
    let began = |stamped: &Stamped, asked: &q_core::TurnNo| matches!(&stamped.record, Record::Began { turn, .. } if turn == asked);
    for effect in &effects.after {
        if let Effect::Ask { session, turn, .. } = effect {
            let batch = effects.batch.as_ref().unwrap();
            prop_assert!(
                batch.records.iter().any(|stamped| stamped.session == *session && began(stamped, turn))
            );
            prop_assert!(is_synced(effects));
        }
    }
    if let Input::Wish { .. } = input {
        let replies = effects.after.iter().filter(|effect| matches!(effect, Effect::Reply { .. })).count();
        prop_assert_eq!(replies, 1, "one wish, one reply");
    }
    let may_be_lost =
        |stamped: &Stamped| matches!(&stamped.record, Record::Said { .. } | Record::Seen { .. });
    let only_such = effects.batch.iter().flat_map(|batch| &batch.records).all(may_be_lost);
    prop_assert!(only_such || is_synced(effects), "all but streamed text and read marks is synced");
    Ok(())
}

fn tag_of(effects: &Effects) -> q_core::Tag {
    effects
        .after
        .iter()
        .find_map(|effect| match effect {
            Effect::Reply { tag, .. } => Some(*tag),
            Effect::Ask { .. } | Effect::Cancel { .. } | Effect::Update(_) | Effect::Leave => None,
        })
        .unwrap()
}

/// Names are shared among sessions by design, so this property uses names that cannot meet.
fn is_free_of_shared_names(step: &Step) -> bool {
    !matches!(&step.action, Action::Wish(_, Wish::Create { named: false } | Wish::Rename(_)))
}

/// All that an observer of one session sees: its records (slots aside) and the effects that concern it.
fn trace(steps: &[Step], session: u128) -> Vec<String> {
    let id = SessionId(session);
    let mut world = World::new(Limits::default());
    let mut seen = Vec::new();
    for step in steps {
        let about_it = step.action.session().is_none_or(|about| about == session);
        let (_, effects) = world.play(step);
        let records =
            effects.batch.iter().flat_map(|batch| &batch.records).filter(|stamped| stamped.session == id);
        seen.extend(records.map(|stamped| format!("{:?}", without_slot(stamped.clone()))));
        for effect in effects.at_once.iter().chain(&effects.after) {
            match effect {
                Effect::Ask { session, .. } | Effect::Cancel { session, .. } if *session == id => {
                    seen.push(format!("{effect:?}"));
                }
                Effect::Update(
                    Update::Entry { session, .. }
                    | Update::Text { session, .. }
                    | Update::Queue { session, .. }
                    | Update::Draft { session, .. },
                ) if *session == id => seen.push(format!("{effect:?}")),
                Effect::Reply { answer, .. } if about_it && step.action.session().is_some() => {
                    seen.push(format!("{answer:?}"));
                }
                Effect::Ask { .. }
                | Effect::Cancel { .. }
                | Effect::Reply { .. }
                | Effect::Update(_)
                | Effect::Leave => {}
            }
        }
    }
    seen
}

fn without_slot(mut stamped: Stamped) -> Stamped {
    if let Record::Created { slot, .. } = &mut stamped.record {
        *slot = 0;
    }
    stamped
}
