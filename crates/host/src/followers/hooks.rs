//! What hooks are told of, seen in what is committed: each fact once, also where this falls behind. What a crash left untold stays so.

use std::collections::BTreeMap;
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
}

impl Follower for HookFollower {
    fn name(&self) -> &'static str {
        "hooks"
    }

    fn take(&mut self, session: SessionId, _from: Seq, records: &[Stamped]) {
        for stamped in records {
            self.saw(session, stamped);
        }
    }

    fn forget(&mut self, session: SessionId) {
        self.answers.remove(&session);
    }
}

impl HookFollower {
    pub(crate) const fn new(runs: HookRuns, store: Weak<dyn Store>) -> Self {
        Self { runs, store, answers: BTreeMap::new() }
    }

    fn saw(&mut self, session: SessionId, stamped: &Stamped) {
        if let Record::Said { entry, voice: Voice::Answer, text, .. } = &stamped.record {
            self.heard(session, *entry, text);
            return;
        }
        let Some((events, mut happening)) = happening(&stamped.record) else { return };
        if matches!(stamped.record, Record::Ended { .. }) {
            happening.answer = self.answers.remove(&session).map(|(_, answer)| answer).unwrap_or_default();
        }
        let head = self.store.upgrade().and_then(|store| store.head(session).ok().flatten());
        let Some(head) = head else { return };
        if let Record::Called { call, .. } = &stamped.record {
            // One that a rule denies waits for no more than the record behind it.
            let is_open =
                head.turn.as_ref().and_then(|turn| turn.call(call.no)).is_some_and(|open| open.waits);
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
fn happening(record: &Record) -> Option<(Vec<HookEvent>, Happening)> {
    let none = Happening::default();
    let of = |turn: &TurnNo| Happening { turn: Some(turn.0), ..Happening::default() };
    let needs = |needs, happening| Happening { needs: Some(needs), ..happening };
    let (event, happening) = if let Record::Created { .. } = record {
        (HookEvent::SessionCreated, none)
    } else if let Record::Closed = record {
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
