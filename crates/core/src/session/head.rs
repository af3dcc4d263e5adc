//! A session's head: the small durable state from which it is listed, and with its tail restored.
//!
//! Not here: texts (the transcript and the queue hold those), siblings, limits.

use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::{AgentFailure, Usage};
use crate::id::{EntryNo, PromptNo, Seq, SessionId, Token, TurnNo};
use crate::kind::Kind;
use crate::name::{Name, NameOrigin};
use crate::record::{Ending, Record, Stamped};
use crate::time::WallTime;

/// How many submissions are remembered so that a repeated one is taken once.
const TOKENS_KEPT: usize = 16;
/// Characters of the last text shown in lists.
const PREVIEW_CHARS: usize = 80;

/// Everything durable about a session that is not text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Who it is.
    pub id: SessionId,
    /// What it is called.
    pub name: Name,
    /// Who chose that name.
    pub origin: NameOrigin,
    /// Its number for switching; 0 once closed.
    pub slot: u32,
    /// What it is for.
    pub kind: Kind,
    /// Which agent answers.
    pub agent: String,
    /// Which model.
    pub model: String,
    /// Where it works.
    pub directory: String,
    /// How much of it is loaded.
    pub presence: Presence,
    /// The turn in flight, if one is.
    pub turn: Option<InFlight>,
    /// How the last turn ended; `None` before the first ended.
    pub last: Option<Ending>,
    /// The last prompt that began a turn: what a retry asks again.
    pub last_prompt: Option<WaitingPrompt>,
    /// Prompts that wait, oldest first.
    pub queue: Vec<WaitingPrompt>,
    /// The last submissions taken, oldest first.
    pub taken: Vec<(Token, PromptNo)>,
    /// Turns so far.
    pub turns: TurnNo,
    /// Prompts so far.
    pub prompts: PromptNo,
    /// Entries so far.
    pub entries: u64,
    /// The end of the transcript.
    pub end: Mark,
    /// Up to where some client has shown it.
    pub seen: Mark,
    /// Entries with text after `seen` that the person did not write.
    pub unread: u32,
    /// Where the draft stands in the log; 0 when there is none.
    pub draft: Seq,
    /// Tokens spent in all.
    pub usage: Usage,
    /// The beginning of the last text, for lists.
    pub preview: String,
    /// When it was created.
    pub created: WallTime,
    /// When something last happened in it.
    pub touched: WallTime,
    /// The last record's place.
    pub seq: Seq,
}

/// How much of a session is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// In memory and ready.
    Live,
    /// Archived: its history stays in the store.
    Closed,
}

/// What a session is doing. Derived, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activity {
    /// Waiting for a prompt.
    Idle,
    /// A turn runs.
    Working,
    /// The last turn failed.
    Failed,
    /// The last turn was interrupted.
    Interrupted,
}

/// A turn in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Which turn.
    pub turn: TurnNo,
    /// Its answer's entry, once the agent said something.
    pub answer: Option<EntryNo>,
}

/// A prompt by reference: its text stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingPrompt {
    /// Its number.
    pub prompt: PromptNo,
    /// Where its [`Record::Queued`] stands.
    pub queued: Seq,
}

/// A place in a transcript: after that many bytes of that entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The entry; 0 is before the first.
    pub entry: EntryNo,
    /// Bytes of its text.
    pub bytes: u64,
}

impl Head {
    /// The head a session begins with, if `first` creates one.
    pub fn created(first: &Stamped) -> Option<Self> {
        let Record::Created { name, origin, slot, kind, agent, model, directory } = &first.record else {
            return None;
        };
        Some(Self {
            id: first.session,
            name: name.clone(),
            origin: *origin,
            slot: *slot,
            kind: *kind,
            agent: agent.clone(),
            model: model.clone(),
            directory: directory.clone(),
            presence: Presence::Live,
            turn: None,
            last: None,
            last_prompt: None,
            queue: Vec::new(),
            taken: Vec::new(),
            turns: TurnNo(0),
            prompts: PromptNo(0),
            entries: 0,
            end: Mark::default(),
            seen: Mark::default(),
            unread: 0,
            draft: Seq(0),
            usage: Usage::default(),
            preview: String::new(),
            created: first.at,
            touched: first.at,
            seq: first.seq,
        })
    }

    /// Takes the next fact in. Facts that change no head are named too, so that a new one cannot be forgotten.
    pub fn apply(&mut self, stamped: &Stamped) {
        self.seq = stamped.seq;
        match &stamped.record {
            Record::Created { .. } => {}
            Record::Renamed { name, origin } => {
                self.name = name.clone();
                self.origin = *origin;
            }
            Record::Closed => {
                self.presence = Presence::Closed;
                self.slot = 0;
            }
            Record::Queued { prompt, token, .. } => {
                self.touched = stamped.at;
                self.prompts = *prompt;
                self.queue.push(WaitingPrompt { prompt: *prompt, queued: stamped.seq });
                if self.taken.len() == TOKENS_KEPT {
                    self.taken.remove(0);
                }
                self.taken.push((*token, *prompt));
            }
            Record::Unqueued { prompt } => self.queue.retain(|waiting| waiting.prompt != *prompt),
            Record::Began { turn, prompt, queued } => {
                self.touched = stamped.at;
                self.queue.retain(|waiting| waiting.prompt != *prompt);
                self.turns = *turn;
                self.turn = Some(InFlight { turn: *turn, answer: None });
                self.last_prompt = Some(WaitingPrompt { prompt: *prompt, queued: *queued });
                self.entries += 1;
                self.end = Mark { entry: EntryNo(stamped.seq.0), bytes: 0 };
            }
            Record::Said { entry, text, .. } => self.say(*entry, text, stamped.at),
            Record::Ended { ending, usage, .. } => self.end_turn(ending, *usage, stamped),
            Record::Seen { through } => {
                self.seen = *through;
                self.unread = 0;
            }
            Record::Drafted { text } => self.draft = if text.is_empty() { Seq(0) } else { stamped.seq },
        }
    }

    fn say(&mut self, entry: EntryNo, text: &str, at: WallTime) {
        self.touched = at;
        let begins = self.end.entry != entry;
        if begins {
            self.entries += 1;
            self.preview = preview(text);
            self.end = Mark { entry, bytes: 0 };
            if let Some(turn) = &mut self.turn {
                turn.answer = Some(entry);
            }
        } else if self.preview.chars().count() < PREVIEW_CHARS {
            self.preview.push_str(text);
            self.preview = preview(&self.preview);
        }
        if begins || self.seen == self.end {
            self.unread = self.unread.saturating_add(1);
        }
        self.end.bytes += text.len() as u64;
    }

    fn end_turn(&mut self, ending: &Ending, usage: Usage, stamped: &Stamped) {
        self.touched = stamped.at;
        self.turn = None;
        self.usage.input = self.usage.input.saturating_add(usage.input);
        self.usage.output = self.usage.output.saturating_add(usage.output);
        self.last = Some(ending.clone());
        match ending {
            Ending::Done => {}
            Ending::Interrupted(_) | Ending::Failed(_) => {
                self.entries += 1;
                self.unread = self.unread.saturating_add(1);
                self.end = Mark { entry: EntryNo(stamped.seq.0), bytes: 0 };
            }
        }
    }

    /// What the session is doing, from its durable state.
    pub const fn activity(&self) -> Activity {
        if self.turn.is_some() {
            return Activity::Working;
        }
        match &self.last {
            None | Some(Ending::Done) => Activity::Idle,
            Some(Ending::Interrupted(_)) => Activity::Interrupted,
            Some(Ending::Failed(_)) => Activity::Failed,
        }
    }

    /// Why the last turn failed, if it did.
    pub const fn failure(&self) -> Option<&AgentFailure> {
        match &self.last {
            Some(Ending::Failed(failure)) => Some(failure),
            Some(Ending::Done | Ending::Interrupted(_)) | None => None,
        }
    }
}

/// One line of at most [`PREVIEW_CHARS`] characters. A blank at its end stays, since more may follow.
fn preview(text: &str) -> String {
    let mut line = String::new();
    let mut chars = 0;
    for c in text.trim_start().chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c == ' ' && line.ends_with(' ') {
            continue;
        }
        line.push(c);
        chars += 1;
        if chars == PREVIEW_CHARS {
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_grows_as_the_answer_does() {
        let whole = "First  line\nand\tthe second";
        for split in 0..whole.len() {
            let (before, after) = whole.split_at(split);
            let mut grown = preview(before);
            grown.push_str(after);
            assert_eq!(preview(&grown), "First line and the second", "split at {split}");
        }
        assert_eq!(preview(&"x".repeat(200)).len(), PREVIEW_CHARS);
    }
}
