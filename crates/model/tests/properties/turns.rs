//! Turns run at most once, calls end exactly once, and activity moves along its table.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use q_core::activity::Change;
use q_core::{
    Activity, AgentEvent, Answer, CallNo, Command, Effect, Ending, Input, Outcome, Policy, Presence, Record,
    SessionId, TurnNo, Wants,
};
use q_model::reference::rules;
use q_model::system::SystemUnderTest;

use super::screens::Screens;
use super::workloads::workload;
use super::{cases, played, tight};

proptest! {
    #![proptest_config(cases())]

    /// A turn is asked for at most once, whatever crashes, and begins only because somebody wished it or the turn before
    /// it ended well, or was to summarise; words go into it only where its agent takes them. Broken by: asking again at start, starting the queue
    /// after a failure, steering whoever works.
    #[test]
    fn a_turn_is_asked_at_most_once(steps in workload(100)) {
        let mut system = SystemUnderTest::new(tight());
        let (mut asked, mut steerable) = (BTreeSet::new(), BTreeSet::new());
        for step in &steps {
            let (input, effects) = system.play(step);
            let began = effects.batch.iter().flat_map(|batch| &batch.records).any(|stamped| matches!(stamped.record, Record::Began { .. } | Record::Continued { .. }));
            let wished = matches!(input, Input::Wish { .. } | Input::Loaded { .. });
            let before_ended_well = matches!(&input, Input::Agent { event: AgentEvent::Done, .. });
            // What waited for a summary goes on without one.
            let compacted = effects.batch.iter().flat_map(|batch| &batch.records).any(|stamped| matches!(stamped.record, Record::Compacted { .. }));
            prop_assert!(!began || wished || before_ended_well || compacted, "a turn began by itself after {input:?}");
            if let Input::Agent { session, turn, event: AgentEvent::Steerable } = &input {
                steerable.insert((*session, births(&system, *session), *turn));
            }
            for effect in effects.at_once.iter().chain(&effects.after) {
                match effect {
                    Effect::Run { session, turn, .. } => {
                        let life = births(&system, *session);
                        prop_assert!(asked.insert((*session, life, *turn)), "asked twice: {session} {turn}");
                        let head = &system.disk().heads[session];
                        prop_assert_eq!(head.turn.as_ref().map(|flight| flight.turn), Some(*turn), "asked for a turn that is over");
                    }
                    Effect::Cancel { session, turn } => {
                        prop_assert!(asked.contains(&(*session, births(&system, *session), *turn)), "cancelled what was never asked");
                    }
                    Effect::Steer { session, turn, .. } => {
                        let turn = (*session, births(&system, *session), *turn);
                        prop_assert!(asked.contains(&turn) && steerable.contains(&turn), "an agent was told what it cannot hear");
                    }
                    Effect::Release { session } => {
                        let runs = system.disk().heads.get(session).is_some_and(|head| head.turn.is_some());
                        prop_assert!(!runs, "an agent is parked while its turn runs: {session}");
                    }
                    _ => {}
                }
            }
        }
    }

    /// What waits for a place gets one: whenever an agent has a free place, nobody waits for it, and nobody on a screen waits
    /// for a place that is kept for screens.
    /// Broken by: a lost wake-up, a place that is not given back, one too many.
    #[test]
    fn nobody_waits_for_a_free_place(steps in workload(100)) {
        let limits = tight();
        let mut system = SystemUnderTest::new(limits.clone());
        let mut screens = Screens::default();
        // Their turns wait for their files, not for a place.
        let mut reversing = BTreeSet::new();
        for step in &steps {
            let (input, effects) = system.play(step);
            screens.see(&input, &effects);
            match &input {
                Input::Started => reversing.clear(),
                Input::Reversed { session, .. } => {
                    reversing.remove(session);
                }
                _ => {}
            }
            reversing.extend(effects.after.iter().filter_map(|effect| if let Effect::Reverse { session, .. } = effect { Some(*session) } else { None }));
            let mut busy: Vec<_> = system.core().view().sessions().filter(|line| line.presence == Presence::Live && line.activity.is_busy()).collect();
            busy.retain(|line| !(line.held && reversing.contains(&line.id)));
            let held = busy.iter().filter(|line| line.held).count();
            let asked = busy.iter().filter(|line| !line.held && !line.activity.needs_person()).count();
            let for_all = limits.agent_calls - limits.agent_calls_in_view;
            // Who was answered goes on, whoever has begun meanwhile.
            let begins = effects.after.iter().any(|effect| matches!(effect, Effect::Run { .. }));
            prop_assert!(!begins || asked <= limits.agent_calls, "{asked} are asked");
            prop_assert!(held == 0 || asked >= for_all, "{held} wait, {asked} are asked");
            let shown_waits = busy.iter().any(|line| line.held && screens.show(line.id));
            prop_assert!(!shown_waits || asked >= limits.agent_calls, "one on a screen waits, {asked} are asked");
        }
    }

    /// What waits begins in the order in which it waits: after a turn that ended well, the first of the queue.
    /// Broken by: taking the last, beginning two, taking one that was taken back.
    #[test]
    fn the_queue_is_worked_off_in_its_order(steps in workload(100)) {
        let mut system = SystemUnderTest::new(tight());
        for step in &steps {
            let heads = system.disk().heads.clone();
            let (input, effects) = system.play(step);
            let Input::Agent { session, event: AgentEvent::Done, .. } = input else { continue };
            let next = heads.get(&session).and_then(|head| head.queue.first()).map(|waiting| waiting.prompt);
            let began: Vec<_> = effects.batch.iter().flat_map(|batch| &batch.records).filter_map(|stamped| match &stamped.record {
                Record::Began { prompt, .. } => Some(*prompt),
                _ => None,
            }).collect();
            let has = |is: fn(&Record) -> bool| effects.batch.iter().flat_map(|batch| &batch.records).any(|stamped| is(&stamped.record));
            let ended = has(|record| matches!(record, Record::Ended { .. } | Record::Compacted { .. }));
            // Where the window is full, a summary comes first.
            let compacts = has(|record| matches!(record, Record::Compacting { .. }));
            // Where a budget is spent, it waits.
            let budget = system.core().view().summary(session).and_then(|line| line.budget);
            let is_spent = budget.is_some_and(q_core::BudgetUse::is_spent);
            prop_assert_eq!(began, next.filter(|_| ended && !compacts && !is_spent).into_iter().collect::<Vec<_>>());
        }
    }

    /// A tool is permitted at most once, only while its turn runs, only for the bytes that were wanted, and only if it wants
    /// nothing and no rule speaks against it, a rule allows it and no rule or policy speaks against that, or was answered. What an
    /// agent only tells of is under way whatever q says.
    /// Broken by: stale approvals, answers that are not bound, consent that reaches further than was said.
    #[test]
    fn a_tool_runs_only_with_consent(steps in workload(120)) {
        let mut system = SystemUnderTest::new(tight());
        let mut permitted = BTreeSet::new();
        for step in &steps {
            let heads = system.disk().heads.clone();
            let (input, effects) = system.play(step);
            for effect in &effects.after {
                let Effect::Permit { session, turn, call, digest, .. } = effect else { continue };
                prop_assert!(permitted.insert((*session, births(&system, *session), *turn, *call)), "permitted twice");
                let flight = system.disk().heads[session].turn.as_ref().filter(|flight| flight.turn == *turn);
                let open = flight.and_then(|flight| flight.call(*call));
                prop_assert!(open.is_some_and(|open| !open.waits && open.digest == *digest && open.wants != Wants::Words), "permitted {open:?}");
                let consented = match &input {
                    Input::Wish { command: Command::Answer { session: to, turn: at, call: no, digest: shown, answer }, .. } => {
                        (to, at, no, shown) == (session, turn, call, digest) && matches!(answer, Answer::Once | Answer::Always)
                    }
                    Input::Agent { session: from, event: AgentEvent::Call(made, facts), .. } if from == session && made.no == *call => {
                        let head = &heads[session];
                        let said = rules::said(&head.rules, &head.setup.directory, &made.tool, facts);
                        let allowed = said.allows && head.setup.policy == Policy::Ask;
                        let is_told = facts.is_told && made.wants == Wants::Nothing;
                        is_told || !said.denies && !said.asks && (made.wants == Wants::Nothing || allowed)
                    }
                    _ => false,
                };
                prop_assert!(consented, "permitted because of {input:?}");
            }
        }
    }

    /// Every call gets exactly one result, by the end of its turn at the latest, whatever crashes; what ran is never said
    /// to have not run. Broken by: forgetting calls at an interrupt, taking a result twice.
    #[test]
    fn every_call_ends_once(steps in workload(120)) {
        let system = played(&steps, tight());
        let mut open: BTreeMap<(SessionId, TurnNo), BTreeMap<CallNo, bool>> = BTreeMap::new();
        for stamped in &system.written {
            match &stamped.record {
                Record::Called { turn, call, waits } => {
                    let before = open.entry((stamped.session, *turn)).or_default().insert(call.no, *waits);
                    prop_assert!(before.is_none(), "a call number came twice");
                }
                Record::Answered { turn, call, .. } => {
                    let waits = open.entry((stamped.session, *turn)).or_default().get_mut(call);
                    prop_assert!(waits.as_deref() == Some(&true), "an answer to what does not wait");
                    if let Some(waits) = waits {
                        *waits = false;
                    }
                }
                Record::Resulted { turn, call, outcome, .. } => {
                    let waited = open.entry((stamped.session, *turn)).or_default().remove(call);
                    prop_assert!(waited.is_some(), "a result without a call, or a second one");
                    match outcome {
                        Outcome::NeverRan | Outcome::Expired => prop_assert_eq!(waited, Some(true)),
                        Outcome::CutShort | Outcome::Failed => prop_assert_eq!(waited, Some(false)),
                        Outcome::Done | Outcome::Denied => {}
                    }
                }
                Record::Ended { turn, .. } => {
                    let left = open.remove(&(stamped.session, *turn)).unwrap_or_default();
                    prop_assert!(left.is_empty(), "{left:?} have no result");
                }
                _ => {}
            }
        }
    }

    /// What a session does and how much of it is loaded change only along their tables.
    /// Broken by: a transition that is not in the table.
    #[test]
    fn sessions_move_along_their_tables(steps in workload(100)) {
        let mut system = SystemUnderTest::new(tight());
        for step in &steps {
            let before = system.disk().heads.clone();
            let written = system.written.len();
            let _effects = system.play(step);
            let mut heads = before;
            for stamped in &system.written[written..] {
                let Some(head) = heads.get_mut(&stamped.session) else {
                    heads.extend(q_core::Head::created(stamped).map(|head| (head.id, head)));
                    continue;
                };
                let (activity, presence) = (head.activity(), head.presence);
                head.apply(stamped);
                let now = head.activity();
                let path = path(&stamped.record, activity, now);
                let reached = path.iter().try_fold(activity, |activity, change| activity.after(*change));
                prop_assert_eq!(reached, Some(now), "{:?} by {:?}", activity, stamped.record);
                let may = head.presence == presence || presence.may_become(head.presence);
                prop_assert!(may, "{presence:?} became {:?}", head.presence);
            }
        }
    }
}

/// How often a session of this id was created: tests use ids again, hosts do not.
fn births(system: &SystemUnderTest, session: SessionId) -> usize {
    let is_birth = |stamped: &&q_core::Stamped| {
        stamped.session == session && matches!(stamped.record, Record::Created { .. })
    };
    system.written.iter().filter(is_birth).count()
}

/// The changes of activity that a record stands for, given what the session did before and does after it.
fn path(record: &Record, before: Activity, now: Activity) -> Vec<Change> {
    match record {
        Record::Began { .. } | Record::Continued { .. } | Record::Compacting { .. } => vec![Change::Begin],
        // How the last turn of the conversation ended is what shows again.
        Record::Compacted { .. } if before.is_busy() => vec![match now {
            Activity::Failed => Change::Fail,
            Activity::Interrupted => Change::Interrupt,
            Activity::Idle | Activity::Working | Activity::NeedsApproval | Activity::NeedsInput => {
                Change::Finish
            }
        }],
        Record::Called { call, waits: true, .. } => match call.wants {
            Wants::Consent => vec![Change::AskConsent],
            Wants::Words => vec![Change::AskWords],
            Wants::Nothing => Vec::new(),
        },
        // One that waited waits no longer; another one may.
        Record::Answered { .. } | Record::Resulted { .. } if before.needs_person() && now != before => {
            match now {
                Activity::NeedsInput => vec![Change::Answer, Change::AskWords],
                Activity::NeedsApproval => vec![Change::Answer, Change::AskConsent],
                Activity::Idle | Activity::Working | Activity::Failed | Activity::Interrupted => {
                    vec![Change::Answer]
                }
            }
        }
        Record::Ended { ending: Ending::Done, .. } => vec![Change::Finish],
        Record::Ended { ending: Ending::Failed(_), .. } => vec![Change::Fail],
        Record::Ended { ending: Ending::Interrupted(_), .. } => vec![Change::Interrupt],
        _ => Vec::new(),
    }
}
