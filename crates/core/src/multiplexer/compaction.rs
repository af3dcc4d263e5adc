//! Compaction: a turn without a prompt, in which the agent summarises the conversation so far. What it says is taken once it
//! is whole and shorter than what it replaces; else nothing is replaced.
//!
//! Not here: what a summary does to what is sent ([`crate::compaction`]).

use alloc::format;
use alloc::string::{String, ToString};

use crate::agent::{AgentEvent, AgentFailure, FailureKind};
use crate::compaction::{SUMMARY_BYTES, WindowUse, framed, guessed};
use crate::conversation::Unanswered;
use crate::effect::Reply;
use crate::entry::Compaction;
use crate::entry::{Body, Stop};
use crate::id::{EntryNo, SessionId, TurnNo};
use crate::image::Image;
use crate::multiplexer::step::Step;
use crate::record::{Ending, Record};
use crate::refusal::Refusal;
use crate::session::live::{LastAsk, Live, RunState};
use crate::usage::Usage;

impl Step<'_> {
    pub(super) fn compact(&mut self, id: SessionId) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        if head.turn.is_some() {
            return Err(Refusal::CompactsLater { name: head.name.to_string() });
        }
        let newest = self.live(id).and_then(Live::newest_entry).map(|entry| &entry.body);
        if matches!(newest, None | Some(Body::Compaction(Compaction::Summary { .. }))) {
            return Err(Refusal::NothingToCompact);
        }
        self.refuse_if_spent(id)?;
        self.refuse_if_full()?;
        self.begin_compaction(id);
        Ok(Reply::Done)
    }

    /// The newest summary of the session counts no longer. What a fork took over is not its own: it is undone by a fork from
    /// before it.
    pub(super) fn undo_compaction(&mut self, id: SessionId) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        if head.turn.is_some() {
            return Err(Refusal::CompactsLater { name: head.name.to_string() });
        }
        if head.summaries == 0 {
            return Err(Refusal::NothingToUndo);
        }
        let turn = head.turns;
        self.record_compaction(id, turn, Compaction::Undone, Usage::default());
        Ok(Reply::Done)
    }

    /// Whether the session's next prompt is to wait until the conversation is shorter. One that is too long to wait goes at once.
    pub(super) fn must_compact(&self, id: SessionId) -> bool {
        if self.spent_budget(id).is_some() {
            return false;
        }
        let (percent, most) = (self.state().limits.compact_at, self.state().limits.queued_bytes);
        let Some(session) = self.session(id).filter(|session| session.queued_bytes() <= most) else {
            return false;
        };
        let head = session.head();
        let Some(next) = head.queue.first() else { return false };
        // A summary of nothing but a summary makes no room.
        let newest = session.live().and_then(Live::newest_entry).map(|entry| &entry.body);
        if matches!(newest, Some(Body::Compaction(Compaction::Summary { .. }))) {
            return false;
        }
        let next = session.live().and_then(|live| live.waiting(next.queued));
        if next.is_some_and(|prompt| prompt.runs) {
            return false; // nobody is asked for it
        }
        let bytes = next.map_or(0, |prompt| {
            let images: u64 = prompt.images.iter().map(Image::as_text_bytes).sum();
            prompt.text.len() as u64 + images
        });
        head.window.is_some_and(|window| window.reaches(percent, bytes))
    }

    pub(super) fn begin_compaction(&mut self, id: SessionId) {
        let Some(turn) = self.head(id).map(|head| head.turns.next()) else { return };
        self.record(id, Record::Compacting { turn });
        let now = self.now().mono;
        if let Some(live) = self.live_mut(id) {
            live.run = RunState::Waiting(now);
        }
        self.changed(id);
    }

    /// Whether the turn in flight compacts.
    pub(super) fn compacts(&self, id: SessionId) -> bool {
        self.head(id).and_then(|head| head.turn.as_ref()).is_some_and(|flight| flight.compacts)
    }

    /// Takes in what an agent says while it compacts: a text, and what that costs. What else it says is of no use for that,
    /// and a call is not what it was asked for.
    pub(super) fn on_compaction_event(&mut self, id: SessionId, turn: TurnNo, event: AgentEvent) {
        match event {
            AgentEvent::Text(text) => self.on_summary(id, &text),
            AgentEvent::Usage(usage) => self.on_usage(id, usage),
            AgentEvent::Asked { bytes, window } => self.on_asked(id, bytes, window),
            // By what it is found again counts in whatever turn it is said.
            AgentEvent::Resume(handle) => self.on_resume(id, turn, handle),
            AgentEvent::Done => self.end_turn(id, Ending::Done),
            AgentEvent::Failed(failure) => self.end_turn(id, Ending::Failed(failure.bounded())),
            AgentEvent::Call(..) => self.give_up_compaction(id, FailureKind::WantsTool, String::new()),
            // A summary stands for all that was said: one that lacks something stands for nothing.
            AgentEvent::Torn(parts) => {
                if parts > 0 {
                    self.give_up_compaction(id, FailureKind::Cut, "a part of it could not be read".into());
                }
            }
            AgentEvent::Sent(sent) => {
                if let Some(live) = self.live_mut(id) {
                    live.stream_mut().left_out = sent.left_out;
                }
            }
            AgentEvent::Thinking(_)
            | AgentEvent::Sealed(_)
            | AgentEvent::Plan(_)
            | AgentEvent::Sources(_)
            | AgentEvent::ProjectFiles(_)
            | AgentEvent::Model(_)
            | AgentEvent::Title(_)
            | AgentEvent::Steerable
            | AgentEvent::Progress { .. }
            | AgentEvent::Result { .. }
            | AgentEvent::StopReason(_) => {}
            AgentEvent::Retrying { attempt, of, wait_ms, failure } => {
                self.on_retrying(id, attempt, of, wait_ms, failure);
            }
        }
    }

    fn on_summary(&mut self, id: SessionId, text: &str) {
        let Some(live) = self.live_mut(id) else { return };
        let summary = &mut live.stream_mut().summary;
        if summary.len() + text.len() > SUMMARY_BYTES {
            return self.give_up_compaction(id, FailureKind::TooLong, String::new());
        }
        summary.push_str(text);
    }

    fn give_up_compaction(&mut self, id: SessionId, kind: FailureKind, detail: String) {
        self.cancel(id);
        self.end_turn(id, Ending::Failed(AgentFailure { kind, detail }));
    }

    /// Ends a turn that compacts. What waited meanwhile goes on unless somebody stopped it, whether that was of use or not.
    pub(super) fn end_compaction(&mut self, id: SessionId, turn: TurnNo, ending: Ending) {
        let Some(live) = self.live(id) else { return };
        let stream = live.stream();
        let (mut usage, (of, _), left_out) = (stream.usage, stream.ask.asked, stream.left_out);
        if !stream.is_counted && !stream.summary.is_empty() {
            usage.guessed = guessed(of.saturating_add(stream.summary.len() as u64));
        }
        let text = stream.summary.trim().to_string();
        let goes_on = !matches!(ending, Ending::Interrupted(_));
        let compaction = match ending {
            Ending::Done => taken(text, of, left_out),
            Ending::Interrupted(by) => Compaction::Stopped(Stop::Interrupted(by)),
            Ending::Failed(failure) => Compaction::Stopped(Stop::Failed(failure)),
        };
        self.record_compaction(id, turn, compaction, usage);
        if goes_on {
            self.begin_waiting(id);
            self.notify_queue(id);
        }
    }

    fn record_compaction(&mut self, id: SessionId, turn: TurnNo, compaction: Compaction, usage: Usage) {
        let seq = self.record(id, Record::Compacted { turn, compaction, usage });
        self.notify_entry(id, EntryNo(seq.0));
        self.note_spending();
        self.mark_seen_if_watched(id);
        self.changed(id);
    }

    /// Whether a summary that counts stands behind the last stop, and for what stopped there.
    pub(super) fn is_stop_summarised(&self, id: SessionId) -> bool {
        let Some(live) = self.live(id) else { return false };
        let mut undone = 0_usize;
        for entry in live.newest_entries().take_while(|entry| !matches!(entry.body, Body::Stop(_))) {
            let Body::Compaction(compaction) = &entry.body else { continue };
            match compaction {
                Compaction::Undone => undone += 1,
                Compaction::Summary { .. } if undone == 0 => return true,
                Compaction::Summary { .. } => undone -= 1,
                Compaction::Stopped(_) => {}
            }
        }
        false
    }

    /// How full the window is with what the turn in flight has come to; nothing where that changes nothing that is known.
    pub(super) fn window_use(&self, id: SessionId) -> Option<WindowUse> {
        let stream = self.live(id)?.stream();
        let LastAsk { asked: (bytes, of), spent, said, results, before } = stream.ask;
        let bytes = if bytes > 0 { bytes.saturating_add(said) } else { 0 };
        let before = before.or(self.head(id)?.window);
        let after = WindowUse::after(stream.usage.since(spent), bytes, of, before)?;
        Some(after.with(results))
    }

    /// The same behind a turn that stopped: what nothing answered is not sent again.
    pub(super) fn window_use_without_unanswered(&self, id: SessionId) -> Option<WindowUse> {
        let window = self.window_use(id)?;
        let live = self.live(id)?;
        let entries = self.head(id)?.turn.as_ref().map_or(0, |flight| flight.entries);
        let mut unanswered = Unanswered::behind_a_stop();
        let of_this_turn = live.newest_entries().take(entries as usize);
        let since = of_this_turn.take_while(|entry| !matches!(entry.body, Body::Stop(_)));
        let bytes: usize = since.filter(|entry| unanswered.is(entry)).map(|entry| entry.text().len()).sum();
        Some(if bytes > 0 && window.bytes > 0 { window.replacing(bytes as u64, 0) } else { window })
    }
}

/// What becomes of a summary that is whole: as it is sent it must be shorter than the `of` bytes that it replaces.
fn taken(text: String, of: u64, left_out: u64) -> Compaction {
    let size = framed(&text).len() as u64;
    let kind = if text.is_empty() {
        FailureKind::Empty
    } else if size >= of {
        FailureKind::NotShorter
    } else {
        return Compaction::Summary { text, of, left_out };
    };
    let detail = if text.is_empty() { String::new() } else { format!("{size} bytes for {of}") };
    Compaction::Stopped(Stop::Failed(AgentFailure { kind, detail }))
}
