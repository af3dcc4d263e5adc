//! Summaries that stand for a conversation: a turn in which only a text counts, and taking the newest one back.

use q_core::compaction::framed;
use q_core::{AgentEvent, AgentFailure, Compaction, FailureKind, SessionId, Stop, TurnNo, Usage, WallTime};

use super::budget::DAY;
use super::deeds::Answered;
use super::turns;
use super::wishes::Granted;
use super::{Ending, Entry, Filling, Model, Session, Spending, SummarySoFar, Turn, Uncounted, What, Window};

/// The longest summary, in bytes.
const LONGEST: usize = 32 * 1024;

impl Model {
    pub(super) fn compact(&mut self, id: SessionId) -> Granted {
        let at = self.open(id)?;
        let session = &self.sessions[at];
        if session.turn.is_some() {
            return Err("compacts_later");
        }
        let newest = session.entries.last().map(|entry| &entry.what);
        if matches!(newest, None | Some(What::Compaction(Compaction::Summary { .. }))) {
            return Err("nothing_to_compact");
        }
        self.check_budget(at)?;
        if self.is_full() {
            return Err("host_full");
        }
        self.begin_compaction(at);
        Ok(Answered::Done)
    }

    pub(super) fn undo_compaction(&mut self, id: SessionId) -> Granted {
        let at = self.open(id)?;
        if self.sessions[at].turn.is_some() {
            return Err("compacts_later");
        }
        let session = &mut self.sessions[at];
        let Some(newest) = session.standing(true) else { return Err("nothing_to_undo") };
        if let What::Compaction(Compaction::Summary { text, of, .. }) = &session.entries[newest].what {
            // What it stands for takes its place again.
            let own = framed(text).len() as u64;
            session.window = session.window.map(|window| window.at(window.bytes.saturating_sub(own) + of));
        }
        self.enter(at, Compaction::Undone);
        Ok(Answered::Done)
    }

    /// Whether the conversation, with the prompt that comes next, is so full that it is summarised first.
    pub(super) fn must_compact(&self, at: usize) -> bool {
        if self.check_budget(at).is_err() {
            return false;
        }
        let session = &self.sessions[at];
        let (Some(window), Some(next)) = (session.window, session.typed.queue.first()) else { return false };
        let newest = session.entries.last().map(|entry| &entry.what);
        let is_summary = matches!(newest, Some(What::Compaction(Compaction::Summary { .. })));
        let percent = self.limits.compact_at;
        let fits = session.queued_bytes() <= self.limits.queued_bytes && !is_summary;
        let tokens = window.tokens + window.worth(next.text.len() as u64);
        fits && percent > 0 && window.of > 0 && tokens * 100 >= window.of * percent
    }

    pub(super) fn begin_compaction(&mut self, at: usize) {
        let now = self.now.mono;
        let session = &mut self.sessions[at];
        session.turns += 1;
        session.compactions.push(session.turns);
        session.turn = Some(Turn { summary: Some(SummarySoFar::default()), ..Turn::new(session.turns, now) });
        self.happened(at);
        self.note(at);
    }

    /// Nothing but texts, what they cost and their end means anything here.
    pub(super) fn on_compaction_event(&mut self, at: usize, event: AgentEvent) {
        let Some(turn) = self.sessions[at].turn.as_mut() else { return };
        let Some(summary) = turn.summary.as_mut() else { return };
        if let AgentEvent::Text(text) = event {
            if summary.text.len() + text.len() > LONGEST {
                self.give_up(at, FailureKind::TooLong);
            } else {
                summary.text += &text;
            }
        } else if let AgentEvent::Usage(usage) = event {
            (turn.usage, turn.uncounted.is_told) = (usage, true);
        } else if let AgentEvent::Asked { bytes, window } = event {
            (turn.filling.asked, turn.filling.spent) = ((bytes, window), turn.usage);
            turn.uncounted.is_told = false;
        } else if let AgentEvent::Sent(sent) = event {
            summary.left_out = sent.left_out;
        } else if let AgentEvent::Resume(handle) = event {
            if self.sessions[at].agent.told.resume.as_ref() != Some(&handle) {
                self.sessions[at].agent.told.resume = Some(handle);
                self.note(at);
            }
        } else if let AgentEvent::Retrying { attempt, of, wait_ms, failure } = event {
            turn.retrying = Some(turns::retrying(self.now.wall, (attempt, of), wait_ms, failure));
        } else if let AgentEvent::Call(..) = event {
            self.give_up(at, FailureKind::WantsTool);
        } else if let AgentEvent::Torn(1..) = event {
            self.cancel(at);
            let detail = "a part of it could not be read".to_owned();
            self.end(at, Ending::Failed(AgentFailure { kind: FailureKind::Cut, detail }));
        } else if let AgentEvent::Done = event {
            self.end(at, Ending::Done);
        } else if let AgentEvent::Failed(failure) = event {
            self.end(at, Ending::Failed(failure));
        }
    }

    fn give_up(&mut self, at: usize, kind: FailureKind) {
        self.cancel(at);
        self.end(at, Ending::Failed(AgentFailure::new(kind, "")));
    }

    /// A summary counts if it is there and shorter, as it is sent, than what it stands for.
    pub(super) fn end_compaction(&mut self, at: usize, turn: &Turn, summary: &SummarySoFar, ending: Ending) {
        let text = summary.text.trim().to_owned();
        let (size, of) = ((framed("").len() + text.len()) as u64, turn.filling.asked.0);
        let failed = |failure| Compaction::Stopped(Stop::Failed(failure));
        let goes_on = !matches!(ending, Ending::Interrupted(_));
        let compaction = match ending {
            Ending::Interrupted(by) => Compaction::Stopped(Stop::Interrupted(by)),
            Ending::Failed(failure) => failed(failure),
            Ending::Done if text.is_empty() => failed(AgentFailure::new(FailureKind::Empty, "")),
            Ending::Done if size >= of => {
                failed(AgentFailure::new(FailureKind::NotShorter, format!("{size} bytes for {of}")))
            }
            Ending::Done => {
                let session = &mut self.sessions[at];
                let before = session.window.unwrap_or_default();
                session.window = Some(before.at((before.bytes.saturating_sub(of)) + size));
                Compaction::Summary { text, of, left_out: summary.left_out }
            }
        };
        let (mut usage, said) = (turn.usage, summary.text.len() as u64);
        if !turn.uncounted.is_told && said > 0 {
            usage.guessed = (of + said).div_ceil(4);
        }
        self.sessions[at].spend(usage, self.now.wall);
        self.sessions[at].turn = None;
        self.enter(at, compaction);
        if goes_on {
            self.begin_waiting(at);
        }
    }

    fn enter(&mut self, at: usize, compaction: Compaction) {
        let session = &mut self.sessions[at];
        let (turn, text) = (TurnNo(session.turns), compaction.text().to_owned());
        let (written, what) = (text.len(), What::Compaction(compaction));
        session.entries.push(Entry { no: None, at: self.now.wall, turn, what, text, written, read: None });
        self.note(at);
        self.happened(at);
        self.read_if_watched(at);
    }
}

impl Session {
    /// The place of the newest summary that counts, of all or of its own alone.
    pub(super) fn standing(&self, own: bool) -> Option<usize> {
        let mut standing = Vec::new();
        let entries = self.entries.iter().enumerate().filter(|(_, entry)| !own || entry.turn != TurnNo(0));
        for (place, entry) in entries {
            if let What::Compaction(Compaction::Summary { .. }) = entry.what {
                standing.push(place);
            } else if let What::Compaction(Compaction::Undone) = entry.what {
                standing.pop();
            }
        }
        standing.pop()
    }

    /// The last turn that is over and was of the conversation.
    pub(super) fn last_turn(&self) -> u64 {
        let over = self.turns - u64::from(self.turn.is_some());
        (1..=over).rev().find(|turn| !self.compactions.contains(turn)).unwrap_or_default()
    }

    pub(super) fn spend(&mut self, usage: Usage, at: WallTime) {
        let Usage { input, output, cached, cache_written, reasoning, guessed } = usage;
        self.usage.input += input;
        self.usage.output += output;
        self.usage.cached += cached;
        self.usage.cache_written += cache_written;
        self.usage.reasoning += reasoning;
        self.usage.guessed += guessed;
        let (today, cost) = (at.0 / DAY, input + output + guessed);
        if cost > 0 {
            let (day, before) = self.spending.on_day;
            // A clock may go back over midnight; that begins no other day.
            let goes_on = day == today || day == today + 1;
            let on_day = if goes_on { (day, before + cost) } else { (today, cost) };
            self.spending = Spending { in_all: self.spending.in_all + cost, on_day };
        }
    }

    /// How full the window is with all that the turn said by now; nothing where nobody knows anything of that.
    pub(super) fn window_now(&self, turn: &Turn) -> Option<Window> {
        let Filling { asked: (asked, of), spent, said, results, before } = turn.filling;
        let last = |all: u64, before: u64| all.saturating_sub(before);
        let read = last(turn.usage.input, spent.input);
        let bytes = if asked > 0 { asked + said } else { 0 };
        let now = if read > 0 {
            Window { tokens: read + last(turn.usage.output, spent.output), of, bytes }
        } else if bytes > 0 {
            Window { of, ..before.or(self.window).unwrap_or_default().at(bytes) }
        } else {
            return None;
        };
        Some(Window { tokens: now.tokens + now.worth(results), bytes: now.bytes + results, of })
    }

    /// The same once the turn is over: prompts that nothing answered go out of it again where it stopped.
    pub(super) fn window_after(&self, turn: &Turn, stopped: bool) -> Option<Window> {
        let now = self.window_now(turn)?;
        let answers = |entry: &&Entry| {
            let has_words = !entry.text.trim().is_empty();
            matches!(entry.what, What::Call(_)) || (entry.what == What::Answer && has_words)
        };
        let prompts = self.entries.iter().rev().take_while(|entry| entry.turn == turn.no && !answers(entry));
        let lost: usize =
            prompts.filter(|entry| matches!(entry.what, What::Prompt)).map(|entry| entry.text.len()).sum();
        let lost = lost as u64;
        Some(if stopped && lost > 0 && now.bytes > 0 { now.at(now.bytes.saturating_sub(lost)) } else { now })
    }
}

impl Turn {
    /// One that waits for its agent.
    pub(super) fn new(no: u64, now: q_core::Instant) -> Self {
        Self {
            no: TurnNo(no),
            held: Some(now),
            summary: None,
            filling: Filling::default(),
            steerable: false,
            usage: Usage::default(),
            uncounted: Uncounted::default(),
            reason: String::new(),
            unwritten: None,
            unasked: 0,
            retrying: None,
            sources: q_core::Sources::default(),
            is_sealed_off: false,
            seals_are_out: false,
        }
    }
}
