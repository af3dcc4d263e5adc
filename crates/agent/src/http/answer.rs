//! An answer as it is heard, in whatever dialect: what was said, what it cost, and how it ended.
//!
//! Not here: what a frame means (`dialect`), why a server refuses (`failure`).

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use q_core::seal::SEAL_BYTES;
use q_core::{AgentEvent, AgentFailure, FailureKind, Seal, Source, Usage};
use serde_json::value::RawValue;

use super::calls::{AskedCall, AskedCalls, CallPiece, MAX_BYTES, MAX_CALLS};
use super::detail::clean;
use super::event_queue::EventQueue;
use super::failure::{in_answer, may_pass};
use super::finish::Reason;
use super::halves::{HalfLetter, Halves};
use super::think_tags::{TaggedText, ThinkTags};
use crate::secret::Secrets;
use q_json::text;

/// What a tool is called that is called without a name.
pub(super) const NAMELESS: &str = "a tool without a name";

/// The most sources of an answer that are told apart: those that come again are not counted again.
const MAX_TOLD: usize = 1024;

/// An answer as far as it came.
#[derive(Debug, Default)]
pub(super) struct AnswerBuilder {
    secrets: Secrets,
    queue: EventQueue,
    half: HalfLetter,
    /// Thoughts stand in the text, between tags.
    think_tags: Option<ThinkTags>,
    reason: Option<Reason>,
    /// Words came behind it: some servers say why they will have ended with each piece, and none of that is the end.
    is_early: bool,
    /// The server's own word for that reason, and more words where it explains it.
    reason_word: String,
    explanation: String,
    /// Something was said or thought since a reason was given.
    speaks_on: bool,
    /// The server has said which model answers.
    knows_model: bool,
    usage: Option<Usage>,
    /// What was told of what it rests on, as hashes.
    told: BTreeSet<u64>,
    /// Kinds of what came that is no text and cannot be shown.
    unshown: Vec<&'static str>,
    /// Something was said that is not blank.
    has_words: bool,
    refused: bool,
    calls: AskedCalls,
    /// Tools were offered: calls are no failure.
    takes_calls: bool,
    /// What the server said in the place of an answer.
    error: Option<AgentFailure>,
    /// The same request may be answered in a moment.
    may_pass: bool,
    /// What it said beside one, which tells why where a reason is missing; and what came last where that is no part of it.
    remark: Option<AgentFailure>,
    foreign: String,
    /// Frames that came, how many of them are a part of an answer, and how many could not be read.
    frames: usize,
    parts: usize,
    unreadable: usize,
    /// Of those how many looked like a part of it, and of these how many came behind a reason: it may not be the end.
    torn: u64,
    torn_behind: u64,
}

impl AnswerBuilder {
    /// One of which nothing came yet. No secret must show in what is said of it.
    pub(super) fn new(secrets: Secrets, has_think_tags: bool) -> Self {
        Self { secrets, think_tags: has_think_tags.then(ThinkTags::default), ..Self::default() }
    }

    /// Whether the server has given a finish reason: only what it cost may still come.
    pub(super) const fn is_finished(&self) -> bool {
        self.reason.is_some() && !self.is_early
    }

    /// Whether anything came that was meant to be a part of an answer.
    pub(super) const fn has_begun(&self) -> bool {
        self.frames > 0
    }

    /// Whether all that came could be read and nothing of it is a part of an answer.
    pub(super) const fn is_another_thing(&self) -> bool {
        self.parts == 0 && self.unreadable == 0
    }

    /// Whether more tools are called than anybody waits for.
    pub(super) const fn calls_too_much(&self) -> bool {
        self.calls.are_too_many()
    }

    /// From now on calls are no failure: tools were offered.
    pub(super) const fn take_calls(&mut self) {
        self.takes_calls = true;
    }

    /// Whether tools were offered.
    pub(super) const fn takes_calls(&self) -> bool {
        self.takes_calls
    }

    /// What the answer calls, once it has ended well and where tools were offered.
    pub(super) fn calls(&mut self) -> Vec<AskedCall> {
        self.calls.take()
    }

    pub(super) const fn note_frame(&mut self, is_readable: bool) {
        self.frames += 1;
        self.unreadable += if is_readable { 0 } else { 1 };
    }

    /// A frame that could not be read was meant as a part of the answer, as it looks.
    pub(super) fn note_torn(&mut self) {
        if self.is_finished() {
            self.torn_behind += 1;
        } else {
            self.torn += 1;
            self.calls.tear();
        }
    }

    /// What the server says of the whole is not what it said in pieces: something is missing, or was another thing.
    pub(super) fn on_contradiction(&mut self) {
        self.torn = self.torn.max(1);
    }

    /// All that it says was told: what was lost came again.
    pub(super) const fn on_all_told(&mut self) {
        self.torn = 0;
    }

    /// How many parts were lost so far.
    pub(super) const fn torn(&self) -> u64 {
        self.torn
    }

    /// A frame was a part of the answer.
    pub(super) fn note_part(&mut self) {
        self.parts += 1;
        self.foreign.clear();
    }

    /// A frame was none that the dialect knows.
    pub(super) fn note_foreign(&mut self, frame: &str) {
        self.foreign = clean(frame, &self.secrets);
    }

    /// A frame is read next in which letters stand by half.
    pub(super) const fn begin_frame(&mut self, halves: Halves) {
        self.half.begin(halves);
    }

    /// It has a part that is no text: what that is.
    pub(super) fn on_unshown(&mut self, kind: &'static str) {
        if !self.unshown.contains(&kind) {
            self.unshown.push(kind);
        }
    }

    /// Words of the answer.
    pub(super) fn on_text(&mut self, words: String) {
        let words = self.half.join(words);
        self.note_speaking(&words);
        let Some(tags) = &mut self.think_tags else { return self.put(TaggedText::Words(words)) };
        for said in tags.read(&words) {
            self.put(said);
        }
    }

    fn put(&mut self, said: TaggedText) {
        match said {
            TaggedText::Words(words) => {
                self.has_words |= words.chars().any(is_seen);
                self.queue.push_text(words);
            }
            TaggedText::Thought(words) => self.queue.push_thought(words),
        }
    }

    /// What the model thinks aloud.
    pub(super) fn on_thought(&mut self, words: String) {
        let words = self.half.join(words);
        self.note_speaking(&words);
        self.queue.push_thought(words);
    }

    fn note_speaking(&mut self, words: &str) {
        let says = self.reason.is_some() && !words.trim().is_empty();
        self.is_early |= says;
        self.speaks_on |= says;
        if says {
            self.torn += std::mem::take(&mut self.torn_behind);
        }
    }

    /// A refusal is what the model says, though it is no answer.
    pub(super) fn on_refusal(&mut self, words: String) {
        if !words.is_empty() {
            self.refused = true;
            self.queue.push_text(words);
        }
    }

    /// A tool is called, all at once. The same id, tool and arguments once more are the same call.
    pub(super) fn on_call(&mut self, id: String, name: String, arguments: &str) {
        self.calls.whole(id, name, arguments);
    }

    /// The provider sealed what comes back in front of what the model says next. Who it is, whoever asked knows.
    pub(super) fn on_seal(&mut self, content: String) {
        let seal = sealed(content);
        if self.calls.count() > 0 {
            self.calls.seal(seal);
        } else {
            self.queue.push(AgentEvent::Sealed(seal));
        }
    }

    /// What was called with this index has all that it is given.
    pub(super) fn on_call_end(&mut self, index: &str) {
        self.calls.close(index);
    }

    /// The same of what comes back in front of the next call.
    pub(super) fn on_seal_of_call(&mut self, content: String) {
        self.calls.seal(sealed(content));
    }

    /// The same of what comes back with all that is called, and only then.
    pub(super) fn on_seal_of_calls(&mut self, content: String) {
        self.calls.seal_first(sealed(content));
    }

    /// What was called so far comes again, whole, and nothing else is called.
    pub(super) fn on_calls_told_again(&mut self) {
        self.calls.begin_again();
    }

    /// A call comes again whole, at this place among all of them.
    pub(super) fn on_call_again(&mut self, place: usize, piece: CallPiece<'_>) {
        self.calls.again(place, piece);
    }

    /// A call in the last frame of an answer, which may say again what was called before.
    pub(super) fn on_call_again_or_new(&mut self, place: usize, piece: CallPiece<'_>) {
        self.calls.again_or_new(place, piece);
    }

    /// Whether something was called.
    pub(super) const fn has_called(&self) -> bool {
        self.calls.count() > 0
    }

    /// All that a call is given comes again, whole, where it is known by its index.
    pub(super) fn on_call_told_again(&mut self, index: &str, arguments: &str) {
        self.calls.told_again(index, arguments);
    }

    /// A piece of a call.
    pub(super) fn on_call_piece(&mut self, piece: CallPiece<'_>) {
        self.calls.piece(piece);
    }

    /// All that a call is given, which may have come in pieces before.
    pub(super) fn on_call_given(&mut self, index: &str, id: &str, name: &str, arguments: &str) {
        self.calls.given(index, id, name, arguments);
    }

    /// More of what a call is given, if it is one that is known.
    pub(super) fn on_call_rest(&mut self, index: &str, arguments: &str) {
        self.calls.rest(index, arguments);
    }

    /// It rests on this. Servers say the same with each piece, and again at the end.
    pub(super) fn on_source(&mut self, source: Source) {
        let mut hasher = DefaultHasher::new();
        (&source.title, &source.place, &source.quote).hash(&mut hasher);
        if self.told.len() < MAX_TOLD && self.told.insert(hasher.finish()) {
            self.queue.push_source(source);
        }
    }

    /// The last count is the one that counts; one of nothing says nothing.
    pub(super) fn on_usage(&mut self, usage: Option<Usage>) {
        self.usage = usage.filter(|usage| *usage != Usage::default()).or(self.usage);
    }

    /// Why it ended, in the server's word; an empty one says nothing.
    pub(super) fn on_finish_reason(&mut self, word: &str) {
        let Some(reason) = Reason::of(word) else { return };
        if self.speaks_on || !self.reason.is_some_and(|before| before.outweighs(reason)) {
            self.reason = Some(reason);
            self.reason_word = clean(word.trim(), &self.secrets);
        }
        self.speaks_on = false;
    }

    /// It is not known why it ended.
    pub(super) fn forget_reason(&mut self) {
        self.reason = None;
        self.reason_word.clear();
        self.foreign.clear();
    }

    /// What the server says to explain why it ended.
    pub(super) fn on_explanation(&mut self, words: &str) {
        if !words.is_empty() {
            self.explanation = clean(words, &self.secrets);
        }
    }

    /// Which model answers, where the server says so. The first word counts: some say it with each piece.
    pub(super) fn on_model(&mut self, model: Option<&RawValue>) {
        if !self.knows_model
            && let Some(model) = model.and_then(text).filter(|model| !model.trim().is_empty())
        {
            self.knows_model = true;
            self.queue.push(AgentEvent::Model(clean(&model, &self.secrets)));
        }
    }

    /// What the server says in the place of an answer, or of its rest.
    pub(super) fn on_error(&mut self, error: &str) {
        let failure = in_answer(error, &self.secrets);
        self.may_pass = may_pass(error, failure.kind);
        self.error = Some(failure);
    }

    /// Whether the server has failed, and may answer the same in a moment.
    pub(super) const fn may_pass(&self) -> bool {
        self.may_pass
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// What it says beside one.
    pub(super) fn on_remark(&mut self, remark: &str) {
        self.remark = Some(in_answer(remark, &self.secrets));
    }

    /// What is to be handed on next.
    pub(super) fn event(&mut self) -> Option<AgentEvent> {
        self.queue.next()
    }

    /// Nothing more comes: what it cost, if the server said so, and how it ended. `broken` is what happened to the connection,
    /// where something did: a whole answer stays one.
    pub(super) fn end(&mut self, broken: Option<AgentFailure>) {
        if let Some(said) = self.think_tags.take().and_then(ThinkTags::rest) {
            self.put(said);
        }
        let half = self.half.rest();
        self.put(TaggedText::Words(half));
        self.calls.settle();
        if self.calls.count() == 0 && self.calls.has_nameless() {
            self.calls.name_nameless(NAMELESS, self.torn > 0);
        }
        if let Some(unshown) = self.unshown_beside() {
            self.queue.push_text(unshown);
        }
        if self.torn > 0 && self.reason.is_some() {
            self.queue.push(AgentEvent::Torn(self.torn));
        }
        if let Some(usage) = self.usage.take() {
            self.queue.push(AgentEvent::Usage(usage));
        }
        let ending = self.failure(broken).map_or(AgentEvent::Done, AgentEvent::Failed);
        if ending != AgentEvent::Done || !self.takes_calls {
            // Whatever was called in an answer that is not whole never runs.
            self.calls = AskedCalls::default();
        }
        if !self.reason_word.is_empty() {
            self.queue.push(AgentEvent::StopReason(std::mem::take(&mut self.reason_word)));
        }
        self.queue.push(ending);
    }

    fn failure(&mut self, broken: Option<AgentFailure>) -> Option<AgentFailure> {
        if self.error.is_some() {
            return self.error.take();
        }
        match self.reason {
            _ if self.calls_too_much() && self.takes_calls => {
                let mb = MAX_BYTES >> 20;
                let why =
                    format!("it calls more than {MAX_CALLS} tools at once, or gives them more than {mb} MB");
                Some(AgentFailure::new(FailureKind::TooLong, why))
            }
            _ if self.calls_too_much() => Some(self.wants_tool()),
            Some(_) if self.is_early && broken.is_some() => broken,
            None => {
                let unfinished = || AgentFailure::new(FailureKind::Cut, self.unfinished());
                Some(self.remark.clone().or(broken).unwrap_or_else(unfinished))
            }
            Some(Reason::ToolCalls) if self.takes_calls && self.is_call_lost() && self.torn == 0 => {
                let why = "it says that it calls a tool, and calls none; where a call stands in its words, the server does not \
                           read it as one: see to its tool parser";
                Some(AgentFailure::new(FailureKind::Cut, why))
            }
            Some(Reason::Length) if !self.has_words => {
                let why = "nothing of the answer came before it, and nothing is gone on with: raise max_tokens, or lower reasoning";
                Some(self.explained(AgentFailure::new(FailureKind::LengthLimit, why)))
            }
            Some(Reason::ToolCalls | Reason::Stop) if self.takes_calls && self.torn_call().is_some() => {
                self.torn_call()
            }
            Some(Reason::ToolCalls | Reason::Stop) if self.calls.count() > 0 => {
                (!self.takes_calls).then(|| self.wants_tool())
            }
            Some(Reason::Stop) if self.refused => {
                Some(self.explained(AgentFailure::new(FailureKind::Refused, "")))
            }
            Some(Reason::Stop) if !self.has_words => {
                Some(AgentFailure::new(FailureKind::Empty, joined("; ", [self.unseen(), self.unread()])))
            }
            Some(reason) => reason.failure(&self.reason_word).map(|failure| self.explained(failure)),
        }
    }

    /// With the server's own words for it behind ours.
    fn explained(&self, failure: AgentFailure) -> AgentFailure {
        AgentFailure { detail: joined(": ", [failure.detail, self.explanation.clone()]), ..failure }
    }

    fn wants_tool(&self) -> AgentFailure {
        let others = match self.calls.count() {
            0 | 1 => String::new(),
            // Nobody read on to count them.
            count if self.calls_too_much() => format!(" and at least {} more", count - 1),
            count => format!(" and {} more", count - 1),
        };
        let names = format!("{}{others}", self.calls.first());
        AgentFailure::new(FailureKind::WantsTool, clean(&names, &self.secrets))
    }

    /// What is called without a part of what it is given, or without its name, is nothing that anybody called.
    fn torn_call(&self) -> Option<AgentFailure> {
        let lost_name = self.torn > 0 && (self.calls.has_nameless() || self.is_call_lost());
        let why = match (self.calls.contradicted(), self.calls.torn().or(lost_name.then_some("a tool"))) {
            (Some(tool), _) => {
                format!("what it gives {tool} came twice, and is not the same; nothing was called")
            }
            (None, Some(tool)) => {
                format!("a part of its call of {tool} could not be read; nothing was called")
            }
            (None, None) => return None,
        };
        Some(AgentFailure::new(FailureKind::Cut, clean(&why, &self.secrets)))
    }

    /// Whether it says that it calls something, and nothing of that is there.
    fn is_call_lost(&self) -> bool {
        self.reason == Some(Reason::ToolCalls) && self.calls.count() == 0
    }

    fn unfinished(&self) -> String {
        let missing =
            if self.frames == 0 { "the server said nothing" } else { "it ended without a finish reason" };
        let last =
            if self.foreign.is_empty() { String::new() } else { format!("then came {}", self.foreign) };
        joined("; ", [missing.to_owned(), self.unread(), last])
    }

    /// What came beside words and cannot be shown: whoever reads them is told that there is more.
    fn unshown_beside(&self) -> Option<String> {
        let is_missed = |kind: &&&str| ["an image", "a video", "a file"].contains(*kind);
        let kinds: Vec<&str> = self.unshown.iter().filter(is_missed).copied().collect();
        let is_told = self.has_words && !kinds.is_empty();
        is_told.then(|| format!("\n\n[{}, which q cannot show]", kinds.join(" and ")))
    }

    /// What came in the place of words.
    fn unseen(&self) -> String {
        match self.unshown.as_slice() {
            [] => String::new(),
            kinds => format!("what came is {}, which q cannot show", kinds.join(" and ")),
        }
    }

    fn unread(&self) -> String {
        match self.unreadable {
            0 => String::new(),
            1 => "a part of it could not be read".to_owned(),
            count => format!("{count} parts of it could not be read"),
        }
    }
}

/// Whether somebody who reads sees anything of it: an answer of nothing else than white space, controls and characters without a
/// width is an empty one.
fn is_seen(letter: char) -> bool {
    let has_no_width = matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    );
    !letter.is_whitespace() && !letter.is_control() && !has_no_width
}

/// A seal of nobody yet. Of what is longer than is kept only that it was there is handed on.
fn sealed(content: String) -> Seal {
    let content = if content.len() > SEAL_BYTES { String::new() } else { content };
    Seal { by: String::new(), content }
}

/// Those of these texts that say something, with `between` between them.
fn joined<const N: usize>(between: &str, texts: [String; N]) -> String {
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(between)
}
