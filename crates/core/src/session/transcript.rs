//! The transcript: a session's ordered entries, of which a bounded tail is in memory.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::{AgentFailure, Call, Outcome, PlanStep, Sent, Wants};
use crate::id::{CallNo, EntryNo, Seq};
use crate::record::{Ending, Fault, Interrupter, Record, Voice};
use crate::stamped::Stamped;
use crate::time::WallTime;

/// One entry as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place: entries are ordered by it.
    pub no: EntryNo,
    pub at: WallTime,
    pub body: Body,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// What the person asked.
    Prompt(String),
    /// What the agent answered, as far as it came.
    Answer(String),
    /// What the agent thought aloud, as far as it came.
    Thinking(String),
    /// A tool call, or a question of the agent.
    Call(Called),
    /// What a call put out while it ran, as far as it came.
    Output(CallOutput),
    /// How a call ended.
    Result(Resulted),
    /// What the agent means to do, step by step.
    Plan(Vec<PlanStep>),
    /// A turn that did not end well stopped here.
    Stop(Stop),
    /// What was stored did not fit together and was put right.
    Repair(Fault),
    /// From here on an agent is sent only the newest of what there is.
    LeftOut(Sent),
}

/// A call as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Its number in its turn.
    pub no: CallNo,
    pub tool: String,
    /// Exactly what would run, or what is asked.
    pub input: String,
    pub wants: Wants,
}

/// What a call puts out while it runs, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOutput {
    /// The entry of its call.
    pub of: EntryNo,
    pub text: String,
}

/// Bytes of a plan's texts.
pub fn plan_bytes(steps: &[PlanStep]) -> usize {
    steps.iter().map(|step| step.text.len()).sum()
}

/// A call's end as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resulted {
    /// The entry of its call.
    pub of: EntryNo,
    pub outcome: Outcome,
    /// The beginning of what came out.
    pub text: String,
    /// Bytes kept of it in all; what is not in `text`, the store has.
    pub kept: u64,
    /// Bytes that came out in all.
    pub whole: u64,
}

/// Why a turn stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    Interrupted(Interrupter),
    /// The agent gave up.
    Failed(AgentFailure),
}

impl Body {
    /// Its text; empty for a plan, which has one for each step, and for what `q` says in its own words: a stop, a repair,
    /// what is left out.
    pub fn text(&self) -> &str {
        match self {
            Self::Prompt(text) | Self::Answer(text) | Self::Thinking(text) => text,
            Self::Call(call) => &call.input,
            Self::Output(output) => &output.text,
            Self::Result(result) => &result.text,
            Self::Plan(_) | Self::Stop(_) | Self::Repair(_) | Self::LeftOut(_) => "",
        }
    }

    /// Bytes that people can read of it: its text, or the steps of its plan.
    pub fn readable(&self) -> usize {
        if let Self::Plan(steps) = self { plan_bytes(steps) } else { self.text().len() }
    }

    /// The text that grows while it streams, of what streams.
    pub(crate) const fn growing(&mut self) -> Option<&mut String> {
        match self {
            Self::Answer(text) | Self::Thinking(text) | Self::Output(CallOutput { text, .. }) => Some(text),
            Self::Prompt(_)
            | Self::Call(_)
            | Self::Result(_)
            | Self::Plan(_)
            | Self::Stop(_)
            | Self::Repair(_)
            | Self::LeftOut(_) => None,
        }
    }
}

impl Entry {
    /// Its text: see [`Body::text`].
    pub fn text(&self) -> &str {
        self.body.text()
    }

    /// What it weighs against a limit, in bytes.
    pub fn weight(&self) -> usize {
        self.body.readable() + size_of::<Self>()
    }
}

/// Entries folded from records. Also how the store's pages become entries: one definition for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    entries: VecDeque<Entry>,
    /// Texts of prompts whose turn has not begun, by the place of their record.
    waiting: BTreeMap<Seq, String>,
    weight: usize,
    /// Whether older entries exist that are not here.
    trimmed: bool,
}

impl Transcript {
    /// The entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The text of a prompt that waits, or that is about to be retried.
    pub fn waiting(&self, queued: Seq) -> Option<&str> {
        self.waiting.get(&queued).map(String::as_str)
    }

    /// Whether older entries exist that are not here.
    pub const fn is_trimmed(&self) -> bool {
        self.trimmed
    }

    /// Says that older entries exist (the store gave only a tail).
    pub fn mark_trimmed(&mut self) {
        self.trimmed = true;
    }

    /// What all of it weighs, in bytes.
    pub fn weight(&self) -> usize {
        self.weight + self.waiting.values().map(String::len).sum::<usize>()
    }

    /// Takes the next fact in.
    pub fn apply(&mut self, stamped: &Stamped) {
        match &stamped.record {
            Record::Queued { text, .. } | Record::Edited { text, .. } => {
                self.waiting.insert(stamped.seq, text.clone());
            }
            Record::Began { queued, .. } => {
                // Without its text (a page that begins in between, a damaged record) the prompt is not shown as empty.
                if let Some(text) = self.waiting.get(queued) {
                    self.push(stamped, Body::Prompt(text.clone()));
                }
            }
            Record::Steered { text, .. } => self.push(stamped, Body::Prompt(text.clone())),
            Record::Said { entry, voice, text, .. } => self.say(*entry, *voice, text, stamped),
            Record::Called { call, .. } => {
                let Call { no, tool, input, wants, .. } = call.clone();
                self.push(stamped, Body::Call(Called { no, tool, input, wants }));
            }
            Record::Resulted { of, outcome, text, kept, whole, .. } => {
                let (of, outcome, kept, whole) = (*of, *outcome, *kept, *whole);
                let result = Resulted { of, outcome, text: text.clone(), kept, whole };
                self.push(stamped, Body::Result(result));
            }
            Record::Planned { steps, .. } => self.push(stamped, Body::Plan(steps.clone())),
            Record::Repaired { fault } => self.push(stamped, Body::Repair(*fault)),
            Record::Sent { sent, is_said: true, .. } => self.push(stamped, Body::LeftOut(*sent)),
            Record::Imported { at, body } => {
                self.take(Entry { no: EntryNo(stamped.seq.0), at: *at, body: body.clone() });
            }
            Record::Ended { ending: Ending::Interrupted(by), .. } => {
                self.push(stamped, Body::Stop(Stop::Interrupted(*by)));
            }
            Record::Ended { ending: Ending::Failed(failure), .. } => {
                self.push(stamped, Body::Stop(Stop::Failed(failure.clone())));
            }
            Record::Created { .. }
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
            | Record::Unqueued { .. }
            | Record::Moved { .. }
            | Record::Retried { .. }
            | Record::Sent { is_said: false, .. }
            | Record::Answering { .. }
            | Record::Resumable { .. }
            | Record::Answered { .. }
            | Record::MarkedUnread
            | Record::Ended { ending: Ending::Done, .. }
            | Record::Seen { .. }
            | Record::ImportEnded { .. }
            | Record::Drafted { .. } => {}
        }
    }

    /// Keeps only the waiting texts that are still referred to.
    pub fn keep_waiting(&mut self, is_wanted: impl Fn(Seq) -> bool) {
        self.waiting.retain(|seq, _| is_wanted(*seq));
    }

    fn say(&mut self, no: EntryNo, voice: Voice, text: &str, stamped: &Stamped) {
        if let Some(Entry { no: last, body, .. }) = self.entries.back_mut()
            && *last == no
            && let Some(said) = body.growing()
        {
            said.push_str(text);
            self.weight += text.len();
        } else {
            let body = match voice {
                Voice::Answer => Body::Answer(text.into()),
                Voice::Thinking => Body::Thinking(text.into()),
                Voice::Output { of } => Body::Output(CallOutput { of, text: text.into() }),
            };
            self.take(Entry { no, at: stamped.at, body });
        }
    }

    fn push(&mut self, stamped: &Stamped, body: Body) {
        self.take(Entry { no: EntryNo(stamped.seq.0), at: stamped.at, body });
    }

    fn take(&mut self, entry: Entry) {
        self.weight += entry.weight();
        self.entries.push_back(entry);
    }

    /// Lets the oldest entries go until the rest weighs at most `bytes`; the newest always stays.
    pub fn trim(&mut self, bytes: usize) {
        while self.weight > bytes && self.entries.len() > 1 {
            if let Some(oldest) = self.entries.pop_front() {
                self.weight -= oldest.weight();
                self.trimmed = true;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use crate::trace::Player;

    fn transcript() -> Transcript {
        let mut transcript = Transcript::default();
        let lines = ["create s1", "submit s1 \"why?\"", "text s1 \"because\"", "text s1 \" so\"", "done s1"];
        Player::told(&lines).disk.log.iter().for_each(|stamped| transcript.apply(stamped));
        transcript
    }

    #[test]
    fn it_weighs_what_its_entries_and_waiting_texts_do() {
        let mut transcript = transcript();
        let entries = |transcript: &Transcript| transcript.entries().map(Entry::weight).sum::<usize>();
        assert_eq!(transcript.weight(), entries(&transcript) + "why?".len());
        transcript.keep_waiting(|_| false);
        assert_eq!(transcript.weight(), entries(&transcript));
    }

    #[test]
    fn it_is_trimmed_to_what_it_may_weigh_and_no_further() {
        let whole = transcript();
        let weight: usize = whole.entries().map(Entry::weight).sum();
        for (bytes, left) in [(weight, 2), (weight - 1, 1), (0, 1)] {
            let mut transcript = whole.clone();
            transcript.trim(bytes);
            assert_eq!((transcript.entries().count(), transcript.is_trimmed()), (left, left < 2), "{bytes}");
        }
    }
}
