//! What a live session keeps in memory: its newest entries, its draft, what streams in, what waits for the person.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::circumstance::Circumstance;
use crate::compaction::WindowUse;
use crate::entry::{Entry, Prompted};
use crate::id::{CallNo, EntryNo, PromptNo, Seq};
use crate::record::Record;
use crate::seal::TurnSeals;
use crate::session::head::Head;
use crate::session::transcript::Transcript;
use crate::snapshot::Retrying;
use crate::source::Sources;
use crate::stamped::Stamped;
use crate::time::{Instant, WallTime};
use crate::tool_rule::ToolRule;
use crate::usage::Usage;

/// What a live session keeps in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Live {
    transcript: Transcript,
    draft: String,
    stream: Stream,
    /// When somebody or something last used the session; `None` until the host has started.
    pub(crate) used: Option<Instant>,
    /// Where the turn in flight stands with its agent.
    pub(crate) run: RunState,
    /// Whether an agent was given a seat here and not released since.
    pub(crate) seated: bool,
    /// How many commands go on in its background, as last told: they end with this.
    pub(crate) background: u32,
    /// Whether the agent takes words in the turn in flight.
    pub(crate) steerable: bool,
    /// When its agent asks again, and why, while it waits for that.
    pub(crate) retrying: Option<Retrying>,
    /// The last line for the shell that began: what was sent behind it goes on behind it.
    pub(crate) line: Option<PromptNo>,
    /// What the shell gets once there is a place for it. What is kept of the conversation may not reach back to it by then.
    pub(crate) line_to_run: Option<String>,
    pending: BTreeMap<CallNo, Pending>,
}

/// Streamed text that no record holds yet. Lost in a crash: at most [`crate::Limits::stream_delay`] of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    /// The text, which continues the last entry.
    pub(crate) text: String,
    /// When its oldest piece came.
    pub(crate) since: Option<Instant>,
    /// What the turn in flight has cost, as last told.
    pub(crate) usage: Usage,
    /// Whether anything was told of the ask in flight: what is nothing then costs nothing, and is not guessed.
    pub(crate) is_counted: bool,
    /// Tokens that its earlier asks cost which nobody counted, by a guess.
    pub(crate) guessed: u64,
    /// Bytes that the agent had said by then, in any voice.
    pub(crate) spoken: u64,
    /// Why its agent stops, as last told.
    pub(crate) reason: String,
    /// What its agent was asked last, and what came since.
    pub(crate) ask: LastAsk,
    /// What its answer rests on, as far as it was told: an entry once that answer is over. Not weighed, since it is bounded.
    pub(crate) sources: Sources,
    /// What is kept of what was sealed in it.
    pub(crate) seals: TurnSeals,
    /// Something was sealed behind the last words of its answer: those that come next are another entry, or what is sealed would
    /// go back behind all of them.
    pub(crate) is_sealed_off: bool,
    /// Entries that it was not sent, in a turn that compacts.
    pub(crate) left_out: u64,
    /// The summary as far as it came, of a turn that compacts. It is shown and written once it is whole.
    pub(crate) summary: String,
}

/// The last ask of the turn in flight, by which is told how much of its model's window the conversation takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LastAsk {
    /// Bytes of texts that it was asked with, and tokens that its model takes at once; 0 where nobody said.
    pub(crate) asked: (u64, u64),
    /// What the turn had cost by then: the rest is what this one ask has cost.
    pub(crate) spent: Usage,
    /// Bytes of what was said since, by the agent and to it, which the next ask has too.
    pub(crate) said: u64,
    /// Bytes of results since: what a server counts of that ask has none of them.
    pub(crate) results: u64,
    /// How full the window was before that ask, where the turn has asked more than once.
    pub(crate) before: Option<WindowUse>,
}

/// Where the turn in flight stands with its agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RunState {
    /// No turn is in flight.
    #[default]
    None,
    /// It waits at the agent's concurrency limit.
    Waiting(Instant),
    /// The agent runs it.
    Running,
}

/// A call that waits for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) input: String,
    /// The rule that *always* would make.
    pub(crate) always: Option<ToolRule>,
    pub(crate) circumstance: Circumstance,
    pub(crate) since: Instant,
    pub(crate) at: WallTime,
}

impl Live {
    /// The memory that these records make.
    pub(crate) fn read(head: &Head, tail: &[Stamped], trimmed: bool, tail_bytes: usize) -> Self {
        let mut live = Self::default();
        if trimmed {
            live.transcript.mark_trimmed();
        }
        for stamped in tail {
            live.transcript.apply(stamped);
            live.transcript.trim(tail_bytes);
            if let Record::Drafted { text } = &stamped.record
                && stamped.seq == head.draft
            {
                live.draft.clone_from(text);
            }
        }
        live.forget(head);
        live
    }

    pub(crate) fn apply(&mut self, head: &Head, stamped: &Stamped, tail_bytes: usize) {
        self.transcript.apply(stamped);
        self.transcript.trim(tail_bytes);
        if let Record::Drafted { text } = &stamped.record {
            self.draft.clone_from(text);
        } else if matches!(stamped.record, Record::Ended { .. } | Record::Compacted { .. }) {
            self.stream = Stream::default();
            self.run = RunState::None;
            self.steerable = false;
            self.retrying = None;
            self.pending.clear();
        } else {
            self.forget(head);
        }
    }

    /// Lets texts go that nothing refers to any longer.
    fn forget(&mut self, head: &Head) {
        self.transcript.keep_waiting(|seq| {
            head.queue.iter().chain(&head.last_prompt).any(|waiting| waiting.queued == seq)
        });
    }

    pub(crate) fn draft(&self) -> &str {
        &self.draft
    }

    pub(crate) const fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(crate) const fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    pub(crate) fn wait_for(&mut self, call: CallNo, pending: Pending) {
        self.pending.insert(call, pending);
    }

    pub(crate) fn answered(&mut self, call: CallNo) {
        self.pending.remove(&call);
    }

    /// Calls that wait for the person, the oldest first.
    pub(crate) const fn pending(&self) -> &BTreeMap<CallNo, Pending> {
        &self.pending
    }

    pub(crate) fn waiting(&self, queued: Seq) -> Option<&Prompted> {
        self.transcript.waiting(queued)
    }

    /// Whether the text of a waiting prompt, or of one to retry, is at hand.
    pub(crate) fn holds_prompt(&self, queued: Seq) -> bool {
        self.transcript.waiting(queued).is_some()
    }

    /// What all of it weighs, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let pending: usize = self
            .pending
            .values()
            .map(|pending| pending.input.len() + pending.circumstance.text_bytes())
            .sum();
        self.transcript.weight() + self.draft.len() + self.stream.text.len() + pending
    }

    /// The entry of that number.
    pub(crate) fn entry(&self, no: EntryNo) -> Option<&Entry> {
        self.transcript.entries().rev().find(|entry| entry.no == no)
    }

    /// The newest entry, which is always here if there is one.
    pub(crate) fn newest_entry(&self) -> Option<&Entry> {
        self.transcript.entries().next_back()
    }

    /// The entries that are here, the newest first.
    pub(crate) fn newest_entries(&self) -> impl Iterator<Item = &Entry> {
        self.transcript.entries().rev()
    }

    /// How many entries come after that one; nothing where that reaches back beyond what is here.
    pub(crate) fn entries_after(&self, no: EntryNo) -> Option<u64> {
        let is_whole = !self.transcript.is_trimmed();
        let reaches = is_whole || self.transcript.entries().next().is_some_and(|first| first.no <= no);
        let later = self.transcript.entries().rev().take_while(|entry| entry.no > no);
        reaches.then(|| later.count() as u64)
    }

    /// The newest entries of at most `bytes`, unwritten text included, and whether older ones exist.
    pub(crate) fn newest(&self, bytes: usize) -> (Vec<Entry>, bool) {
        let mut weight = 0;
        let mut taken: Vec<Entry> = Vec::new();
        for entry in self.transcript.entries().rev() {
            weight += entry.weight();
            if weight > bytes && !taken.is_empty() {
                break;
            }
            taken.push(entry.clone());
        }
        if let Some(said) = taken.first_mut().and_then(|newest| newest.body.growing()) {
            said.push_str(&self.stream.text);
        }
        taken.reverse();
        let trimmed = self.transcript.is_trimmed() || taken.len() < self.transcript.entries().len();
        (taken, trimmed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use crate::trace::Player;
    use crate::{Entry, Limits, Multiplexer, RecoverError, SessionId};
    use alloc::vec::Vec;

    const ID: SessionId = SessionId(1);

    fn player() -> Player {
        Player::played(&["create s1 name a", "submit s1 \"why?\"", "text s1 \"because\"", "text s1 \" so\""])
    }

    #[test]
    fn a_snapshot_has_the_newest_entries_and_says_whether_there_are_more() {
        let player = player();
        let entries = player.core.view().snapshot(ID, usize::MAX).unwrap().entries;
        // What streams and is not written weighs nothing yet.
        let weights: Vec<usize> = entries.iter().map(Entry::weight).collect();
        let (prompt, answer) = (weights[0], weights[1] - " so".len());
        for (bytes, texts, trimmed) in [
            (0, &["because so"][..], true),
            (answer, &["because so"], true),
            (answer + prompt - 1, &["because so"], true),
            (answer + prompt, &["why?", "because so"], false),
        ] {
            let snapshot = player.core.view().snapshot(ID, bytes).unwrap();
            let taken: Vec<&str> = snapshot.entries.iter().map(Entry::text).collect();
            assert_eq!((taken.as_slice(), snapshot.trimmed), (texts, trimmed), "{bytes} bytes");
        }
    }

    #[test]
    fn a_tail_that_leaves_something_out_says_so() {
        let mut stored = player().disk.all();
        for trimmed in [false, true] {
            for one in &mut stored {
                one.trimmed = trimmed;
            }
            let core = Multiplexer::recover(Limits::default(), stored.clone()).unwrap();
            assert_eq!(core.view().snapshot(ID, usize::MAX).unwrap().trimmed, trimmed);
        }
    }

    #[test]
    fn a_session_that_is_stored_twice_is_not_taken_back() {
        let once = player().disk.all();
        let twice = once.iter().chain(&once).cloned();
        assert_eq!(Multiplexer::recover(Limits::default(), twice).err(), Some(RecoverError::Twice(ID)));
    }
}
