//! The queue of waiting prompts: seen, edited, reordered, taken back, sent now.

use alloc::string::String;
use alloc::vec::Vec;

use crate::effect::{Effect, Reply};
use crate::entry::Interrupter;
use crate::id::{PromptNo, SessionId};
use crate::multiplexer::step::Step;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::session::head::WaitingPrompt;
use crate::shell_line::ShellLine;
use crate::snapshot::Update;

impl Step<'_> {
    pub(super) fn unqueue(&mut self, id: SessionId, prompt: PromptNo) -> Result<Reply, Refusal> {
        self.queued(id, prompt)?;
        self.record(id, Record::Unqueued { prompt });
        self.notify_queue(id);
        self.changed(id);
        Ok(Reply::Done)
    }

    pub(super) fn edit(&mut self, id: SessionId, prompt: PromptNo, text: String) -> Result<Reply, Refusal> {
        let waiting = self.queued(id, prompt)?;
        self.refuse_bad_prompt(&text)?;
        let before = self.live(id).and_then(|live| live.waiting(waiting.queued));
        // Whoever writes a prompt anew writes its words: what goes with it stays.
        let (before, images, runs) = before
            .map_or((0, Vec::new(), false), |prompt| (prompt.text.len(), prompt.images.clone(), prompt.runs));
        // Without its mark it is a prompt; a prompt that gets one is none for the shell.
        let runs = runs && ShellLine::of(&text).is_some();
        self.refuse_long_queue(id, text.len(), before)?;
        self.make_space(id, text.len(), before)?;
        self.record(id, Record::Edited { prompt, text, images, runs });
        self.notify_queue(id);
        Ok(Reply::Done)
    }

    pub(super) fn move_to(&mut self, id: SessionId, prompt: PromptNo, place: u32) -> Result<Reply, Refusal> {
        self.queued(id, prompt)?;
        self.record(id, Record::Moved { prompt, place });
        self.notify_queue(id);
        Ok(Reply::Done)
    }

    /// Sends a waiting prompt before all others; what runs is interrupted for it.
    pub(super) fn send_now(&mut self, id: SessionId, prompt: PromptNo) -> Result<Reply, Refusal> {
        let waiting = self.queued(id, prompt)?;
        if !self.is_line(id, waiting) {
            self.refuse_if_spent(id)?;
        }
        self.refuse_if_full()?;
        self.cut_turn(id, Interrupter::User);
        self.begin(id, waiting);
        self.notify_queue(id);
        self.changed(id);
        Ok(Reply::Done)
    }

    fn queued(&self, id: SessionId, prompt: PromptNo) -> Result<WaitingPrompt, Refusal> {
        let queue = &self.open(id)?.head().queue;
        queue.iter().find(|waiting| waiting.prompt == prompt).copied().ok_or(Refusal::NotQueued { prompt })
    }

    /// Refuses `size` more bytes in the queue, of which `freed` take the place of others.
    pub(super) fn refuse_long_queue(&self, id: SessionId, size: usize, freed: usize) -> Result<(), Refusal> {
        let limit = self.state().limits.queued_bytes;
        let size = (self.session(id).map_or(0, Session::queued_bytes) + size).saturating_sub(freed);
        if size > limit { Err(Refusal::QueueTooLong { size, limit }) } else { Ok(()) }
    }

    pub(super) fn notify_queue(&mut self, id: SessionId) {
        let queue = self.session(id).map(Session::queue).unwrap_or_default();
        self.after(Effect::Update(Update::Queue { session: id, queue }));
    }
}
