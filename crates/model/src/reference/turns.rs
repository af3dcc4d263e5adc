//! Turns: what an agent says in one, the calls it makes, and how it ends.

use q_core::{
    AgentEvent, AgentFailure, Answer, Call as Wanted, CallFacts, CallNo, Circumstance, Digest, FailureKind,
    Interrupter, Outcome, Policy, Retrying, Seal, SessionId, Sources, TurnNo, Usage, WallTime, Wants,
};

use super::deeds::{Answered, Deed};
use super::rules;
use super::wishes::Granted;
use super::{Call, CallState, Ending, Entry, Filling, Model, NamedBy, Prompt, Turn, What};

/// The longest name of a tool.
const LONGEST_TOOL: usize = 128;

impl Model {
    pub(super) fn begin_next(&mut self, at: usize) {
        if self.must_compact(at) {
            self.begin_compaction(at);
        } else {
            self.begin_waiting(at);
        }
    }

    pub(super) fn begin_waiting(&mut self, at: usize) {
        if !self.sessions[at].typed.queue.is_empty() && self.check_budget(at).is_ok() {
            let next = self.sessions[at].typed.queue.remove(0);
            self.begin(at, next);
        }
    }

    /// A prompt enters the conversation.
    pub(super) fn begin(&mut self, at: usize, prompt: Prompt) {
        let text = prompt.text.clone();
        self.sessions[at].typed.last = Some(prompt);
        self.begin_turn(at, What::Prompt, text);
    }

    /// A turn begins with this entry; its agent is asked when there is a permit.
    pub(super) fn begin_turn(&mut self, at: usize, what: What, text: String) {
        let now = self.now.mono;
        let session = &mut self.sessions[at];
        session.turns += 1;
        session.turn = Some(Turn::new(session.turns, now));
        self.add(at, what, text);
        self.happened(at);
    }

    /// An entry of the turn that runs, written at once.
    pub(super) fn add(&mut self, at: usize, what: What, text: String) {
        let session = &mut self.sessions[at];
        let turn = session.turn.as_ref().map(|turn| turn.no).unwrap_or_default();
        let written = text.len();
        session.entries.push(Entry { no: None, at: self.now.wall, turn, what, text, written, read: None });
        self.note(at);
    }

    /// Whatever an agent says of a turn that does not run is late; of one that was not asked it cannot come.
    pub(super) fn on_agent_event(&mut self, id: SessionId, turn: TurnNo, event: AgentEvent) {
        let Some(at) = self.find(id) else { return };
        let session = &self.sessions[at];
        let asked_before = session.turn.as_ref().and_then(|turn| session.window_now(turn));
        let uncounted = session.turn.as_ref().map(|turn| session.asks_again(turn)).unwrap_or_default();
        let running = self.sessions[at].turn.as_mut();
        let Some(running) = running.filter(|running| running.no == turn && running.held.is_none()) else {
            return;
        };
        running.retrying = None;
        if running.summary.is_some() {
            return self.on_compaction_event(at, event);
        }
        match event {
            AgentEvent::Retrying { attempt, of, wait_ms, failure } => {
                running.retrying = Some(retrying(self.now.wall, (attempt, of), wait_ms, failure));
            }
            AgentEvent::Asked { bytes, window } => {
                let (asked, spent) = ((bytes, window), running.usage);
                let before = asked_before.or(running.filling.before);
                running.filling = Filling { asked, spent, said: 0, results: 0, before };
                running.uncounted = uncounted;
                self.end_if_spent(at);
            }
            AgentEvent::Sent(sent) => {
                let before = self.sessions[at].sent;
                if before.map_or(sent.left_out > 0, |before| before != sent) {
                    self.write(at);
                    self.note(at);
                    self.sessions[at].sent = Some(sent);
                    if before.is_none() {
                        self.add(at, What::LeftOut(sent), String::new());
                    }
                }
            }
            AgentEvent::Text(text) => self.on_text(at, What::Answer, text),
            AgentEvent::Thinking(text) => self.on_text(at, What::Thinking, text),
            AgentEvent::Sealed(seal) => self.on_sealed(at, &seal),
            AgentEvent::Usage(usage) => (running.usage, running.uncounted.is_told) = (usage, true),
            AgentEvent::StopReason(reason) => reason.clone_into(&mut running.reason),
            AgentEvent::Plan(steps) => self.add_whole(at, What::Plan(steps)),
            AgentEvent::Sources(sources) => self.on_sources(at, sources),
            AgentEvent::ProjectFiles(files) => self.add_whole(at, What::ProjectFiles(files)),
            AgentEvent::Torn(parts) => self.on_torn(at, parts),
            AgentEvent::Model(model) => {
                if self.sessions[at].agent.told.answering != model {
                    self.sessions[at].agent.told.answering = model;
                    self.note(at);
                }
            }
            AgentEvent::Resume(handle) => {
                if self.sessions[at].agent.told.resume.as_ref() != Some(&handle) {
                    self.sessions[at].agent.told.resume = Some(handle);
                    self.note(at);
                }
            }
            AgentEvent::Progress { call, text } => self.put_out(at, call, &text),
            AgentEvent::Steerable => running.steerable = true,
            AgentEvent::Title(title) if self.sessions[at].named_by != NamedBy::Person => {
                self.name_after(at, &title);
            }
            AgentEvent::Title(_) => {}
            AgentEvent::Call(call, facts) => self.call(at, call, &facts),
            AgentEvent::Result { call, outcome, text } => {
                if let Some((place, outcome)) = self.ending(at, call, outcome) {
                    self.write(at);
                    self.close_call(at, place, outcome, &text);
                }
            }
            AgentEvent::Done => {
                self.end(at, Ending::Done);
                self.begin_next(at);
            }
            AgentEvent::Failed(failure) => self.end(at, Ending::Failed(failure)),
        }
        self.end_if_too_long(at);
    }

    /// Which call ends, and how, where an agent says that it did: one that runs, or a question that nobody waits for.
    fn ending(&self, at: usize, call: CallNo, outcome: Outcome) -> Option<(usize, Outcome)> {
        let (place, open) = self.sessions[at].open_calls().find(|(_, open)| open.no == call)?;
        match (open.state, open.wants) {
            (CallState::Runs, _) => Some((place, outcome)),
            (CallState::Waits { .. }, Wants::Words) => Some((place, Outcome::NeverRan)),
            (CallState::Waits { .. }, Wants::Consent | Wants::Nothing) | (CallState::Over, _) => None,
        }
    }

    /// What a call puts out that runs, as far as there is room for it.
    fn put_out(&mut self, at: usize, call: CallNo, text: &str) {
        let session = &self.sessions[at];
        let runs = session.open_calls().find(|(_, open)| open.no == call && open.state == CallState::Runs);
        let Some((of, _)) = runs else { return };
        let voice = What::Output { of };
        let turn = session.turn.as_ref().map(|turn| turn.no);
        let goes_on =
            session.entries.last().is_some_and(|last| last.what == voice && Some(last.turn) == turn);
        let begins = if goes_on { 0 } else { q_core::record::RECORD_BYTES as usize };
        let room = self.limits.output_bytes.saturating_sub(session.put_out() + begins);
        self.on_text(at, voice, text[..text.floor_char_boundary(room)].to_owned());
    }

    /// An empty one stands for too much: that is said, once, and nothing more is sealed in its turn.
    fn on_sealed(&mut self, at: usize, seal: &Seal) {
        let Some(turn) = &mut self.sessions[at].turn else { return };
        if turn.seals_are_out {
            return;
        }
        turn.seals_are_out = seal.content.is_empty();
        if turn.seals_are_out {
            self.write(at);
            self.add(at, What::SealsTooLong, String::new());
        } else {
            turn.is_sealed_off = true;
            self.note(at);
        }
    }

    fn on_torn(&mut self, at: usize, parts: u64) {
        if parts > 0 {
            self.write(at);
            self.write_sources(at);
            self.add(at, What::AnswerTorn(parts), String::new());
        }
    }

    /// Each that says something counts once, and all of an answer are an entry once it is over.
    fn on_sources(&mut self, at: usize, sources: Sources) {
        let Some(turn) = &mut self.sessions[at].turn else { return };
        for source in sources.all {
            if !source.place.is_empty() && !turn.sources.all.contains(&source) {
                turn.sources.all.push(source);
            }
        }
    }

    /// The answer so far is over.
    pub(super) fn write_sources(&mut self, at: usize) {
        let turn = self.sessions[at].turn.as_mut();
        let told = turn.map(|turn| std::mem::take(&mut turn.sources)).unwrap_or_default();
        if !told.is_empty() {
            self.add(at, What::Sources(told), String::new());
            self.happened(at);
        }
    }

    /// An entry without a text, which is all there at once.
    fn add_whole(&mut self, at: usize, what: What) {
        self.write(at);
        self.add(at, what, String::new());
        self.happened(at);
    }

    /// Text lengthens the last entry if that is of the same voice, and is written when enough of it waits.
    fn on_text(&mut self, at: usize, voice: What, text: String) {
        let now = self.now.mono;
        let session = &mut self.sessions[at];
        let Some(turn) = session.turn.as_mut().filter(|_| !text.is_empty()) else { return };
        turn.filling.said += if voice == What::Answer { text.len() as u64 } else { 0 };
        // What is sealed stands between the words before and behind it.
        let is_cut = turn.is_sealed_off && voice == What::Answer;
        let last = session.entries.last_mut();
        let last = last.filter(|last| last.turn == turn.no && last.what == voice && !is_cut);
        if let Some(last) = last {
            last.text += &text;
            turn.unwritten = turn.unwritten.or(Some(now));
        } else {
            turn.is_sealed_off &= voice != What::Answer;
            self.write(at);
            self.add(at, voice, text);
            self.happened(at);
        }
        if self.sessions[at].unwritten() >= self.limits.stream_bytes {
            self.write(at);
        }
    }

    /// What streamed in becomes durable.
    pub(super) fn write(&mut self, at: usize) {
        let session = &mut self.sessions[at];
        let Some(turn) = session.turn.as_mut().filter(|turn| turn.unwritten.is_some()) else { return };
        turn.unwritten = None;
        session.entries.iter_mut().for_each(|entry| entry.written = entry.text.len());
        self.happened(at);
    }

    pub(super) fn write_what_waited(&mut self) {
        for at in self.live() {
            let since = self.sessions[at].turn.as_ref().and_then(|turn| turn.unwritten);
            if since.is_some_and(|since| since.after(self.limits.stream_delay) <= self.now.mono) {
                self.write(at);
            }
        }
    }

    /// The agent wants a tool to run, or words. Numbers only rise: another is an old one again.
    fn call(&mut self, at: usize, wanted: Wanted, facts: &CallFacts) {
        let Wanted { no, tool, input, digest, mut wants } = wanted;
        let session = &self.sessions[at];
        let Some(turn) = &session.turn else { return };
        if session.calls().any(|(_, call)| call.no >= no) || no == CallNo(0) {
            return;
        }
        // What its agent does by itself is nobody's to allow.
        let is_told = facts.is_told && wants == Wants::Nothing;
        let may_go_on = is_told || turn.unasked < self.limits.turn_calls;
        let mut said = rules::said(&session.terms.rules, "", &tool, facts);
        if is_told {
            (said.asks, said.denies) = (false, false);
        }
        if (!may_go_on || said.asks) && wants == Wants::Nothing {
            wants = Wants::Consent;
        }
        let is_free = match wants {
            Wants::Nothing => true,
            // What failed in the sandbox runs without only once the person has seen that.
            Wants::Consent => may_go_on && said.allows && facts.circumstance != Circumstance::Denied,
            Wants::Words => false,
        };
        let denial = if tool.len() > LONGEST_TOOL {
            Some("the tool's name is too long")
        } else if session.open_calls().count() >= self.limits.open_calls {
            Some("too many calls are open at once")
        } else if wants == Wants::Consent && session.terms.policy == Policy::Deny {
            Some("this session's policy denies tools")
        } else if said.denies && wants != Wants::Words {
            Some("a rule of the person's denies this")
        } else {
            None
        };
        let runs = is_free && denial.is_none();
        let tool = tool[..tool.floor_char_boundary(LONGEST_TOOL)].to_owned();
        let state = if runs { CallState::Runs } else { CallState::Waits { since: self.now.mono } };
        let (id, turn_no) = (session.id, turn.no);
        let was_held = facts.circumstance == Circumstance::Denied;
        let always = (wants == Wants::Consent && !said.asks && !was_held)
            .then(|| rules::always(&tool, &facts.subject))
            .flatten();
        let bytes = (tool.len() + input.len()) as u64;
        self.sessions[at].turn.iter_mut().for_each(|turn| turn.filling.said += bytes);
        self.write(at);
        self.write_sources(at);
        // A denied call stands there as one that waits, for it never ran.
        self.add(at, What::Call(Call { no, tool, digest, wants, always, state }), input);
        self.happened(at);
        let place = self.sessions[at].entries.len() - 1;
        if let Some(why) = denial {
            self.settle(at, place, Outcome::Denied, why);
        } else if runs {
            self.sessions[at].turn.iter_mut().for_each(|turn| turn.unasked += 1);
            self.deeds.push(Deed::Permit { session: id, turn: turn_no, call: no });
        }
    }

    /// The person answers a call, if it is the one they saw and still waits.
    pub(super) fn answer(
        &mut self,
        id: SessionId,
        turn: TurnNo,
        call: CallNo,
        digest: Digest,
        answer: Answer,
    ) -> Granted {
        let at = self.open(id)?;
        let session = &self.sessions[at];
        let is_turn = session.turn.as_ref().is_some_and(|running| running.no == turn);
        let waiting = session.waiting_calls().find(|(_, open)| is_turn && open.no == call);
        let (place, open) = waiting.map(|(place, open)| (place, open.clone())).ok_or("call_over")?;
        if open.digest != digest {
            return Err("digest_differs");
        }
        let is_question = open.wants == Wants::Words;
        let mut rule = None;
        match &answer {
            Answer::Once | Answer::Always if is_question => return Err("wants_words"),
            Answer::Always => {
                let always = open.always.ok_or("no_rule_for_it")?;
                self.check_room_for(at, &always, true)?;
                rule = Some(always);
            }
            Answer::Words(text) => self.check_prompt(text)?,
            Answer::Once | Answer::Deny => {}
        }
        self.write(at);
        self.note(at);
        self.sessions[at].turn.iter_mut().for_each(|turn| turn.unasked = 0);
        if let Some(rule) = rule {
            self.put_rule(at, rule, true);
        }
        match answer {
            Answer::Once | Answer::Always => {
                self.sessions[at].set_call(place, CallState::Runs);
                self.deeds.push(Deed::Permit { session: id, turn, call });
            }
            Answer::Deny => self.settle(at, place, Outcome::Denied, ""),
            Answer::Words(text) if is_question => self.settle(at, place, Outcome::Done, &text),
            Answer::Words(text) => self.settle(at, place, Outcome::Denied, &text),
        }
        self.end_if_too_long(at);
        Ok(Answered::Done)
    }

    pub(super) fn expire_calls(&mut self) {
        for at in self.live() {
            let is_late = |call: &Call| match call.state {
                CallState::Waits { since } => since.after(self.limits.approval_for) <= self.now.mono,
                CallState::Runs | CallState::Over => false,
            };
            let late: Vec<usize> = self.sessions[at]
                .open_calls()
                .filter(|(_, call)| is_late(call))
                .map(|(place, _)| place)
                .collect();
            for place in late {
                self.write(at);
                self.settle(at, place, Outcome::Expired, "");
            }
            self.end_if_too_long(at);
        }
    }

    /// Ends a call whose tool never ran, and tells the agent.
    fn settle(&mut self, at: usize, place: usize, outcome: Outcome, words: &str) {
        let session = &self.sessions[at];
        let call = session.calls().find(|(of, _)| *of == place).map(|(_, call)| call.no);
        if let (Some(turn), Some(call)) = (&session.turn, call) {
            let text = words.to_owned();
            self.deeds.push(Deed::Settle { session: session.id, turn: turn.no, call, outcome, text });
        }
        self.close_call(at, place, outcome, words);
    }

    fn close_call(&mut self, at: usize, place: usize, outcome: Outcome, text: &str) {
        self.sessions[at].set_call(place, CallState::Over);
        let most = self.limits.result_kept_bytes.max(self.limits.result_bytes);
        let kept = text.floor_char_boundary(most) as u64;
        let result = What::Result { of: place, outcome, kept, whole: text.len() as u64 };
        let text = text[..text.floor_char_boundary(self.limits.result_bytes)].to_owned();
        self.sessions[at].turn.iter_mut().for_each(|turn| turn.filling.results += text.len() as u64);
        self.add(at, result, text);
    }

    pub(super) fn end_if_too_long(&mut self, at: usize) {
        if self.sessions[at].is_too_long(&self.limits) {
            let failure = AgentFailure { kind: FailureKind::TooLong, detail: String::new() };
            self.cancel(at);
            self.end(at, Ending::Failed(failure));
        }
    }

    /// Parks the agent of a session that was asked.
    pub(super) fn release(&mut self, at: usize) {
        if std::mem::take(&mut self.sessions[at].agent.seated) {
            self.deeds.push(Deed::Release { session: self.sessions[at].id });
        }
    }

    /// Somebody says how an agent is reached: it counts for the session's own agent, until it is said or when it failed.
    pub(super) fn offered(&mut self, id: SessionId, agent: &str) {
        let Some(at) = self.find(id) else { return };
        let session = &mut self.sessions[at];
        if session.agent.name == agent && session.wants_agent() {
            session.agent.reached = true;
            self.deeds.push(Deed::Bind { session: id });
            self.go_on_within_budget(at);
        }
    }

    /// Nobody said how the agent of that turn is reached.
    pub(super) fn not_bound(&mut self, id: SessionId, turn: TurnNo) {
        let Some(at) = self.find(id) else { return };
        let detail = format!("agent `{}`", self.sessions[at].agent.name);
        let failure = AgentFailure { kind: FailureKind::NotConfigured, detail };
        self.on_agent_event(id, turn, AgentEvent::Failed(failure));
    }

    /// A session that is closed needs no agent, and no way to one.
    pub(super) fn let_agent_go(&mut self, at: usize) {
        self.release(at);
        if std::mem::take(&mut self.sessions[at].agent.reached) {
            self.deeds.push(Deed::Unbind { session: self.sessions[at].id });
        }
    }

    pub(super) fn cut(&mut self, at: usize, by: Interrupter) {
        if self.sessions[at].turn.is_some() {
            self.cancel(at);
            self.end(at, Ending::Interrupted(by));
        }
    }

    /// Whoever was asked hears that nobody listens any longer.
    pub(super) fn cancel(&mut self, at: usize) {
        let session = &self.sessions[at];
        if let Some(turn) = session.turn.as_ref().filter(|turn| turn.held.is_none()) {
            self.deeds.push(Deed::Cancel { session: session.id, turn: turn.no });
        }
    }

    /// Ends the turn: every open call gets its result, and what this step wanted to tell the agent is not told.
    pub(super) fn end(&mut self, at: usize, ending: Ending) {
        self.write(at);
        let id = self.sessions[at].id;
        let Some(turn) = self.sessions[at].turn.clone() else { return };
        if let Some(summary) = &turn.summary {
            return self.end_compaction(at, &turn, summary, ending);
        }
        self.write_sources(at);
        let is_told = |deed: &Deed| {
            let (Deed::Permit { session, turn: of, .. }
            | Deed::Settle { session, turn: of, .. }
            | Deed::Steer { session, turn: of, .. }) = deed
            else {
                return false;
            };
            (*session, *of) == (id, turn.no)
        };
        let (told, kept) = std::mem::take(&mut self.deeds).into_iter().partition(is_told);
        self.deeds = kept;
        let told: Vec<Deed> = told;
        let open: Vec<(usize, Call)> =
            self.sessions[at].open_calls().map(|(place, call)| (place, call.clone())).collect();
        for (place, call) in open {
            let permit = Deed::Permit { session: id, turn: turn.no, call: call.no };
            let ran = call.state == CallState::Runs && !told.contains(&permit);
            let outcome = if ran { Outcome::CutShort } else { Outcome::NeverRan };
            self.close_call(at, place, outcome, "");
        }
        let stopped = ending != Ending::Done;
        if stopped {
            self.add(at, What::Stop(ending), String::new());
        }
        let session = &mut self.sessions[at];
        session.agent.told.reason.clone_from(&turn.reason);
        let usage = Usage { guessed: session.guessed_cost(&turn), ..turn.usage };
        session.window = session.window_after(&turn, stopped).or(session.window);
        session.spend(usage, self.now.wall);
        session.turn = None;
        self.happened(at);
        self.read_if_watched(at);
    }
}

/// What is told of an agent that waits before it asks again.
pub(super) const fn retrying(
    now: WallTime,
    (attempt, of): (u32, u32),
    wait_ms: u64,
    failure: AgentFailure,
) -> Retrying {
    Retrying { attempt, of, wait_ms, at: WallTime(now.0 + wait_ms), failure }
}
