//! Entries: what a transcript is made of, as people see it, and places in it.
//!
//! Not here: how entries come of records (`session/transcript.rs`).

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::agent::{AgentFailure, Outcome, PlanStep, Sent, Wants};
use crate::id::{CallNo, EntryNo, PromptNo};
use crate::image::Image;
use crate::project::ProjectFiles;
use crate::reversal::Reversed;
use crate::shell_line::ShellLine;
use crate::source::Sources;
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
    Prompt(Prompted),
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
    /// What the answer before it rests on.
    Sources(Sources),
    /// Which files of the project go before the conversation from here on.
    ProjectFiles(ProjectFiles),
    /// A turn that did not end well stopped here.
    Stop(Stop),
    /// The person had the agent go on with the answer that stopped before this.
    Continued,
    /// What was stored did not fit together and was put right.
    Repair(Fault),
    /// From here on an agent is sent only the newest of what there is.
    LeftOut(Sent),
    /// What came before was summarised, or that came to nothing, or it counts again.
    Compaction(Compaction),
    /// The person took back what tools changed in files, or had it made again.
    Reversed(Reversed),
}

/// What the person asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompted {
    pub text: String,
    /// The images that go with it, in the order in which they were named.
    pub images: Vec<Image>,
    /// Whether nobody was asked it: it is a line that the person had the shell run, as [`ShellLine`] reads it.
    pub runs: bool,
}

impl<T: Into<String>> From<T> for Prompted {
    fn from(text: T) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Prompted {
    /// The line for the shell that it is, where it is one.
    pub fn shell_line(&self) -> Option<ShellLine<'_>> {
        ShellLine::of(&self.text).filter(|_| self.runs)
    }

    /// What it weighs, in bytes.
    pub fn weight(&self) -> usize {
        self.text.len() + self.images.iter().map(Image::weight).sum::<usize>()
    }
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

/// Who interrupted a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interrupter {
    User,
    /// The host was stopped in good order.
    Stop,
    /// The host died; what was in flight is not sent again.
    Crash,
}

/// What did not fit: together in what was stored, or into what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The text of a waiting prompt is not in the log.
    PromptLost(PromptNo),
    /// The log was damaged: what came after was cut off, and the damaged image kept aside.
    LogCut {
        /// Records that are missing, if that is known.
        lost: Option<u64>,
    },
    /// Its provider sealed more of a turn than is kept: nothing of that goes back.
    SealsTooLong,
    /// Parts of an answer came and could not be read: what is kept of it lacks them.
    AnswerTorn { parts: u64 },
}

/// A place in a transcript: after that many bytes of that entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The entry; 0 is before the first.
    pub entry: EntryNo,
    /// Bytes of its text.
    pub bytes: u64,
}

impl Body {
    /// Whether a turn begins with it: something is said, or an answer is gone on with.
    pub const fn begins_turn(&self) -> bool {
        matches!(self, Self::Prompt(_) | Self::Continued)
    }

    /// Its text; empty for a plan, which has one for each step, for sources, which have several each, and for what `q` says in its own words: a stop, that it
    /// goes on, a repair, what is left out, changes that were reversed.
    pub fn text(&self) -> &str {
        match self {
            Self::Prompt(prompt) => &prompt.text,
            Self::Answer(text) | Self::Thinking(text) => text,
            Self::Call(call) => &call.input,
            Self::Output(output) => &output.text,
            Self::Result(result) => &result.text,
            Self::Compaction(compaction) => compaction.text(),
            Self::Plan(_)
            | Self::Sources(_)
            | Self::ProjectFiles(_)
            | Self::Stop(_)
            | Self::Continued
            | Self::Repair(_)
            | Self::LeftOut(_)
            | Self::Reversed(_) => "",
        }
    }

    /// The images that go with it.
    pub fn images(&self) -> &[Image] {
        if let Self::Prompt(prompt) = self { &prompt.images } else { &[] }
    }

    /// The entry of the call that it belongs to: of what a call put out, and of its result.
    pub const fn of_call(&self) -> Option<EntryNo> {
        if let Self::Output(CallOutput { of, .. }) | Self::Result(Resulted { of, .. }) = self {
            Some(*of)
        } else {
            None
        }
    }

    /// Bytes that people can read of it: its text, the steps of its plan, its sources, or the names of files.
    pub fn readable(&self) -> usize {
        if let Self::Plan(steps) = self {
            plan_bytes(steps)
        } else if let Self::Sources(sources) = self {
            sources.bytes()
        } else if let Self::ProjectFiles(files) = self {
            files.path_bytes()
        } else if let Self::Reversed(reversed) = self {
            reversed.bytes()
        } else {
            self.text().len()
        }
    }

    /// Whether a prompt before it is answered by it. What an agent only thought is no answer, as is what is blank.
    pub fn answers(&self) -> bool {
        matches!(self, Self::Call(_)) || matches!(self, Self::Answer(text) if !text.trim().is_empty())
    }

    /// The text that grows while it streams, of what streams.
    pub(crate) const fn growing(&mut self) -> Option<&mut String> {
        if let Self::Answer(text) | Self::Thinking(text) | Self::Output(CallOutput { text, .. }) = self {
            Some(text)
        } else {
            None
        }
    }
}

impl Entry {
    /// How long a thought took: until what came behind it in its turn. `None` for all else, and where nothing did.
    pub fn thought_for(&self, behind: Option<&Self>) -> Option<Duration> {
        let behind = behind.filter(|behind| !behind.body.begins_turn())?;
        let took = behind.at.0.saturating_sub(self.at.0);
        matches!(self.body, Body::Thinking(_)).then(|| Duration::from_millis(took))
    }

    /// Its text: see [`Body::text`].
    pub fn text(&self) -> &str {
        self.body.text()
    }

    /// What it weighs against a limit, in bytes.
    pub fn weight(&self) -> usize {
        let images: usize = self.body.images().iter().map(Image::weight).sum();
        self.body.readable() + images + size_of::<Self>()
    }
}

/// Bytes of a plan's texts.
pub fn plan_bytes(steps: &[PlanStep]) -> usize {
    steps.iter().map(|step| step.text.len()).sum()
}

/// What happened to a session's history as a model is sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compaction {
    /// From here on this stands for all that is before it.
    Summary {
        text: String,
        /// Bytes of the messages that it replaces.
        of: u64,
        /// The oldest entries, of which nothing is in it: there was more than an agent is sent at once.
        left_out: u64,
    },
    /// No summary came about; nothing is replaced.
    Stopped(Stop),
    /// The newest summary no longer counts.
    Undone,
}

impl Compaction {
    /// The text of its summary; empty where there is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Summary { text, .. } => text,
            Self::Stopped(_) | Self::Undone => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thought_lasts_until_what_comes_behind_it_in_its_turn() {
        let entry = |at, body| Entry { no: EntryNo(at), at: WallTime(at), body };
        let thought = entry(1_000, Body::Thinking("hm".into()));
        let behind = |at, body| thought.thought_for(Some(&entry(at, body)));
        assert_eq!(behind(13_500, Body::Answer("so".into())), Some(Duration::from_millis(12_500)));
        assert_eq!(behind(500, Body::Answer("so".into())), Some(Duration::ZERO), "a clock that ran backward");
        assert_eq!(behind(90_000, Body::Prompt("and?".into())), None, "the person thought as well");
        assert_eq!(thought.thought_for(None), None);
        assert_eq!(entry(1, Body::Answer("so".into())).thought_for(Some(&thought)), None);
    }
}
