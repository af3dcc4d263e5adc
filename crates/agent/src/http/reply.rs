//! The body of a response, as it comes, made into what an agent says. Pure: bytes in, events out, the same however they are
//! cut.
//!
//! What a body is shows in its first byte, whatever its label says: a stream of events, JSON in one piece, or a web page.

use q_core::{AgentEvent, AgentFailure, FailureKind};

use super::chat_completions::{Answer, Flow};
use super::detail::clean;
use super::events::{Event, Events, MARK, without_mark};
use super::lines::TooLong;
use super::pieces::Pieces;
use super::{failed, page};
use crate::secret::Secret;

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
    let told = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reply = ResponseBody::new(None, 4 << 10);
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

/// A response's body in the making.
#[derive(Debug)]
pub struct ResponseBody {
    shape: Shape,
    /// None once it has ended.
    answer: Option<Answer>,
    key: Option<Secret>,
    pieces: Pieces,
    longest: usize,
}

/// What the body is.
#[derive(Debug)]
enum Shape {
    /// Nothing but white space has come, or what may become a byte order mark.
    Unknown { start: Vec<u8>, first: bool },
    /// A stream, and its beginning for whoever wonders what it is.
    Events(Events, Vec<u8>),
    /// JSON in one piece.
    Whole(Vec<u8>),
    /// A web page.
    Page(Vec<u8>),
}

impl ResponseBody {
    /// A body that is read from its beginning. The key must not show in what is said of it; `longest` bounds what is kept of it.
    pub fn new(key: Option<Secret>, longest: usize) -> Self {
        let answer = Some(Answer::new(key.clone()));
        Self {
            shape: Shape::Unknown { start: Vec::new(), first: true },
            answer,
            key,
            pieces: Pieces::default(),
            longest,
        }
    }

    /// Takes the next bytes in.
    pub fn read(&mut self, mut bytes: &[u8]) {
        let Some(mut answer) = self.answer.take() else { return };
        match self.read_into(&mut answer, &mut bytes) {
            Ok(Flow::GoesOn) => self.answer = Some(answer),
            Ok(Flow::Ended) => self.end_answer(answer, None),
            // Of a page its beginning is enough.
            Err(TooLong) if matches!(self.shape, Shape::Page(_)) => {
                self.answer = Some(answer);
                self.end(None);
            }
            Err(TooLong) => {
                let why = format!("a piece of it is longer than {} KB", self.longest >> 10);
                self.end_answer(answer, Some(failed(FailureKind::Cut, why)));
            }
        }
    }

    /// No more comes; `broken` says why, where that is not the end of the body.
    pub fn end(&mut self, broken: Option<AgentFailure>) {
        let Some(mut answer) = self.answer.take() else { return };
        match &mut self.shape {
            Shape::Unknown { .. } => self.end_answer(answer, broken),
            Shape::Events(events, beginning) => {
                let rest = events.rest();
                let beginning = std::mem::take(beginning);
                if let Ok(Some(event)) = rest {
                    answer.hear(&event, &mut self.pieces);
                }
                let broken = broken.or_else(|| (!answer.has_begun()).then(|| self.no_answer(&beginning)));
                self.end_answer(answer, broken);
            }
            Shape::Whole(text) => {
                let event = Event { name: Vec::new(), data: std::mem::take(text) };
                answer.hear(&event, &mut self.pieces);
                let beginning = event.data.get(..MAX_SHOWN).unwrap_or(&event.data);
                let broken = broken.or_else(|| answer.is_another_thing().then(|| self.no_answer(beginning)));
                self.end_answer(answer, broken);
            }
            Shape::Page(page) => {
                let page = std::mem::take(page);
                let words = page::words(&String::from_utf8_lossy(without_mark(&page)));
                let said = format!("a web page came in place of an answer: {words}");
                let failure = failed(FailureKind::Unreachable, clean(&said, self.key.as_ref()));
                self.pieces.push(AgentEvent::Failed(failure));
            }
        }
    }

    /// What is to be handed on next.
    pub fn event(&mut self) -> Option<AgentEvent> {
        self.pieces.next()
    }

    /// Whether nothing that may still come matters.
    pub const fn is_over(&self) -> bool {
        self.answer.is_none()
    }

    /// Whether the server has said why the answer ended.
    pub fn is_finished(&self) -> bool {
        self.answer.as_ref().is_none_or(Answer::is_finished)
    }

    fn read_into(&mut self, answer: &mut Answer, bytes: &mut &[u8]) -> Result<Flow, TooLong> {
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
                self.shape = shape_of(*byte, self.longest);
                self.read_into(answer, &mut text)
            }
            Shape::Events(events, beginning) => {
                let room = MAX_SHOWN - beginning.len();
                beginning.extend(bytes.iter().take(room));
                while let Some(event) = events.next(bytes)? {
                    if answer.hear(&event, &mut self.pieces) == Flow::Ended {
                        return Ok(Flow::Ended);
                    }
                }
                Ok(Flow::GoesOn)
            }
            Shape::Whole(text) => {
                if text.len() + bytes.len() > self.longest {
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

    fn end_answer(&mut self, answer: Answer, broken: Option<AgentFailure>) {
        for event in answer.ending(broken).into_iter().flatten() {
            self.pieces.push(event);
        }
    }

    /// What came is no answer.
    fn no_answer(&self, beginning: &[u8]) -> AgentFailure {
        let beginning = String::from_utf8_lossy(beginning);
        if beginning.trim().is_empty() {
            return failed(FailureKind::Cut, "the server said nothing");
        }
        let said = format!("what came is no answer: {beginning}");
        failed(FailureKind::Unreachable, clean(&said, self.key.as_ref()))
    }
}

/// What begins with this byte.
const fn shape_of(first: u8, longest: usize) -> Shape {
    match first {
        b'{' | b'[' => Shape::Whole(Vec::new()),
        b'<' => Shape::Page(Vec::new()),
        _other => Shape::Events(Events::new(longest), Vec::new()),
    }
}
