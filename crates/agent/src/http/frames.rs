//! Events to frames of JSON, each given to the dialect that knows what it means. What no dialect needs to know stands here:
//! keep-alives, small faults, errors in the place of an answer.

use serde_json::value::RawValue;

use super::answer::AnswerBuilder;
use super::dialect::reading::{FrameReader, Meaning};
use super::events::{StreamEvent, without_mark};
use super::failure::{has_words, is_error};
use q_json::{elements, is_array, is_nothing, members, mended, values};

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
}

impl Frames {
    pub(super) fn new(reader: Box<dyn FrameReader>, answer: AnswerBuilder) -> Self {
        Self { reader, answer }
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
        for value in read.values {
            if self.value(&name, value) == Flow::Ended {
                return Flow::Ended;
            }
        }
        if done { Flow::Ended } else { Flow::GoesOn }
    }

    fn value(&mut self, name: &str, value: &RawValue) -> Flow {
        if !is_array(value) {
            return self.frame(name, value);
        }
        for element in elements(value) {
            if self.frame(name, element) == Flow::Ended {
                return Flow::Ended;
            }
        }
        Flow::GoesOn
    }

    fn frame(&mut self, name: &str, frame: &RawValue) -> Flow {
        let meaning = self.reader.read(name, frame, &mut self.answer);
        match meaning {
            Meaning::Part | Meaning::End => self.answer.note_part(),
            Meaning::Foreign if !is_nothing(frame) => self.answer.note_foreign(frame.get()),
            Meaning::Aside | Meaning::Foreign => {}
        }
        let [error] = members(frame, ["error"]);
        if is_error_name(name) || error.is_some_and(is_error) {
            self.answer.on_error(frame.get());
            return Flow::Ended;
        }
        if meaning == Meaning::Foreign && has_words(frame) {
            self.answer.on_remark(frame.get());
        }
        if meaning == Meaning::End || self.answer.calls_too_much() { Flow::Ended } else { Flow::GoesOn }
    }
}

/// Whether an event of this name tells of an error.
const fn is_error_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("error")
}

/// Whether what cannot be read was JSON once. Words beside it keep connections alive, or say something to the person.
fn is_torn(data: &str) -> bool {
    data.starts_with(['{', '[', '"']) || data.contains(['{', '}'])
}

/// Whether it says something to the person that is not JSON. One word alone keeps a connection alive.
fn is_words(data: &str) -> bool {
    !data.starts_with(['{', '[', '"']) && data.contains(char::is_whitespace)
}
