//! The body of a response, as it comes, made into what an agent says. Pure: bytes in, events out, the same however they are
//! cut.
//!
//! What a body is shows in its first byte, whatever its label says: a stream of events, JSON in one piece, or a web page.

use q_core::{AgentEvent, AgentFailure, FailureKind};

use super::answer::Answer;
use super::detail::clean;
use super::dialect::Dialect;
use super::events::{Events, MARK, StreamEvent, without_mark};
use super::frames::{Flow, Frames};
use super::lines::{Lines, TooLong};
use super::{failed, page};
use crate::secret::Secrets;

/// The longest line of a stream, the longest event, and the longest answer in one piece, in bytes.
pub const LONGEST: usize = 1 << 20;
/// The most that is read of a web page, in bytes.
const MAX_PAGE: usize = 64 << 10;
/// How much of what is no answer at all is kept to be shown, in bytes.
const MAX_SHOWN: usize = 1 << 10;

/// Reads a body as fuzzing has it: the same comes of it however it is cut, and no panic.
///
/// # Panics
/// When that is not so.
pub fn fuzz_reply(bytes: &[u8]) {
    for dialect in Dialect::ALL {
        for think_tags in [false, true] {
            fuzz_manner(
                bytes,
                &Manner { dialect, think_tags, secrets: Secrets::default(), longest: 4 << 10 },
            );
        }
    }
}

fn fuzz_manner(bytes: &[u8], manner: &Manner) {
    let told = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reply = ResponseBody::new(manner.clone());
        pieces.for_each(|piece| reply.read(piece));
        reply.end(None);
        let (mut text, mut thoughts, mut rest) = (String::new(), String::new(), Vec::new());
        while let Some(event) = reply.event() {
            match event {
                AgentEvent::Text(piece) => text.push_str(&piece),
                AgentEvent::Thinking(piece) => thoughts.push_str(&piece),
                AgentEvent::Usage(_)
                | AgentEvent::Title(_)
                | AgentEvent::Steerable
                | AgentEvent::Sent(_)
                | AgentEvent::Call(_)
                | AgentEvent::Plan(_)
                | AgentEvent::Model(_)
                | AgentEvent::Progress { .. }
                | AgentEvent::Resume(_)
                | AgentEvent::StopReason(_)
                | AgentEvent::Result { .. }
                | AgentEvent::Done
                | AgentEvent::Failed(_) => rest.push(event),
            }
        }
        (text, thoughts, rest)
    };
    let whole = told(&mut std::iter::once(bytes));
    assert_eq!(told(&mut bytes.chunks(1)), whole, "byte by byte");
    assert_eq!(told(&mut bytes.chunks(7)), whole, "seven bytes at a time");
}

/// How a body is read.
#[derive(Clone, Debug)]
pub struct Manner {
    /// What its frames mean.
    pub dialect: Dialect,
    /// Whether thoughts stand in the text, between `<think>` and `</think>`.
    pub think_tags: bool,
    /// What must not show in what is said of it.
    pub secrets: Secrets,
    /// The most that is kept of it, in bytes.
    pub longest: usize,
}

/// A response's body in the making.
#[derive(Debug)]
pub struct ResponseBody {
    shape: Shape,
    frames: Frames,
    /// Nothing that may still come matters.
    is_over: bool,
    manner: Manner,
}

/// What the body is.
#[derive(Debug)]
enum Shape {
    /// Nothing but white space has come, or what may become a byte order mark.
    Unknown {
        start: Vec<u8>,
        first: bool,
    },
    /// A stream, and its beginning for whoever wonders what it is.
    Events(Events, Vec<u8>),
    /// A stream of JSON, one frame a line.
    Lines(Lines),
    /// JSON in one piece.
    Whole(Vec<u8>),
    Page(Vec<u8>),
}

impl ResponseBody {
    /// A body that is read from its beginning.
    pub fn new(manner: Manner) -> Self {
        let answer = Answer::new(manner.secrets.clone(), manner.think_tags);
        Self {
            shape: Shape::Unknown { start: Vec::new(), first: true },
            frames: Frames::new(manner.dialect.reader(), answer),
            is_over: false,
            manner,
        }
    }

    /// Takes the next bytes in.
    pub fn read(&mut self, mut bytes: &[u8]) {
        if self.is_over {
            return;
        }
        match self.read_into(&mut bytes) {
            Ok(Flow::GoesOn) => {}
            Ok(Flow::Ended) => self.end_answer(None),
            // Of a page its beginning is enough.
            Err(TooLong) if matches!(self.shape, Shape::Page(_)) => self.end(None),
            Err(TooLong) => {
                let why = format!("a piece of it is longer than {} KB", self.manner.longest >> 10);
                self.end_answer(Some(failed(FailureKind::Cut, why)));
            }
        }
    }

    /// No more comes; `broken` says why, where that is not the end of the body.
    pub fn end(&mut self, broken: Option<AgentFailure>) {
        if self.is_over {
            return;
        }
        match &mut self.shape {
            Shape::Unknown { .. } => self.end_answer(broken),
            Shape::Events(events, beginning) => {
                if let Ok(Some(event)) = events.rest() {
                    self.frames.hear(&event);
                }
                let beginning = std::mem::take(beginning);
                let has_begun = self.frames.answer.has_begun();
                let broken = broken.or_else(|| (!has_begun).then(|| self.no_answer(&beginning)));
                self.end_answer(broken);
            }
            Shape::Lines(lines) => {
                let last = lines.rest();
                self.end_json(last, broken);
            }
            Shape::Whole(text) => {
                let text = std::mem::take(text);
                self.end_json(text, broken);
            }
            Shape::Page(page) => {
                let page = std::mem::take(page);
                let words = page::words(&String::from_utf8_lossy(without_mark(&page)));
                let said = format!("a web page came in place of an answer: {words}");
                let failure = failed(FailureKind::Unreachable, clean(&said, &self.manner.secrets));
                self.end_answer(Some(failure));
            }
        }
    }

    /// What is to be handed on next.
    pub fn event(&mut self) -> Option<AgentEvent> {
        self.frames.answer.event()
    }

    /// Whether nothing that may still come matters.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether the server has said why the answer ended.
    pub const fn is_finished(&self) -> bool {
        self.is_over || self.frames.answer.is_finished()
    }

    fn read_into(&mut self, bytes: &mut &[u8]) -> Result<Flow, TooLong> {
        match &mut self.shape {
            Shape::Unknown { start, first } => {
                start.extend_from_slice(bytes);
                if *first && MARK.starts_with(start) {
                    return Ok(Flow::GoesOn);
                }
                let start = std::mem::take(start);
                let text = if std::mem::take(first) { without_mark(&start) } else { &start };
                let mut text = text.trim_ascii_start();
                let Some(byte) = text.first() else { return Ok(Flow::GoesOn) };
                self.shape = self.manner.shape_of(*byte);
                self.read_into(&mut text)
            }
            Shape::Events(events, beginning) => {
                let room = MAX_SHOWN - beginning.len();
                beginning.extend(bytes.iter().take(room));
                while let Some(event) = events.next(bytes)? {
                    if self.frames.hear(&event) == Flow::Ended {
                        return Ok(Flow::Ended);
                    }
                }
                Ok(Flow::GoesOn)
            }
            Shape::Lines(lines) => {
                while let Some(line) = lines.next(bytes)? {
                    if self.frames.hear(&StreamEvent { name: Vec::new(), data: line.into_owned() })
                        == Flow::Ended
                    {
                        return Ok(Flow::Ended);
                    }
                }
                Ok(Flow::GoesOn)
            }
            Shape::Whole(text) => {
                if text.len() + bytes.len() > self.manner.longest {
                    return Err(TooLong);
                }
                text.extend_from_slice(bytes);
                Ok(Flow::GoesOn)
            }
            Shape::Page(page) => {
                page.extend(bytes.iter().take(MAX_PAGE - page.len()));
                if page.len() == MAX_PAGE { Err(TooLong) } else { Ok(Flow::GoesOn) }
            }
        }
    }

    /// The last frame of JSON, or the only one.
    fn end_json(&mut self, text: Vec<u8>, broken: Option<AgentFailure>) {
        let event = StreamEvent { name: Vec::new(), data: text };
        self.frames.hear(&event);
        let beginning = event.data.get(..MAX_SHOWN).unwrap_or(&event.data);
        let is_another_thing = self.frames.answer.is_another_thing();
        let broken = broken.or_else(|| is_another_thing.then(|| self.no_answer(beginning)));
        self.end_answer(broken);
    }

    fn end_answer(&mut self, broken: Option<AgentFailure>) {
        self.is_over = true;
        self.frames.answer.end(broken);
    }

    /// What came is no answer.
    fn no_answer(&self, beginning: &[u8]) -> AgentFailure {
        let beginning = String::from_utf8_lossy(beginning);
        if beginning.trim().is_empty() {
            return failed(FailureKind::Cut, "the server said nothing");
        }
        let said = format!("what came is no answer: {beginning}");
        failed(FailureKind::Unreachable, clean(&said, &self.manner.secrets))
    }
}

impl Manner {
    /// What begins with this byte.
    const fn shape_of(&self, first: u8) -> Shape {
        match first {
            b'{' if self.dialect.is_in_lines() => Shape::Lines(Lines::new(self.longest)),
            b'{' | b'[' => Shape::Whole(Vec::new()),
            b'<' => Shape::Page(Vec::new()),
            _other => Shape::Events(Events::new(self.longest), Vec::new()),
        }
    }
}
