//! Prompts of an editor that are not answered yet: from where they are sent to where their turn is over.

use q_core::mirror::Mirrored;
use q_core::{Body, EntryNo, FailureKind, Interrupter, Presence, PromptNo, SessionId, Stop};
use q_term::{Way, words};

use crate::acp::frame::{ErrorCode, Fault, RequestId};
use crate::acp::told::ToldSession;

/// How a turn ended, in the protocol's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    EndTurn,
    MaxTokens,
    MaxTurnRequests,
    Refusal,
    Cancelled,
}

impl StopReason {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::EndTurn => "end_turn",
            Self::MaxTokens => "max_tokens",
            Self::MaxTurnRequests => "max_turn_requests",
            Self::Refusal => "refusal",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// No host has answered yet.
    Sent,
    /// It is kept, and waits for its turn.
    Kept(PromptNo),
    /// Its turn, and the entry that began it.
    Began { turn: u64, entry: EntryNo },
}

/// A prompt that the editor waits for.
///
/// Answers of the host to it are found by its key.
#[derive(Debug)]
pub(super) struct OpenPrompt {
    key: u64,
    pub(super) request: RequestId,
    pub(super) session: SessionId,
    progress: Progress,
    /// Whether the editor wants it no longer.
    is_cancelled: bool,
}

impl OpenPrompt {
    /// One that was just sent.
    pub(super) const fn new(key: u64, request: RequestId, session: SessionId) -> Self {
        Self { key, request, session, progress: Progress::Sent, is_cancelled: false }
    }

    /// Whether it is the one of that key.
    pub(super) const fn is(&self, key: u64) -> bool {
        self.key == key
    }

    pub(super) const fn progress(&self) -> Progress {
        self.progress
    }

    pub(super) const fn is_cancelled(&self) -> bool {
        self.is_cancelled
    }

    /// The host said how far it came.
    pub(super) const fn come_to(&mut self, progress: Progress) {
        self.progress = progress;
    }

    /// The editor wants it no longer; how far it had come by then.
    pub(super) const fn cancel(&mut self) -> Progress {
        self.is_cancelled = true;
        self.progress
    }

    /// Looks how far it came; what is to be answered where it is over.
    pub(super) fn follow(
        &mut self,
        session: Option<&Mirrored>,
        told: &mut ToldSession,
    ) -> Option<Result<StopReason, Fault>> {
        let Some(session) = session else {
            return Some(Err(internal("the session is open no longer; what was said is kept")));
        };
        if session.summary.presence != Presence::Live {
            return None; // it is being woken, by a host that found it at rest
        }
        self.look(session, told);
        match self.progress {
            Progress::Kept(prompt) if waits(session, prompt).is_none() => {
                Some(Ok(StopReason::Cancelled)) // taken back, by whoever shows the session too
            }
            Progress::Kept(_) if !session.summary.activity.is_busy() && !self.is_cancelled => {
                Some(Err(internal(STILL_WAITS)))
            }
            Progress::Sent | Progress::Kept(_) => None,
            Progress::Began { turn, entry } => {
                let (now, is_busy) = (session.summary.turns, session.summary.activity.is_busy());
                let is_over = now > turn || (now == turn && !is_busy);
                is_over.then(|| self.ended(session, turn, entry))
            }
        }
    }

    /// Looks whether its turn began. That beginning is the editor's own, and is not told to it.
    pub(super) fn look(&mut self, session: &Mirrored, told: &mut ToldSession) {
        let Progress::Kept(prompt) = self.progress else { return };
        let waits = waits(session, prompt);
        let began = told.untold_beginning(session);
        if let Some(entry) = began.filter(|entry| waits.is_none_or(|text| text == entry.text())) {
            // An entry is told before its session's line: where the prompt still seems to wait, its turn is not counted there.
            let turn = session.summary.turns + u64::from(waits.is_some());
            told.skip_one(entry.no, entry.text().len());
            self.progress = Progress::Began { turn, entry: entry.no };
        }
    }

    fn ended(&self, session: &Mirrored, turn: u64, began: EntryNo) -> Result<StopReason, Fault> {
        if self.is_cancelled {
            return Ok(StopReason::Cancelled);
        }
        let summary = &session.summary;
        // Of the last turn its line says it; of an earlier one the transcript has it.
        let stop = if summary.turns == turn {
            let failed = summary.failure.clone().map(Stop::Failed);
            failed.or_else(|| summary.interrupter.map(Stop::Interrupted))
        } else {
            let from = session.entries.partition_point(|entry| entry.no <= began);
            let later = session.entries.range(from..);
            later
                .clone()
                .find_map(|entry| if let Body::Stop(stop) = &entry.body { Some(stop.clone()) } else { None })
        };
        match stop {
            None => Ok(StopReason::EndTurn),
            Some(Stop::Interrupted(Interrupter::User)) => Ok(StopReason::Cancelled),
            Some(stop) => stopped(&stop).ok_or_else(|| internal(words::stop(&stop, Way::Slash))),
        }
    }
}

/// The protocol's word for how a turn stopped; where it has none, that is an error.
#[expect(clippy::wildcard_enum_match_arm, reason = "the protocol has words for these alone")]
const fn stopped(stop: &Stop) -> Option<StopReason> {
    let Stop::Failed(failure) = stop else { return None };
    match failure.kind {
        FailureKind::LengthLimit => Some(StopReason::MaxTokens),
        FailureKind::TooManyRounds => Some(StopReason::MaxTurnRequests),
        FailureKind::Refused | FailureKind::Filtered => Some(StopReason::Refusal),
        _error => None,
    }
}

/// The text of a prompt that waits.
fn waits(session: &Mirrored, prompt: PromptNo) -> Option<&str> {
    session.queue.iter().find(|waiting| waiting.prompt == prompt).map(|waiting| waiting.text.as_str())
}

/// What is said of a prompt that nothing runs before, and that does not begin.
const STILL_WAITS: &str = "it waits in q: the turn before it did not end well, or a budget is spent; it goes before your next prompt";

fn internal(message: impl Into<String>) -> Fault {
    Fault::new(ErrorCode::Internal, message)
}
