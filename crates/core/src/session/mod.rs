//! One session: its head, and while it is live its memory.
//!
//! Not here: siblings, limits over all sessions, focus. A session cannot name them.

pub mod head;
pub mod stored;
pub mod transcript;

use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::Usage;
use crate::id::{EntryNo, Seq};
use crate::record::{Record, Stamped};
use crate::session::head::{Head, Mark, Presence};
use crate::session::stored::Stored;
use crate::session::transcript::{Body, Entry, Transcript};
use crate::time::Instant;
use crate::view::QueuedPrompt;

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    head: Head,
    live: Option<Live>,
}

/// What a live session keeps in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Live {
    transcript: Transcript,
    draft: String,
    stream: Stream,
}

/// Streamed text that no record holds yet. Lost in a crash: at most [`crate::Limits::stream_delay`] of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    /// The text, which continues the last answer.
    pub(crate) text: String,
    /// When its oldest piece came.
    pub(crate) since: Option<Instant>,
    /// What the turn in flight has cost, as last told.
    pub(crate) usage: Usage,
}

impl Session {
    /// The session that `first` creates.
    pub(crate) fn created(first: &Stamped) -> Option<Self> {
        Head::created(first).map(|head| Self { head, live: Some(Live::default()) })
    }

    /// The session as stored: the head is taken as it is, the memory is made by the same `apply` as ever.
    pub(crate) fn restored(stored: Stored, tail_bytes: usize) -> Self {
        let Stored { head, tail, trimmed } = stored;
        let live = (head.presence == Presence::Live).then(|| {
            let mut live = Live::default();
            if trimmed {
                live.transcript.mark_trimmed();
            }
            for record in &tail {
                live.apply(record, tail_bytes);
            }
            live
        });
        Self { head, live }
    }

    /// The only way durable state changes.
    pub(crate) fn apply(&mut self, stamped: &Stamped, tail_bytes: usize) {
        self.head.apply(stamped);
        if self.head.presence == Presence::Live {
            self.live.get_or_insert_default().apply(stamped, tail_bytes);
        } else {
            self.live = None;
        }
    }

    pub(crate) const fn head(&self) -> &Head {
        &self.head
    }

    pub(crate) const fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    pub(crate) const fn live_mut(&mut self) -> Option<&mut Live> {
        self.live.as_mut()
    }

    /// The place after the last character, unwritten text included.
    pub(crate) fn end(&self) -> Mark {
        let unwritten = self.live.as_ref().map_or(0, |live| live.stream.text.len() as u64);
        Mark { bytes: self.head.end.bytes + unwritten, ..self.head.end }
    }

    /// What the texts of all waiting prompts weigh.
    pub(crate) fn queued_bytes(&self) -> usize {
        let live = self.live.as_ref();
        let texts = self.head.queue.iter().filter_map(|waiting| live?.transcript.waiting(waiting.queued));
        texts.map(str::len).sum()
    }

    /// Waiting prompts with their texts.
    pub(crate) fn queue(&self) -> Vec<QueuedPrompt> {
        let text = |queued: Seq| self.live.as_ref().and_then(|live| live.transcript.waiting(queued));
        self.head
            .queue
            .iter()
            .map(|waiting| QueuedPrompt {
                prompt: waiting.prompt,
                text: text(waiting.queued).unwrap_or_default().into(),
            })
            .collect()
    }
}

impl Live {
    fn apply(&mut self, stamped: &Stamped, tail_bytes: usize) {
        if let Record::Drafted { text } = &stamped.record {
            self.draft.clone_from(text);
        }
        self.transcript.apply(stamped);
        self.transcript.trim(tail_bytes);
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

    /// Whether the text of a waiting prompt, or of one to retry, is at hand.
    pub(crate) fn holds_prompt(&self, queued: Seq) -> bool {
        self.transcript.waiting(queued).is_some()
    }

    /// The entry of that number.
    pub(crate) fn entry(&self, no: EntryNo) -> Option<&Entry> {
        self.transcript.entries().rev().find(|entry| entry.no == no)
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
        if let Some(Entry { body: Body::Answer(answer), .. }) = taken.first_mut() {
            answer.push_str(&self.stream.text);
        }
        taken.reverse();
        let trimmed = self.transcript.is_trimmed() || taken.len() < self.transcript.entries().len();
        (taken, trimmed)
    }
}
