//! The life of turns: submitted, run, spoken in, ended; at most once, whatever dies in between.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::agent::{AgentEvent, AgentFailure, FailureKind, PlanStep, ResumeHandle, Sent};
use crate::effect::{Effect, Reply, TurnSetup};
use crate::entry::{Entry, Interrupter, Prompted};
use crate::id::{EntryNo, Seq, SessionId, Token, TurnNo};
use crate::image::{self, NewImage};
use crate::limits::{MODEL_BYTES, PLAN_STEP_BYTES, PLAN_STEPS, REASON_BYTES, RESUME_BYTES};
use crate::multiplexer::images;
use crate::multiplexer::step::Step;
use crate::permits;
use crate::record::{Ending, Record, Voice};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::head::WaitingPrompt;
use crate::session::live::{LastAsk, RunState};
use crate::snapshot::{Retrying, Update};
use crate::usage::Usage;

/// What a person says, as its client sends it.
pub(super) struct NewPrompt {
    pub(super) token: Token,
    pub(super) text: String,
    pub(super) images: Vec<NewImage>,
}

impl Step<'_> {
    /// Decides what carries a token, unless that was decided before: the same again gets the same answer and does nothing.
    pub(super) fn once(
        &mut self,
        id: SessionId,
        token: Token,
        decide: impl FnOnce(&mut Self) -> Result<Reply, Refusal>,
    ) -> Result<Reply, Refusal> {
        match self.open(id)?.head().prompt_of(token) {
            Some(prompt) => Ok(Reply::Accepted(prompt)),
            None => decide(self),
        }
    }

    /// A prompt begins a turn when the session is free, and waits otherwise. After a failed or interrupted turn, what
    /// waited goes first: the person's order is kept.
    pub(super) fn submit(&mut self, id: SessionId, submission: NewPrompt) -> Result<Reply, Refusal> {
        let NewPrompt { token, text, images } = submission;
        let head = self.open(id)?.head();
        let (busy, waiting, prompt) = (head.turn.is_some(), head.queue.len(), head.prompts.next());
        self.refuse_bad_prompt(&text)?;
        images::refuse_bad(&images, self.state().limits.image_bytes)?;
        let limit = self.state().limits.queued_prompts;
        if waiting >= limit {
            return Err(Refusal::QueueFull { limit });
        }
        // What begins at once waits in no queue and needs no place there.
        if busy || waiting > 0 {
            self.refuse_long_queue(id, text.len(), 0)?;
        }
        if !busy {
            self.refuse_if_spent(id)?;
        }
        self.refuse_if_full()?;
        self.make_space(id, text.len(), self.draft_len(id))?;
        // From here on nothing is refused: whoever is refused finds all as it was.
        self.name_after_prompt(id, &text);
        self.clear_draft(id);
        let (images, beside) = image::keep(images, self.next_seq(id), &text);
        let seq = self.record(id, Record::Queued { prompt, token, text, images, runs: false });
        self.keep_beside(id, seq, beside);
        if !busy {
            self.begin_next(id);
        }
        self.notify_queue(id);
        self.changed(id);
        Ok(Reply::Accepted(prompt))
    }

    /// Words into the running turn, where its agent takes them.
    pub(super) fn steer(&mut self, id: SessionId, submission: NewPrompt) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        let Some(turn) = head.turn.as_ref().map(|flight| flight.turn) else {
            return self.submit(id, submission);
        };
        let NewPrompt { token, text, images } = submission;
        let (prompt, name) = (head.prompts.next(), head.name.to_string());
        self.refuse_bad_prompt(&text)?;
        if !self.live(id).is_some_and(|live| live.steerable) {
            return Err(Refusal::NotSteerable { name });
        }
        if !images.is_empty() {
            return Err(Refusal::ImagesWait);
        }
        self.refuse_if_full()?;
        self.make_space(id, text.len(), self.draft_len(id))?;
        self.write_stream(id);
        self.write_sources(id, turn);
        // What the agent said before these words stands before them in the transcript.
        self.clear_draft(id);
        let seq = self.record(id, Record::Steered { turn, prompt, token, text: text.clone() });
        self.takes_window(id, text.len());
        self.notify_entry(id, EntryNo(seq.0));
        self.after(Effect::Steer { session: id, turn, text });
        self.changed(id);
        self.end_if_too_long(id);
        Ok(Reply::Accepted(prompt))
    }

    pub(super) fn refuse_bad_prompt(&self, text: &str) -> Result<(), Refusal> {
        let limit = self.state().limits.prompt_bytes;
        if text.trim().is_empty() {
            return Err(Refusal::PromptEmpty);
        }
        if text.len() > limit { Err(Refusal::PromptTooLong { size: text.len(), limit }) } else { Ok(()) }
    }

    pub(super) fn interrupt(&mut self, id: SessionId) -> Result<Reply, Refusal> {
        if self.open(id)?.head().turn.is_none() {
            return Err(Refusal::NothingRuns);
        }
        self.cut_turn(id, Interrupter::User);
        Ok(Reply::Done)
    }

    /// Asks the last prompt again, by request only.
    pub(super) fn retry(&mut self, id: SessionId, token: Token) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        let last = match &head.last {
            Some(Ending::Failed(_) | Ending::Interrupted(_)) if head.turn.is_none() => head.last_prompt,
            Some(Ending::Done | Ending::Failed(_) | Ending::Interrupted(_)) | None => None,
        };
        let Some(last) = last else { return Err(Refusal::NothingToRetry) };
        // Its text may be lost with a damaged log, and an empty prompt is never asked.
        if !self.live(id).is_some_and(|live| live.holds_prompt(last.queued)) {
            return Err(Refusal::NothingToRetry);
        }
        self.refuse_if_spent(id)?;
        self.refuse_if_full()?;
        self.record(id, Record::Retried { prompt: last.prompt, token });
        self.begin(id, last);
        self.changed(id);
        Ok(Reply::Accepted(last.prompt))
    }

    /// Has the last answer gone on with: a turn without a prompt of its own. Where no word of it came, its prompt is asked again.
    pub(super) fn go_on(&mut self, id: SessionId, token: Token) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        if head.is_wordless() {
            return self.retry(id, token).map_err(|refusal| {
                if refusal == Refusal::NothingToRetry { Refusal::NothingToContinue } else { refusal }
            });
        }
        let (prompt, turn) = (head.unfinished().ok_or(Refusal::NothingToContinue)?, head.turns.next());
        // A summary tells of words at whose end nobody can go on; of a turn that q paused it tells enough.
        if !head.is_paused() && self.is_stop_summarised(id) {
            return Err(Refusal::NothingToContinue);
        }
        self.refuse_if_spent(id)?;
        self.refuse_if_full()?;
        let seq = self.record(id, Record::Continued { turn, prompt, token });
        self.wait_for_permit(id, seq);
        self.changed(id);
        Ok(Reply::Accepted(prompt))
    }

    /// Starts the oldest waiting prompt, if one waits.
    /// Before it, a conversation that fills its model's window is compacted: the prompt waits as long.
    pub(super) fn begin_next(&mut self, id: SessionId) {
        if self.must_compact(id) {
            self.begin_compaction(id);
        } else {
            self.begin_waiting(id);
        }
    }

    /// Starts the oldest waiting prompt, if one waits, as full as the window may be. Where a budget is spent it goes on waiting.
    pub(super) fn begin_waiting(&mut self, id: SessionId) {
        let next = self.head(id).and_then(|head| head.queue.first().copied());
        if let Some(next) = next.filter(|next| self.is_line(id, *next) || self.spent_budget(id).is_none()) {
            self.begin(id, next);
        }
    }

    /// Begins a turn. Its agent is asked as soon as there is a permit: see [`Step::run_next`].
    pub(super) fn begin(&mut self, id: SessionId, prompt: WaitingPrompt) {
        let Some(turn) = self.head(id).map(|head| head.turns.next()) else { return };
        let WaitingPrompt { prompt, queued } = prompt;
        let line = self.live(id).and_then(|live| live.waiting(queued)).and_then(Prompted::shell_line);
        let line = line.map(|shell| String::from(shell.line));
        let seq = self.record(id, Record::Began { turn, prompt, queued, runs: line.is_some() });
        self.wait_for_permit(id, seq);
        if let Some(line) = line {
            self.call_shell(id, turn, prompt, line);
        }
    }

    /// Tells of the entry with which a turn began; its agent's turn to be asked comes.
    fn wait_for_permit(&mut self, id: SessionId, seq: Seq) {
        self.notify_entry(id, EntryNo(seq.0));
        let now = self.now().mono;
        if let Some(live) = self.live_mut(id) {
            live.run = RunState::Waiting(now);
        }
    }

    /// Has as many turns run that wait as agents have permits.
    pub(super) fn run_next(&mut self) {
        while let Some(id) = permits::next(self.state()) {
            let runs = self.runs_line(id);
            if let Some(live) = self.live_mut(id) {
                live.run = RunState::Running;
                live.seated |= !runs;
            }
            self.changed(id);
            let Some(head) = self.head(id) else { return };
            let Some(flight) = &head.turn else { return };
            let (turn, compacts, setup) = (flight.turn, flight.compacts, &head.setup);
            if flight.runs {
                let directory = setup.directory.clone();
                self.start_shell(id, turn, directory);
                continue;
            }
            let setup = TurnSetup {
                agent: setup.agent.clone(),
                model: setup.model().into(),
                settings: setup.settings.of_agent(),
                system_prompt: head.system_prompt().into(),
                directory: setup.directory.clone(),
                policy: setup.policy,
                resume: head.resume.clone(),
                compacts,
            };
            // Behind the record that the turn began: after a crash it is known to have been asked, and is not asked again.
            self.after(Effect::Run { session: id, turn, setup: setup.into() });
        }
    }

    /// Takes in what an agent says. Of a turn that is over, or of a session that is gone, it is late and ignored; of one that
    /// was not asked yet it cannot come.
    pub(super) fn on_agent_event(&mut self, id: SessionId, turn: TurnNo, event: AgentEvent) {
        let is_asked = self.live(id).is_some_and(|live| live.run == RunState::Running);
        if self.in_flight(id) != Some(turn) || !is_asked {
            return;
        }
        // Whoever says anything does not wait any longer.
        if self.live_mut(id).is_some_and(|live| live.retrying.take().is_some()) {
            self.changed(id);
        }
        if self.compacts(id) {
            return self.on_compaction_event(id, turn, event);
        }
        if self.runs_line(id) {
            return self.on_shell_event(id, turn, event);
        }
        match event {
            AgentEvent::Sent(sent) => self.on_sent(id, turn, sent),
            AgentEvent::Text(text) => self.on_text(id, turn, Voice::Answer, text),
            AgentEvent::Thinking(text) => self.on_text(id, turn, Voice::Thinking, text),
            AgentEvent::Sealed(seal) => self.on_sealed(id, turn, seal),
            AgentEvent::Plan(steps) => self.on_plan(id, turn, steps),
            AgentEvent::Sources(sources) => {
                if let Some(live) = self.live_mut(id) {
                    live.stream_mut().sources.join(sources);
                }
            }
            AgentEvent::ProjectFiles(files) => {
                self.add_entry(id, Record::ProjectRead { turn, files: files.bounded() });
            }
            AgentEvent::Torn(parts) => self.on_torn(id, turn, parts),
            AgentEvent::Model(model) => self.on_model(id, turn, model),
            AgentEvent::Resume(handle) => self.on_resume(id, turn, handle),
            AgentEvent::StopReason(mut reason) => {
                reason.truncate(reason.floor_char_boundary(REASON_BYTES));
                if let Some(live) = self.live_mut(id) {
                    live.stream_mut().reason = reason;
                }
            }
            AgentEvent::Retrying { attempt, of, wait_ms, failure } => {
                self.on_retrying(id, attempt, of, wait_ms, failure);
            }
            AgentEvent::Usage(usage) => self.on_usage(id, usage),
            AgentEvent::Asked { bytes, window } => {
                self.on_asked(id, bytes, window);
                self.end_if_spent(id);
            }
            AgentEvent::Title(title) => self.name_after_title(id, &title),
            AgentEvent::Steerable => {
                if let Some(live) = self.live_mut(id) {
                    live.steerable = true;
                }
            }
            AgentEvent::Call(call, facts) => self.on_call(id, turn, call, &facts),
            AgentEvent::Progress { call, text } => self.on_progress(id, turn, call, text),
            AgentEvent::Result { call, outcome, text } => self.on_result(id, turn, call, outcome, text),
            AgentEvent::Done => {
                self.end_turn(id, Ending::Done);
                self.begin_next(id);
                self.notify_queue(id);
            }
            AgentEvent::Failed(failure) => self.end_turn(id, Ending::Failed(failure.bounded())),
        }
        self.end_if_too_long(id);
    }

    /// That an agent waits is shown as long as it does, and kept by nobody: what came of it is what it says next.
    pub(super) fn on_retrying(
        &mut self,
        id: SessionId,
        attempt: u32,
        of: u32,
        wait_ms: u64,
        failure: AgentFailure,
    ) {
        let at = self.now().wall.after(Duration::from_millis(wait_ms));
        let retrying = Retrying { attempt, of, wait_ms, at, failure: failure.bounded() };
        if let Some(live) = self.live_mut(id) {
            live.retrying = Some(retrying);
        }
        self.changed(id);
    }

    pub(super) fn on_usage(&mut self, id: SessionId, usage: Usage) {
        if let Some(live) = self.live_mut(id) {
            let stream = live.stream_mut();
            (stream.usage, stream.is_counted) = (usage, true);
        }
    }

    pub(super) fn on_asked(&mut self, id: SessionId, bytes: u64, window: u64) {
        let (before, guessed, spoken) = (self.window_use(id), self.guessed_cost(id), self.spoken(id));
        if let Some(live) = self.live_mut(id) {
            let stream = live.stream_mut();
            let before = before.or(stream.ask.before);
            stream.ask = LastAsk { asked: (bytes, window), spent: stream.usage, before, said: 0, results: 0 };
            (stream.is_counted, stream.spoken, stream.guessed) = (false, spoken, guessed);
        }
    }

    /// What the agent was not sent is said in the transcript the first time, and kept from then on.
    fn on_sent(&mut self, id: SessionId, turn: TurnNo, sent: Sent) {
        let before = self.head(id).and_then(|head| head.sent);
        let is_said = before.is_none() && sent.left_out > 0;
        if before == Some(sent) || (before.is_none() && !is_said) {
            return;
        }
        self.write_stream(id);
        let seq = self.record_buffered(id, Record::Sent { turn, sent, is_said });
        if is_said {
            self.notify_entry(id, EntryNo(seq.0));
        }
        self.changed(id);
    }

    /// A plan is an entry of its own each time it changes: what it was stays to be read.
    fn on_plan(&mut self, id: SessionId, turn: TurnNo, mut steps: Vec<PlanStep>) {
        steps.truncate(PLAN_STEPS);
        for step in &mut steps {
            step.text.truncate(step.text.floor_char_boundary(PLAN_STEP_BYTES));
        }
        self.add_entry(id, Record::Planned { turn, steps });
    }

    /// An entry that is whole at once, behind what streamed before it.
    fn add_entry(&mut self, id: SessionId, record: Record) {
        self.write_stream(id);
        let seq = self.record_buffered(id, record);
        self.notify_entry(id, EntryNo(seq.0));
        self.changed(id);
    }

    /// Writes what an answer rests on, as far as it was told, behind it: it is over, however it ended.
    pub(super) fn write_sources(&mut self, id: SessionId, turn: TurnNo) {
        let sources = self.live_mut(id).map(|live| core::mem::take(&mut live.stream_mut().sources));
        let Some(sources) = sources.filter(|sources| !sources.is_empty()) else { return };
        self.add_entry(id, Record::Cited { turn, sources });
    }

    fn on_model(&mut self, id: SessionId, turn: TurnNo, mut model: String) {
        model.truncate(model.floor_char_boundary(MODEL_BYTES));
        if self.head(id).is_some_and(|head| head.answering != model) {
            self.record_buffered(id, Record::Answering { turn, model });
            self.changed(id);
        }
    }

    /// A handle that is too long is none: the agent begins anew from the transcript, as one that forgot does.
    pub(super) fn on_resume(&mut self, id: SessionId, turn: TurnNo, handle: ResumeHandle) {
        let is_new = self.head(id).is_some_and(|head| head.resume.as_ref() != Some(&handle));
        if is_new && handle.0.len() <= RESUME_BYTES {
            self.record(id, Record::Resumable { turn, handle });
        }
    }

    /// Has the session's agent parked, if one was given a seat. No turn of it runs.
    pub(super) fn release(&mut self, id: SessionId) {
        if self.live_mut(id).is_some_and(|live| core::mem::take(&mut live.seated)) {
            self.after(Effect::Release { session: id });
        }
    }

    /// The turn that runs in a live session.
    pub(super) fn in_flight(&self, id: SessionId) -> Option<TurnNo> {
        self.head(id)?.turn.as_ref().map(|flight| flight.turn)
    }

    pub(super) fn on_text(&mut self, id: SessionId, turn: TurnNo, voice: Voice, text: String) {
        if text.is_empty() {
            return;
        }
        if voice == Voice::Answer {
            self.takes_window(id, text.len());
        }
        let Some(session) = self.session(id) else { return };
        let end = session.end();
        let is_sealed_off =
            voice == Voice::Answer && session.live().is_some_and(|live| live.stream().is_sealed_off);
        let grows = session.head().turn.as_ref().filter(|flight| flight.voice == voice && !is_sealed_off);
        match grows.and_then(|flight| flight.answer) {
            // Both kinds of update go out at once: text on its way to a screen waits for no disk.
            // The first piece is written at once, which gives the entry its number.
            None => {
                self.write_stream(id);
                if let Some(live) = self.live_mut(id).filter(|_| voice == Voice::Answer) {
                    live.stream_mut().is_sealed_off = false;
                }
                let entry = EntryNo(self.next_seq(id).0);
                self.record_buffered(id, Record::Said { turn, entry, voice, text });
                self.changed(id); // something is unread, unless it is watched
                if let Some(entry) = self.entry(id, entry) {
                    self.at_once(Effect::Update(Update::Entry { session: id, entry }));
                }
            }
            Some(entry) => {
                let now = self.now().mono;
                if let Some(live) = self.live_mut(id) {
                    let stream = live.stream_mut();
                    stream.text.push_str(&text);
                    stream.since.get_or_insert(now);
                }
                self.at_once(Effect::Update(Update::Text { session: id, entry, offset: end.bytes, text }));
            }
        }
        self.write_stream_if_full(id);
    }

    /// So many bytes were said that the next ask has too.
    pub(super) fn takes_window(&mut self, id: SessionId, bytes: usize) {
        if let Some(live) = self.live_mut(id) {
            let stream = live.stream_mut();
            stream.ask.said = stream.ask.said.saturating_add(bytes as u64);
        }
    }

    /// Ends a turn that says more than is kept: after whatever may have lengthened it.
    pub(super) fn end_if_too_long(&mut self, id: SessionId) {
        let limits = &self.state().limits;
        let (bytes, entries) = (limits.answer_bytes as u64, limits.turn_entries);
        let unwritten = self.session(id).map_or(0, Session::unwritten_speech);
        let Some(flight) = self.head(id).and_then(|head| head.turn.as_ref()) else { return };
        if flight.said + unwritten > bytes || flight.entries > entries {
            self.cancel(id);
            let failure = AgentFailure { kind: FailureKind::TooLong, detail: String::new() };
            self.end_turn(id, Ending::Failed(failure));
        }
    }

    /// Ends the turn in flight from outside.
    pub(super) fn cut_turn(&mut self, id: SessionId, by: Interrupter) {
        if self.in_flight(id).is_some() {
            self.cancel(id);
            self.end_turn(id, Ending::Interrupted(by));
        }
    }

    /// Stops asking, if the agent was asked.
    pub(super) fn cancel(&mut self, id: SessionId) {
        let was_asked = self.live(id).is_some_and(|live| live.run == RunState::Running);
        if let Some(turn) = self.in_flight(id).filter(|_| was_asked) {
            self.at_once(Effect::Cancel { session: id, turn });
        }
    }

    /// Ends the turn in flight; every call of it gets its result first.
    pub(super) fn end_turn(&mut self, id: SessionId, ending: Ending) {
        let Some(turn) = self.in_flight(id) else { return };
        if self.compacts(id) {
            return self.end_compaction(id, turn, ending);
        }
        self.write_stream(id);
        self.write_sources(id, turn);
        // Results come before the end: nobody takes a conversation in which a call has none.
        self.close_calls(id, turn);
        let reason = self.live(id).map(|live| live.stream().reason.clone()).unwrap_or_default();
        let usage = if self.runs_line(id) { Usage::default() } else { self.cost(id) };
        // How a line for the shell went, its result says: there is no answer that stopped, and nothing to ask again.
        let ending = if self.runs_line(id) { Ending::Done } else { ending };
        let stopped = ending != Ending::Done;
        let window = if self.runs_line(id) {
            self.window_with_line(id)
        } else if stopped {
            self.window_use_without_unanswered(id)
        } else {
            self.window_use(id)
        };
        let seq = self.record(id, Record::Ended { turn, ending, usage, reason, window });
        if stopped {
            self.notify_entry(id, EntryNo(seq.0));
        }
        self.note_spending();
        self.mark_seen_if_watched(id);
        self.changed(id);
    }

    /// After a start: what was in flight when the host died is interrupted, and not sent again; what does not fit
    /// together is put right.
    pub(super) fn take_up(&mut self) {
        let concerned = |one: &&Session| one.live().is_some() || one.fault().is_some();
        let concerned = self.state().sessions.iter().filter(concerned).map(|one| one.head().id);
        for id in concerned.collect::<Vec<_>>() {
            self.take_up_one(id);
        }
        self.keep_within_places();
    }

    /// A session as it was stored goes on.
    pub(super) fn take_up_one(&mut self, id: SessionId) {
        let was_cut = self.session(id).is_some_and(|session| session.fault().is_some());
        self.use_now(id);
        self.put_right(id);
        self.end_turn(id, Ending::Interrupted(Interrupter::Crash));
        if was_cut {
            self.give_way(id);
        }
    }

    /// Before a stop in good order.
    pub(super) fn stop(&mut self) {
        let live: Vec<SessionId> = self.state().sessions.live().map(|live| live.head().id).collect();
        for id in live {
            // The turn first: an agent that is parked runs nothing.
            self.cut_turn(id, Interrupter::Stop);
            self.release(id);
        }
        self.state_mut().waking.clear();
        self.give_up_imports(None);
        self.refuse_reversals();
        self.state_mut().stopping = true;
    }

    /// Writes streamed text that has waited its time, in any session.
    pub(super) fn write_old_streams(&mut self) {
        let now = self.now().mono;
        let delay = self.state().limits.stream_delay;
        let is_due = |session: &&Session| {
            session.live().and_then(|live| live.stream().since).is_some_and(|since| since.after(delay) <= now)
        };
        let due: Vec<SessionId> =
            self.state().sessions.live().filter(is_due).map(|session| session.head().id).collect();
        for id in due {
            self.write_stream(id);
        }
    }

    fn write_stream_if_full(&mut self, id: SessionId) {
        let limit = self.state().limits.stream_bytes;
        if self.live(id).is_some_and(|live| live.stream().text.len() >= limit) {
            self.write_stream(id);
        }
    }

    /// Writes what streamed in and no record holds yet.
    pub(super) fn write_stream(&mut self, id: SessionId) {
        let Some(flight) = self.head(id).and_then(|head| head.turn.as_ref()) else { return };
        let (turn, entry, voice) = (flight.turn, flight.answer, flight.voice);
        let (Some(entry), Some(live)) = (entry, self.live_mut(id)) else { return };
        let stream = live.stream_mut();
        stream.since = None;
        let text = core::mem::take(&mut stream.text);
        if text.is_empty() {
            return;
        }
        let before = self.head(id).map(|head| head.unread);
        self.record_buffered(id, Record::Said { turn, entry, voice, text });
        if self.head(id).map(|head| head.unread) != before {
            self.changed(id); // what grew after somebody looked away is unread from here on
        }
    }

    pub(super) fn notify_entry(&mut self, id: SessionId, no: EntryNo) {
        if let Some(entry) = self.entry(id, no) {
            self.after(Effect::Update(Update::Entry { session: id, entry }));
        }
    }

    fn entry(&self, id: SessionId, no: EntryNo) -> Option<Entry> {
        self.live(id)?.entry(no).cloned()
    }
}
