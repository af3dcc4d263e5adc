//! What is imported: a session as it stood elsewhere, and whether its entries could have come to be in a session of
//! `q`. What is imported is anybody's: nothing of it is believed.
//!
//! Not here: the records that take it over (`multiplexer/import.rs`), its form as a file (the client's business).

use alloc::string::String;
use alloc::vec::Vec;

use crate::compaction::SUMMARY_BYTES;
use crate::entry::Compaction;
use crate::entry::{Body, Entry, Stop, plan_bytes};
use crate::id::{EntryNo, SessionId, Token};
use crate::limits::{DETAIL_BYTES, IMAGE_NAME_BYTES, Limits, PLAN_BYTES, PROMPT_IMAGES, TOOL_BYTES};
use crate::name::NameOrigin;
use crate::project::PROJECT_PATH_BYTES;
use crate::record::Setup;
use crate::source::{SOURCES, SOURCES_BYTES};
use crate::time::WallTime;
use crate::usage::Usage;

/// The last moment of the year 9999: what is later is no time that anybody lived through.
const LAST_MOMENT: WallTime = WallTime(253_402_300_799_999);

/// What is known of a session that comes in, all but its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The new id, drawn by the host.
    pub id: SessionId,
    /// A name as typed by the person who imports it; without one it keeps its own.
    pub typed: Option<String>,
    /// What it is called elsewhere; numbered where that is taken.
    pub name: String,
    /// Who chose that name.
    pub origin: NameOrigin,
    /// What it is made with.
    pub setup: Setup,
    pub tags: Vec<String>,
    /// Whether it never hibernates by itself.
    pub pinned: bool,
    /// When it was created.
    pub created: WallTime,
    /// When something last happened in it.
    pub touched: WallTime,
    /// Tokens spent in it.
    pub usage: Usage,
    /// Whether a turn ran when it was written down.
    pub running: bool,
}

/// One thing of a session that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An entry, with its number there; here it gets another one. A result brings all that is kept of it in its text.
    Entry(Entry),
    /// A prompt that waits.
    Waiting {
        /// A fresh mark for it, drawn by the client.
        token: Token,
        text: String,
    },
    /// What was typed and not sent.
    Draft(String),
}

/// Why an entry cannot be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportFault {
    /// Entries are numbered upwards.
    #[error("its number is not above the one before it")]
    NotAbove,
    /// No clock ever showed that.
    #[error("its time is after the year 9999")]
    BadTime,
    /// Whatever an agent does belongs to a turn.
    #[error("no prompt before it began a turn that it could belong to")]
    NoTurn,
    /// A call has one result, after it.
    #[error("it is the result of entry {0}, which is no call that still waits for one")]
    NoCall(EntryNo),
    #[error("it has no text")]
    NoText,
    /// More than a session keeps.
    #[error("it is too long ({size} bytes, the limit is {limit})")]
    TooLong { size: usize, limit: usize },
    /// A result cannot be more than all that came out.
    #[error("its text is longer than all that came out")]
    MoreThanAll,
}

/// What the entries so far were: decides whether the next one fits behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The number of the last entry.
    last: EntryNo,
    /// Whether the turn of the last prompt may go on.
    in_turn: bool,
    /// Calls without a result: their numbers there and here, oldest first.
    open: Vec<(EntryNo, EntryNo)>,
}

impl Thread {
    /// Whether the turn of the last prompt may go on.
    pub const fn is_in_turn(&self) -> bool {
        self.in_turn
    }

    /// Whether this entry may come next.
    pub fn verify(&self, entry: &Entry, limits: &Limits) -> Result<(), ImportFault> {
        if entry.no <= self.last {
            return Err(ImportFault::NotAbove);
        }
        if entry.at > LAST_MOMENT {
            return Err(ImportFault::BadTime);
        }
        let stands_alone = matches!(
            entry.body,
            Body::Prompt(_)
                | Body::Continued
                | Body::Repair(_)
                | Body::LeftOut(_)
                | Body::Compaction(_)
                | Body::Reversed(_)
        );
        if !self.in_turn && !stands_alone {
            return Err(ImportFault::NoTurn);
        }
        if let Body::Output(output) = &entry.body
            && self.call(output.of).is_none()
        {
            return Err(ImportFault::NoCall(output.of));
        }
        if let Body::Result(result) = &entry.body {
            if !self.open.iter().any(|(there, _)| *there == result.of) {
                return Err(ImportFault::NoCall(result.of));
            }
            if result.whole < result.text.len() as u64 {
                return Err(ImportFault::MoreThanAll);
            }
        }
        verify_text(&entry.body, limits)
    }

    /// The calls, by their numbers here, that must have ended before this entry: nobody will say how.
    pub fn cut_by(&self, body: &Body, limits: &Limits) -> Vec<EntryNo> {
        let may_stay = if matches!(body, Body::Stop(_)) {
            0
        } else if matches!(body, Body::Call(_)) {
            limits.open_calls // one more is open while it is being denied for that
        } else {
            return Vec::new();
        };
        let cut = self.open.len().saturating_sub(may_stay);
        self.open.iter().take(cut).map(|&(_, here)| here).collect()
    }

    /// The number here of a call by its number there, while it has no result.
    pub fn call(&self, there: EntryNo) -> Option<EntryNo> {
        self.open.iter().find(|open| open.0 == there).map(|&(_, here)| here)
    }

    /// All calls, by their numbers here, that have no result.
    pub fn open(&self) -> impl Iterator<Item = EntryNo> {
        self.open.iter().map(|&(_, here)| here)
    }

    /// Takes an entry in that was verified; `here` is its number here.
    pub fn take(&mut self, entry: &Entry, here: EntryNo, limits: &Limits) {
        self.open.drain(..self.cut_by(&entry.body, limits).len());
        self.last = entry.no;
        if let Body::Call(_) = entry.body {
            self.open.push((entry.no, here));
        } else if let Body::Result(result) = &entry.body {
            self.open.retain(|(there, _)| *there != result.of);
        }
        self.in_turn = entry.body.begins_turn() || self.in_turn && !matches!(entry.body, Body::Stop(_));
    }
}

/// Whether its texts are such as a session keeps.
fn verify_text(body: &Body, limits: &Limits) -> Result<(), ImportFault> {
    // The piece that goes beyond what a turn may say is kept.
    let said = limits.answer_bytes.saturating_mul(2);
    let (text, limit) = match body {
        Body::Prompt(prompt) if prompt.text.trim().is_empty() => return Err(ImportFault::NoText),
        Body::Prompt(prompt) if prompt.images.len() > PROMPT_IMAGES => {
            return Err(ImportFault::TooLong { size: prompt.images.len(), limit: PROMPT_IMAGES });
        }
        Body::Prompt(prompt) => {
            let longest = prompt.images.iter().map(|image| image.name.len()).max().unwrap_or_default();
            if longest > IMAGE_NAME_BYTES {
                return Err(ImportFault::TooLong { size: longest, limit: IMAGE_NAME_BYTES });
            }
            (prompt.text.as_str(), limits.prompt_bytes)
        }
        Body::Answer(text) | Body::Thinking(text) if text.is_empty() => return Err(ImportFault::NoText),
        Body::Answer(text) | Body::Thinking(text) => (text.as_str(), said),
        Body::Call(call) if call.tool.len() > TOOL_BYTES => (call.tool.as_str(), TOOL_BYTES),
        Body::Call(call) => (call.input.as_str(), said),
        Body::Output(output) if output.text.is_empty() => return Err(ImportFault::NoText),
        Body::Output(output) => (output.text.as_str(), limits.output_bytes),
        Body::Plan(steps) if plan_bytes(steps) > PLAN_BYTES => {
            return Err(ImportFault::TooLong { size: plan_bytes(steps), limit: PLAN_BYTES });
        }
        Body::Sources(sources) if sources.is_empty() => return Err(ImportFault::NoText),
        Body::Sources(sources) if sources.bytes() > SOURCES_BYTES || sources.all.len() > SOURCES => {
            return Err(ImportFault::TooLong { size: sources.bytes(), limit: SOURCES_BYTES });
        }
        Body::ProjectFiles(files) if files.clone().bounded() != *files => {
            return Err(ImportFault::TooLong { size: files.path_bytes(), limit: PROJECT_PATH_BYTES });
        }
        Body::Reversed(reversed) if *reversed != reversed.clone().bounded() => {
            return Err(ImportFault::TooLong { size: reversed.bytes(), limit: crate::reversal::NAME_BYTES });
        }
        Body::Result(result) => (result.text.as_str(), limits.most_of_result()),
        Body::Stop(Stop::Failed(failure)) => (failure.detail.as_str(), DETAIL_BYTES),
        Body::Compaction(Compaction::Summary { text, .. }) if text.trim().is_empty() => {
            return Err(ImportFault::NoText);
        }
        Body::Compaction(Compaction::Summary { text, .. }) => (text.as_str(), SUMMARY_BYTES),
        Body::Compaction(Compaction::Stopped(Stop::Failed(failure))) => {
            (failure.detail.as_str(), DETAIL_BYTES)
        }
        Body::Plan(_)
        | Body::Sources(_)
        | Body::ProjectFiles(_)
        | Body::Stop(Stop::Interrupted(_))
        | Body::Continued
        | Body::Repair(_)
        | Body::LeftOut(_)
        | Body::Reversed(_)
        | Body::Compaction(Compaction::Stopped(Stop::Interrupted(_)) | Compaction::Undone) => return Ok(()),
    };
    if text.len() > limit { Err(ImportFault::TooLong { size: text.len(), limit }) } else { Ok(()) }
}
