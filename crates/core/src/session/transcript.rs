//! The transcript: a session's ordered entries, of which a bounded tail is in memory.

use alloc::collections::{BTreeMap, VecDeque};

use crate::agent::Call;
use crate::entry::{Body, CallOutput, Called, Entry, Prompted, Resulted, Stop};
use crate::id::{EntryNo, Seq};
use crate::record::Voice;
use crate::stamped::{Content, Stamped};

/// Entries folded from records. Also how the store's pages become entries: one definition for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    entries: VecDeque<Entry>,
    /// Texts of prompts whose turn has not begun, by the place of their record.
    waiting: BTreeMap<Seq, Prompted>,
    weight: usize,
    /// Whether older entries exist that are not here.
    trimmed: bool,
}

impl Transcript {
    /// The entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// A prompt that waits, or that is about to be retried.
    pub fn waiting(&self, queued: Seq) -> Option<&Prompted> {
        self.waiting.get(&queued)
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
        self.weight + self.waiting.values().map(Prompted::weight).sum::<usize>()
    }

    /// Takes the next fact in.
    pub fn apply(&mut self, stamped: &Stamped) {
        match stamped.content() {
            Content::Fact(_) | Content::Draft(_) => {}
            Content::Waiting(text, images, runs) => {
                self.waiting.insert(stamped.seq, Prompted { text: text.into(), images: images.into(), runs });
            }
            Content::Prompt(queued) => {
                // Without its text (a page that begins in between, a damaged record) the prompt is not shown as empty.
                if let Some(prompt) = self.waiting.get(&queued) {
                    self.push(stamped, Body::Prompt(prompt.clone()));
                }
            }
            Content::Steer(text) => self.push(stamped, Body::Prompt(text.into())),
            Content::Piece { entry, voice, text } => self.append(entry, voice, text, stamped),
            Content::Call(call) => {
                let Call { no, tool, input, wants, .. } = call.clone();
                self.push(stamped, Body::Call(Called { no, tool, input, wants }));
            }
            Content::Result { of, outcome, text, kept, whole } => {
                let result = Resulted { of, outcome, text: text.into(), kept, whole };
                self.push(stamped, Body::Result(result));
            }
            Content::Plan(steps) => self.push(stamped, Body::Plan(steps.to_vec())),
            Content::Sources(sources) => self.push(stamped, Body::Sources(sources.clone())),
            Content::ProjectFiles(files) => self.push(stamped, Body::ProjectFiles(files.clone())),
            Content::Continued => self.push(stamped, Body::Continued),
            Content::Repair(fault) => self.push(stamped, Body::Repair(fault)),
            Content::LeftOut(sent) => self.push(stamped, Body::LeftOut(sent)),
            Content::Compaction(compaction) => self.push(stamped, Body::Compaction(compaction.clone())),
            Content::Reversed(reversed) => self.push(stamped, Body::Reversed(reversed.clone())),
            Content::Interrupted(by, _) => self.push(stamped, Body::Stop(Stop::Interrupted(by))),
            Content::Failed(failure, _) => self.push(stamped, Body::Stop(Stop::Failed(failure.clone()))),
            Content::Imported(at, body) => {
                self.take(Entry { no: EntryNo(stamped.seq.0), at, body: body.clone() });
            }
        }
    }

    /// Keeps only the waiting texts that are still referred to.
    pub fn keep_waiting(&mut self, is_wanted: impl Fn(Seq) -> bool) {
        self.waiting.retain(|seq, _| is_wanted(*seq));
    }

    fn append(&mut self, no: EntryNo, voice: Voice, text: &str, stamped: &Stamped) {
        if let Some(Entry { no: last, body, .. }) = self.entries.back_mut()
            && *last == no
            && let Some(said) = body.growing()
        {
            said.push_str(text);
            self.weight += text.len();
        } else {
            // Also a later piece whose beginning is not here, because a page or the tail begins behind it.
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
        Player::played(&lines).disk.log.iter().for_each(|stamped| transcript.apply(stamped));
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
