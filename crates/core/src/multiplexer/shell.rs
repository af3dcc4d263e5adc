//! Lines for the shell: turns for which no agent is asked. Each has one call, which runs from its beginning, and whose result it ends
//! with; after a crash nobody knows how far that came, and nothing runs again by itself.
//!
//! Not here: what a line is ([`ShellLine`]), and what becomes of its output (`calls.rs`).

use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::{AgentEvent, Call, Wants};
use crate::compaction::WindowUse;
use crate::effect::{Effect, Reply};
use crate::entry::{Body, Prompted};
use crate::id::{Digest, EntryNo, PromptNo, SessionId, Token, TurnNo};
use crate::multiplexer::step::Step;
use crate::record::{Ending, Record};
use crate::refusal::Refusal;
use crate::session::head::{Head, WaitingPrompt};
use crate::shell_line::{SHELL, SHELL_CALL, ShellLine};

impl Step<'_> {
    /// A line runs at once where no turn does, whatever waits; else it waits in its place. It costs no token: no budget is asked.
    pub(super) fn shell(&mut self, id: SessionId, token: Token, text: String) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        let (busy, waiting, prompt) = (head.turn.is_some(), head.queue.len(), head.prompts.next());
        if ShellLine::of(&text).is_none() {
            return Err(Refusal::PromptEmpty);
        }
        self.refuse_bad_prompt(&text)?;
        let limit = self.state().limits.queued_prompts;
        if waiting >= limit {
            return Err(Refusal::QueueFull { limit });
        }
        if busy {
            self.refuse_long_queue(id, text.len(), 0)?;
        }
        self.refuse_if_full()?;
        self.make_space(id, text.len(), self.draft_len(id))?;
        self.clear_draft(id);
        let queued = self.record(id, Record::Queued { prompt, token, text, images: Vec::new(), runs: true });
        if !busy {
            self.begin(id, WaitingPrompt { prompt, queued });
        }
        self.notify_queue(id);
        self.changed(id);
        Ok(Reply::Accepted(prompt))
    }

    /// Whether a waiting prompt is such a line.
    pub(super) fn is_line(&self, id: SessionId, waiting: WaitingPrompt) -> bool {
        let prompt = self.live(id).and_then(|live| live.waiting(waiting.queued));
        prompt.and_then(Prompted::shell_line).is_some()
    }

    /// Whether the turn in flight is one.
    pub(super) fn runs_line(&self, id: SessionId) -> bool {
        self.head(id).is_some_and(Head::runs_line)
    }

    /// Its one call, with the record that it began: nobody is asked, since the person typed it.
    pub(super) fn call_shell(&mut self, id: SessionId, turn: TurnNo, prompt: PromptNo, line: String) {
        if let Some(live) = self.live_mut(id) {
            live.line = Some(prompt);
            live.line_to_run = Some(line.clone());
        }
        let call = Call {
            no: SHELL_CALL,
            tool: SHELL.into(),
            input: line,
            wants: Wants::Nothing,
            digest: Digest([0; 32]),
        };
        let seq = self.record(id, Record::Called { turn, call, waits: false });
        self.notify_entry(id, EntryNo(seq.0));
    }

    /// Hands it to the shell, behind the record that it began.
    pub(super) fn start_shell(&mut self, id: SessionId, turn: TurnNo, directory: String) {
        let line = self.live_mut(id).and_then(|live| live.line_to_run.take()).unwrap_or_default();
        self.after(Effect::Shell { session: id, turn, line, directory });
    }

    /// Takes in what came of it. What else is said in its turn is nobody's.
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever an agent says, none is asked")]
    pub(super) fn on_shell_event(&mut self, id: SessionId, turn: TurnNo, event: AgentEvent) {
        match event {
            AgentEvent::Progress { text, .. } => self.on_progress(id, turn, SHELL_CALL, text),
            AgentEvent::Result { outcome, text, .. } => self.on_result(id, turn, SHELL_CALL, outcome, text),
            // How it went, its result says: what waits goes on however its turn ended.
            AgentEvent::Done | AgentEvent::Failed(_) => {
                self.end_turn(id, Ending::Done);
                if self.goes_on(id) {
                    self.begin_next(id);
                }
                self.notify_queue(id);
            }
            _ => {}
        }
    }

    /// Whether what waits goes on behind a line: not where it had stopped before that, unless something was sent since.
    fn goes_on(&self, id: SessionId) -> bool {
        let (Some(head), Some(live)) = (self.head(id), self.live(id)) else { return false };
        match &head.last {
            None | Some(Ending::Done) => true,
            Some(Ending::Failed(_) | Ending::Interrupted(_)) => {
                head.queue.iter().any(|waiting| live.line.is_some_and(|line| waiting.prompt > line))
            }
        }
    }

    /// How full the window is once the agent is told of it.
    pub(super) fn window_with_line(&self, id: SessionId) -> Option<WindowUse> {
        let live = self.live(id)?;
        let begun = live.newest_entries().find_map(|entry| {
            if let Body::Prompt(prompt) = &entry.body { Some(prompt.shell_line()) } else { None }
        });
        let is_told = begun.flatten().is_some_and(|shell| shell.is_told);
        let said = if is_told { live.stream().ask.results } else { 0 };
        self.head(id)?.window.map(|window| window.with(said))
    }
}
