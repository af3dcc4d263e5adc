//! One session as plain data, and what can be counted in it.

use std::collections::BTreeMap;

use q_core::{
    Activity, AgentFailure, CallNo, Compaction, Digest, EntryNo, Instant, Interrupter, Limits, Outcome,
    PlanStep, Policy, Presence, PromptNo, ResumeHandle, Retrying, Sent, SessionId, Token, TurnNo, Usage,
    WallTime, Wants,
};

use super::window::Window;

/// Settings by their names.
pub(super) type Set = BTreeMap<String, String>;

/// A session, whole, whether it is in memory or not.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) name: String,
    pub(super) named_by: NamedBy,
    pub(super) slot: u32,
    pub(super) agent: String,
    pub(super) tags: Vec<String>,
    pub(super) pinned: bool,
    pub(super) policy: Policy,
    pub(super) settings: Set,
    pub(super) allowed: Vec<String>,
    pub(super) presence: Presence,
    pub(super) trashed: Option<WallTime>,
    pub(super) parent: Option<SessionId>,
    pub(super) entries: Vec<Entry>,
    pub(super) queue: Vec<Prompt>,
    pub(super) last_prompt: Option<Prompt>,
    pub(super) draft: String,
    pub(super) tokens: Vec<(Token, PromptNo)>,
    pub(super) prompts: u64,
    pub(super) turns: u64,
    pub(super) turn: Option<Turn>,
    pub(super) usage: Usage,
    /// Tokens that it cost here, and not where it was before.
    pub(super) spent: u64,
    /// On which day of UTC it last cost something, and what.
    pub(super) spent_on: (u64, u64),
    /// How full its model's window is, and what that holds, where anybody knows.
    pub(super) window: Option<Window>,
    /// Turns in which it was summarised.
    pub(super) compactions: Vec<u64>,
    /// Why the last turn's agent stopped, which model answers, and by what it is found again: as last told.
    pub(super) reason: String,
    pub(super) answering: String,
    pub(super) resume: Option<ResumeHandle>,
    /// Whether somebody said how its agent is reached.
    pub(super) reached: bool,
    /// Whether an agent was asked here and not parked since.
    pub(super) seated: bool,
    /// What of it was sent last, once something was left out.
    pub(super) sent: Option<Sent>,
    /// Somebody wants to come back, though all was read.
    pub(super) marked: bool,
    pub(super) created: WallTime,
    pub(super) touched: WallTime,
    pub(super) used: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    Nobody,
    Prompt,
    Person,
}

#[derive(Clone, Debug)]
pub(super) struct Prompt {
    pub(super) no: PromptNo,
    pub(super) text: String,
}

/// The turn that runs.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) no: TurnNo,
    /// Since when it waits for a permit; `None` once its agent was asked.
    pub(super) held: Option<Instant>,
    /// Whether it is to summarise the conversation, and has no prompt.
    pub(super) compacts: bool,
    pub(super) summary: String,
    /// Bytes that its agent was asked with, and tokens that its model takes at once.
    pub(super) asked: (u64, u64),
    /// What the turn had cost when its agent was asked that.
    pub(super) spent: Usage,
    /// Bytes since then of answers, calls and words of the person's, and of results.
    pub(super) said: u64,
    pub(super) results: u64,
    /// How full the window was before, where it was asked more than once.
    pub(super) window: Option<Window>,
    pub(super) left_out: u64,
    pub(super) steerable: bool,
    pub(super) usage: Usage,
    /// Whether the host died in it.
    pub(super) cut: bool,
    /// Whether its agent said what it costs, since it was last asked.
    pub(super) counted: bool,
    /// What it cost before that of which nobody told.
    pub(super) guessed: u64,
    /// Bytes that the agent had said by then.
    pub(super) said_before: u64,
    pub(super) reason: String,
    /// Since when the last entry has text that is not written.
    pub(super) unwritten: Option<Instant>,
    /// Calls that ran by themselves since the person last answered.
    pub(super) unasked: u32,
    /// Until when its agent waits to ask again, and why.
    pub(super) retrying: Option<Retrying>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    Interrupted(Interrupter),
    Failed(AgentFailure),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) no: Option<EntryNo>,
    pub(super) at: WallTime,
    /// Of which turn; 0 when it was another session's.
    pub(super) turn: TurnNo,
    pub(super) what: What,
    pub(super) text: String,
    /// Bytes that a crash leaves.
    pub(super) written: usize,
    /// Bytes that were shown with the end in sight; `None` before.
    pub(super) read: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Prompt,
    Answer,
    Thinking,
    Call(Call),
    /// Of the call at this place in the list.
    Result {
        of: usize,
        outcome: Outcome,
        kept: u64,
        whole: u64,
    },
    Stop(Ending),
    LeftOut(Sent),
    /// Of the call at this place in the list.
    Output {
        of: usize,
    },
    Plan(Vec<PlanStep>),
    /// That the last answer is gone on with.
    Continued,
    Compaction(Compaction),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) no: CallNo,
    pub(super) tool: String,
    pub(super) digest: Digest,
    pub(super) wants: Wants,
    pub(super) state: CallState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallState {
    Waits { since: Instant },
    Runs,
    Over,
}

impl Entry {
    /// Bytes that people can read of it.
    fn readable(&self) -> usize {
        if let What::Plan(steps) = &self.what {
            return steps.iter().map(|step| step.text.len()).sum();
        }
        self.text.len()
    }
}

impl Session {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.presence, Presence::Live | Presence::Hibernated)
    }

    /// Whether somebody is to say how its agent is reached.
    pub(super) fn wants_agent(&self) -> bool {
        self.is_open() && (!self.reached || self.activity() == Activity::Failed)
    }

    /// Consent first, then questions; without a turn, how the last one ended.
    pub(super) fn activity(&self) -> Activity {
        let waits = |wanted| self.waiting_calls().any(|(_, call)| call.wants == wanted);
        match (&self.turn, self.last_ending()) {
            (Some(_), _) if waits(Wants::Consent) => Activity::NeedsApproval,
            (Some(_), _) if waits(Wants::Words) => Activity::NeedsInput,
            (Some(_), _) => Activity::Working,
            (None, Ending::Done) => Activity::Idle,
            (None, Ending::Interrupted(_)) => Activity::Interrupted,
            (None, Ending::Failed(_)) => Activity::Failed,
        }
    }

    /// How the last turn ended that is over; well, if none was.
    pub(super) fn last_ending(&self) -> Ending {
        self.ending_of(self.last_turn()).cloned().unwrap_or(Ending::Done)
    }

    /// How that turn of its own ended, if it is over.
    fn ending_of(&self, turn: u64) -> Option<&Ending> {
        let mut of_turn = self.entries.iter().rev().filter(|entry| turn > 0 && entry.turn == TurnNo(turn));
        of_turn.find_map(|entry| if let What::Stop(ending) = &entry.what { Some(ending) } else { None })
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = (usize, &Call)> {
        let turn = self.turn.as_ref().map(|turn| turn.no);
        let of_turn = self.entries.iter().enumerate().filter(move |(_, entry)| Some(entry.turn) == turn);
        of_turn.filter_map(|(place, entry)| match &entry.what {
            What::Call(call) => Some((place, call)),
            What::Prompt
            | What::Answer
            | What::Thinking
            | What::Output { .. }
            | What::Result { .. }
            | What::Plan(_)
            | What::Continued
            | What::LeftOut(_)
            | What::Compaction(_)
            | What::Stop(_) => None,
        })
    }

    /// Who interrupted the last turn, if somebody did.
    pub(super) fn interrupter(&self) -> Option<Interrupter> {
        match self.last_ending() {
            Ending::Interrupted(by) => Some(by),
            Ending::Done | Ending::Failed(_) => None,
        }
    }

    /// Turns that failed since one ended well.
    pub(super) fn failures(&self) -> u32 {
        let turns = (1..=self.last_turn()).rev().filter(|turn| !self.compactions.contains(turn));
        let endings = turns.map_while(|turn| self.ending_of(turn));
        endings.filter(|ending| matches!(ending, Ending::Failed(_))).count() as u32
    }

    /// What the person said that goes to the agent with the next turn: not what a turn stopped at before any answer.
    pub(super) fn words_sent(&self) -> Vec<&str> {
        let (mut sent, mut open) = (Vec::new(), Vec::new());
        let first = self.standing(false).map_or(0, |summary| summary + 1);
        for entry in &self.entries[first..] {
            match &entry.what {
                What::Prompt => open.push(entry.text.as_str()),
                What::Answer if entry.text.trim().is_empty() => {}
                What::Answer | What::Call(_) => sent.append(&mut open),
                What::Stop(_) => open.clear(),
                What::Thinking
                | What::Output { .. }
                | What::Result { .. }
                | What::Plan(_)
                | What::Continued
                | What::Compaction(_)
                | What::LeftOut(_) => {}
            }
        }
        sent.append(&mut open);
        sent
    }

    pub(super) fn open_calls(&self) -> impl Iterator<Item = (usize, &Call)> {
        self.calls().filter(|(_, call)| call.state != CallState::Over)
    }

    pub(super) fn waiting_calls(&self) -> impl Iterator<Item = (usize, &Call)> {
        self.calls().filter(|(_, call)| matches!(call.state, CallState::Waits { .. }))
    }

    pub(super) fn set_call(&mut self, place: usize, state: CallState) {
        if let What::Call(call) = &mut self.entries[place].what {
            call.state = state;
        }
    }

    /// Whether the turn that runs has more entries or more words than one may have.
    pub(super) fn is_too_long(&self, limits: &Limits) -> bool {
        let Some(turn) = &self.turn else { return false };
        let of_turn = || self.entries.iter().filter(|entry| entry.turn == turn.no);
        let is_said = |entry: &&Entry| matches!(entry.what, What::Answer | What::Thinking | What::Call(_));
        let said: usize = of_turn().filter(is_said).map(|entry| entry.text.len()).sum();
        let counts = |entry: &&Entry| !matches!(entry.what, What::Output { .. });
        said > limits.answer_bytes || of_turn().filter(counts).count() > limits.turn_entries as usize
    }

    /// What is kept of what the calls of the turn that runs put out: their texts, and what each piece of it takes besides.
    pub(super) fn put_out(&self) -> usize {
        let turn = self.turn.as_ref().map(|turn| turn.no);
        let of_turn = self.entries.iter().filter(|entry| Some(entry.turn) == turn);
        let outputs = of_turn.filter(|entry| matches!(entry.what, What::Output { .. }));
        outputs.map(|entry| entry.text.len() + q_core::record::RECORD_BYTES as usize).sum()
    }

    /// Bytes of the last entry that a crash would take.
    pub(super) fn unwritten(&self) -> usize {
        self.entries.last().map_or(0, |entry| entry.text.len() - entry.written)
    }

    pub(super) fn lose_unwritten(&mut self) {
        (self.seated, self.reached) = (false, false);
        for entry in &mut self.entries {
            entry.text.truncate(entry.written);
        }
        if let Some(turn) = &mut self.turn {
            *turn = Turn {
                unwritten: None,
                summary: String::new(),
                asked: (0, 0),
                spent: Usage::default(),
                said: 0,
                results: 0,
                window: None,
                left_out: 0,
                usage: Usage::default(),
                cut: true,
                counted: false,
                guessed: 0,
                said_before: 0,
                reason: String::new(),
                held: None,
                steerable: false,
                retrying: None,
                ..turn.clone()
            };
        }
    }

    /// Own entries that nobody has seen to their end, and the mark that says to come back.
    pub(super) fn unread(&self) -> u32 {
        let is_unread = |entry: &&Entry| {
            entry.turn != TurnNo(0)
                && !matches!(entry.what, What::Prompt | What::Continued)
                && entry.read.is_none_or(|read| read < entry.written)
        };
        self.entries.iter().filter(is_unread).count() as u32 + u32::from(self.marked)
    }

    pub(super) fn read(&mut self) {
        self.marked = false;
        for entry in &mut self.entries {
            entry.read = Some(entry.written);
        }
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.queue.iter().map(|prompt| prompt.text.len()).sum()
    }

    /// What it keeps in memory: entries, waiting prompts, the one to retry, the draft, and what waits for the person.
    pub(super) fn weight(&self) -> usize {
        let entries: usize =
            self.entries.iter().map(|entry| entry.readable() + size_of::<q_core::Entry>()).sum();
        let retry = self.last_prompt.as_ref().map_or(0, |prompt| prompt.text.len());
        let pending: usize = self.waiting_calls().map(|(place, _)| self.entries[place].text.len()).sum();
        entries + self.queued_bytes() + retry + self.draft.len() + pending
    }

    /// The beginning of the last turn's answer on one line.
    pub(super) fn preview(&self) -> String {
        // A turn that goes on with an answer begins none of its own.
        let begins = |entry: &&Entry| entry.what == What::Prompt && entry.turn != TurnNo(0);
        let last = self.entries.iter().rev().find(begins).map(|prompt| prompt.turn);
        let is_answer =
            |entry: &&Entry| entry.what == What::Answer && last.is_some_and(|last| entry.turn >= last);
        let answer =
            self.entries.iter().rev().find(is_answer).map_or("", |entry| &entry.text[..entry.written]);
        let line = answer.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(80).collect::<String>().trim_end().to_owned()
    }
}
