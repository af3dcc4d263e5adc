//! How to answer, as data.

use std::time::Duration;

/// An answer, step by step. One that has no end of its own just closes the connection in good order, without the
/// finish a real server gives: see [`Script::done`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Script {
    pub(super) status: Option<Status>,
    pub(super) steps: Vec<ReplyStep>,
    pub(super) pieces: Chunking,
}

/// One step of a scripted reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReplyStep {
    /// A piece of text, as a chunk.
    Say(String),
    /// The same piece again and again.
    Repeat { count: usize, text: String, every: Duration },
    /// A tool is called, as a chunk.
    Call { tool: String, arguments: String },
    /// Bytes of the body, as they are.
    Raw(Vec<u8>),
    /// Wait until a gate is open.
    WaitFor(String),
    /// Finish reason, usage if asked for, `[DONE]`.
    Done,
    /// Finish reason, and nothing else.
    Finish,
    /// Nothing more, for ever.
    Silence,
    /// Close the connection inside the body.
    Cut,
}

/// A refusal instead of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) code: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// How the bytes of a body are divided over chunks of the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Chunking {
    /// At odd places, inside characters too: what a network does.
    #[default]
    Odd,
    /// Each step in one piece.
    Whole,
    /// In two at this offset of the body.
    At(usize),
}

/// When to answer by which script.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) text: String,
    pub(super) script: Script,
    pub(super) once: bool,
}

impl Script {
    /// An answer without a word.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn say(self, text: &str) -> Self {
        self.step(ReplyStep::Say(text.into()))
    }

    /// Says a piece `count` times, with a pause in front of each.
    pub fn repeat(self, count: usize, text: &str, every: Duration) -> Self {
        self.step(ReplyStep::Repeat { count, text: text.into(), every })
    }

    /// Calls a tool, which is given these arguments.
    pub fn call(self, tool: &str, arguments: &str) -> Self {
        self.step(ReplyStep::Call { tool: tool.into(), arguments: arguments.into() })
    }

    /// Sends bytes of the body as they are. A script that begins with them sends nothing of its own in front.
    pub fn raw(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(ReplyStep::Raw(bytes.into()))
    }

    /// Waits until the test opens a gate.
    pub fn wait_for(self, gate: &str) -> Self {
        self.step(ReplyStep::WaitFor(gate.into()))
    }

    /// Ends well: finish reason, usage if asked for, `[DONE]`.
    pub fn done(self) -> Self {
        self.step(ReplyStep::Done)
    }

    /// Gives the finish reason only, as servers do that forget `[DONE]`.
    pub fn finish(self) -> Self {
        self.step(ReplyStep::Finish)
    }

    /// Says nothing more and keeps the connection open.
    pub fn silence(self) -> Self {
        self.step(ReplyStep::Silence)
    }

    /// Closes the connection inside the body.
    pub fn cut(self) -> Self {
        self.step(ReplyStep::Cut)
    }

    /// Refuses instead of streaming.
    pub fn status(mut self, code: u16, body: &str) -> Self {
        self.status = Some(Status { code, headers: Vec::new(), body: body.into() });
        self
    }

    /// A header of the refusal.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Some(status) = &mut self.status {
            status.headers.push((name.into(), value.into()));
        }
        self
    }

    /// Says when to ask again, in a refusal.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", &seconds.to_string())
    }

    /// Divides the body in two at this offset, and nowhere else.
    pub fn split_at(mut self, offset: usize) -> Self {
        self.pieces = Chunking::At(offset);
        self
    }

    /// Sends each step in one piece; cheaper than the odd places it is divided at otherwise.
    pub fn whole(mut self) -> Self {
        self.pieces = Chunking::Whole;
        self
    }

    fn step(mut self, step: ReplyStep) -> Self {
        self.steps.push(step);
        self
    }
}
