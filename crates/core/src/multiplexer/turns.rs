//! The life of turns: submit, ask, hear, end; at most once, whatever dies in between.

use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::{AgentEvent, AgentFailure, FailureKind, Usage};
use crate::effect::{Effect, Reply};
use crate::id::{EntryNo, PromptNo, SessionId, Token, TurnNo};
use crate::multiplexer::step::Step;
use crate::record::{Ending, Interrupter, Record};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::head::{Activity, Presence, WaitingPrompt};
use crate::session::transcript::{Body, Entry};
use crate::view::Update;

impl Step<'_> {
    /// A prompt begins a turn when the session is free, and waits otherwise. After a failed or interrupted turn, what
    /// waited goes first: the person's order is kept.
    pub(super) fn submit(&mut self, id: SessionId, token: Token, text: String) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        if let Some((_, prompt)) = head.taken.iter().find(|(taken, _)| *taken == token) {
            return Ok(Reply::Accepted(*prompt)); // the same submission again: it is kept already
        }
        if text.trim().is_empty() {
            return Err(Refusal::PromptEmpty);
        }
        let limits = &self.multiplexer().limits;
        if text.len() > limits.prompt_bytes {
            return Err(Refusal::PromptTooLong { size: text.len(), limit: limits.prompt_bytes });
        }
        if head.queue.len() >= limits.queued_prompts {
            return Err(Refusal::QueueFull { limit: limits.queued_prompts });
        }
        let working = head.activity() == Activity::Working;
        if working || !head.queue.is_empty() {
            let size = self.session(id).map_or(0, Session::queued_bytes) + text.len();
            if size > limits.queued_bytes {
                return Err(Refusal::QueueTooLong { size, limit: limits.queued_bytes });
            }
        }
        let prompt = head.prompts.next();
        let has_draft = self.session(id).and_then(|s| s.live()).is_some_and(|live| !live.draft().is_empty());
        self.name_after_prompt(id, &text);
        if has_draft {
            self.record(id, Record::Drafted { text: String::new() });
            self.after(Effect::Update(Update::Draft { session: id, text: String::new() }));
        }
        self.record(id, Record::Queued { prompt, token, text });
        if !working {
            self.begin_next(id);
        }
        self.tell_queue(id);
        self.changed(id);
        Ok(Reply::Accepted(prompt))
    }

    pub(super) fn unqueue(&mut self, id: SessionId, prompt: PromptNo) -> Result<Reply, Refusal> {
        if !self.open(id)?.head().queue.iter().any(|waiting| waiting.prompt == prompt) {
            return Err(Refusal::NotQueued { prompt });
        }
        self.record(id, Record::Unqueued { prompt });
        self.tell_queue(id);
        self.changed(id);
        Ok(Reply::Done)
    }

    pub(super) fn interrupt(&mut self, id: SessionId) -> Result<Reply, Refusal> {
        if self.open(id)?.head().activity() != Activity::Working {
            return Err(Refusal::NothingRuns);
        }
        self.cut_turn(id, Interrupter::User);
        Ok(Reply::Done)
    }

    /// Asks the last prompt again, by request only.
    pub(super) fn retry(&mut self, id: SessionId, token: Token) -> Result<Reply, Refusal> {
        let session = self.open(id)?;
        let head = session.head();
        if let Some((_, prompt)) = head.taken.iter().find(|(taken, _)| *taken == token) {
            return Ok(Reply::Accepted(*prompt));
        }
        let last = match head.activity() {
            Activity::Failed | Activity::Interrupted => head.last_prompt,
            Activity::Idle | Activity::Working => None,
        };
        let Some(last) = last else { return Err(Refusal::NothingToRetry) };
        if !session.live().is_some_and(|live| live.holds_prompt(last.queued)) {
            return Err(Refusal::NothingToRetry);
        }
        self.begin(id, last);
        self.changed(id);
        Ok(Reply::Accepted(last.prompt))
    }

    /// Starts the oldest waiting prompt, if one waits.
    fn begin_next(&mut self, id: SessionId) {
        let next = self.session(id).and_then(|session| session.head().queue.first().copied());
        if let Some(next) = next {
            self.begin(id, next);
        }
    }

    fn begin(&mut self, id: SessionId, prompt: WaitingPrompt) {
        let Some(session) = self.session(id) else { return };
        let turn = session.head().turns.next();
        let seq = self.record(id, Record::Began { turn, prompt: prompt.prompt, queued: prompt.queued });
        self.tell_entry(id, EntryNo(seq.0));
        let Some(head) = self.session(id).map(Session::head) else { return };
        let ask = Effect::Ask {
            session: id,
            turn,
            agent: head.agent.clone(),
            model: head.model.clone(),
            kind: head.kind,
        };
        self.after(ask);
    }

    /// Takes in what an agent says. Of a turn that is over, or of a session that is gone, it is late and ignored.
    pub(super) fn hear(&mut self, id: SessionId, turn: TurnNo, event: AgentEvent) {
        let Some(session) = self.session(id) else { return };
        if session.head().presence != Presence::Live || session.head().turn.is_none_or(|now| now.turn != turn)
        {
            return;
        }
        match event {
            AgentEvent::Text(text) => self.hear_text(id, turn, text),
            AgentEvent::Usage(usage) => {
                if let Some(live) = self.session_mut(id).and_then(|session| session.live_mut()) {
                    live.stream_mut().usage = usage;
                }
            }
            AgentEvent::Done => {
                self.end_turn(id, Ending::Done);
                self.begin_next(id);
                self.tell_queue(id);
            }
            AgentEvent::Failed(failure) => self.end_turn(id, Ending::Failed(failure)),
        }
    }

    fn hear_text(&mut self, id: SessionId, turn: TurnNo, text: String) {
        if text.is_empty() {
            return;
        }
        let Some(session) = self.session(id) else { return };
        let end = session.end();
        match session.head().turn.and_then(|now| now.answer) {
            // The first piece is written at once, which gives the answer's entry its number.
            None => {
                let entry = EntryNo(self.next_seq(id).0);
                self.record_buffered(id, Record::Said { turn, entry, text });
                self.changed(id); // something is unread, unless it is watched
                if let Some(entry) = self.entry(id, entry) {
                    self.at_once(Effect::Update(Update::Entry { session: id, entry }));
                }
            }
            Some(entry) => {
                let now = self.now().mono;
                if let Some(live) = self.session_mut(id).and_then(|session| session.live_mut()) {
                    let stream = live.stream_mut();
                    stream.text.push_str(&text);
                    stream.since.get_or_insert(now);
                }
                self.at_once(Effect::Update(Update::Text { session: id, entry, offset: end.bytes, text }));
            }
        }
        self.write_stream_if_full(id);
        let limit = self.multiplexer().limits.answer_bytes as u64;
        if self.session(id).is_some_and(|session| session.end().bytes > limit) {
            self.at_once(Effect::Cancel { session: id, turn });
            let failure = AgentFailure { kind: FailureKind::TooLong, detail: String::new() };
            self.end_turn(id, Ending::Failed(failure));
        }
    }

    /// Ends the turn in flight from outside.
    pub(super) fn cut_turn(&mut self, id: SessionId, by: Interrupter) {
        let Some(turn) = self.session(id).and_then(|session| session.head().turn) else { return };
        self.at_once(Effect::Cancel { session: id, turn: turn.turn });
        self.end_turn(id, Ending::Interrupted(by));
    }

    fn end_turn(&mut self, id: SessionId, ending: Ending) {
        self.write_stream(id);
        let Some(session) = self.session_mut(id) else { return };
        let Some(turn) = session.head().turn else { return };
        let usage: Usage =
            session.live_mut().map(|live| core::mem::take(live.stream_mut())).unwrap_or_default().usage;
        let stopped = ending != Ending::Done;
        let seq = self.record(id, Record::Ended { turn: turn.turn, ending, usage });
        if stopped {
            self.tell_entry(id, EntryNo(seq.0));
        }
        self.mark_seen_if_watched(id);
        self.changed(id);
    }

    /// After a start: what was in flight when the host died is interrupted, and not sent again.
    pub(super) fn mark_cut_turns(&mut self) {
        for id in self.working() {
            self.end_turn(id, Ending::Interrupted(Interrupter::Crash));
        }
    }

    /// Before a stop in good order.
    pub(super) fn stop(&mut self) {
        for id in self.working() {
            self.cut_turn(id, Interrupter::Stop);
        }
        self.multiplexer_mut().stopping = true;
    }

    fn working(&self) -> Vec<SessionId> {
        let working =
            |head: &crate::session::head::Head| head.presence == Presence::Live && head.turn.is_some();
        self.multiplexer()
            .sessions
            .values()
            .map(Session::head)
            .filter(|head| working(head))
            .map(|head| head.id)
            .collect()
    }

    /// Writes streamed text that has waited its time, in any session.
    pub(super) fn write_old_streams(&mut self) {
        let now = self.now().mono;
        let delay = self.multiplexer().limits.stream_delay;
        let is_due = |session: &Session| {
            session.live().and_then(|live| live.stream().since).is_some_and(|since| since.after(delay) <= now)
        };
        let due: Vec<SessionId> = self
            .multiplexer()
            .sessions
            .values()
            .filter(|session| is_due(session))
            .map(|session| session.head().id)
            .collect();
        for id in due {
            self.write_stream(id);
        }
    }

    fn write_stream_if_full(&mut self, id: SessionId) {
        let limit = self.multiplexer().limits.stream_bytes;
        if self
            .session(id)
            .and_then(|session| session.live())
            .is_some_and(|live| live.stream().text.len() >= limit)
        {
            self.write_stream(id);
        }
    }

    /// Writes what streamed in and no record holds yet.
    pub(super) fn write_stream(&mut self, id: SessionId) {
        let Some(session) = self.session_mut(id) else { return };
        let Some(turn) = session.head().turn else { return };
        let (Some(entry), Some(live)) = (turn.answer, session.live_mut()) else { return };
        let stream = live.stream_mut();
        stream.since = None;
        let text = core::mem::take(&mut stream.text);
        if text.is_empty() {
            return;
        }
        let was_read = session.head().unread == 0;
        self.record_buffered(id, Record::Said { turn: turn.turn, entry, text });
        if was_read && self.session(id).is_some_and(|session| session.head().unread > 0) {
            self.changed(id); // what grew after somebody looked away is unread from here on
        }
    }

    fn tell_queue(&mut self, id: SessionId) {
        let queue = self.session(id).map(Session::queue).unwrap_or_default();
        self.after(Effect::Update(Update::Queue { session: id, queue }));
    }

    fn tell_entry(&mut self, id: SessionId, no: EntryNo) {
        if let Some(entry) = self.entry(id, no) {
            self.after(Effect::Update(Update::Entry { session: id, entry }));
        }
    }

    fn entry(&self, id: SessionId, no: EntryNo) -> Option<Entry> {
        let entry = self.session(id)?.live()?.entry(no)?;
        debug_assert!(
            !matches!(&entry.body, Body::Prompt(text) | Body::Answer(text) if text.is_empty()),
            "no entry is empty"
        );
        Some(entry.clone())
    }
}
