//! Nothing granted is lost, and a restart is a replay.

use proptest::prelude::*;
use q_core::{
    ClientId, Effect, Effects, Input, Instant, Multiplexer, Reason, Record, Refusal, Snapshot, Stamped,
    Update,
};
use q_model::losable::may_be_lost;
use q_model::system::{SystemUnderTest, is_synced, snapshots};
use q_model::workload::{CLIENTS, SESSIONS};

use super::workloads::workload;
use super::{after_each, cases, played, tight};

proptest! {
    #![proptest_config(cases())]

    /// Whatever a reply promises stands in a synced batch of the same call, and an agent is asked, permitted or told only
    /// behind the record that says so. Broken by: replying at once, buffering prompts.
    #[test]
    fn what_is_promised_is_persisted_first(steps in workload(80)) {
        let mut system = SystemUnderTest::new(tight());
        for step in &steps {
            let (input, effects) = system.play(step);
            promised_first(&system, &input, &effects)?;
        }
    }

    /// After every step, what a restart would read is what the running core has (once it has written what streams).
    /// Broken by: changing state outside `apply`, forgetting a head, writing one too few.
    #[test]
    fn recovery_after_every_prefix_equals_the_live_state(steps in workload(40)) {
        after_each(&steps, |system| {
            let mut written = system.clone();
            detach_all(&mut written);
            while written.core().next_deadline().is_some_and(|next| next.reason == Reason::WriteStream) {
                written.follow_deadline();
            }
            prop_assert_eq!(&written.replayed_heads(), &written.disk().heads, "heads are what the records say");
            let recovered = written.recovered();
            prop_assert_eq!(lasting(&recovered), lasting(written.core()));
            Ok(())
        })?;
    }

    /// Following deadlines exactly, and nothing else, all that is due gets done: what streamed is written, what nobody
    /// answered has expired, and nothing is due any more in the end.
    /// Broken by: a deadline that state does not imply, one that is never met.
    #[test]
    fn deadlines_suffice(steps in workload(60)) {
        let mut system = played(&steps, tight());
        detach_all(&mut system);
        // Each session can stream, wait for the person twice, hibernate and be erased once; then the host leaves.
        let enough = (SESSIONS + 1) * 6 + 2;
        for _ in 0..enough {
            if system.core().next_deadline().is_none_or(|next| next.reason == Reason::Leave) {
                break;
            }
            system.follow_deadline();
        }
        let next = system.core().next_deadline();
        prop_assert!(next.is_none_or(|next| next.reason == Reason::Leave), "{:?}", next);
        prop_assert!(system.core().view().inbox().is_empty(), "a call waits for ever");
        prop_assert_eq!(lasting(&system.recovered()), lasting(system.core()));
    }

    /// Until the moment that the core names, nothing happens by itself; without one, never.
    /// Broken by: a deadline that is forgotten, or that hides behind a later one; doing something too early.
    #[test]
    fn nothing_is_due_before_the_deadline(steps in workload(60)) {
        after_each(&steps, |system| {
            let mut waiting = system.clone();
            let far = Instant(u64::MAX / 4);
            waiting.go_to(waiting.core().next_deadline().map_or(far, |due| Instant(due.at.0 - 1)));
            let effects = waiting.handle(Input::Tick);
            prop_assert_eq!(effects, Effects::default());
            Ok(())
        })?;
    }

    /// One submission, however often it arrives and whatever crashes in between, is one prompt.
    /// Broken by: not remembering tokens, or remembering them only in memory.
    #[test]
    fn a_submission_is_taken_once(steps in workload(100)) {
        let system = played(&steps, tight());
        let mut tokens = std::collections::BTreeMap::new();
        for stamped in &system.written {
            if let Record::Queued { token, prompt, .. } | Record::Steered { token, prompt, .. } | Record::Retried { token, prompt } | Record::Continued { token, prompt, .. } = &stamped.record {
                let taken = tokens.entry(stamped.session).or_insert_with(Vec::new);
                // The newest 32 are remembered; an id that was erased may be used again by a test, not by a host.
                let recent = &taken[taken.len().saturating_sub(32)..];
                prop_assert!(!recent.contains(token), "{token:?} was taken twice");
                taken.push(*token);
                prop_assert!(prompt.0 > 0);
            }
            if matches!(stamped.record, Record::Erased) {
                tokens.remove(&stamped.session);
            }
        }
    }
}

fn detach_all(system: &mut SystemUnderTest) {
    for client in 1..=CLIENTS {
        let _effects = system.handle(Input::Detached(ClientId(client)));
    }
}

/// What is to survive a restart: all but what belongs to a turn in flight or waits to be asked.
fn lasting(core: &Multiplexer) -> (Vec<q_core::Summary>, Vec<Snapshot>) {
    let settled = |summary: q_core::Summary| q_core::Summary {
        pending: 0,
        background: 0,
        held: false,
        retrying: None,
        ..summary
    };
    let whole = |snapshot: Snapshot| {
        let summary = settled(snapshot.summary);
        Snapshot { summary, pending: Vec::new(), ..snapshot }
    };
    let lines = core.view().sessions().map(settled).collect();
    (lines, snapshots(core).into_iter().map(whole).collect())
}

fn promised_first(system: &SystemUnderTest, input: &Input, effects: &Effects) -> Result<(), TestCaseError> {
    for effect in &effects.at_once {
        let waits_for_nothing = match effect {
            Effect::Cancel { .. } | Effect::Bind { .. } | Effect::Unbind { .. } => true,
            Effect::Update(update) => matches!(update, Update::Text { .. } | Update::Entry { .. }),
            _ => false,
        };
        prop_assert!(waits_for_nothing, "{effect:?} must wait for its batch");
    }
    let is_written = |wanted: &dyn Fn(&Stamped) -> bool| system.written.iter().any(wanted);
    for effect in &effects.after {
        match effect {
            Effect::Run { session, turn, .. } => {
                let began = |stamped: &Stamped| {
                    stamped.session == *session
                        && matches!(&stamped.record, Record::Began { turn: began, .. } | Record::Continued { turn: began, .. } | Record::Compacting { turn: began } if began == turn)
                };
                prop_assert!(is_written(&began), "asked before it began");
            }
            Effect::Release { session } => {
                let told = |record: &Record| {
                    if let Record::Resumable { handle, .. } = record { Some(handle.clone()) } else { None }
                };
                let own = system.written.iter().filter(|stamped| stamped.session == *session);
                let newest = own.filter_map(|stamped| told(&stamped.record)).next_back();
                let known = system.core().view().resume_handle(*session).cloned();
                prop_assert!(
                    known.is_none() || known == newest,
                    "released by {known:?}, written is {newest:?}"
                );
            }
            Effect::Permit { session, turn, call, entry, digest, .. } => {
                let wanted = |stamped: &Stamped| {
                    (stamped.session, stamped.entry()) == (*session, Some(*entry))
                        && matches!(&stamped.record, Record::Called { turn: at, call: made, .. }
                            if at == turn && made.no == *call && made.digest == *digest)
                };
                prop_assert!(is_written(&wanted), "permitted what was never wanted");
            }
            Effect::Reply { answer: Ok(_), .. } => {
                let changes = effects.batch.is_some();
                prop_assert!(
                    !changes || is_synced(effects) || only_losable(effects),
                    "{effect:?} is not synced"
                );
            }
            Effect::Reply { answer: Err(refusal), .. } => {
                let wish_alone = matches!(input, Input::Wish { .. }) && effects.batch.is_some();
                let by_time = effects.batch.iter().flat_map(|batch| &batch.records).all(may_come_of_time);
                prop_assert!(!wish_alone || by_time, "{refusal:?} changed something: {:?}", effects.batch);
            }
            _ => {}
        }
    }
    prop_assert!(only_losable(effects) || is_synced(effects), "all but streamed text and marks is synced");
    Ok(())
}

/// Whether nothing in the batch was promised to survive the loss of power.
fn only_losable(effects: &Effects) -> bool {
    effects.batch.iter().flat_map(|batch| &batch.records).all(|stamped| may_be_lost(&stamped.record))
}

/// Records that come of time passing or of memory, not of the wish that was refused in the same call.
fn may_come_of_time(stamped: &Stamped) -> bool {
    matches!(
        &stamped.record,
        Record::Said { .. }
            | Record::Seen { .. }
            | Record::Hibernated { .. }
            | Record::Resulted { .. }
            | Record::Erased
    )
}

/// A refusal is data, and says what to do.
#[test]
fn every_refusal_names_a_way_out() {
    let refusal = Refusal::TooManyLive { limit: 10 };
    assert!(refusal.to_string().contains("limits.live_sessions"));
    assert!(refusal.is_limit());
}
