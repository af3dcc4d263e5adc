//! A session's head: the small durable state from which it is listed, and with its tail restored.
//!
//! Not here: texts (the transcript and the queue hold those), siblings, limits.

mod compaction;
mod taken;

use alloc::string::String;
use alloc::vec::Vec;

use crate::activity::Activity;
use crate::agent::{AgentFailure, Call, FailureKind, ResumeHandle, Sent, Wants};
use crate::budget::Spending;
use crate::compaction::WindowUse;
use crate::entry::{Body, CallOutput, Fault, Interrupter, Mark};
use crate::id::{CallNo, EntryNo, PromptNo, Seq, SessionId, Token, TurnNo};
use crate::name::{Name, NameOrigin};
use crate::presence::Presence;
use crate::record::{Answer, Ending, Fork, RECORD_BYTES, Record, Setup, Voice};
use crate::session::flight::{InFlight, OpenCall};
use crate::settings::Settings;
use crate::stamped::Stamped;
use crate::tag::Tag;
use crate::time::WallTime;
use crate::tool_rule::{RuleEffect, ToolRule};
use crate::usage::Usage;

/// Characters of the last text shown in lists.
const PREVIEW_CHARS: usize = 80;

/// Everything durable about a session that is not text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub id: SessionId,
    /// What it is called.
    pub name: Name,
    /// Who chose that name.
    pub origin: NameOrigin,
    /// Its number for switching; 0 once closed.
    pub slot: u32,
    /// What it was made with.
    pub setup: Setup,
    /// Where its history begins, if that is another session's.
    pub fork: Option<Fork>,
    pub tags: Vec<Tag>,
    /// Whether it never hibernates by itself.
    pub pinned: bool,
    /// What the person said of calls in it, the oldest first.
    pub rules: Vec<ToolRule>,
    /// How much of it is loaded.
    pub presence: Presence,
    /// Since when it is in the trash, if it is.
    pub trashed: Option<WallTime>,
    /// The turn in flight, if one is.
    pub turn: Option<InFlight>,
    /// How the last turn ended; `None` before the first ended.
    pub last: Option<Ending>,
    /// Turns that failed since one was done.
    pub failures: u32,
    /// Why the last turn's agent stopped, in its provider's word; empty where it did not say.
    pub reason: String,
    /// Which model answered last, as its server names it; empty where it never said.
    pub answering: String,
    /// By what the agent finds its own memory of the conversation, as it last said.
    pub resume: Option<ResumeHandle>,
    /// How much of the history the agent was sent last; `None` while it was always all of it.
    pub sent: Option<Sent>,
    /// How much of its model's window the conversation took last; `None` where nobody knows.
    pub window: Option<WindowUse>,
    /// Summaries of its own that count: what can be undone.
    pub summaries: u32,
    /// What the newest of those stand for and are, in bytes of what is sent: undone, one gives its place back. At most
    /// 32; of older ones nobody knows.
    pub replaced: Vec<(u64, u64)>,
    /// The last prompt that began a turn: what a retry asks again.
    pub last_prompt: Option<WaitingPrompt>,
    /// Prompts that wait, oldest first.
    pub queue: Vec<WaitingPrompt>,
    /// The last submissions taken, oldest first.
    pub taken: Vec<(Token, PromptNo)>,
    pub turns: TurnNo,
    pub prompts: PromptNo,
    pub entries: u64,
    /// The end of the transcript.
    pub end: Mark,
    /// Up to where some client has shown it.
    pub seen: Mark,
    /// Entries with text after `seen` that the person did not write.
    pub unread: u32,
    /// Whether the person said that they know how the last turn ended.
    pub acknowledged: bool,
    /// Where the draft stands in the log; 0 when there is none.
    pub draft: Seq,
    /// Tokens spent in all.
    pub usage: Usage,
    /// What budgets count of them.
    pub spending: Spending,
    /// What its own records take where they are stored, about: see [`Stamped::weight`].
    pub bytes: u64,
    /// The beginning of the last turn's answer, for lists; empty while there is none.
    pub preview: String,
    /// When it was created.
    pub created: WallTime,
    /// When something last happened in it.
    pub touched: WallTime,
    /// The last record's place.
    pub seq: Seq,
}

/// A prompt by reference: its text stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingPrompt {
    pub prompt: PromptNo,
    /// Where its [`Record::Queued`] stands.
    pub queued: Seq,
}

impl Head {
    /// The head a session begins with, if `first` creates one.
    pub fn created(first: &Stamped) -> Option<Self> {
        let Record::Created { name, origin, slot, setup, fork } = &first.record else {
            return None;
        };
        // What a fork takes over counts as seen, and is read from the store like any hibernated session's.
        let end = fork.map_or_else(Mark::default, |fork| Mark { entry: fork.last, bytes: 0 });
        Some(Self {
            id: first.session,
            name: name.clone(),
            origin: *origin,
            slot: *slot,
            setup: setup.clone(),
            fork: *fork,
            tags: Vec::new(),
            pinned: false,
            rules: Vec::new(),
            presence: if fork.is_some() { Presence::Hibernated } else { Presence::Live },
            trashed: None,
            turn: None,
            last: None,
            failures: 0,
            reason: String::new(),
            answering: String::new(),
            resume: None,
            sent: None,
            window: None,
            summaries: 0,
            replaced: Vec::new(),
            last_prompt: None,
            queue: Vec::new(),
            taken: Vec::new(),
            turns: TurnNo(0),
            prompts: PromptNo(0),
            entries: 0,
            end,
            seen: end,
            unread: 0,
            acknowledged: false,
            draft: Seq(0),
            usage: Usage::default(),
            spending: Spending::default(),
            bytes: first.weight(),
            preview: String::new(),
            created: first.at,
            touched: first.at,
            seq: first.seq,
        })
    }

    /// Takes the next fact in. Facts that change no head are named too, so that a new one cannot be forgotten.
    pub fn apply(&mut self, stamped: &Stamped) {
        self.seq = stamped.seq;
        self.bytes = self.bytes.saturating_add(stamped.weight());
        match &stamped.record {
            // What creates the session makes the head; what erases it takes the head along. What is sealed, its agent alone reads.
            Record::Created { .. } | Record::Erased | Record::Sealed { .. } => {}
            Record::Renamed { name, origin } => {
                self.name = name.clone();
                self.origin = *origin;
            }
            Record::Closed => self.leave(Presence::Closed),
            Record::Reopened { slot } => {
                self.presence = Presence::Hibernated;
                self.slot = *slot;
            }
            Record::Hibernated { .. } => self.presence = Presence::Hibernated,
            Record::Woken => self.presence = Presence::Live,
            Record::Trashed => {
                self.leave(Presence::Trashed);
                self.trashed = Some(stamped.at);
            }
            Record::Restored => {
                self.leave(Presence::Closed);
                self.trashed = None;
            }
            Record::Tagged { tags } => self.tags.clone_from(tags),
            Record::Pinned { pinned } => self.pinned = *pinned,
            Record::PolicySet { policy } => self.setup.policy = *policy,
            Record::RuleSet { rule, stands } => self.set_rule(rule, *stands),
            Record::SettingsSet { settings } => self.set(settings),
            Record::Queued { prompt, token, .. } => {
                self.take_new(*token, *prompt, stamped.at);
                self.queue.push(WaitingPrompt { prompt: *prompt, queued: stamped.seq });
            }
            Record::Unqueued { prompt } => self.queue.retain(|waiting| waiting.prompt != *prompt),
            Record::Edited { prompt, .. } => self.edit(*prompt, stamped.seq),
            Record::Moved { prompt, place } => self.move_to(*prompt, *place),
            Record::Retried { prompt, token } => self.take(*token, *prompt),
            Record::Began { turn, prompt, queued, runs } => {
                self.begin_turn(*turn, WaitingPrompt { prompt: *prompt, queued: *queued }, *runs, stamped);
            }
            Record::Continued { turn, prompt, token } => {
                self.take(*token, *prompt);
                self.go_on(*turn, stamped);
            }
            Record::Steered { prompt, token, .. } => {
                self.take_new(*token, *prompt, stamped.at);
                self.begin_entry(stamped);
            }
            Record::Sent { sent, is_said, .. } => self.was_sent(*sent, *is_said, stamped),
            Record::Planned { .. } | Record::Cited { .. } | Record::ProjectRead { .. } => {
                self.whole_entry(stamped);
            }
            Record::Answering { model, .. } => self.answering.clone_from(model),
            Record::Resumable { handle, .. } => self.resume = Some(handle.clone()),
            Record::Said { entry, voice, text, .. } => self.append(*entry, *voice, text, stamped.at),
            Record::Called { call, waits, .. } => self.call(call, *waits, stamped),
            Record::Answered { call, answer, .. } => self.answer(*call, answer),
            Record::Resulted { call, .. } => self.end_call(*call, stamped),
            Record::Compacting { turn } => self.begin_compaction(*turn, stamped),
            Record::Compacted { compaction, usage, .. } => self.compact(compaction, *usage, stamped),
            Record::Reversed { .. } => self.reverse(stamped),
            Record::Ended { ending, usage, reason, window, .. } => {
                (self.reason, self.window) = (reason.clone(), window.or(self.window));
                self.end_turn(ending, *usage, stamped);
            }
            Record::Seen { through } => (self.seen, self.unread) = (*through, 0),
            Record::MarkedUnread => (self.unread, self.acknowledged) = (self.unread.max(1), false),
            Record::MarkedRead => (self.seen, self.unread, self.acknowledged) = (self.end, 0, true),
            Record::Repaired { fault } => self.put_right(*fault, stamped),
            Record::Drafted { text } => self.draft = if text.is_empty() { Seq(0) } else { stamped.seq },
            Record::Imported { body, .. } => self.import(body, stamped.seq),
            Record::ImportEnded { created, touched, usage } => {
                (self.created, self.touched, self.usage) = (*created, *touched, *usage);
            }
        }
    }

    fn set(&mut self, settings: &Settings) {
        if self.setup.set(settings) {
            self.answering.clear(); // who answered before says nothing of another model
        }
    }

    fn end_call(&mut self, call: CallNo, stamped: &Stamped) {
        self.begin_entry(stamped);
        self.unread = self.unread.saturating_add(1);
        if let Some(flight) = &mut self.turn {
            flight.calls.retain(|open| open.no != call);
        }
    }

    fn was_sent(&mut self, sent: Sent, is_said: bool, stamped: &Stamped) {
        self.sent = Some(sent);
        if is_said {
            self.begin_entry(stamped);
            self.unread = self.unread.saturating_add(1);
        }
    }

    fn whole_entry(&mut self, stamped: &Stamped) {
        self.touched = stamped.at;
        self.begin_entry(stamped);
        self.unread = self.unread.saturating_add(1);
    }

    /// The person did it, who need not be told: it counts as read.
    fn reverse(&mut self, stamped: &Stamped) {
        self.touched = stamped.at;
        self.begin_entry(stamped);
    }

    fn put_right(&mut self, fault: Fault, stamped: &Stamped) {
        if let Fault::PromptLost(prompt) = fault {
            self.queue.retain(|waiting| waiting.prompt != prompt);
        }
        self.begin_entry(stamped);
        self.unread = self.unread.saturating_add(1);
    }

    fn edit(&mut self, prompt: PromptNo, text: Seq) {
        if let Some(waiting) = self.queue.iter_mut().find(|waiting| waiting.prompt == prompt) {
            waiting.queued = text;
        }
    }

    /// An entry from elsewhere: like what a fork takes over it counts as seen.
    fn import(&mut self, body: &Body, seq: Seq) {
        self.entries += 1;
        self.end = Mark { entry: EntryNo(seq.0), bytes: 0 };
        if body.begins_turn() {
            self.turns = self.turns.next();
        }
        if let Body::Answer(text) | Body::Thinking(text) | Body::Output(CallOutput { text, .. }) = body {
            self.end.bytes = text.len() as u64;
        }
        if let Body::Prompt(_) = body {
            self.preview.clear();
            self.prompts = self.prompts.next();
        } else if let Body::Answer(text) = body {
            self.preview = preview(text);
        } else if let Body::Compaction(compaction) = body {
            self.count_summaries(compaction);
        }
        self.seen = self.end;
    }

    fn leave(&mut self, presence: Presence) {
        self.presence = presence;
        self.slot = 0;
    }

    fn move_to(&mut self, prompt: PromptNo, place: u32) {
        if let Some(from) = self.queue.iter().position(|waiting| waiting.prompt == prompt) {
            let moved = self.queue.remove(from);
            self.queue.insert(self.queue.len().min(place as usize), moved);
        }
    }

    /// A line for the shell leaves what an agent was asked last, and answered, as it is.
    fn begin_turn(&mut self, turn: TurnNo, prompt: WaitingPrompt, runs: bool, stamped: &Stamped) {
        self.touched = stamped.at;
        self.queue.retain(|waiting| waiting.prompt != prompt.prompt);
        self.turns = turn;
        self.turn = Some(InFlight { runs, ..InFlight::new(turn) });
        if !runs {
            self.preview.clear();
            self.last_prompt = Some(prompt);
        }
        self.entries += 1;
        self.end = Mark { entry: EntryNo(stamped.seq.0), bytes: 0 };
    }

    /// A turn that goes on with the last answer: that is still what a list shows of it.
    fn go_on(&mut self, turn: TurnNo, stamped: &Stamped) {
        self.touched = stamped.at;
        self.turns = turn;
        self.turn = Some(InFlight::new(turn));
        self.entries += 1;
        self.end = Mark { entry: EntryNo(stamped.seq.0), bytes: 0 };
    }

    /// An entry begins with this record; what the agent says next begins another.
    fn begin_entry(&mut self, stamped: &Stamped) {
        self.entries += 1;
        self.end = Mark { entry: EntryNo(stamped.seq.0), bytes: 0 };
        if let Some(flight) = &mut self.turn {
            flight.answer = None;
            flight.entries = flight.entries.saturating_add(1);
        }
    }

    fn append(&mut self, entry: EntryNo, voice: Voice, text: &str, at: WallTime) {
        self.touched = at;
        let begins = self.end.entry != entry;
        if begins {
            self.entries += 1;
            self.end = Mark { entry, bytes: 0 };
        }
        match voice {
            Voice::Answer if begins => self.preview = preview(text),
            Voice::Answer if self.preview.chars().count() < PREVIEW_CHARS => {
                self.preview.push_str(text);
                self.preview = preview(&self.preview);
            }
            Voice::Answer | Voice::Thinking | Voice::Output { .. } => {}
        }
        // What grows behind the place up to which it was read is unread again, and counted once.
        if begins || self.seen == self.end {
            self.unread = self.unread.saturating_add(1);
        }
        self.end.bytes += text.len() as u64;
        if let Some(flight) = &mut self.turn {
            flight.answer = Some(entry);
            flight.voice = voice;
            match voice {
                Voice::Answer | Voice::Thinking => {
                    flight.said += text.len() as u64;
                    flight.entries = flight.entries.saturating_add(u32::from(begins));
                }
                // What a call puts out is bounded by itself, and ends no turn.
                Voice::Output { .. } => {
                    flight.output += text.len() as u64 + if begins { RECORD_BYTES } else { 0 };
                }
            }
        }
    }

    fn call(&mut self, call: &Call, waits: bool, stamped: &Stamped) {
        self.touched = stamped.at;
        self.begin_entry(stamped);
        self.unread = self.unread.saturating_add(1);
        if let Some(flight) = &mut self.turn {
            flight.last_call = call.no;
            flight.said += call.input.len() as u64;
            flight.unasked = flight.unasked.saturating_add(u32::from(!waits));
            flight.calls.push(OpenCall {
                no: call.no,
                entry: EntryNo(stamped.seq.0),
                tool: call.tool.clone(),
                digest: call.digest,
                wants: call.wants,
                waits,
            });
        }
    }

    fn answer(&mut self, no: CallNo, answer: &Answer) {
        let Some(flight) = &mut self.turn else { return };
        // Somebody is there who says yes or no: what ran by itself is counted anew.
        flight.unasked = 0;
        let Some(call) = flight.calls.iter_mut().find(|call| call.no == no) else { return };
        call.waits = false;
        match answer {
            Answer::Always => {
                let rule = ToolRule::any(RuleEffect::Allow, call.tool.clone());
                self.set_rule(&rule, true);
            }
            Answer::Once | Answer::Deny | Answer::Words(_) => {}
        }
    }

    fn set_rule(&mut self, rule: &ToolRule, stands: bool) {
        self.rules.retain(|other| other != rule);
        if stands {
            self.rules.push(rule.clone());
        }
    }

    fn end_turn(&mut self, ending: &Ending, usage: Usage, stamped: &Stamped) {
        self.touched = stamped.at;
        let runs = self.turn.take().is_some_and(|flight| flight.runs);
        self.spend(usage, stamped.at);
        if !runs {
            (self.last, self.acknowledged) = (Some(ending.clone()), false);
            self.failures = match ending {
                Ending::Done => 0,
                Ending::Interrupted(_) => self.failures,
                Ending::Failed(_) => self.failures.saturating_add(1),
            };
        }
        match ending {
            Ending::Done => {}
            Ending::Interrupted(_) | Ending::Failed(_) => {
                self.entries += 1;
                self.unread = self.unread.saturating_add(1);
                self.end = Mark { entry: EntryNo(stamped.seq.0), bytes: 0 };
            }
        }
    }

    /// Whether there is something in it that the person has not said they know: what is unread, or a turn that stopped.
    pub(crate) const fn is_news(&self) -> bool {
        let stopped = matches!(self.last, Some(Ending::Failed(_) | Ending::Interrupted(_)));
        self.unread > 0 || stopped && !self.acknowledged
    }

    /// The prompt whose answer stopped before its end, where one came and nothing runs: an agent can go on with that.
    pub(crate) fn unfinished(&self) -> Option<PromptNo> {
        let has_part = !self.preview.trim().is_empty() || self.is_paused();
        match &self.last {
            Some(Ending::Failed(_) | Ending::Interrupted(_)) if self.turn.is_none() && has_part => {
                self.last_prompt.map(|last| last.prompt)
            }
            Some(Ending::Done | Ending::Failed(_) | Ending::Interrupted(_)) | None => None,
        }
    }

    /// Whether the last turn ended before its end and before a word of an answer.
    pub(crate) fn is_wordless(&self) -> bool {
        matches!(self.last, Some(Ending::Failed(_) | Ending::Interrupted(_)))
            && self.turn.is_none()
            && self.unfinished().is_none()
    }

    /// Whether q paused the last turn, between calls: there are results to go on with, whatever was said.
    pub(crate) fn is_paused(&self) -> bool {
        let pauses = |failure: &AgentFailure| {
            matches!(
                failure.kind,
                FailureKind::TooManyRounds | FailureKind::WindowFull | FailureKind::BudgetSpent
            )
        };
        matches!(&self.last, Some(Ending::Failed(failure)) if pauses(failure))
    }

    /// Whether what goes on is a line for the shell, which asks nobody.
    pub fn runs_line(&self) -> bool {
        self.turn.as_ref().is_some_and(|flight| flight.runs)
    }

    /// What the session is doing, from its durable state.
    pub fn activity(&self) -> Activity {
        match (&self.turn, &self.last) {
            (Some(flight), _) if flight.waits_for(Wants::Consent) => Activity::NeedsApproval,
            (Some(flight), _) if flight.waits_for(Wants::Words) => Activity::NeedsInput,
            (Some(_), _) => Activity::Working,
            (None, None | Some(Ending::Done)) => Activity::Idle,
            (None, Some(Ending::Interrupted(_))) => Activity::Interrupted,
            (None, Some(Ending::Failed(_))) => Activity::Failed,
        }
    }

    /// What the agent is told about its task; may be empty.
    pub fn system_prompt(&self) -> &str {
        if self.setup.system_prompt.is_empty() {
            self.setup.kind.system_prompt()
        } else {
            &self.setup.system_prompt
        }
    }

    /// Who interrupted the last turn, if somebody did.
    pub const fn interrupter(&self) -> Option<Interrupter> {
        match &self.last {
            Some(Ending::Interrupted(by)) => Some(*by),
            Some(Ending::Done | Ending::Failed(_)) | None => None,
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
mod tests;
