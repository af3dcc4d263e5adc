//! What is on disk, found by what laws ask for: submissions, turns, calls, and each session's history.

use std::collections::{BTreeMap, BTreeSet};

use q_core::{
    Batch, CallNo, Digest, Ending, PromptNo, Record, ResumeHandle, SessionId, Stamped, TurnNo, Voice,
};

use super::history::History;
use super::law::{Held, Law};
use super::mark;

/// Kept beside the disk.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// How many calls of a turn may run before the person is asked again.
    turn_calls: u32,
    /// The place of each submission's batch.
    submissions: BTreeMap<u64, usize>,
    /// What each prompt is marked as.
    prompts: BTreeMap<(SessionId, PromptNo), String>,
    /// Sessions, in the order in which they were created.
    sessions: Vec<SessionId>,
    /// From which session each fork took its history.
    parents: BTreeMap<SessionId, SessionId>,
    histories: BTreeMap<SessionId, History>,
    erased: BTreeSet<SessionId>,
    /// Turns that began: with which prompt, and the place of their batch.
    turns: BTreeMap<(SessionId, TurnNo), (PromptNo, usize)>,
    /// Turns that are to summarise.
    compactions: BTreeMap<(SessionId, TurnNo), usize>,
    /// Prompts of the turn in flight that its agent has said nothing to.
    asking: BTreeMap<SessionId, Vec<PromptNo>>,
    /// Prompts that were answered, if only in part.
    answered: BTreeSet<(SessionId, PromptNo)>,
    /// Prompts of which each turn stopped before its agent said anything to them.
    unanswered: BTreeSet<(SessionId, PromptNo)>,
    /// Calls that may run: of what, and the place of the batch that says so.
    permitted: BTreeMap<(SessionId, TurnNo, CallNo), usize>,
    /// By what each session's agent finds its memory, as it last said, and the place of the batch that says so.
    resumes: BTreeMap<SessionId, (ResumeHandle, usize)>,
    calls: BTreeMap<(SessionId, TurnNo, CallNo), Digest>,
}

impl Index {
    pub(super) fn new(turn_calls: u32) -> Self {
        Self { turn_calls, ..Self::default() }
    }

    /// One of nothing, with the same limit.
    pub(super) fn emptied(&self) -> Self {
        Self::new(self.turn_calls)
    }

    /// Takes in what is written.
    pub(super) fn take(&mut self, batch: &Batch, place: usize) -> Held {
        batch.records.iter().try_for_each(|stamped| self.take_record(stamped, place))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other record is looked for here")]
    fn take_record(&mut self, stamped: &Stamped, place: usize) -> Held {
        let session = stamped.session;
        self.heed(session, &stamped.record);
        match &stamped.record {
            Record::Created { fork, .. } => {
                self.sessions.push(session);
                let parent = fork.and_then(|fork| Some((fork, self.histories.get(&fork.parent)?)));
                let history = parent.map(|(fork, parent)| History::forked(parent, fork.last));
                self.histories.insert(session, history.unwrap_or_default());
                self.parents.extend(fork.map(|fork| (session, fork.parent)));
            }
            Record::Erased => {
                self.erased.insert(session);
            }
            Record::Queued { prompt, text, .. } | Record::Steered { prompt, text, .. } => {
                self.submits(session, *prompt, text, place)?;
            }
            Record::Edited { prompt, text } => {
                self.prompts.insert((session, *prompt), mark::what(text).to_owned());
            }
            Record::Resumable { handle, .. } => {
                self.resumes.insert(session, (handle.clone(), place));
            }
            Record::Began { turn, prompt, .. } | Record::Continued { turn, prompt, .. } => {
                self.turns.insert((session, *turn), (*prompt, place));
            }
            Record::Compacting { turn } => {
                self.compactions.insert((session, *turn), place);
            }
            Record::Called { turn, call, waits } => {
                self.calls.insert((session, *turn, call.no), call.digest);
                if !waits {
                    self.permitted.insert((session, *turn, call.no), place);
                }
            }
            Record::Answered { turn, call, .. } => {
                self.permitted.insert((session, *turn, *call), place);
            }
            _ => {}
        }
        let turn_calls = self.turn_calls;
        self.histories.get_mut(&session).map_or(Ok(()), |history| history.take(stamped, turn_calls))
    }

    /// Notes which prompts were answered, and which were not when their turn stopped.
    fn heed(&mut self, session: SessionId, record: &Record) {
        let asking = self.asking.entry(session).or_default();
        if let Record::Began { prompt, .. } | Record::Steered { prompt, .. } = record {
            asking.push(*prompt);
        } else if let Record::Said { voice: Voice::Answer, .. }
        | Record::Called { .. }
        | Record::Ended { ending: Ending::Done, .. } = record
        {
            for prompt in asking.drain(..) {
                self.unanswered.remove(&(session, prompt));
                self.answered.insert((session, prompt));
            }
        } else if let Record::Ended { .. } = record {
            // What was answered in part before it was asked again is sent with that part.
            let stopped = asking.drain(..).map(|prompt| (session, prompt));
            let answered = &self.answered;
            self.unanswered.extend(stopped.filter(|prompt| !answered.contains(prompt)));
        }
    }

    /// What the prompts of a session are marked as that nothing answered, but the one that is asked.
    pub(super) fn unanswered(&self, session: SessionId, asked: PromptNo) -> impl Iterator<Item = &str> {
        let of_session =
            move |(whose, prompt): &&(SessionId, PromptNo)| *whose == session && *prompt != asked;
        self.unanswered
            .iter()
            .filter(of_session)
            .filter_map(move |(_, prompt)| self.mark_of(session, *prompt))
    }

    fn submits(&mut self, session: SessionId, prompt: PromptNo, text: &str, place: usize) -> Held {
        if let Some(number) = mark::submission(text) {
            let before = self.submissions.insert(number, place);
            Law::PromptOnce.check(before.is_none(), || {
                format!(
                    "submission {number} is taken again, as prompt {prompt} of session {}",
                    mark::number(session)
                )
            })?;
        }
        self.prompts.insert((session, prompt), mark::what(text).to_owned());
        Ok(())
    }

    /// The place of a submission's batch.
    pub(super) fn submission(&self, number: u64) -> Option<usize> {
        self.submissions.get(&number).copied()
    }

    /// The prompt of a turn, and the place of the batch that began it.
    pub(super) fn turn(&self, session: SessionId, turn: TurnNo) -> Option<(PromptNo, usize)> {
        self.turns.get(&(session, turn)).copied()
    }

    /// The place of the batch that began a turn that is to summarise.
    pub(super) fn compaction(&self, session: SessionId, turn: TurnNo) -> Option<usize> {
        self.compactions.get(&(session, turn)).copied()
    }

    /// Of what a call is that may run, and the place of the batch that says that it may.
    pub(super) fn permitted(
        &self,
        session: SessionId,
        turn: TurnNo,
        call: CallNo,
    ) -> Option<(Digest, usize)> {
        let call = (session, turn, call);
        Some((*self.calls.get(&call)?, *self.permitted.get(&call)?))
    }

    /// By what a session's agent finds its memory, and the place of the batch that says so.
    pub(super) fn resume(&self, session: SessionId) -> Option<&(ResumeHandle, usize)> {
        self.resumes.get(&session)
    }

    /// Every session that ever was, erased ones too.
    pub(super) fn sessions(&self) -> &[SessionId] {
        &self.sessions
    }

    /// Whether a session is gone for good.
    pub(super) fn is_erased(&self, session: SessionId) -> bool {
        self.erased.contains(&session)
    }

    /// All that the records of a session say, those of an erased one too.
    pub(super) fn history(&self, session: SessionId) -> Option<&History> {
        self.histories.get(&session)
    }

    /// Whether texts of the session of that number may stand in this one: it is that one, or its history begins there.
    pub(super) fn may_quote(&self, session: SessionId, number: u64) -> bool {
        let lineage = std::iter::successors(Some(session), |session| self.parents.get(session).copied());
        lineage.into_iter().any(|ancestor| mark::number(ancestor) == number)
    }

    /// What a prompt is marked as.
    pub(super) fn mark_of(&self, session: SessionId, prompt: PromptNo) -> Option<&str> {
        self.prompts.get(&(session, prompt)).map(String::as_str)
    }
}
