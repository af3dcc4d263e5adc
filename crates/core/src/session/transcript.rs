//! The transcript: a session's ordered entries, of which a bounded tail is in memory.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;

use crate::agent::AgentFailure;
use crate::id::{EntryNo, Seq};
use crate::record::{Ending, Interrupter, Record, Stamped};
use crate::time::WallTime;

/// One entry as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place: entries are ordered by it.
    pub no: EntryNo,
    /// When it began.
    pub at: WallTime,
    /// What it is.
    pub body: Body,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// What the person asked.
    Prompt(String),
    /// What the agent answered, as far as it came.
    Answer(String),
    /// A turn that did not end well stopped here.
    Stop(Stop),
}

/// Why a turn stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It was interrupted.
    Interrupted(Interrupter),
    /// The agent gave up.
    Failed(AgentFailure),
}

impl Entry {
    /// Its text; empty for a stop.
    pub fn text(&self) -> &str {
        match &self.body {
            Body::Prompt(text) | Body::Answer(text) => text,
            Body::Stop(_) => "",
        }
    }

    /// What it weighs against a limit, in bytes.
    pub fn weight(&self) -> usize {
        self.text().len() + size_of::<Self>()
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

    /// Takes the next fact in.
    pub fn apply(&mut self, stamped: &Stamped) {
        match &stamped.record {
            Record::Queued { text, .. } => {
                self.waiting.insert(stamped.seq, text.clone());
            }
            Record::Began { queued, .. } => {
                // Without its text (a page that begins in between, a damaged record) the prompt is not shown as empty.
                if let Some(text) = self.waiting.get(queued) {
                    self.push(stamped, Body::Prompt(text.clone()));
                }
                self.waiting.retain(|seq, _| seq >= queued);
            }
            Record::Said { entry, text, .. } => self.say(*entry, text, stamped),
            Record::Ended { ending: Ending::Interrupted(by), .. } => {
                self.push(stamped, Body::Stop(Stop::Interrupted(*by)));
            }
            Record::Ended { ending: Ending::Failed(failure), .. } => {
                self.push(stamped, Body::Stop(Stop::Failed(failure.clone())));
            }
            Record::Created { .. }
            | Record::Renamed { .. }
            | Record::Closed
            | Record::Unqueued { .. }
            | Record::Ended { ending: Ending::Done, .. }
            | Record::Seen { .. }
            | Record::Drafted { .. } => {}
        }
    }

    fn say(&mut self, entry: EntryNo, text: &str, stamped: &Stamped) {
        if let Some(Entry { no, body: Body::Answer(answer), .. }) = self.entries.back_mut()
            && *no == entry
        {
            answer.push_str(text);
            self.weight += text.len();
        } else {
            let entry = Entry { no: entry, at: stamped.at, body: Body::Answer(text.into()) };
            self.weight += entry.weight();
            self.entries.push_back(entry);
        }
    }

    fn push(&mut self, stamped: &Stamped, body: Body) {
        let entry = Entry { no: EntryNo(stamped.seq.0), at: stamped.at, body };
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
