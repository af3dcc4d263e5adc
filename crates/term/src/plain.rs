//! Plain mode, the pure part: what a change is in lines of text, without moving a cursor.
//!
//! For screen readers, pipes and terminals that can do no more. One session is in focus: what is said there is said in
//! full, line by line as it comes, `[name]` in front of where it begins. Of all others only the outcome is told, in
//! lines that begin with `*`.
//!
//! Not here: reading and writing lines, echo, the loop (the client's business).

use std::collections::BTreeMap;
use std::time::Duration;

use q_core::mirror::Mirrored;
use q_core::{
    Activity, Body, CallOutput, Compaction, Entry, EntryNo, Instant, Mirror, Outcome, PendingCall, PlanStep,
    Presence, Resulted, Retrying, SessionId, Summary, Update, WallTime, Wants,
};

use crate::changes;
use crate::inbox::{Inbox, LineStart};
use crate::output;
use crate::plan;
use crate::project;
use crate::quoted;
use crate::sanitize;
use crate::sources;
use crate::way::Way;
use crate::words;

/// What was said so far, so that each thing is said once.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    focus: Option<SessionId>,
    printed: BTreeMap<SessionId, PrintedSession>,
    /// The answer being said: its entry, and how many of its bytes were taken.
    answer: Option<(EntryNo, u64)>,
    /// Its last line, while that has not ended.
    line: String,
    /// What stands before its lines where it is not said to the person.
    aside: &'static str,
    /// Whether the next line of it needs the name in front.
    anew: bool,
    /// Whether nothing answered the last prompt in focus so far.
    unanswered: bool,
    /// What waits for the person.
    inbox: Inbox,
    /// What the line that was read last can be about.
    read: LineStart,
    /// The calls in focus that have not ended.
    calls: BTreeMap<EntryNo, RunningCall>,
    /// The plan in focus that was said last.
    plan: Vec<PlanStep>,
}

/// A call in focus, and how much of what it puts out was said.
#[derive(Clone, Debug)]
struct RunningCall {
    line: String,
    /// Whether it tells a plan, which is said in its place.
    tells_plan: bool,
    /// The entry of its output.
    output: Option<EntryNo>,
    said: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PrintedSession {
    name: String,
    activity: Activity,
    asleep: bool,
    background: u32,
    queued: usize,
    retrying: Option<Retrying>,
}

impl PrintedSession {
    fn of(summary: &Summary) -> Self {
        Self {
            name: sanitize::visible_line(summary.name.as_str()).into_owned(),
            activity: summary.activity,
            asleep: summary.presence == Presence::Hibernated,
            background: summary.background,
            queued: summary.queued as usize,
            retrying: summary.retrying.clone(),
        }
    }
}

impl Plain {
    /// Begins with what the mirror holds; nothing of it is said again.
    pub fn new(mirror: &Mirror) -> Self {
        let printed = mirror
            .by_slot()
            .iter()
            .map(|session| (session.summary.id, PrintedSession::of(&session.summary)))
            .collect();
        Self { printed, ..Self::default() }
    }

    /// What needs the person, over all sessions; what can be answered has a number.
    pub fn inbox(&mut self, mirror: &Mirror, now: WallTime) -> Vec<String> {
        self.inbox.show_all(mirror);
        let lines = self.inbox.lines(mirror, now);
        if lines.is_empty() { vec!["* nothing needs you".to_owned()] } else { lines }
    }

    /// The calls that were told, by their numbers.
    pub const fn shown(&self) -> &Inbox {
        &self.inbox
    }

    /// All that was said so far is on the screen, at that time.
    pub fn printed(&mut self, at: Instant) {
        self.inbox.printed(at);
    }

    /// A line was read, at that time.
    pub fn line_read(&mut self, at: Instant) {
        self.read = self.inbox.line_read(at, self.focus);
    }

    /// What the line that was read last can be about.
    pub const fn line(&self) -> &LineStart {
        &self.read
    }

    /// A line was done: what waits no longer is nothing that the next one can be about.
    pub fn line_done(&mut self, mirror: &Mirror) {
        self.inbox.forget_what_is_over(mirror);
    }

    /// The session in focus.
    pub const fn focus(&self) -> Option<SessionId> {
        self.focus
    }

    /// Puts a session in focus: says which, and what nobody has seen of it.
    pub fn focus_on(&mut self, session: &Mirrored) -> Vec<String> {
        let summary = &session.summary;
        let mut lines = self.end_line();
        self.focus = Some(summary.id);
        self.answer = None;
        self.calls.clear();
        self.plan.clear();
        let known = PrintedSession::of(summary);
        lines.push(format!("* now in {} ({}, {})", known.name, summary.kind, words::state(summary)));
        self.printed.insert(summary.id, known);
        let is_unseen = |entry: &Entry| {
            entry.no > summary.seen.entry || (entry.no == summary.seen.entry && unseen_text(entry, summary))
        };
        self.unanswered = false;
        for entry in &session.entries {
            if summary.unread > 0 && is_unseen(entry) {
                lines.extend(self.entry_lines(summary.id, entry));
            } else {
                self.note_answered(&entry.body);
                self.note_call(entry);
            }
        }
        if summary.unread > 0 {
            if !summary.activity.is_busy() {
                lines.extend(self.end_line());
            }
        } else if let Some(Entry {
            no,
            body: Body::Answer(text) | Body::Thinking(text) | Body::Output(CallOutput { text, .. }),
            ..
        }) = session.entries.back()
        {
            self.answer = Some((*no, text.len() as u64));
        }
        lines.extend(self.pending_lines(summary.id, &session.pending));
        lines
    }

    /// What an update is in lines. To be called for every update that the mirror took, in order.
    pub fn update(&mut self, update: &Update) -> Vec<String> {
        match update {
            Update::Session(summary) => self.session_lines(summary),
            Update::Entry { session, entry } if Some(*session) == self.focus => {
                self.entry_lines(*session, entry)
            }
            Update::Text { session, entry, offset, text } if Some(*session) == self.focus => {
                self.text_lines(*session, *entry, *offset, text)
            }
            Update::Queue { session, queue } => {
                let Some(known) = self.printed.get_mut(session) else { return Vec::new() };
                let grew = queue.len() > known.queued;
                known.queued = queue.len();
                if !grew || Some(*session) != self.focus {
                    return Vec::new();
                }
                self.note(format!("* queued: {} waiting", words::counted(queue.len(), "prompt")))
            }
            Update::Pending { session, pending } => self.pending_lines(*session, pending),
            Update::Gone(session) => self.forget(*session, "was erased"),
            Update::Entry { .. } | Update::Text { .. } | Update::Draft { .. } => Vec::new(),
        }
    }

    fn session_lines(&mut self, summary: &Summary) -> Vec<String> {
        let now = PrintedSession::of(summary);
        match summary.presence {
            Presence::Closed => return self.forget(summary.id, "was closed"),
            Presence::Trashed => return self.forget(summary.id, "is in the trash"),
            Presence::Live | Presence::Hibernated => {}
        }
        let name = now.name.clone();
        let Some(before) = self.printed.insert(summary.id, now.clone()) else {
            let came = if summary.turns > 0 { "is open again" } else { "is new" };
            return self.note(format!("* {name} {came}, number {}", summary.slot));
        };
        let mut lines = Vec::new();
        if before.name != name {
            lines.extend(self.note(format!("* {} is called {name} now", before.name)));
        }
        if now.asleep && !before.asleep {
            lines.extend(self.note(format!("* {}", words::hibernated(&name, before.background))));
        }
        if let Some(waits) = now.retrying.filter(|_| self.focus == Some(summary.id))
            && before.retrying.as_ref() != Some(&waits)
        {
            lines.extend(self.note(format!("* {}", words::retrying(&waits))));
        }
        let ended = before.activity.is_busy() && !now.activity.is_busy();
        if ended && self.focus == Some(summary.id) {
            // What stopped an answer in focus is an entry of its own.
            lines.extend(self.end_line());
        } else if ended {
            lines.extend(self.note(format!("* {name}: {}", words::outcome(summary))));
        }
        lines
    }

    /// A session that is open no longer.
    fn forget(&mut self, session: SessionId, how: &str) -> Vec<String> {
        if self.focus == Some(session) {
            self.focus = None;
            self.answer = None;
        }
        match self.printed.remove(&session) {
            Some(known) => self.note(format!("* {} {how}", known.name)),
            None => Vec::new(),
        }
    }

    /// What waits for the person and was not told yet.
    fn pending_lines(&mut self, session: SessionId, pending: &[PendingCall]) -> Vec<String> {
        let Some(name) = self.printed.get(&session).map(|known| known.name.clone()) else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for pending in pending {
            if self.inbox.number(session, pending).is_some() {
                continue;
            }
            let number = self.inbox.show(session, pending);
            let asks = words::hanging(&words::pending(pending));
            lines.push(match pending.wants {
                Wants::Words => format!("* {name} {asks} (/answer WORDS)"),
                Wants::Nothing | Wants::Consent => {
                    let here = Some(session) == self.focus;
                    let ways = if here { words::ways(pending) + " · or " } else { String::new() };
                    format!("* {name} {asks}\n    {ways}/approve {number}, /always {number}, /deny {number}")
                }
            });
        }
        self.anew |= !lines.is_empty();
        lines
    }

    /// Notes whether what the person asked last was answered.
    fn note_answered(&mut self, body: &Body) {
        if matches!(body, Body::Prompt(_) | Body::Continued) {
            self.unanswered = true;
        } else if body.answers() || matches!(body, Body::Stop(_)) {
            self.unanswered = false;
        }
    }

    /// Notes what a result will be of, and what a plan will differ from.
    fn note_call(&mut self, entry: &Entry) {
        if let Body::Call(call) = &entry.body {
            let line = words::call_line(call);
            let tells_plan = plan::is_told_by(call);
            self.calls.insert(entry.no, RunningCall { line, tells_plan, output: None, said: 0 });
        } else if let Body::Result(result) = &entry.body {
            self.calls.remove(&result.of);
        } else if let Body::Plan(steps) = &entry.body {
            self.plan.clone_from(steps);
        }
    }

    /// Whether it says that a plan was told, which was said itself.
    fn is_planned(&mut self, result: &Resulted) -> bool {
        let tells_plan = self.calls.get(&result.of).is_some_and(|call| call.tells_plan);
        tells_plan && result.outcome == Outcome::Done && self.calls.remove(&result.of).is_some()
    }

    /// A call's end, with what came out unless that was said as it came.
    fn result_lines(&mut self, no: EntryNo, result: &Resulted) -> String {
        let call = self.calls.remove(&result.of);
        let (said, came) = words::result_parts(call.as_ref().map(|call| call.line.as_str()), result);
        if call.as_ref().is_some_and(|call| call.said > 0 && call.said >= came.len()) {
            return said;
        }
        let rendered = output::rendered(came);
        let (head, more, tail) = output::folded(&rendered, false);
        let more = more.map(|count| words::lines_more(no, count, Way::Slash));
        let rest = words::rest(no, result, Way::Slash);
        let lines = head.into_iter().chain(more.as_deref()).chain(tail).chain(rest.as_deref());
        std::iter::once(said.as_str()).chain(lines).collect::<Vec<_>>().join("\n    ")
    }

    fn entry_lines(&mut self, session: SessionId, entry: &Entry) -> Vec<String> {
        let unanswered = self.unanswered;
        self.note_answered(&entry.body);
        if let Body::Output(output) = &entry.body
            && let Some(call) = self.calls.get_mut(&output.of)
        {
            (call.output, call.said) = (Some(entry.no), output.text.len());
        } else if matches!(entry.body, Body::Call(_)) {
            self.note_call(entry);
        }
        let said = match &entry.body {
            Body::Answer(text) | Body::Thinking(text) | Body::Output(CallOutput { text, .. }) => {
                let mut lines = Vec::new();
                if self.answer.is_none_or(|(known, _)| known != entry.no) {
                    lines.extend(self.end_line());
                    self.aside = aside(&entry.body);
                }
                lines.extend(self.text_lines(session, entry.no, 0, text));
                return lines;
            }
            Body::Prompt(prompt) => {
                let text = quoted::folded(&prompt.text);
                format!("you: {}", sanitize::visible(&words::with_images(&text, &prompt.images)))
            }
            Body::Call(call) if plan::is_told_by(call) => return Vec::new(),
            Body::Call(call) => format!("call {}", words::hanging(&words::call(call))),
            Body::Plan(steps) => {
                let before = std::mem::replace(&mut self.plan, steps.clone());
                let news = plan::news(&before, steps);
                format!("plan {}", words::hanging(&sanitize::visible(&news)))
            }
            Body::Sources(told) => {
                let said = sources::listed(entry.no, told, "SESSION", Way::Slash);
                format!("from {}", words::hanging(&sanitize::visible(&said)))
            }
            Body::Result(result) if self.is_planned(result) => return Vec::new(),
            Body::Result(result) => self.result_lines(entry.no, result),
            Body::Stop(stop) if unanswered => {
                format!("{}: {}", words::NOT_ANSWERED, words::stop(stop, Way::Slash))
            }
            Body::Stop(stop) => words::stop(stop, Way::Slash),
            Body::Repair(fault) => words::repair(*fault, Way::Slash),
            Body::Continued => words::CONTINUED.to_owned(),
            Body::LeftOut(sent) => words::left_out(*sent),
            Body::ProjectFiles(files) => project::told(files, Way::Slash),
            Body::Reversed(reversed) => changes::reversed(reversed),
            Body::Compaction(compaction) => words::hanging(&compaction_text(compaction, Way::Slash)),
        };
        let mut lines = self.end_line();
        lines.push(format!("[{}] {said}", self.name(session)));
        lines
    }

    fn text_lines(&mut self, session: SessionId, entry: EntryNo, offset: u64, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let said = match self.answer {
            Some((answer, said)) if answer == entry => said,
            Some(_) | None => {
                lines.extend(self.end_line());
                self.anew = true;
                offset
            }
        };
        let skip = usize::try_from(said.saturating_sub(offset)).unwrap_or(usize::MAX);
        let Some(news) = text.get(skip..) else { return lines };
        self.answer = Some((entry, said.max(offset + text.len() as u64)));
        if let Some(call) = self.calls.values_mut().find(|call| call.output == Some(entry)) {
            call.said =
                call.said.max(usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(text.len()));
        }
        self.unanswered &= !self.aside.is_empty() || text.trim().is_empty();
        self.line.push_str(news);
        while let Some(feed) = self.line.find('\n') {
            let rest = self.line.split_off(feed + 1);
            let line = std::mem::replace(&mut self.line, rest);
            lines.push(self.answer_line(session, line.trim_end()));
        }
        lines
    }

    /// The line that has not ended, said now.
    fn end_line(&mut self) -> Vec<String> {
        let line = std::mem::take(&mut self.line);
        match self.focus {
            Some(session) if !line.trim().is_empty() => vec![self.answer_line(session, line.trim_end())],
            Some(_) | None => Vec::new(),
        }
    }

    fn answer_line(&mut self, session: SessionId, line: &str) -> String {
        let shown = if self.aside == PUTS_OUT {
            output::rendered(line)
        } else {
            sanitize::visible(line).into_owned()
        };
        if std::mem::take(&mut self.anew) {
            format!("[{}] {}{shown}", self.name(session), self.aside)
        } else {
            shown
        }
    }

    /// A line about something else: the answer needs its name again after it.
    fn note(&mut self, line: String) -> Vec<String> {
        self.anew = true;
        vec![line]
    }

    fn name(&self, session: SessionId) -> &str {
        self.printed.get(&session).map_or("", |known| known.name.as_str())
    }
}

/// What stands in front of what a call puts out.
const PUTS_OUT: &str = "puts out: ";

/// What stands in front of what is not said to the person.
#[expect(clippy::wildcard_enum_match_arm, reason = "all else is said to the person, or by them")]
const fn aside(body: &Body) -> &'static str {
    match body {
        Body::Thinking(_) => "thinks: ",
        Body::Output(_) => PUTS_OUT,
        _ => "",
    }
}

/// Whether an entry grew after it was last seen.
fn unseen_text(entry: &Entry, summary: &Summary) -> bool {
    // Any other entry comes whole, and was seen whole.
    let (Body::Answer(text) | Body::Thinking(text) | Body::Output(CallOutput { text, .. })) = &entry.body
    else {
        return false;
    };
    text.len() as u64 > summary.seen.bytes
}

/// The list of sessions, one line each; `>` before the one in focus.
pub fn sessions(mirror: &Mirror, focus: Option<SessionId>, now: WallTime) -> Vec<String> {
    if mirror.is_empty() {
        return vec!["* there is no session; type a prompt, or /new".to_owned()];
    }
    let line = |session: &Mirrored| {
        let summary = &session.summary;
        let here = if Some(summary.id) == focus { ">" } else { " " };
        let unread = if summary.unread > 0 { format!(", {} unread", summary.unread) } else { String::new() };
        let queued = if summary.queued > 0 { format!(", {} queued", summary.queued) } else { String::new() };
        format!(
            "{here} {} {} ({}{}{unread}{queued}, {}, {})",
            summary.slot,
            sanitize::visible_line(summary.name.as_str()),
            words::state(summary),
            words::failure(summary).unwrap_or_default(),
            words::agent(summary),
            words::age(now, summary.touched),
        )
    };
    mirror.by_slot().into_iter().map(line).collect()
}

/// A thought in full, and how long it took where that is known.
pub fn thought(text: &str, took: Option<Duration>) -> String {
    let took = took.map(|took| format!("{}: ", words::thought(Some(took))));
    format!("{}{}\n", took.as_deref().unwrap_or("thinks: "), sanitize::visible(text).trim_end())
}

/// An entry in full, for printing a transcript to whoever types this way; of a prompt also that nothing answered it.
pub fn entry(entry: &Entry, unanswered: bool, way: Way) -> String {
    match &entry.body {
        Body::Prompt(prompt) => {
            let text = words::with_images(&prompt.text, &prompt.images);
            let text = sanitize::visible(&text).replace('\n', "\n> ");
            if unanswered { format!("> {text}\n({})", words::NOT_ANSWERED) } else { format!("> {text}") }
        }
        Body::Answer(text) => format!("{}\n", sanitize::visible(text).trim_end()),
        Body::Thinking(text) => thought(text, None),
        Body::Call(call) => format!("call {}", words::hanging(&words::call(call))),
        Body::Output(output) => format!("{PUTS_OUT}{}\n", output::rendered(&output.text).trim_end()),
        Body::Plan(steps) => format!("plan {}\n", words::hanging(&sanitize::visible(&plan::listed(steps)))),
        Body::Sources(told) => {
            format!("from {}\n", words::hanging(&sanitize::visible(&sources::whole(told))))
        }
        Body::Result(result) => format!("{}\n", result_text(entry.no, result, way)),
        Body::Stop(stop) => format!("{}\n", words::stop(stop, way)),
        Body::Repair(fault) => format!("{}\n", words::repair(*fault, way)),
        Body::Continued => format!("{}\n", words::CONTINUED),
        Body::LeftOut(sent) => format!("{}\n", words::left_out(*sent)),
        Body::ProjectFiles(files) => format!("{}\n", project::told(files, way)),
        Body::Reversed(reversed) => format!("{}\n", changes::reversed(reversed)),
        Body::Compaction(compaction) => {
            format!("{}\n", words::hanging(&compaction_text(compaction, way)))
        }
    }
}

/// What became of a compaction, and beneath it the summary.
fn compaction_text(compaction: &Compaction, way: Way) -> String {
    let summary = sanitize::visible(compaction.text());
    let line = |line: &str| format!("\n{line}");
    words::compaction(compaction, way) + &summary.trim_end().lines().map(line).collect::<String>()
}

/// A call's end: how it went, and beneath it what came out, indented as code is.
fn result_text(no: EntryNo, result: &Resulted, way: Way) -> String {
    let (said, came) = words::result_parts(None, result);
    let text = output::rendered(came);
    let lines = text.trim_end().lines().map(|line| format!("\n    {line}"));
    let rest = words::rest(no, result, way).map(|rest| format!("\n    {rest}"));
    format!("result: {said}{}", lines.chain(rest).collect::<String>())
}

/// What stands before the place where a prompt is typed.
pub fn prompt(mirror: &Mirror, focus: Option<SessionId>) -> String {
    match focus.and_then(|id| mirror.get(id)) {
        Some(session) => format!("[{}] > ", sanitize::visible_line(session.summary.name.as_str())),
        None => "> ".to_owned(),
    }
}
