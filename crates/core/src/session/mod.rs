//! One session: its head, and while it is live its memory.
//!
//! Not here: siblings, limits over all sessions, focus. A session cannot name them.

pub mod flight;
pub mod head;
pub mod live;
pub mod stored;
pub mod transcript;

use alloc::string::String;
use alloc::vec::Vec;

use crate::entry::{Fault, Mark, Prompted};
use crate::id::Seq;
use crate::presence::Presence;
use crate::record::{Record, Voice};
use crate::session::head::Head;
use crate::session::live::Live;
use crate::session::stored::Stored;
use crate::snapshot::QueuedPrompt;
use crate::stamped::Stamped;

/// One session with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    head: Head,
    live: Option<Live>,
    /// What the store put right and no record says yet.
    fault: Option<Fault>,
}

impl Session {
    /// The session that `first` creates.
    pub(crate) fn created(first: &Stamped) -> Option<Self> {
        let head = Head::created(first)?;
        let live = (head.presence == Presence::Live).then(Live::default);
        Some(Self { head, live, fault: None })
    }

    /// The session as stored: the head is taken as it is, the memory is made by the same `apply` as ever.
    pub(crate) fn restored(stored: Stored, tail_bytes: usize) -> Self {
        let Stored { head, tail, trimmed, fault } = stored;
        let live = (head.presence == Presence::Live).then(|| Live::read(&head, &tail, trimmed, tail_bytes));
        Self { head, live, fault }
    }

    /// The only way durable state changes.
    pub(crate) fn apply(&mut self, stamped: &Stamped, tail_bytes: usize) {
        self.head.apply(stamped);
        if self.head.presence == Presence::Live {
            self.live.get_or_insert_default().apply(&self.head, stamped, tail_bytes);
        } else {
            self.live = None;
        }
        if matches!(stamped.record, Record::Repaired { .. }) {
            self.fault = None;
        }
    }

    /// Takes back what was read from the store, after [`Record::Woken`].
    pub(crate) fn remember(&mut self, stored: &Stored, tail_bytes: usize) {
        if self.head.presence == Presence::Live {
            self.live = Some(Live::read(&self.head, &stored.tail, stored.trimmed, tail_bytes));
        }
        self.fault = self.fault.or(stored.fault);
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

    /// What the store put right and no record says yet.
    pub(crate) const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// What has to be put right, visibly. Which prompts are lost is known only while it is live.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let lost = self
            .live
            .iter()
            .flat_map(|live| self.head.queue.iter().filter(|waiting| !live.holds_prompt(waiting.queued)));
        self.fault.into_iter().chain(lost.map(|waiting| Fault::PromptLost(waiting.prompt))).collect()
    }

    /// What streams and is not written yet of what the agent says, in bytes.
    pub(crate) fn unwritten_speech(&self) -> u64 {
        if self.streams_output() { 0 } else { self.unwritten() }
    }

    /// The same of what its calls put out: one voice streams at a time, so one of the two is nothing.
    pub(crate) fn unwritten_output(&self) -> u64 {
        if self.streams_output() { self.unwritten() } else { 0 }
    }

    fn streams_output(&self) -> bool {
        self.head.turn.as_ref().is_some_and(|flight| matches!(flight.voice, Voice::Output { .. }))
    }

    fn unwritten(&self) -> u64 {
        self.live.as_ref().map_or(0, |live| live.stream().text.len() as u64)
    }

    /// The place after the last character, unwritten text included.
    pub(crate) fn end(&self) -> Mark {
        Mark { bytes: self.head.end.bytes + self.unwritten(), ..self.head.end }
    }

    /// What the texts of all waiting prompts weigh.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.head
            .queue
            .iter()
            .filter_map(|waiting| self.waiting(waiting.queued))
            .map(|prompt| prompt.text.len())
            .sum()
    }

    /// Waiting prompts with their texts.
    pub(crate) fn queue(&self) -> Vec<QueuedPrompt> {
        self.head
            .queue
            .iter()
            .map(|waiting| QueuedPrompt {
                prompt: waiting.prompt,
                text: self.waiting(waiting.queued).map_or_else(String::new, |prompt| prompt.text.clone()),
            })
            .collect()
    }

    fn waiting(&self, queued: Seq) -> Option<&Prompted> {
        self.live.as_ref()?.waiting(queued)
    }
}
