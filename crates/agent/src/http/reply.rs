//! The body of a response, as it comes, made into what an agent says. Pure: bytes in, events out, the same however they are
//! cut.
//!
//! What a body is shows in its first byte, whatever its label says: a stream of events, JSON in one piece, or a web page.

use q_core::{AgentEvent, AgentFailure, FailureKind};

use super::answer::AnswerBuilder;
use super::calls::AskedCall;
use super::detail::clean;
use super::dialect;
use super::event_frames::{EventFrameParser, FrameFault};
use super::events::{EventParser, MARK, StreamEvent, without_mark};
use super::frames::{Flow, Frames};
use super::json_stream::{JsonPiece, JsonSplitter};
use super::page;
use super::usage::is_believed;
use crate::dialect::Dialect;
use crate::secret::Secrets;

/// The longest line of a stream, the longest event, and the most that is kept of an answer in one piece, in bytes.
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
            fuzz_settings(
                bytes,
                &BodySettings {
                    dialect,
                    think_tags,
                    secrets: Secrets::default(),
                    longest: 4 << 10,
                    asked: 0,
                },
            );
        }
    }
}

fn fuzz_settings(bytes: &[u8], settings: &BodySettings) {
    let events = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reply = ResponseBody::new(settings.clone());
        pieces.for_each(|piece| reply.read(piece));
        reply.end(None);
        let (mut text, mut thoughts, mut rest) = (String::new(), String::new(), Vec::new());
        // Where a text is divided depends on how its bytes are cut, and only that.
        while let Some(event) = reply.event() {
            if let AgentEvent::Text(piece) = &event {
                text.push_str(piece);
            } else if let AgentEvent::Thinking(piece) = &event {
                thoughts.push_str(piece);
            } else {
                rest.push(event);
            }
        }
        (text, thoughts, rest)
    };
    let whole = events(&mut std::iter::once(bytes));
    assert_eq!(events(&mut bytes.chunks(1)), whole, "byte by byte");
    assert_eq!(events(&mut bytes.chunks(7)), whole, "seven bytes at a time");
}

/// How a body is read.
#[derive(Clone, Debug)]
pub struct BodySettings {
    /// What its frames mean.
    pub dialect: Dialect,
    /// Whether thoughts stand in the text, between `<think>` and `</think>`.
    pub think_tags: bool,
    /// What must not show in what is said of it.
    pub secrets: Secrets,
    /// The most that is kept of it, in bytes.
    pub longest: usize,
    /// Bytes of the request that it answers: a count of tokens that those cannot have is not believed.
    pub asked: usize,
}

/// A response's body in the making.
#[derive(Debug)]
pub struct ResponseBody {
    form: BodyForm,
    /// How it begins, for whoever wonders what it is.
    beginning: Vec<u8>,
    frames: Frames,
    /// Nothing that may still come matters.
    is_over: bool,
    /// Bytes of text and thoughts that were handed on.
    said: usize,
    settings: BodySettings,
}

/// What the body is.
#[derive(Debug)]
enum BodyForm {
    /// Nothing but white space has come, or what may become a byte order mark.
    Unknown {
        start: Vec<u8>,
        first: bool,
    },
    /// A stream of events.
    Events(EventParser),
    /// A stream of binary frames.
    Frames(EventFrameParser),
    /// JSON, in one piece or in many.
    Json(JsonSplitter),
    Page(Vec<u8>),
}

impl ResponseBody {
    /// A body that is read from its beginning.
    pub fn new(settings: BodySettings) -> Self {
        let answer = AnswerBuilder::new(settings.secrets.clone(), settings.think_tags);
        Self {
            form: BodyForm::Unknown { start: Vec::new(), first: true },
            beginning: Vec::new(),
            frames: Frames::new(dialect::reader(settings.dialect), answer),
            is_over: false,
            said: 0,
            settings,
        }
    }

    /// The same where tools were offered: an answer that calls some is whole.
    #[must_use]
    pub fn taking_calls(mut self) -> Self {
        self.frames.answer.take_calls();
        self
    }

    /// What an answer calls that has ended well, once.
    pub fn calls(&mut self) -> Vec<AskedCall> {
        self.frames.answer.calls()
    }

    /// Takes the next bytes in.
    pub fn read(&mut self, mut bytes: &[u8]) {
        if self.is_over {
            return;
        }
        if !matches!(self.form, BodyForm::Unknown { .. }) {
            let room = MAX_SHOWN.saturating_sub(self.beginning.len());
            self.beginning.extend(bytes.iter().take(room));
        }
        match self.read_into(&mut bytes) {
            Ok(Flow::GoesOn) => {}
            Ok(Flow::Ended) => {
                let another = self.other_dialect();
                self.end_answer(another);
            }
            // Of a page its beginning is enough.
            Err(FrameFault::TooLong) if matches!(self.form, BodyForm::Page(_)) => self.end(None),
            Err(FrameFault::Damaged) => {
                self.end_answer(Some(AgentFailure::new(FailureKind::Cut, "a piece of it is damaged")));
            }
            Err(FrameFault::TooLong) => {
                let why = format!("a piece of it is longer than {} KB", self.settings.longest >> 10);
                self.take_rest();
                self.end_answer(Some(AgentFailure::new(FailureKind::Cut, why)));
            }
        }
    }

    /// No more comes; `broken` says why, where that is not the end of the body.
    pub fn end(&mut self, broken: Option<AgentFailure>) {
        if self.is_over {
            return;
        }
        self.take_rest();
        let broken = broken.or_else(|| match &mut self.form {
            BodyForm::Unknown { .. } | BodyForm::Frames(_) => None,
            BodyForm::Events(_) if !self.frames.answer.has_begun() => Some(self.no_answer()),
            BodyForm::Events(_) => self.other_dialect(),
            BodyForm::Json(_) => self.frames.answer.is_another_thing().then(|| self.no_answer()),
            BodyForm::Page(page) => {
                let page = std::mem::take(page);
                let words = page::words(&String::from_utf8_lossy(without_mark(&page)));
                let said = format!("a web page came in place of an answer: {words}");
                Some(AgentFailure::new(FailureKind::Unreachable, clean(&said, &self.settings.secrets)))
            }
        });
        self.end_answer(broken);
    }

    /// Takes in what has come and is not whole.
    fn take_rest(&mut self) {
        match &mut self.form {
            BodyForm::Events(events) => {
                if let Ok(Some(event)) = events.rest() {
                    self.frames.on_event(&event);
                }
                if self.frames.answer.has_begun() && !events.stray().is_empty() {
                    self.frames.answer.on_remark(&String::from_utf8_lossy(events.stray()));
                }
            }
            BodyForm::Json(json) => {
                let ended = json.ended();
                let rest = json.rest();
                if !rest.is_empty() {
                    self.frames.on_broken_off(rest, ended);
                }
            }
            BodyForm::Unknown { .. } | BodyForm::Frames(_) | BodyForm::Page(_) => {}
        }
    }

    /// What is to be handed on next.
    pub fn event(&mut self) -> Option<AgentEvent> {
        let event = self.frames.answer.event()?;
        if let AgentEvent::Text(words) | AgentEvent::Thinking(words) = &event {
            self.said += words.len();
        }
        if let AgentEvent::Usage(counted) = &event
            && !is_believed(*counted, self.settings.asked, self.said)
        {
            return self.frames.answer.event();
        }
        Some(event)
    }

    /// Whether nothing that may still come matters.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether the server failed in the place of the answer's rest, and may answer the same request in a moment.
    pub(super) const fn may_pass(&self) -> bool {
        self.frames.answer.may_pass()
    }

    /// Whether the server has said why the answer ended.
    pub const fn is_finished(&self) -> bool {
        self.is_over || self.frames.answer.is_finished()
    }

    fn read_into(&mut self, bytes: &mut &[u8]) -> Result<Flow, FrameFault> {
        match &mut self.form {
            BodyForm::Unknown { start, first } => {
                start.extend_from_slice(bytes);
                if *first && MARK.starts_with(start) {
                    return Ok(Flow::GoesOn);
                }
                let start = std::mem::take(start);
                let text = if std::mem::take(first) { without_mark(&start) } else { &start };
                let mut text = text.trim_ascii_start();
                let Some(byte) = text.first() else { return Ok(Flow::GoesOn) };
                self.form = self.settings.form_of(*byte);
                self.beginning.extend(text.iter().take(MAX_SHOWN));
                self.read_into(&mut text)
            }
            BodyForm::Events(events) => {
                while let Some(event) = events.next(bytes)? {
                    if self.frames.on_event(&event) == Flow::Ended {
                        if !events.stray().is_empty() {
                            self.frames.answer.on_remark(&String::from_utf8_lossy(events.stray()));
                        }
                        return Ok(Flow::Ended);
                    }
                }
                Ok(Flow::GoesOn)
            }
            BodyForm::Frames(frames) => {
                while let Some(event) = frames.next(bytes)? {
                    if self.frames.on_event(&event) == Flow::Ended {
                        return Ok(Flow::Ended);
                    }
                }
                Ok(Flow::GoesOn)
            }
            BodyForm::Json(json) => {
                while let Some(piece) = json.next(bytes)? {
                    match piece {
                        JsonPiece::Value(data) => {
                            if self.frames.on_event(&StreamEvent { name: Vec::new(), data }) == Flow::Ended {
                                return Ok(Flow::Ended);
                            }
                        }
                        JsonPiece::Events(read) => {
                            self.form = self.settings.events();
                            self.read_into(&mut read.as_slice())?;
                            return self.read_into(bytes);
                        }
                    }
                }
                Ok(Flow::GoesOn)
            }
            BodyForm::Page(page) => {
                page.extend(bytes.iter().take(MAX_PAGE - page.len()));
                if page.len() == MAX_PAGE { Err(FrameFault::TooLong) } else { Ok(Flow::GoesOn) }
            }
        }
    }

    fn end_answer(&mut self, broken: Option<AgentFailure>) {
        self.is_over = true;
        self.frames.end();
        self.frames.answer.end(broken);
    }

    /// What came is no answer in the dialect that was set, and may be one in another.
    fn other_dialect(&self) -> Option<AgentFailure> {
        let set = self.settings.dialect;
        let found = self.frames.resembles().filter(|found| *found != set)?;
        let (found, set) = (found.word(), set.word());
        let why = format!(
            "what came is no answer in the dialect {set}: it looks like {found}; set dialect = \"{found}\""
        );
        Some(AgentFailure::new(FailureKind::Unreachable, why))
    }

    /// What came is no answer.
    fn no_answer(&self) -> AgentFailure {
        let beginning = String::from_utf8_lossy(&self.beginning);
        if beginning.trim().is_empty() {
            return AgentFailure::new(FailureKind::Cut, "the server said nothing");
        }
        if let Some(failure) = self.other_dialect() {
            return failure;
        }
        let is_utf_16 = [[0xff, 0xfe], [0xfe, 0xff]].iter().any(|mark| self.beginning.starts_with(mark));
        let said = if is_utf_16 {
            "what came is text in UTF-16, and q reads UTF-8".to_owned()
        } else {
            format!("what came is no answer: {beginning}")
        };
        AgentFailure::new(FailureKind::Unreachable, clean(&said, &self.settings.secrets))
    }
}

impl BodySettings {
    /// What begins with this byte.
    const fn form_of(&self, first: u8) -> BodyForm {
        match first {
            // The first byte of a length that is no longer than any frame may be.
            0 if self.dialect.is_framed() => BodyForm::Frames(EventFrameParser::new(self.longest)),
            b'{' | b'[' => BodyForm::Json(JsonSplitter::new(self.longest)),
            b'<' => BodyForm::Page(Vec::new()),
            _other => self.events(),
        }
    }

    const fn events(&self) -> BodyForm {
        BodyForm::Events(EventParser::new(self.longest))
    }
}
