//! The changes that records make, held against the tables of presence and activity.

use q_core::activity::Change;
use q_core::presence::Transition;
use q_core::{Activity, Effects, Ending, Head, Presence, Record, SessionId, Stamped, Wants};

/// What one call changed in a session, in order.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) presence: Vec<(Presence, Transition)>,
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
    let expected = match transition(record) {
        None => before.presence,
        Some(transition) => {
            changes.presence.push((before.presence, transition));
            let next = before.presence.after(transition);
            next.unwrap_or_else(|| panic!("{:?} does not {}", before.presence, transition.word()))
        }
    };
    assert_eq!(after.presence, expected, "{record:?}");
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

const fn transition(record: &Record) -> Option<Transition> {
    match record {
        Record::Hibernated { .. } => Some(Transition::Hibernate),
        Record::Woken => Some(Transition::Wake),
        Record::Closed => Some(Transition::Close),
        Record::Reopened { .. } => Some(Transition::Reopen),
        Record::Trashed => Some(Transition::Trash),
        Record::Restored => Some(Transition::Restore),
        Record::Created { .. }
        | Record::Renamed { .. }
        | Record::Erased
        | Record::Tagged { .. }
        | Record::Pinned { .. }
        | Record::PolicySet { .. }
        | Record::Queued { .. }
        | Record::Unqueued { .. }
        | Record::Edited { .. }
        | Record::Moved { .. }
        | Record::Retried { .. }
        | Record::Began { .. }
        | Record::Sent { .. }
        | Record::Steered { .. }
        | Record::Said { .. }
        | Record::Planned { .. }
        | Record::Answering { .. }
        | Record::Resumable { .. }
        | Record::Called { .. }
        | Record::Answered { .. }
        | Record::Resulted { .. }
        | Record::Ended { .. }
        | Record::Seen { .. }
        | Record::MarkedUnread
        | Record::Repaired { .. }
        | Record::Imported { .. }
        | Record::ImportEnded { .. }
        | Record::Drafted { .. } => None,
    }
}

fn change(record: &Record, before: &Head, after: &Head) -> Option<Change> {
    match record {
        Record::Began { .. } => Some(Change::Begin),
        Record::Called { call, waits: true, .. } => match call.wants {
            Wants::Consent => Some(Change::AskConsent),
            Wants::Words => Some(Change::AskWords),
            Wants::Nothing => None,
        },
        Record::Answered { .. } | Record::Resulted { .. } => no_longer(before, after),
        Record::Ended { ending: Ending::Done, .. } => Some(Change::Finish),
        Record::Ended { ending: Ending::Failed(_), .. } => Some(Change::Fail),
        Record::Ended { ending: Ending::Interrupted(_), .. } => Some(Change::Interrupt),
        Record::Called { waits: false, .. }
        | Record::Created { .. }
        | Record::Renamed { .. }
        | Record::Closed
        | Record::Reopened { .. }
        | Record::Hibernated { .. }
        | Record::Woken
        | Record::Trashed
        | Record::Restored
        | Record::Erased
        | Record::Tagged { .. }
        | Record::Pinned { .. }
        | Record::PolicySet { .. }
        | Record::Queued { .. }
        | Record::Unqueued { .. }
        | Record::Edited { .. }
        | Record::Moved { .. }
        | Record::Retried { .. }
        | Record::Sent { .. }
        | Record::Steered { .. }
        | Record::Said { .. }
        | Record::Planned { .. }
        | Record::Answering { .. }
        | Record::Resumable { .. }
        | Record::Seen { .. }
        | Record::MarkedUnread
        | Record::Repaired { .. }
        | Record::Imported { .. }
        | Record::ImportEnded { .. }
        | Record::Drafted { .. } => None,
    }
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
