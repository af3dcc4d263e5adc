//! What clients see: mirrors, unread counts and the inbox are true.

use proptest::prelude::*;
use q_core::{Body, Input, Mirror, Presence, Record};
use q_model::system::SystemUnderTest;

use super::screens::Screens;
use super::workloads::workload;
use super::{after_each, cases, played, tight};

proptest! {
    #![proptest_config(cases())]

    /// A client that watched from the beginning has what a snapshot would give it, after every step.
    /// Broken by: a change that is not told.
    #[test]
    fn a_mirror_stays_true(steps in workload(80)) {
        after_each(&steps, |system| {
            prop_assert_eq!(system.missed, 0);
            let mut fresh = Mirror::default();
            for line in system.core().view().sessions().filter(|line| line.presence.is_open()) {
                let id = line.id;
                prop_assert!(fresh.apply(q_core::Update::Session(line.into())).is_ok());
                if let Some(snapshot) = system.core().view().snapshot(id, usize::MAX) {
                    fresh.load(snapshot);
                }
            }
            let shown = |mirror: &Mirror| -> Vec<_> {
                mirror.by_slot().into_iter().map(|session| {
                    let mut session = session.clone();
                    // The rest of a line is told with the next change of it.
                    session.summary.seen = q_core::Mark::default();
                    session.summary.unread = session.summary.unread.min(1);
                    session.summary.entries = 0;
                    session.summary.preview.clear();
                    session.summary.touched = q_core::WallTime(0);
                    session
                }).collect()
            };
            prop_assert_eq!(shown(&system.mirror), shown(&fresh));
            Ok(())
        })?;
    }

    /// Unread is what was said since a client last showed the end, counted anew from the log alone.
    /// Broken by: a count that is not cleared, one that grows while somebody watches.
    #[test]
    fn unread_is_what_nobody_saw(steps in workload(100)) {
        let system = played(&steps, tight());
        for head in system.disk().heads.values() {
            let mut unread = false;
            for stamped in system.written.iter().filter(|stamped| stamped.session == head.id) {
                match &stamped.record {
                    Record::Created { .. } | Record::Seen { .. } | Record::MarkedRead => unread = false,
                    Record::Said { .. } | Record::Called { .. } | Record::Resulted { .. } | Record::Repaired { .. } | Record::Planned { .. } | Record::Cited { .. } | Record::ProjectRead { .. }
                    | Record::Sent { is_said: true, .. } | Record::Compacted { .. } | Record::MarkedUnread | Record::Ended { ending: q_core::Ending::Failed(_) | q_core::Ending::Interrupted(_), .. } => unread = true,
                    _ => {}
                }
            }
            prop_assert_eq!(head.unread > 0, unread, "{:?}", head.name);
        }
    }

    /// While a client shows the end of a session nothing in it is unread, nor is it once the last one looked away; what the
    /// person marked is unread until it is shown anew.
    /// Broken by: a count that grows while somebody watches, a mark that is taken for seen.
    #[test]
    fn what_is_watched_is_read(steps in workload(100)) {
        let mut system = SystemUnderTest::new(tight());
        let mut screens = Screens::default();
        for step in &steps {
            let watched_before = screens.watched();
            let (input, effects) = system.play(step);
            screens.see(&input, &effects);
            let watched = screens.watched();
            let marked = |id| effects.batch.iter().flat_map(|batch| &batch.records).any(|one| one.session == id && matches!(one.record, Record::MarkedUnread));
            let goes_on = !matches!(input, Input::Started | Input::Stopping);
            for line in system.core().view().sessions() {
                prop_assert!(line.unread == 0 || !watched.contains(&line.id), "{:?} is watched", line.name);
                prop_assert!(line.unread > 0 || !marked(line.id), "{:?} was marked", line.name);
                let was_left = goes_on && watched_before.contains(&line.id) && !watched.contains(&line.id) && !marked(line.id);
                if was_left && line.presence == Presence::Live {
                    prop_assert_eq!(system.disk().heads[&line.id].unread, 0, "{:?} was watched", line.name);
                }
            }
        }
    }

    /// The inbox is exactly what waits for the person: every call that waits, none that was answered or whose turn is over.
    /// Broken by: an approval that outlives its turn, one that is lost at hibernation.
    #[test]
    fn the_inbox_is_what_waits(steps in workload(120)) {
        let system = played(&steps, tight());
        let inbox = system.core().view().inbox();
        let listed: Vec<_> = inbox.iter().map(|(session, call)| (*session, call.turn, call.call, call.digest)).collect();
        let mut waiting = Vec::new();
        for head in system.disk().heads.values() {
            if let Some(flight) = &head.turn {
                waiting.extend(flight.calls.iter().filter(|call| call.waits).map(|call| (head.id, flight.turn, call.no, call.digest)));
            }
        }
        prop_assert!(inbox.is_sorted_by_key(|(_, call)| call.since), "the oldest is first");
        let (mut listed, mut expected) = (listed, waiting);
        listed.sort();
        expected.sort();
        prop_assert_eq!(listed, expected);
        for line in system.core().view().sessions() {
            prop_assert_eq!(line.activity.needs_person(), line.pending > 0, "{:?}", line.name);
        }
    }

    /// What a list says in numbers is what the log adds up to. Broken by: a head that forgets to count.
    #[test]
    fn totals_are_what_the_log_adds_up_to(steps in workload(100)) {
        let system = played(&steps, tight());
        for head in system.disk().heads.values() {
            let own = || system.disk().log.iter().filter(|stamped| stamped.session == head.id);
            let count = |wanted: fn(&Record) -> bool| own().filter(|stamped| wanted(&stamped.record)).count() as u64;
            let mut spent = (0, 0);
            for stamped in own() {
                if let Record::Ended { usage, .. } | Record::Compacted { usage, .. } = &stamped.record {
                    spent = (spent.0 + usage.input, spent.1 + usage.output);
                }
            }
            prop_assert_eq!((head.usage.input, head.usage.output), spent);
            prop_assert_eq!(head.turns.0, count(|record| matches!(record, Record::Began { .. } | Record::Continued { .. } | Record::Compacting { .. })));
            prop_assert_eq!(head.prompts.0, count(|record| matches!(record, Record::Queued { .. } | Record::Steered { .. })));
            let entries: std::collections::BTreeSet<_> = own().filter_map(q_core::Stamped::entry).collect();
            prop_assert_eq!(head.entries, entries.len() as u64);
        }
    }

    /// Open sessions have names and slots of their own, slots never change while a session is open, and a new one is the
    /// lowest that is free. Broken by: renumbering on close, names that differ by case alone.
    #[test]
    fn names_and_slots_are_unique_and_slots_stay(steps in workload(100)) {
        let mut system = SystemUnderTest::new(tight());
        for step in &steps {
            let before: Vec<_> = open(&system);
            let (input, _) = system.play(step);
            let after: Vec<_> = open(&system);
            for (id, slot, _) in &before {
                let now = after.iter().find(|(other, ..)| other == id);
                prop_assert!(now.is_none_or(|(_, now, _)| now == slot), "a slot changed by {input:?}");
            }
            for (at, (_, slot, name)) in after.iter().enumerate() {
                prop_assert!(after[at + 1..].iter().all(|(_, other, named)| other != slot && named != name), "twice: {slot} {name}");
            }
            for (id, slot, _) in after.iter().filter(|(id, ..)| before.iter().all(|(other, ..)| other != id)) {
                let lower_is_free = (1..*slot).any(|free| before.iter().all(|(_, taken, _)| *taken != free));
                prop_assert!(!lower_is_free, "{id} got slot {slot}");
            }
        }
    }
}

fn open(system: &SystemUnderTest) -> Vec<(q_core::SessionId, u32, String)> {
    let sessions = system.core().view().sessions().filter(|line| line.presence.is_open());
    sessions.map(|line| (line.id, line.slot, line.name.folded())).collect()
}

/// A session that hibernates leaves its line in every mirror, and nothing else.
#[test]
fn a_mirror_lets_go_of_what_hibernates() {
    use q_model::workload::{CommandTemplate, Stimulus, WorkloadStep};
    let wish = |session, wish| WorkloadStep { after_ms: 1, stimulus: Stimulus::Command(session, wish) };
    let submit = CommandTemplate::Submit { token: 1, text: "why?".into() };
    let mut system = played(
        &[
            wish(0, CommandTemplate::Create { named: true }),
            wish(0, submit),
            wish(0, CommandTemplate::Interrupt),
        ],
        q_core::Limits::default(),
    );
    let _effects = system.handle(Input::Memory { bytes: u64::MAX });
    let mirrored = system.mirror.get(q_core::SessionId(0)).unwrap();
    assert_eq!(mirrored.summary.presence, Presence::Hibernated);
    assert!(mirrored.entries.is_empty());
    let _effects = system.play(&wish(0, CommandTemplate::Wake));
    let _effects = system.play(&WorkloadStep { after_ms: 0, stimulus: Stimulus::Memory(0) });
    let _effects = system.play(&wish(0, CommandTemplate::Wake));
    let _effects =
        system.play(&WorkloadStep { after_ms: 0, stimulus: Stimulus::Loaded { session: 0, readable: true } });
    let mirrored = system.mirror.get(q_core::SessionId(0)).unwrap();
    assert!(matches!(&mirrored.entries[0].body, Body::Prompt(prompt) if prompt.text == "why?"));
}
