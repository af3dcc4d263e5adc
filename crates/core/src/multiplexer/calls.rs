//! Tool calls and questions: asked for, permitted or answered, ended. Each gets exactly one result.
//!
//! An answer is bound to session, turn, call and digest: a late, repeated or foreign one is refused.

use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::{Call, Outcome, Wants};
use crate::circumstance::Circumstance;
use crate::effect::{Effect, Reply};
use crate::id::{CallNo, Digest, EntryNo, SessionId, TurnNo};
use crate::kind::Policy;
use crate::limits::{Limits, TOOL_BYTES};
use crate::multiplexer::step::Step;
use crate::record::{Answer, RECORD_BYTES, Record, Voice};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::live::{Live, Pending, RunState};
use crate::shell_line::SHELL;
use crate::snapshot::Update;
use crate::tool_rule::{CallFacts, RuleEffect, ToolRule};

/// What the agent hears when too many of its calls are open.
const TOO_MANY: &str = "too many calls are open at once";
/// What it hears about a tool whose name is longer than [`TOOL_BYTES`].
const LONG_NAME: &str = "the tool's name is too long";
/// What it hears when the session's policy denies all that wants consent.
const BY_POLICY: &str = "this session's policy denies tools";
/// What it hears when a rule denies the call.
const BY_RULE: &str = "a rule of the person's denies this";

/// What stands in the result of a call that was denied without the person being asked, to be told apart from their own no.
pub const DENIED_UNASKED: [&str; 4] = [TOO_MANY, LONG_NAME, BY_POLICY, BY_RULE];

/// What of a result is kept, and where.
pub(super) struct Portion {
    pub(super) text: String,
    pub(super) kept: u64,
    pub(super) rest: String,
}

impl Portion {
    pub(super) fn of(mut text: String, limits: &Limits) -> Self {
        text.truncate(text.floor_char_boundary(limits.most_of_result()));
        let kept = text.len() as u64;
        let rest = text.split_off(text.floor_char_boundary(limits.result_bytes));
        text.shrink_to_fit(); // the room of the rest would stay with the transcript
        Self { text, kept, rest }
    }
}

impl Step<'_> {
    /// The agent wants something. A number that is not above the last one was heard already and is ignored.
    pub(super) fn on_call(&mut self, id: SessionId, turn: TurnNo, mut call: Call, facts: &CallFacts) {
        let limits = &self.state().limits;
        let (most, unasked_limit) = (limits.open_calls, limits.turn_calls);
        let Some(head) = self.head(id) else { return };
        let Some(flight) = head.turn.as_ref().filter(|flight| flight.last_call < call.no) else { return };
        let is_told = facts.is_told && call.wants == Wants::Nothing;
        // A question is for the person whatever they said of tools.
        let rule = match call.wants {
            Wants::Nothing if is_told => None,
            Wants::Nothing | Wants::Consent => facts.verdict(&call.tool, &head.setup.directory, &head.rules),
            Wants::Words => None,
        };
        let is_asked_again = !is_told && flight.unasked >= unasked_limit; // so many ran by themselves
        if call.wants == Wants::Nothing && (is_asked_again || rule == Some(RuleEffect::Ask)) {
            call.wants = Wants::Consent;
        }
        // Of what the sandbox denied the person has not seen that it would run without.
        let was_held = facts.circumstance == Circumstance::Denied;
        let is_seen_first = is_asked_again || was_held;
        let is_allowed = !is_seen_first && rule == Some(RuleEffect::Allow);
        // The person's own lines alone are called so.
        if call.tool == SHELL {
            call.tool.push('?');
        }
        let long_name = call.tool.len() > TOOL_BYTES;
        call.tool.truncate(call.tool.floor_char_boundary(TOOL_BYTES));
        let denied = if long_name {
            Some(LONG_NAME)
        } else if flight.calls.len() >= most {
            Some(TOO_MANY)
        } else if call.wants == Wants::Consent && head.setup.policy == Policy::Deny {
            Some(BY_POLICY)
        } else if rule == Some(RuleEffect::Deny) {
            Some(BY_RULE)
        } else {
            None
        };
        let permitted = match call.wants {
            Wants::Nothing => true,
            Wants::Consent => is_allowed,
            Wants::Words => false,
        };
        let by_rule = call.wants == Wants::Consent && permitted;
        self.write_stream(id);
        self.write_sources(id, turn);
        let (no, digest, input) = (call.no, call.digest, call.input.clone());
        // Where a rule asks, or the sandbox held it, an allowance would be of no use.
        let is_of_use = call.wants == Wants::Consent && rule != Some(RuleEffect::Ask) && !was_held;
        let always = ToolRule::narrowest(&call.tool, &facts.subject).filter(|_| is_of_use);
        self.takes_window(id, call.tool.len() + input.len());
        // A denied call waits until it is settled below, so that there is no moment in which it may run.
        let waits = !permitted || denied.is_some();
        let seq = self.record(id, Record::Called { turn, call, waits });
        self.notify_entry(id, EntryNo(seq.0));
        self.changed(id);
        match denied {
            Some(why) => self.settle_call(id, turn, no, Outcome::Denied, why.into()),
            None if waits => {
                let (since, at) = (self.now().mono, self.now().wall);
                if let Some(live) = self.live_mut(id) {
                    let circumstance = facts.circumstance.clone().bounded();
                    live.wait_for(no, Pending { input, always, circumstance, since, at });
                }
                self.notify_pending(id);
            }
            None => {
                let entry = EntryNo(seq.0);
                self.after(Effect::Permit { session: id, turn, call: no, entry, digest, by_rule });
            }
        }
    }

    /// A call that was permitted puts something out; of any other it is late and ignored. What is above the limit is not
    /// shown: the result has it.
    pub(super) fn on_progress(&mut self, id: SessionId, turn: TurnNo, call: CallNo, mut text: String) {
        let limit = self.state().limits.output_bytes as u64;
        let unwritten = self.session(id).map_or(0, Session::unwritten_output);
        let Some(flight) = self.head(id).and_then(|head| head.turn.as_ref()) else { return };
        let Some(of) = flight.call(call).filter(|open| !open.waits).map(|open| open.entry) else { return };
        let voice = Voice::Output { of };
        let begins = flight.answer.is_none() || flight.voice != voice;
        let taken = flight.output + unwritten + if begins { RECORD_BYTES } else { 0 };
        let room = usize::try_from(limit.saturating_sub(taken)).unwrap_or(usize::MAX);
        text.truncate(text.floor_char_boundary(room));
        self.on_text(id, turn, voice, text);
    }

    /// A call that was permitted came to its end, or a question waits for no answer any more; of any other it is late and ignored.
    pub(super) fn on_result(
        &mut self,
        id: SessionId,
        turn: TurnNo,
        call: CallNo,
        outcome: Outcome,
        text: String,
    ) {
        let flight = self.head(id).and_then(|head| head.turn.as_ref());
        match flight.and_then(|flight| flight.call(call)).map(|open| (open.waits, open.wants)) {
            Some((false, _)) => {
                self.write_stream(id);
                self.end_call(id, turn, call, outcome, text);
            }
            Some((true, Wants::Words)) => {
                self.write_stream(id);
                // Nobody has answered, whatever is said of it.
                self.end_call(id, turn, call, Outcome::NeverRan, text);
                self.no_longer_pending(id, call);
                self.changed(id);
            }
            Some((true, Wants::Consent | Wants::Nothing)) | None => {}
        }
    }

    /// The person answers a call that waits.
    pub(super) fn answer(
        &mut self,
        id: SessionId,
        turn: TurnNo,
        call: CallNo,
        digest: Digest,
        answer: Answer,
    ) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        let flight = head.turn.as_ref().filter(|flight| flight.turn == turn);
        let open = flight.and_then(|flight| flight.call(call)).filter(|open| open.waits);
        let open = open.ok_or(Refusal::CallOver { call })?;
        if open.digest != digest {
            return Err(Refusal::DigestDiffers);
        }
        let (is_question, entry) = (open.wants == Wants::Words, open.entry);
        let mut rule = None;
        match &answer {
            Answer::Once | Answer::Always if is_question => return Err(Refusal::WantsWords),
            Answer::Always => rule = Some(self.rule_of_always(id, call)?),
            Answer::Words(text) => self.refuse_bad_prompt(text)?,
            Answer::Once | Answer::Deny => {}
        }
        self.write_stream(id);
        // What *always* means is a fact of its own. The word itself is in records of before there were rules: for the whole tool.
        let said = if rule.is_some() { Answer::Once } else { answer.clone() };
        self.record(id, Record::Answered { turn, call, answer: said });
        if let Some(rule) = rule {
            self.put_rule(id, rule, true);
        }
        match answer {
            Answer::Once | Answer::Always => {
                self.after(Effect::Permit { session: id, turn, call, entry, digest, by_rule: false });
            }
            Answer::Deny => self.settle_call(id, turn, call, Outcome::Denied, String::new()),
            Answer::Words(text) if is_question => self.settle_call(id, turn, call, Outcome::Done, text),
            Answer::Words(text) => self.settle_call(id, turn, call, Outcome::Denied, text),
        }
        self.no_longer_pending(id, call);
        self.changed(id);
        self.end_if_too_long(id);
        Ok(Reply::Done)
    }

    /// The rule that was shown with a call that waits, if there is room for it.
    fn rule_of_always(&self, id: SessionId, call: CallNo) -> Result<ToolRule, Refusal> {
        let pending = self.session(id).and_then(Session::live).and_then(|live| live.pending().get(&call));
        let rule = pending.and_then(|pending| pending.always.clone()).ok_or(Refusal::NoRuleForIt)?;
        self.refuse_too_many_rules(id, &rule)?;
        Ok(rule)
    }

    /// Ends calls that nobody answered in time.
    pub(super) fn expire_calls(&mut self) {
        let now = self.now().mono;
        let patience = self.state().limits.approval_for;
        let mut due = Vec::new();
        for session in self.state().sessions.live() {
            let Some(flight) = &session.head().turn else { continue };
            let pending = session.live().into_iter().flat_map(Live::pending);
            let late = pending.filter(|(_, pending)| pending.since.after(patience) <= now);
            due.extend(late.map(|(&call, _)| (session.head().id, flight.turn, call)));
        }
        for &(id, turn, call) in &due {
            self.write_stream(id);
            self.settle_call(id, turn, call, Outcome::Expired, String::new());
            self.no_longer_pending(id, call);
            self.changed(id);
        }
        // Only when all have expired: a turn that ends gives its open calls another result, and each has one.
        for (id, ..) in due {
            self.end_if_too_long(id);
        }
    }

    /// The turn ends: what waited never ran, and of what ran nobody knows how far it came.
    pub(super) fn close_calls(&mut self, id: SessionId, turn: TurnNo) {
        let calls = self.head(id).and_then(|head| head.turn.as_ref()).map(|flight| flight.calls.clone());
        let not_permitted = self.take_back(id, turn);
        // A line for the shell is a call from its beginning, and may not have been handed on yet.
        let not_handed_on =
            self.live(id).is_some_and(|live| matches!(live.run, RunState::Waiting(_))) && self.runs_line(id);
        for call in calls.into_iter().flatten() {
            let never_ran = call.waits || not_handed_on || not_permitted.contains(&call.no);
            let outcome = if never_ran { Outcome::NeverRan } else { Outcome::CutShort };
            self.end_call(id, turn, call.no, outcome, String::new());
            if call.waits {
                self.no_longer_pending(id, call.no);
            }
        }
    }

    /// Ends a call without its tool, and tells the agent.
    fn settle_call(&mut self, id: SessionId, turn: TurnNo, call: CallNo, outcome: Outcome, text: String) {
        let Some(entry) = self.entry_of(id, call) else { return };
        self.end_call(id, turn, call, outcome, text.clone());
        self.after(Effect::Settle { session: id, turn, call, entry, outcome, text });
    }

    /// The entry of an open call of the turn in flight.
    fn entry_of(&self, id: SessionId, call: CallNo) -> Option<EntryNo> {
        Some(self.head(id)?.turn.as_ref()?.call(call)?.entry)
    }

    fn end_call(&mut self, id: SessionId, turn: TurnNo, call: CallNo, outcome: Outcome, text: String) {
        let Some(of) = self.entry_of(id, call) else { return };
        let whole = text.len() as u64;
        let Portion { text, kept, rest } = Portion::of(text, &self.state().limits);
        if let Some(live) = self.live_mut(id) {
            let ask = &mut live.stream_mut().ask;
            ask.results = ask.results.saturating_add(text.len() as u64);
        }
        let seq = self.record(id, Record::Resulted { turn, call, of, outcome, text, kept, whole });
        self.keep_beside(id, seq, rest);
        self.notify_entry(id, EntryNo(seq.0));
        self.changed(id);
    }

    fn no_longer_pending(&mut self, id: SessionId, call: CallNo) {
        if let Some(live) = self.live_mut(id) {
            live.answered(call);
        }
        self.notify_pending(id);
    }

    fn notify_pending(&mut self, id: SessionId) {
        let pending = self.view().pending_in(id);
        self.after(Effect::Update(Update::Pending { session: id, pending }));
    }
}
