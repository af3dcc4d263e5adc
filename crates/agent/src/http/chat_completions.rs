//! The dialect of `OpenAI`'s chat completions: what is asked, and what the frames of an answer mean.
//!
//! Not here: how the bytes come (`exchange`), how they become frames (`events`).

use q_core::conversation::{Message, Role};
use q_core::{AgentEvent, AgentFailure, FailureKind, Usage};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::detail::clean;
use super::events::{Event, without_mark};
use super::failure::{has_words, in_answer, is_error};
use super::finish::Reason;
use super::json::{elements, is_array, members, mended, text, values};
use super::pieces::Pieces;
use super::usage::usage;
use super::{failed, json as reading};
use crate::seat::Turn;
use crate::secret::Secret;

/// Calls of one answer that are counted. Nobody offered a tool: whoever calls more is not waited for.
const MAX_CALLS: usize = 64;

/// The longest frame that is mended, in bytes: far more than any that servers get wrong, little enough that nobody waits for it.
const MAX_MENDED: usize = 64 << 10;

/// What is asked, as it is sent.
pub(super) fn request(turn: &Turn, model: &str) -> String {
    let brief = (!turn.brief.is_empty()).then(|| json!({ "role": "system", "content": turn.brief }));
    let messages: Vec<Value> = brief.into_iter().chain(turn.messages.iter().map(message)).collect();
    let stream_options = json!({ "include_usage": true });
    json!({ "model": model, "stream": true, "messages": messages, "stream_options": stream_options })
        .to_string()
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    json!({ "role": role, "content": message.text() })
}

/// An answer as it is heard, frame by frame.
#[derive(Debug, Default)]
pub(super) struct Answer {
    key: Option<Secret>,
    reason: Option<Reason>,
    usage: Option<Usage>,
    /// Something was said that is not blank.
    has_words: bool,
    refused: bool,
    tools: Tools,
    /// Choices came: whatever else is missing, this is an answer.
    has_choices: bool,
    /// What the server said in the place of an answer.
    error: Option<AgentFailure>,
    /// What it said beside one, which tells why where a reason is missing.
    remark: Option<AgentFailure>,
    /// Frames that came, and how many of them could not be read.
    frames: usize,
    unreadable: usize,
}

/// The calls of tools that nobody offered.
#[derive(Debug, Default)]
struct Tools {
    first: String,
    count: usize,
}

/// Whether more of an answer is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    GoesOn,
    Ended,
}

impl Answer {
    pub(super) fn new(key: Option<Secret>) -> Self {
        Self { key, ..Self::default() }
    }

    /// Whether the server has given a finish reason: only what it cost may still come.
    pub(super) const fn is_finished(&self) -> bool {
        self.reason.is_some()
    }

    /// Whether anything came that was meant to be a part of an answer.
    pub(super) const fn has_begun(&self) -> bool {
        self.frames > 0
    }

    /// Whether all that came could be read and nothing of it is a part of an answer.
    pub(super) const fn is_another_thing(&self) -> bool {
        !self.has_choices && self.unreadable == 0
    }

    /// Takes one event in.
    pub(super) fn hear(&mut self, event: &Event, pieces: &mut Pieces) -> Flow {
        let data = String::from_utf8_lossy(without_mark(&event.data));
        let data = data.trim();
        // A keep-alive that something between wrapped up is one still.
        if data.is_empty() || data.starts_with(':') {
            return Flow::GoesOn;
        }
        self.frames += 1;
        let (frames, done) = data.strip_suffix("[DONE]").map_or((data, false), |frames| (frames, true));
        let mut read = values(frames);
        let mended_frames;
        if !read.whole && frames.len() <= MAX_MENDED {
            mended_frames = mended(frames);
            let again = values(&mended_frames);
            if again.whole {
                read = again;
            }
        }
        let is_error = event.name == b"error";
        if !read.whole && is_error {
            return self.ends_with(in_answer(data, self.key.as_ref()));
        }
        self.unreadable += usize::from(!read.whole);
        for value in read.values {
            if self.value(value, is_error, pieces) == Flow::Ended {
                return Flow::Ended;
            }
        }
        if done { Flow::Ended } else { Flow::GoesOn }
    }

    fn value(&mut self, value: &RawValue, is_error: bool, pieces: &mut Pieces) -> Flow {
        if is_array(value) {
            for element in elements(value) {
                if self.object(element, is_error, pieces) == Flow::Ended {
                    return Flow::Ended;
                }
            }
            return Flow::GoesOn;
        }
        self.object(value, is_error, pieces)
    }

    fn object(&mut self, value: &RawValue, says_error: bool, pieces: &mut Pieces) -> Flow {
        let [choices, counted, error] = members(value, ["choices", "usage", "error"]);
        self.count(counted);
        let choices = choices.filter(|choices| is_array(choices));
        for (place, choice) in choices.into_iter().flat_map(elements).enumerate() {
            if self.choice(place, choice, pieces) == Flow::Ended {
                return Flow::Ended;
            }
        }
        self.has_choices |= choices.is_some();
        if says_error || error.is_some_and(is_error) {
            return self.ends_with(in_answer(value.get(), self.key.as_ref()));
        }
        if choices.is_none() && counted.is_none() && has_words(value) {
            self.remark = Some(in_answer(value.get(), self.key.as_ref()));
        }
        Flow::GoesOn
    }

    /// One of several answers that are given at once. The first is the one that was asked for.
    fn choice(&mut self, place: usize, choice: &RawValue, pieces: &mut Pieces) -> Flow {
        let [index, delta, message, words, reason, counted] =
            members(choice, ["index", "delta", "message", "text", "finish_reason", "usage"]);
        let index = index.and_then(|index| index.get().parse().ok()).unwrap_or(place);
        if index != 0 {
            return Flow::GoesOn;
        }
        self.count(counted);
        let said = |part: &&RawValue| !reading::is_nothing(part);
        match delta.filter(said).or(message.filter(said)) {
            Some(part) => self.part(part, pieces),
            None => self.say(words.and_then(text), pieces),
        }
        if let Some(reason) = reason {
            let word = text(reason).unwrap_or_else(|| reason.get().replace("null", ""));
            self.reason = Reason::of(&word).or(self.reason.take());
        }
        if self.tools.count > MAX_CALLS { Flow::Ended } else { Flow::GoesOn }
    }

    fn part(&mut self, part: &RawValue, pieces: &mut Pieces) {
        let [content, refusal, reasoning_content, reasoning, thinking, calls, call] = members(
            part,
            [
                "content",
                "refusal",
                "reasoning_content",
                "reasoning",
                "thinking",
                "tool_calls",
                "function_call",
            ],
        );
        // Some servers say the same thought in two members.
        let thoughts = [reasoning_content, reasoning, thinking];
        if let Some(thought) =
            thoughts.into_iter().flatten().filter_map(text).find(|thought| !thought.is_empty())
        {
            pieces.think(thought);
        }
        match content {
            Some(parts) if is_array(parts) => {
                for part in elements(parts) {
                    self.content_part(part, pieces);
                }
            }
            Some(content) => self.say(text(content), pieces),
            None => {}
        }
        self.refuse(refusal.and_then(text), pieces);
        let function = |call: &RawValue| members(call, ["function"])[0].and_then(name);
        let names = calls.into_iter().flat_map(elements).filter_map(function).chain(call.and_then(name));
        for name in names.collect::<Vec<_>>() {
            if self.tools.count == 0 {
                self.tools.first = name;
            }
            self.tools.count += 1;
        }
    }

    /// A part of a content that comes in parts.
    fn content_part(&mut self, part: &RawValue, pieces: &mut Pieces) {
        if let Some(words) = text(part) {
            return self.say(Some(words), pieces);
        }
        let [words, refusal, thinking] = members(part, ["text", "refusal", "thinking"]);
        self.say(words.and_then(text), pieces);
        self.refuse(refusal.and_then(text), pieces);
        let Some(thinking) = thinking else { return };
        let inner =
            elements(thinking).into_iter().filter_map(|part| members(part, ["text"])[0].and_then(text));
        text(thinking).into_iter().chain(inner).for_each(|thought| pieces.think(thought));
    }

    fn say(&mut self, words: Option<String>, pieces: &mut Pieces) {
        let Some(words) = words else { return };
        self.has_words |= !words.trim().is_empty();
        pieces.say(words);
    }

    /// A refusal is what the model says, though it is no answer.
    fn refuse(&mut self, words: Option<String>, pieces: &mut Pieces) {
        if let Some(words) = words.filter(|words| !words.is_empty()) {
            self.refused = true;
            pieces.say(words);
        }
    }

    /// The last count is the one that counts; one of nothing says nothing.
    fn count(&mut self, counted: Option<&RawValue>) {
        let counted = counted.and_then(usage).filter(|usage| *usage != Usage::default());
        self.usage = counted.or(self.usage);
    }

    fn ends_with(&mut self, error: AgentFailure) -> Flow {
        self.error = Some(error);
        Flow::Ended
    }

    /// What it cost, if the server said so, and how it ended. `broken` is what happened to the connection, where something did:
    /// a whole answer stays one.
    pub(super) fn ending(mut self, broken: Option<AgentFailure>) -> [Option<AgentEvent>; 2] {
        let usage = self.usage.take().map(AgentEvent::Usage);
        let ending = self.failure(broken).map_or(AgentEvent::Done, AgentEvent::Failed);
        [usage, Some(ending)]
    }

    fn failure(self, broken: Option<AgentFailure>) -> Option<AgentFailure> {
        if self.error.is_some() {
            return self.error;
        }
        let wants_tool = || {
            let others = match self.tools.count {
                0 | 1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let names = format!("{}{others}", self.tools.first);
            failed(FailureKind::WantsTool, clean(&names, self.key.as_ref()))
        };
        match self.reason {
            _ if self.tools.count > MAX_CALLS => Some(wants_tool()),
            None => {
                let unfinished = || failed(FailureKind::Cut, self.unfinished());
                Some(self.remark.clone().or(broken).unwrap_or_else(unfinished))
            }
            Some(Reason::ToolCalls | Reason::Stop) if self.tools.count > 0 => Some(wants_tool()),
            Some(Reason::Stop) if self.refused => Some(failed(FailureKind::Refused, "")),
            Some(Reason::Stop) if !self.has_words => Some(failed(FailureKind::Empty, self.unread())),
            Some(reason) => reason
                .failure()
                .map(|failure| AgentFailure { detail: clean(&failure.detail, self.key.as_ref()), ..failure }),
        }
    }

    fn unfinished(&self) -> String {
        let missing =
            if self.frames == 0 { "the server said nothing" } else { "it ended without a finish reason" };
        [missing.to_owned(), self.unread()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn unread(&self) -> String {
        match self.unreadable {
            0 => String::new(),
            1 => "a part of it could not be read".to_owned(),
            count => format!("{count} parts of it could not be read"),
        }
    }
}

/// The name of a function that is called. Of one that comes in several pieces only the first has it.
fn name(function: &RawValue) -> Option<String> {
    members(function, ["name"])[0].and_then(text).filter(|name| !name.is_empty())
}
