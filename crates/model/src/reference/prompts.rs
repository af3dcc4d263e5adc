//! Prompts: sent, queued, said into a turn, asked again; and what is typed and not sent.

use q_core::{AgentFailure, FailureKind, Interrupter, PromptNo, SessionId, Token};

use super::deeds::{Answered, Deed};
use super::wishes::Granted;
use super::{Ending, Model, NamedBy, Prompt, What};

/// How many submissions are remembered.
const TOKENS: usize = 32;

impl Model {
    pub(super) fn submit(&mut self, id: SessionId, token: Token, text: String) -> Granted {
        let at = self.open(id)?;
        if let Some(prompt) = self.taken(at, token) {
            return Ok(Answered::Accepted(prompt));
        }
        self.check_prompt(&text)?;
        let (is_busy, waiting) = (self.sessions[at].turn.is_some(), self.sessions[at].typed.queue.len());
        if waiting >= self.limits.queued_prompts {
            return Err("queue_full");
        }
        let would_wait = is_busy || waiting > 0;
        if would_wait && self.sessions[at].queued_bytes() + text.len() > self.limits.queued_bytes {
            return Err("queue_too_long");
        }
        if !is_busy {
            self.check_budget(at)?;
        }
        if self.is_full() {
            return Err("host_full");
        }
        self.make_space(at, text.len().saturating_sub(self.sessions[at].typed.draft.len()))?;
        if self.sessions[at].named_by == NamedBy::Nobody {
            self.name_after(at, &text);
        }
        let no = self.take_prompt(at, token);
        self.sessions[at].typed.queue.push(Prompt { no, text });
        if !is_busy {
            self.begin_next(at);
        }
        Ok(Answered::Accepted(no))
    }

    pub(super) fn steer(&mut self, id: SessionId, token: Token, text: String) -> Granted {
        let at = self.open(id)?;
        if let Some(prompt) = self.taken(at, token) {
            return Ok(Answered::Accepted(prompt));
        }
        let Some(turn) = self.sessions[at].turn.clone() else { return self.submit(id, token, text) };
        self.check_prompt(&text)?;
        if !turn.steerable {
            return Err("not_steerable");
        }
        if self.is_full() {
            return Err("host_full");
        }
        self.make_space(at, text.len().saturating_sub(self.sessions[at].typed.draft.len()))?;
        self.write(at);
        self.write_sources(at);
        let no = self.take_prompt(at, token);
        self.add(at, What::Prompt, text.clone());
        self.sessions[at].turn.iter_mut().for_each(|turn| turn.filling.said += text.len() as u64);
        self.deeds.push(Deed::Steer { session: id, turn: turn.no, text });
        self.end_if_too_long(at);
        Ok(Answered::Accepted(no))
    }

    /// Gives a prompt its number; the draft was it.
    fn take_prompt(&mut self, at: usize, token: Token) -> PromptNo {
        self.happened(at);
        let session = &mut self.sessions[at];
        session.typed.draft.clear();
        session.typed.prompts += 1;
        let no = PromptNo(session.typed.prompts);
        session.typed.tokens.push((token, no));
        no
    }

    fn taken(&self, at: usize, token: Token) -> Option<PromptNo> {
        let mut newest = self.sessions[at].typed.tokens.iter().rev().take(TOKENS);
        newest.find(|(taken, _)| *taken == token).map(|(_, prompt)| *prompt)
    }

    pub(super) fn check_prompt(&self, text: &str) -> Result<(), &'static str> {
        if text.trim().is_empty() {
            Err("prompt_empty")
        } else if text.len() > self.limits.prompt_bytes {
            Err("prompt_too_long")
        } else {
            Ok(())
        }
    }

    /// The last prompt, where its turn is over and did not come to its end.
    fn stopped(&self, at: usize) -> Option<Prompt> {
        let session = &self.sessions[at];
        let stopped = session.turn.is_none() && session.last_ending() != Ending::Done;
        session.typed.last.clone().filter(|_| stopped)
    }

    pub(super) fn retry(&mut self, id: SessionId, token: Token) -> Granted {
        let at = self.open(id)?;
        if let Some(prompt) = self.taken(at, token) {
            return Ok(Answered::Accepted(prompt));
        }
        let Some(last) = self.stopped(at) else { return Err("nothing_to_retry") };
        self.check_budget(at)?;
        if self.is_full() {
            return Err("host_full");
        }
        let no = last.no;
        self.sessions[at].typed.tokens.push((token, no));
        self.begin(at, last);
        Ok(Answered::Accepted(no))
    }

    pub(super) fn go_on(&mut self, id: SessionId, token: Token) -> Granted {
        let at = self.open(id)?;
        if let Some(prompt) = self.taken(at, token) {
            return Ok(Answered::Accepted(prompt));
        }
        let session = &self.sessions[at];
        let is_paused = |failure: &AgentFailure| {
            matches!(
                failure.kind,
                FailureKind::TooManyRounds | FailureKind::WindowFull | FailureKind::BudgetSpent
            )
        };
        let is_between_calls =
            matches!(session.last_ending(), Ending::Failed(failure) if is_paused(&failure));
        let stop = session.entries.iter().rposition(|entry| matches!(entry.what, What::Stop(_)));
        let is_kept = session.standing(false).is_none_or(|summary| stop.is_none_or(|stop| summary < stop));
        if !is_between_calls && session.preview().is_empty() && self.stopped(at).is_some() {
            return self.retry(id, token);
        }
        let answered = is_between_calls || is_kept;
        let Some(last) = self.stopped(at).filter(|_| answered) else { return Err("nothing_to_continue") };
        self.check_budget(at)?;
        if self.is_full() {
            return Err("host_full");
        }
        self.sessions[at].typed.tokens.push((token, last.no));
        self.begin_turn(at, What::Continued, String::new());
        Ok(Answered::Accepted(last.no))
    }

    fn queued(&self, id: SessionId, no: PromptNo) -> Result<(usize, usize), &'static str> {
        let at = self.open(id)?;
        let place = self.sessions[at].typed.queue.iter().position(|prompt| prompt.no == no);
        place.map(|place| (at, place)).ok_or("not_queued")
    }

    pub(super) fn unqueue(&mut self, id: SessionId, no: PromptNo) -> Granted {
        let (at, place) = self.queued(id, no)?;
        self.sessions[at].typed.queue.remove(place);
        self.note(at);
        Ok(Answered::Done)
    }

    pub(super) fn edit(&mut self, id: SessionId, no: PromptNo, text: String) -> Granted {
        let (at, place) = self.queued(id, no)?;
        self.check_prompt(&text)?;
        let before = self.sessions[at].typed.queue[place].text.len();
        if self.sessions[at].queued_bytes() - before + text.len() > self.limits.queued_bytes {
            return Err("queue_too_long");
        }
        self.make_space(at, text.len().saturating_sub(before))?;
        self.sessions[at].typed.queue[place].text = text;
        self.note(at);
        Ok(Answered::Done)
    }

    pub(super) fn move_to(&mut self, id: SessionId, no: PromptNo, to: u32) -> Granted {
        let (at, place) = self.queued(id, no)?;
        let queue = &mut self.sessions[at].typed.queue;
        let prompt = queue.remove(place);
        queue.insert(queue.len().min(to as usize), prompt);
        self.note(at);
        Ok(Answered::Done)
    }

    pub(super) fn send_now(&mut self, id: SessionId, no: PromptNo) -> Granted {
        let (at, place) = self.queued(id, no)?;
        self.check_budget(at)?;
        if self.is_full() {
            return Err("host_full");
        }
        self.cut(at, Interrupter::User);
        let prompt = self.sessions[at].typed.queue.remove(place);
        self.begin(at, prompt);
        Ok(Answered::Done)
    }

    pub(super) fn interrupt(&mut self, id: SessionId) -> Granted {
        let at = self.open(id)?;
        if self.sessions[at].turn.is_none() {
            return Err("nothing_runs");
        }
        self.cut(at, Interrupter::User);
        Ok(Answered::Done)
    }

    pub(super) fn save_draft(&mut self, id: SessionId, text: String) -> Granted {
        if text.len() > self.limits.prompt_bytes {
            return Err("prompt_too_long");
        }
        let at = self.open(id)?;
        if self.sessions[at].typed.draft != text {
            self.make_space(at, text.len().saturating_sub(self.sessions[at].typed.draft.len()))?;
            self.sessions[at].typed.draft = text;
            self.note(at);
        }
        Ok(Answered::Done)
    }
}
