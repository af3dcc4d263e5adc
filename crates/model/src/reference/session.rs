//! What can be counted in one session, and what a crash takes of it.

use q_core::{Activity, Instant, Interrupter, Limits, Presence, TurnNo, Wants};

use super::{Call, CallState, Ending, Entry, Session, SummarySoFar, Turn, Uncounted, What};

impl Entry {
    /// Bytes that people can read of it.
    fn readable(&self) -> usize {
        if let What::Plan(steps) = &self.what {
            return steps.iter().map(|step| step.text.len()).sum();
        }
        if let What::Reversed(reversed) = &self.what {
            return reversed.files.iter().map(String::len).sum();
        }
        if let What::Sources(sources) = &self.what {
            return sources.all.iter().map(|source| source.place.len()).sum();
        }
        if let What::ProjectFiles(files) = &self.what {
            return files.all.iter().map(|file| file.path.len()).sum();
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
        self.is_open() && (!self.agent.reached || self.activity() == Activity::Failed)
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
        of_turn.filter_map(
            |(place, entry)| {
                if let What::Call(call) = &entry.what { Some((place, call)) } else { None }
            },
        )
    }

    /// Whether somebody said that they know how the last turn ended.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.acknowledged == Some(self.last_turn())
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
                | What::Sources(_)
                | What::SealsTooLong
                | What::ProjectFiles(_)
                | What::AnswerTorn(_)
                | What::Continued
                | What::Compaction(_)
                | What::Reversed(_)
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
        (self.agent.seated, self.agent.reached) = (false, false);
        for entry in &mut self.entries {
            entry.text.truncate(entry.written);
        }
        if let Some(turn) = &mut self.turn {
            *turn = Turn {
                held: None,
                summary: turn.summary.take().map(|_| SummarySoFar::default()),
                unasked: turn.unasked,
                uncounted: Uncounted { is_cut: true, ..Uncounted::default() },
                ..Turn::new(turn.no.0, Instant::default())
            };
        }
    }

    /// Own entries that nobody has seen to their end, and the mark that says to come back.
    pub(super) fn unread(&self) -> u32 {
        let is_unread = |entry: &&Entry| {
            entry.turn != TurnNo(0)
                && !matches!(entry.what, What::Prompt | What::Continued | What::Reversed(_))
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
        self.typed.queue.iter().map(|prompt| prompt.text.len()).sum()
    }

    /// What it keeps in memory: entries, waiting prompts, the one to retry, the draft, and what waits for the person.
    pub(super) fn weight(&self) -> usize {
        let entries: usize =
            self.entries.iter().map(|entry| entry.readable() + size_of::<q_core::Entry>()).sum();
        let retry = self.typed.last.as_ref().map_or(0, |prompt| prompt.text.len());
        let pending: usize = self.waiting_calls().map(|(place, _)| self.entries[place].text.len()).sum();
        entries + self.queued_bytes() + retry + self.typed.draft.len() + pending
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
