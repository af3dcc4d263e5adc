//! Histories: of each session all that its written records say, folded without a store's or a host's short cuts. What they
//! give back is measured against this.
//!
//! A fork's begins with a copy of its parent's, where a store has only a reference.

use q_core::{
    Answer, Body, Call, CallNo, Entry, EntryNo, Fault, Outcome, Policy, QueuedPrompt, Record, RuleEffect,
    SessionId, Stamped, ToolRule, Transcript, TurnNo, WallTime, Wants,
};

use super::law::{Held, Law};
use super::mark;

/// One session with all that is known of it.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// What a fork took over.
    before: Vec<Entry>,
    own: Transcript,
    pub(super) queue: Vec<QueuedPrompt>,
    pub(super) draft: String,
    pub(super) is_fork: bool,
    pub(super) trashed: Option<WallTime>,
    policy: Policy,
    /// What a person said of its calls. Agents here say nothing of theirs, so each allows a whole tool.
    rules: Vec<ToolRule>,
    /// Calls of the turn in flight that ran since the person last answered one.
    unasked: u32,
    /// Calls without a result.
    open: Vec<OpenCall>,
}

#[derive(Clone, Debug)]
struct OpenCall {
    turn: TurnNo,
    call: CallNo,
    entry: EntryNo,
    wants: Wants,
    may_run: bool,
}

impl History {
    /// One that begins with another's entries up to one of them.
    pub(super) fn forked(parent: &Self, last: EntryNo) -> Self {
        let before = parent.entries().into_iter().filter(|entry| entry.no <= last).collect();
        Self { before, is_fork: true, ..Self::default() }
    }

    /// All entries, oldest first.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.before.iter().chain(self.own.entries()).cloned().collect()
    }

    /// Takes the next record in. At most so many calls of a turn may run before the person is asked again.
    pub(super) fn take(&mut self, stamped: &Stamped, turn_calls: u32) -> Held {
        self.own.apply(stamped);
        match &stamped.record {
            Record::Created { setup, .. } => self.policy = setup.policy,
            Record::PolicySet { policy } => self.policy = *policy,
            Record::RuleSet { rule, stands } => {
                self.rules.retain(|other| other != rule);
                self.rules.extend(stands.then(|| rule.clone()));
            }
            Record::Trashed => self.trashed = Some(stamped.at),
            Record::Restored => self.trashed = None,
            Record::Queued { prompt, text, .. } => {
                self.queue.push(QueuedPrompt { prompt: *prompt, text: text.clone() });
            }
            Record::Unqueued { prompt }
            | Record::Began { prompt, .. }
            | Record::Repaired { fault: Fault::PromptLost(prompt) } => {
                self.queue.retain(|waiting| waiting.prompt != *prompt);
                self.unasked = 0;
            }
            Record::Edited { prompt, text, .. } => {
                let edited = self.queue.iter_mut().filter(|waiting| waiting.prompt == *prompt);
                edited.for_each(|waiting| waiting.text.clone_from(text));
            }
            Record::Moved { prompt, place } => {
                let moved: Vec<_> = self.queue.extract_if(.., |waiting| waiting.prompt == *prompt).collect();
                let place = self.queue.len().min(*place as usize);
                self.queue.splice(place..place, moved);
            }
            Record::Drafted { text } => self.draft.clone_from(text),
            Record::Called { turn, call, waits } => self.calls(stamped, *turn, call, *waits, turn_calls)?,
            Record::Answered { call, answer, .. } => self.answers(*call, answer),
            Record::Resulted { turn, call, of, outcome, text, .. } => {
                self.results(stamped.session, *turn, *call, *of, *outcome)?;
                let number = mark::number(stamped.session);
                Law::ResultRight.check(mark::result(text).is_none_or(|of| of == *call), || {
                    format!("in session {number} call {call} of turn {turn} has another one's result: {text}")
                })?;
            }
            Record::Ended { turn, .. } => {
                let left = self.open.iter().find(|open| open.turn == *turn);
                let session = mark::number(stamped.session);
                Law::ResultOnce.check(left.is_none(), || {
                    format!("turn {turn} of session {session} ended without a result of {left:?}")
                })?;
            }
            Record::Renamed { .. }
            | Record::Closed
            | Record::Reopened { .. }
            | Record::Hibernated { .. }
            | Record::Woken
            | Record::Erased
            | Record::Tagged { .. }
            | Record::Pinned { .. }
            | Record::SettingsSet { .. }
            | Record::Retried { .. }
            | Record::Continued { .. }
            | Record::Sent { .. }
            | Record::Steered { .. }
            | Record::Said { .. }
            | Record::Sealed { .. }
            | Record::Planned { .. }
            | Record::Cited { .. }
            | Record::ProjectRead { .. }
            | Record::Compacting { .. }
            | Record::Compacted { .. }
            | Record::Reversed { .. }
            | Record::Answering { .. }
            | Record::Resumable { .. }
            | Record::Seen { .. }
            | Record::MarkedUnread
            | Record::MarkedRead
            | Record::Imported { .. }
            | Record::ImportEnded { .. }
            | Record::Repaired { .. } => {}
        }
        Ok(())
    }

    /// A call that waits for nobody may run: because it wants nothing, or its tool is allowed; and not too many do.
    fn calls(&mut self, stamped: &Stamped, turn: TurnNo, call: &Call, waits: bool, most: u32) -> Held {
        if !waits {
            self.unasked += 1;
            let may = match call.wants {
                Wants::Nothing => true,
                Wants::Consent => {
                    self.policy == Policy::Ask
                        && self.rules.contains(&ToolRule::any(RuleEffect::Allow, call.tool.clone()))
                }
                Wants::Words => false,
            };
            Law::ToolAllowed.check(may && self.unasked <= most, || {
                format!(
                    "in session {} runs {call:?}, the {}th unasked of at most {most}; its rules are {:?}, the policy is {:?}",
                    mark::number(stamped.session), self.unasked, self.rules, self.policy
                )
            })?;
        }
        let entry = EntryNo(stamped.seq.0);
        self.open.push(OpenCall { turn, call: call.no, entry, wants: call.wants, may_run: !waits });
        Ok(())
    }

    /// Somebody is there who answers: what ran by itself is counted anew.
    fn answers(&mut self, call: CallNo, answer: &Answer) {
        self.unasked = 0;
        let allows = matches!(answer, Answer::Once | Answer::Always);
        let answered = self.open.iter_mut().filter(|open| open.call == call);
        answered.for_each(|open| open.may_run = allows);
    }

    fn results(
        &mut self,
        session: SessionId,
        turn: TurnNo,
        call: CallNo,
        of: EntryNo,
        outcome: Outcome,
    ) -> Held {
        let open = self.open.iter().position(|open| (open.turn, open.call, open.entry) == (turn, call, of));
        let open = open.ok_or_else(|| {
            let session = mark::number(session);
            Law::ResultOnce.broken(format!(
                "in session {session} there is a result of call {call} of turn {turn} (entry {of}); without one are {:?}",
                self.open
            ))
        })?;
        let open = self.open.remove(open);
        let has_run = matches!(outcome, Outcome::Done | Outcome::Failed | Outcome::CutShort);
        Law::ResultAllowed.check(!has_run || open.may_run || open.wants == Wants::Words, || {
            format!("in session {}, {outcome:?}, and nobody let it run: {open:?}", mark::number(session))
        })
    }

    /// Whether a session that was read back shows the same; `whose` is a fork's law where it is one.
    pub(super) fn is_shown(&self, session: SessionId, shown: &[Entry], trimmed: bool) -> Held {
        let all = self.entries();
        let law = if self.is_fork { Law::ForkTrue } else { Law::SleepLosesNothing };
        law.check(all.ends_with(shown) && trimmed == (shown.len() < all.len()), || {
            let session = mark::number(session);
            format!("of session {session} is shown (older ones: {trimmed})\n{shown:?}\nbut its records say\n{all:?}")
        })
    }

    /// Calls without a result.
    pub(super) fn without_result(&self) -> usize {
        let results = |entry: &Entry| matches!(entry.body, Body::Result(_));
        let calls = |entry: &Entry| matches!(entry.body, Body::Call(_));
        let count = |is: fn(&Entry) -> bool| self.own.entries().filter(|entry| is(entry)).count();
        count(calls).abs_diff(count(results))
    }
}
