//! Compaction: from some entry on, a summary stands for all that is before it wherever a model is asked. The entries
//! themselves stay where they are, to be read, and count again once the summary is undone.
//!
//! Not here: when a session is compacted (`multiplexer/compaction.rs`); how the rest becomes messages
//! ([`crate::conversation`]).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::Usage;
use crate::entry::{Body, Compaction, Entry};

/// The longest summary, in bytes: some eight thousand tokens. A longer one ends its turn, and replaces nothing.
pub const SUMMARY_BYTES: usize = 32 << 10;

/// Bytes of a text that make a token, about: what is counted with until a server has counted.
const BYTES_PER_TOKEN: u64 = 4;

/// What an agent is asked for a summary. It stands behind the conversation, as the person's words.
pub const INSTRUCTION: &str = "\
Summarise the conversation above. Your summary will take its place: whoever goes on has nothing else of it. Write down, \
under short headings and in the language of the conversation:
1. What the person wants, and every wish, rule and preference that still holds, in their own words where those matter.
2. What was done and decided so far, and why; what was tried and did not work.
3. Facts that will be needed: names, paths, commands, numbers, identifiers, errors and code, exactly as they stand.
4. What is open, and the next step.
Leave out greetings, repetitions and what no longer matters. Call no tool, ask nothing, answer nothing of it: write the \
summary alone, much shorter than what it replaces.";

/// How a summary begins a conversation: framed, so that nobody takes it for the person's own words.
pub fn framed(summary: &str) -> String {
    format!(
        "[The conversation so far, in summary. The messages themselves are no longer here.]\n\n{summary}\n\n[End of the summary.]"
    )
}

/// Takes a next entry in: `standing` are the places of the summaries that count, oldest first. The last one is sent.
pub fn note<T>(standing: &mut Vec<T>, place: T, body: &Body) {
    if let Body::Compaction(compaction) = body {
        match compaction {
            Compaction::Summary { .. } => standing.push(place),
            Compaction::Undone => drop(standing.pop()),
            Compaction::Stopped(_) => {}
        }
    }
}

/// What an agent is sent of these entries: the newest summary that counts, and what is behind it.
pub fn sent_of(entries: &[Entry]) -> (Option<&str>, &[Entry]) {
    let mut standing = Vec::new();
    entries.iter().enumerate().for_each(|(place, entry)| note(&mut standing, place, &entry.body));
    let split = standing.last().and_then(|&place| entries.get(place..)?.split_first());
    split.map_or((None, entries), |(summary, rest)| (Some(summary.text()), rest))
}

/// How much of its model's window a conversation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowUse {
    pub tokens: u64,
    /// Whether a server counted them; if not, they are guessed by the bytes.
    pub is_counted: bool,
    /// What the window holds, in tokens; 0 where nobody says.
    pub of: u64,
}

impl WindowUse {
    /// After a turn that cost this, in which the agent was asked and said so many bytes; nothing where neither is known.
    pub const fn after(usage: Usage, bytes: u64, of: u64) -> Option<Self> {
        if usage.input > 0 {
            Some(Self { tokens: usage.input.saturating_add(usage.output), is_counted: true, of })
        } else if bytes > 0 {
            Some(Self { tokens: bytes.div_ceil(BYTES_PER_TOKEN), is_counted: false, of })
        } else {
            None
        }
    }

    /// Whether with so many more bytes it is as full as that, in percent; of a window that nobody knows never.
    pub fn reaches(self, percent: u64, more: u64) -> bool {
        let tokens = u128::from(self.tokens) + u128::from(more / BYTES_PER_TOKEN);
        self.of > 0 && percent > 0 && tokens * 100 >= u128::from(self.of) * u128::from(percent)
    }
}
