//! What hooks are told of, seen in what is committed: each fact once, also where this falls behind. What a crash left untold stays so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Weak;

use q_core::{Ending, EntryNo, Head, Interrupter, Record, Seq, SessionId, Stamped, TurnNo, Voice, Wants};
use q_store::Store;

use super::follower::Follower;
use crate::hook_runs::{Happening, HookEvent, HookRuns};

/// How much of an answer is told, in bytes.
const ANSWER: usize = 1000;

/// Has hooks run for what is committed from now on.
pub(crate) struct HookFollower {
    runs: HookRuns,
    /// Gone once the host closes it.
    store: Weak<dyn Store>,
    /// The newest answer of each turn that runs, as far as it is told.
    answers: BTreeMap<SessionId, (EntryNo, String)>,
    put_away: PutAway,
}

/// The sessions that are archived or in the trash: what goes from one to the other is closed already.
pub(crate) struct PutAway(pub(crate) BTreeSet<SessionId>);

impl PutAway {
    /// Whether an open session is closed with the record at that place. What one step closes and opens was nobody's wish: a session
    /// that is imported comes into the archive, and one that gives way to another takes a place of its own.
    fn closes(&mut self, session: SessionId, records: &[Stamped], place: usize) -> bool {
        let (before, behind) = records.split_at(place);
        let Some((stamped, behind)) = behind.split_first() else { return false };
        let at_once = |others: &[Stamped], is_it: fn(&Record) -> bool| {
            others.iter().any(|other| other.at == stamped.at && is_it(&other.record))
        };
        let record = &stamped.record;
        if matches!(
            record,
            Record::Created { .. } | Record::Reopened { .. } | Record::Hibernated { .. } | Record::Woken
        ) {
            self.0.remove(&session);
        }
        if matches!(record, Record::Closed) {
            self.0.insert(session)
                && !at_once(before, |record| matches!(record, Record::Created { .. }))
                && !at_once(behind, |record| matches!(record, Record::Reopened { .. }))
        } else {
            matches!(record, Record::Trashed) && self.0.insert(session)
        }
    }
}

impl Follower for HookFollower {
    fn name(&self) -> &'static str {
        "hooks"
    }

    fn take(&mut self, session: SessionId, _from: Seq, records: &[Stamped]) {
        for (place, stamped) in records.iter().enumerate() {
            let closes = self.put_away.closes(session, records, place);
            self.saw(session, stamped, closes);
        }
    }

    fn forget(&mut self, session: SessionId) {
        self.answers.remove(&session);
        self.put_away.0.remove(&session);
    }
}

impl HookFollower {
    pub(crate) const fn new(runs: HookRuns, store: Weak<dyn Store>, put_away: PutAway) -> Self {
        Self { runs, store, answers: BTreeMap::new(), put_away }
    }

    fn saw(&mut self, session: SessionId, stamped: &Stamped, closes: bool) {
        if let Record::Said { entry, voice: Voice::Answer, text, .. } = &stamped.record {
            self.heard(session, *entry, text);
            return;
        }
        let Some((events, mut happening)) = happening(&stamped.record, closes) else { return };
        if matches!(stamped.record, Record::Ended { .. }) {
            happening.answer = self.answers.remove(&session).map(|(_, answer)| answer).unwrap_or_default();
        }
        let head = self.store.upgrade().and_then(|store| store.head(session).ok().flatten());
        let Some(head) = head else { return };
        if let Record::Called { turn, call, .. } = &stamped.record {
            // One that a rule denies waits for no more than the record behind it. In the next turn another has its number.
            let in_flight = head.turn.as_ref().filter(|flight| flight.turn == *turn);
            let is_open = in_flight.and_then(|flight| flight.call(call.no)).is_some_and(|open| open.waits);
            if !is_open {
                return;
            }
        }
        let Head { name, setup, .. } = &head;
        let happening = Happening {
            at: stamped.at,
            session: session.to_string(),
            name: name.to_string(),
            directory: setup.directory.clone(),
            agent: setup.agent.clone(),
            model: setup.model().to_owned(),
            ..happening
        };
        self.runs.happened(&events, &happening);
    }

    fn heard(&mut self, session: SessionId, entry: EntryNo, text: &str) {
        let (known, answer) = self.answers.entry(session).or_insert_with(|| (entry, String::new()));
        if *known != entry {
            (*known, *answer) = (entry, String::new());
        }
        let room = ANSWER.saturating_sub(answer.len());
        answer.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

/// For which events that is, and what of it is told; nothing where hooks are for no such.
fn happening(record: &Record, closes: bool) -> Option<(Vec<HookEvent>, Happening)> {
    let none = Happening::default();
    let of = |turn: &TurnNo| Happening { turn: Some(turn.0), ..Happening::default() };
    let needs = |needs, happening| Happening { needs: Some(needs), ..happening };
    let (event, happening) = if let Record::Created { .. } = record {
        (HookEvent::SessionCreated, none)
    } else if closes {
        (HookEvent::SessionClosed, none)
    } else if let Record::Hibernated { .. } = record {
        (HookEvent::SessionHibernated, none)
    } else if let Record::Woken = record {
        (HookEvent::SessionWoken, none)
    } else if let Record::Began { turn, .. } | Record::Continued { turn, .. } = record {
        (HookEvent::TurnBegan, of(turn))
    } else if let Record::Called { turn, call, waits: true } = record {
        let happening = Happening { tool: Some(call.tool.clone()), ..needs("answer", of(turn)) };
        match call.wants {
            Wants::Words => (HookEvent::QuestionWaiting, happening),
            Wants::Nothing | Wants::Consent => (HookEvent::ApprovalWaiting, happening),
        }
    } else if let Record::Ended { turn, ending, .. } = record {
        let ended = |outcome| Happening { outcome: Some(outcome), ..of(turn) };
        match ending {
            Ending::Done => (HookEvent::TurnEnded, ended("done")),
            Ending::Interrupted(Interrupter::Crash) => {
                (HookEvent::TurnEnded, needs("failure", ended("interrupted")))
            }
            Ending::Interrupted(Interrupter::User | Interrupter::Stop) => {
                (HookEvent::TurnEnded, ended("interrupted"))
            }
            Ending::Failed(failure) => {
                let failure = Some(failure.kind.code());
                (HookEvent::TurnFailed, Happening { failure, ..needs("failure", ended("failed")) })
            }
        }
    } else {
        return None;
    };
    let needs_you = happening.needs.map(|_| HookEvent::NeedsYou);
    Some(([event].into_iter().chain(needs_you).collect(), happening))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use q_core::{NameOrigin, Setup, WallTime, Why};

    use super::*;

    #[test]
    fn a_session_is_closed_once_and_by_nothing_that_one_step_opens() {
        let created = Record::Created {
            name: "a".parse().unwrap(),
            origin: NameOrigin::Chosen,
            slot: 1,
            setup: Setup::default(),
            fork: None,
        };
        let (closed, trashed, restored) = (Record::Closed, Record::Trashed, Record::Restored);
        let (reopened, asleep) = (Record::Reopened { slot: 1 }, Record::Hibernated { why: Why::Unused });
        // When what is recorded, and which of it closes the session.
        for (records, closing) in [
            (vec![(1, &created), (2, &closed), (3, &trashed), (4, &restored), (5, &trashed)], vec![1]),
            (vec![(1, &created), (2, &trashed), (3, &restored), (4, &reopened), (5, &closed)], vec![1, 4]),
            (vec![(1, &created), (2, &asleep), (3, &trashed)], vec![2]),
            // An import, and what is done with it.
            (vec![(1, &created), (1, &closed), (2, &reopened), (3, &closed)], vec![3]),
            // One that gives way, and then one that is opened again.
            (vec![(1, &created), (2, &closed), (2, &reopened), (3, &closed), (4, &reopened)], vec![3]),
        ] {
            let stamp = |(seq, (at, record)): (u64, &(u64, &Record))| Stamped {
                session: SessionId(1),
                seq: Seq(seq),
                at: WallTime(*at),
                record: (*record).clone(),
            };
            let stamped: Vec<Stamped> = (1..).zip(&records).map(stamp).collect();
            let mut put_away = PutAway(BTreeSet::new());
            let is_end = |place: &usize| put_away.closes(SessionId(1), &stamped, *place);
            assert_eq!((0..stamped.len()).filter(is_end).collect::<Vec<_>>(), closing, "{records:?}");
        }
    }
}
