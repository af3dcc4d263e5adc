//! Events to frames of JSON, each given to the dialect that knows what it means. What no dialect needs to know stands here:
//! keep-alives, small faults, errors in the place of an answer.

use serde_json::value::RawValue;

use super::answer::AnswerBuilder;
use super::dialect::reading::{FrameReader, Meaning};
use super::events::{StreamEvent, without_mark};
use super::failure::{has_words, is_error};
use super::halves::Halves;
use super::resemblance::dialect_of;
use crate::dialect::Dialect;
use q_json::{elements, is_array, is_nothing, members, mended, text, values};

/// The longest frame that is mended, in bytes: far more than any that servers get wrong, little enough that nobody waits for it.
const MAX_MENDED: usize = 64 << 10;

/// Whether more of an answer is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    GoesOn,
    Ended,
}

/// Frames, and the answer that they make.
#[derive(Debug)]
pub(super) struct Frames {
    reader: Box<dyn FrameReader>,
    pub(super) answer: AnswerBuilder,
    /// The dialect that a frame looked like which is none of this one.
    resembles: Option<Dialect>,
}

impl Frames {
    pub(super) fn new(reader: Box<dyn FrameReader>, answer: AnswerBuilder) -> Self {
        Self { reader, answer, resembles: None }
    }

    /// The dialect that it looks like where nothing of it is an answer in the one that was set.
    pub(super) fn resembles(&self) -> Option<Dialect> {
        self.resembles.filter(|_| self.answer.is_another_thing())
    }

    /// Takes one event in.
    pub(super) fn on_event(&mut self, event: &StreamEvent) -> Flow {
        let data = String::from_utf8_lossy(without_mark(&event.data));
        let mut data = data.trim();
        // No JSON begins so: something between has wrapped it up once more.
        while let Some(inner) = data.strip_prefix("data:") {
            data = inner.trim_start();
        }
        // A keep-alive that something between wrapped up is one still.
        if data.is_empty() || data.starts_with(':') {
            return Flow::GoesOn;
        }
        if let Some(words) = said_error(data) {
            self.answer.note_frame(true);
            self.answer.on_error(words);
            return Flow::Ended;
        }
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
        let name = String::from_utf8_lossy(&event.name);
        let says_error = is_error_name(&name);
        self.answer.note_frame(read.whole || says_error);
        if !read.whole && !says_error && is_torn(data) {
            self.answer.note_torn();
        }
        if !read.whole && says_error {
            self.answer.on_error(data);
            return Flow::Ended;
        }
        if !read.whole && is_words(data) {
            self.answer.on_remark(data);
        }
        self.answer.begin_frame(Halves::of(frames));
        for value in read.values {
            if self.value(&name, value, MAX_WRAPPED) == Flow::Ended {
                return Flow::Ended;
            }
        }
        if done { Flow::Ended } else { Flow::GoesOn }
    }

    /// No more comes: what its dialect kept back is told.
    pub(super) fn end(&mut self) {
        self.reader.end(&mut self.answer);
    }

    /// Takes in what broke off, of which nothing more comes: `ended` is how it may be read. What is said there was said, and why it
    /// ended is not known, whatever stands there.
    pub(super) fn on_broken_off(&mut self, data: Vec<u8>, ended: [Vec<u8>; 2]) {
        let read = |text: &Vec<u8>| values(&mended(&String::from_utf8_lossy(text))).whole;
        if !data.starts_with(b"{") || self.answer.is_finished() {
            self.on_event(&StreamEvent { name: Vec::new(), data });
        } else if let Some(data) = ended.into_iter().find(read) {
            self.answer.note_frame(false);
            self.on_event(&StreamEvent { name: Vec::new(), data });
            self.answer.forget_reason();
        } else {
            self.on_event(&StreamEvent { name: Vec::new(), data });
        }
    }

    /// A frame, or frames in a list or in a text, as something between wraps them up: so deep at most.
    fn value(&mut self, name: &str, value: &RawValue, depth: usize) -> Flow {
        let Some(depth) = depth.checked_sub(1) else { return self.frame(name, value) };
        let wrapped = text(value).filter(|inner| is_object(inner));
        let inner = match &wrapped {
            Some(inner) => {
                let read = values(inner);
                if !read.whole {
                    self.answer.note_torn();
                }
                read.values
            }
            None if is_array(value) => elements(value),
            None => return self.frame(name, value),
        };
        for value in inner {
            if self.value(name, value, depth) == Flow::Ended {
                return Flow::Ended;
            }
        }
        Flow::GoesOn
    }

    fn frame(&mut self, name: &str, frame: &RawValue) -> Flow {
        let meaning = self.reader.read(name, frame, &mut self.answer);
        // Something between may have put it into a member of a frame of its own.
        if meaning == Meaning::Foreign
            && let [Some(inner)] = members(frame, ["data"])
            && is_object(inner.get())
        {
            let within = self.reader.read(name, inner, &mut self.answer);
            if within != Meaning::Foreign || has_error(inner) {
                return self.placed(name, inner, within);
            }
        }
        self.placed(name, frame, meaning)
    }

    /// Takes in what is no part of an answer, and what goes wrong there.
    fn placed(&mut self, name: &str, frame: &RawValue, meaning: Meaning) -> Flow {
        match meaning {
            Meaning::Part | Meaning::End => self.answer.note_part(),
            Meaning::Foreign if !is_nothing(frame) => {
                self.resembles = self.resembles.or_else(|| dialect_of(frame.get()));
                self.answer.note_foreign(frame.get());
            }
            Meaning::Aside | Meaning::Foreign => {}
        }
        if is_error_name(name) || has_error(frame) {
            self.answer.on_error(frame.get());
            return Flow::Ended;
        }
        if meaning == Meaning::Foreign && has_words(frame) {
            self.answer.on_remark(frame.get());
        }
        if meaning == Meaning::Foreign {
            self.note_lost(frame);
        }
        if meaning == Meaning::End || self.answer.calls_too_much() { Flow::Ended } else { Flow::GoesOn }
    }

    /// What can be read and not be placed is lost as well as what cannot be read.
    fn note_lost(&mut self, frame: &RawValue) {
        if !carries_words(frame) {
            return;
        }
        self.answer.note_torn();
    }
}

/// Whether a frame has a member that says what went wrong.
fn has_error(frame: &RawValue) -> bool {
    let [error, base] = members(frame, ["error", "base_resp"]);
    error.is_some_and(is_error) || base.is_some_and(is_base_error)
}

/// How often a frame may be wrapped up, in lists and texts.
const MAX_WRAPPED: usize = 4;

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Texts that keep a connection alive, and say nothing.
const ALIVE: [&str; 6] = ["ping", "pong", "keepalive", "keep-alive", "heartbeat", "ok"];

/// Whether a frame that no dialect has says something where words of an answer stand in one or another.
fn carries_words(frame: &RawValue) -> bool {
    let places =
        ["choices", "candidates", "delta", "content", "text", "token", "generated_text", "completion"];
    let says = |words: String| !words.trim().is_empty() && !ALIVE.contains(&words.trim());
    members(frame, places).into_iter().flatten().any(|said| !is_nothing(said))
        || text(frame).is_some_and(says)
}

/// Whether an event of this name tells of an error.
const fn is_error_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("error")
}

/// What a line says that calls itself an error, as others end with `[DONE]`.
fn said_error(data: &str) -> Option<&str> {
    let (tag, words) = data.split_at_checked("[ERROR]".len())?;
    (tag.eq_ignore_ascii_case("[ERROR]") && !words.trim().is_empty()).then(|| words.trim())
}

/// Whether a status that some servers put beside each answer is one of failure.
fn is_base_error(base: &RawValue) -> bool {
    let [status] = members(base, ["status_code"]);
    status.is_some_and(|status| !matches!(status.get().trim_matches('"'), "0" | "200" | "null" | ""))
}

/// Whether what cannot be read was JSON once. Words beside it keep connections alive, or say something to the person.
fn is_torn(data: &str) -> bool {
    data.starts_with(['{', '[', '"']) || data.contains(['{', '}'])
}

/// Whether it says something to the person that is not JSON. One word alone keeps a connection alive.
fn is_words(data: &str) -> bool {
    !data.starts_with(['{', '[', '"']) && data.contains(char::is_whitespace)
}
