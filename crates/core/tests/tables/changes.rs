//! The changes that records make, held against the tables of presence and activity.

use q_core::activity::Change;
use q_core::{Activity, Effects, Ending, Head, Presence, Record, SessionId, Stamped, Wants};

/// What one call changed in a session, in order.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) presence: Vec<(Presence, Presence)>,
    pub(crate) activity: Vec<(Activity, Change)>,
}

/// The changes of a session that stood as `head` says; each must be one that the tables allow.
///
/// A turn that ends gives its calls their results first: together they are one change, the turn's end.
pub(crate) fn of(session: SessionId, head: Head, effects: &Effects) -> Changes {
    let mut changes = Changes::default();
    let (mut before, mut head) = (head.clone(), head);
    let records = effects.batch.iter().flat_map(|batch| &batch.records);
    let records: Vec<&Stamped> = records.filter(|stamped| stamped.session == session).collect();
    for (place, stamped) in records.iter().enumerate() {
        head.apply(stamped);
        let next = records[place..].iter().find(|one| !matches!(one.record, Record::Resulted { .. }));
        if !is_closing(stamped, next.copied()) {
            note(&before, &head, stamped, &mut changes);
            before = head.clone();
        }
    }
    changes
}

/// Whether this result is there because the turn ends.
fn is_closing(stamped: &Stamped, next: Option<&Stamped>) -> bool {
    matches!(stamped.record, Record::Resulted { .. })
        && next.is_some_and(|next| matches!(next.record, Record::Ended { .. }))
}

fn note(before: &Head, after: &Head, stamped: &Stamped, changes: &mut Changes) {
    let record = &stamped.record;
    let (from, to) = (before.presence, leaves(record).unwrap_or(before.presence));
    assert_eq!(after.presence, to, "{record:?}");
    if from != to {
        assert!(from.may_become(to), "{} does not become {}", from.word(), to.word());
        changes.presence.push((from, to));
    }
    let expected = match change(record, before, after) {
        None => before.activity(),
        Some(change) => {
            changes.activity.push((before.activity(), change));
            let next = before.activity().after(change);
            next.unwrap_or_else(|| panic!("{:?} does not {}", before.activity(), change.words()))
        }
    };
    assert_eq!(after.activity(), expected, "{record:?}");
}

/// The presence in which a record leaves its session, of those that change it. A record that is not here and does so fails
/// the assertion above.
fn leaves(record: &Record) -> Option<Presence> {
    if matches!(record, Record::Hibernated { .. } | Record::Reopened { .. }) {
        Some(Presence::Hibernated)
    } else if matches!(record, Record::Closed | Record::Restored) {
        Some(Presence::Closed)
    } else if matches!(record, Record::Woken) {
        Some(Presence::Live)
    } else if matches!(record, Record::Trashed) {
        Some(Presence::Trashed)
    } else {
        None
    }
}

/// How a record changes what its session is doing; likewise.
fn change(record: &Record, before: &Head, after: &Head) -> Option<Change> {
    if let Record::Called { call, waits: true, .. } = record {
        return match call.wants {
            Wants::Consent => Some(Change::AskConsent),
            Wants::Words => Some(Change::AskWords),
            Wants::Nothing => None,
        };
    }
    if let Record::Ended { ending, .. } = record {
        return Some(match ending {
            Ending::Done => Change::Finish,
            Ending::Failed(_) => Change::Fail,
            Ending::Interrupted(_) => Change::Interrupt,
        });
    }
    if matches!(record, Record::Answered { .. } | Record::Resulted { .. }) {
        return no_longer(before, after);
    }
    // How the last turn of the conversation ended is what shows again behind one that compacts.
    if matches!(record, Record::Compacted { .. }) && before.activity().is_busy() {
        return Some(match after.activity() {
            Activity::Failed => Change::Fail,
            Activity::Interrupted => Change::Interrupt,
            Activity::Idle | Activity::Working | Activity::NeedsApproval | Activity::NeedsInput => {
                Change::Finish
            }
        });
    }
    matches!(record, Record::Began { .. } | Record::Continued { .. } | Record::Compacting { .. })
        .then_some(Change::Begin)
}

/// What waits no longer.
fn no_longer(before: &Head, after: &Head) -> Option<Change> {
    let waits = |head: &Head, wants| head.turn.as_ref().is_some_and(|flight| flight.waits_for(wants));
    if waits(after, Wants::Consent) || !before.activity().needs_person() {
        None
    } else if !waits(after, Wants::Words) {
        Some(Change::Answer)
    } else if waits(before, Wants::Consent) {
        Some(Change::AnswerConsent)
    } else {
        None
    }
}
