//! The inbox: all that needs the person. Calls that wait have the number they were shown with; what failed or is to be read
//! stands behind them.
//!
//! A number stands for exactly what was shown under it, and is never given to anything else: whoever types
//! `/approve 2` means those bytes. An answer carries their turn, their call and their digest.
//!
//! What a typed line can be about was on the screen, long enough to be read, before its first key: whatever came since is
//! never what the person meant. What was never on the screen whole is not allowed to run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use q_core::attention::{self, Need};
use q_core::{Answer, Instant, Mirror, PendingCall, SessionId, Summary, WallTime, Wants};

use crate::rules;
use crate::sanitize;
use crate::words;

/// How long something is on the screen before a key can be meant for it.
pub(crate) const READING: Duration = Duration::from_millis(300);

/// The calls that were shown, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    numbered: BTreeMap<usize, ShownCall>,
    last: usize,
    /// What the frame in the making shows, until it is drawn.
    frame: CallsInFrame,
    /// The news in view, and since when without a break.
    news: Option<(SessionNews, Instant)>,
}

/// A call that has a number, and since when it can be seen.
#[derive(Clone, Debug)]
struct ShownCall {
    call: NumberedCall,
    seen: Option<Instant>,
    /// As what an answer without a number is for, without a break.
    in_view: Option<Instant>,
    /// All that it would do.
    whole: Option<Instant>,
}

/// Calls by their numbers, as one frame shows them.
#[derive(Clone, Debug, Default)]
struct CallsInFrame {
    seen: BTreeSet<usize>,
    in_view: BTreeSet<usize>,
    whole: BTreeSet<usize>,
    news: Option<SessionNews>,
}

/// What a typed line can be about: the calls that could be read when its first key was pressed, and the news in view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineStart(BTreeMap<usize, ReadCall>, Option<SessionNews>);

/// One thing that needs the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitingItem {
    /// The call that was shown with that number.
    Call(usize),
    /// A session that failed, was cut off, or said something that nobody read.
    News(SessionNews),
}

/// A session as it was when something last happened in it: what happens later is not what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionNews {
    pub(crate) session: SessionId,
    touched: WallTime,
}

impl SessionNews {
    const fn of(summary: &Summary) -> Self {
        Self { session: summary.id, touched: summary.touched }
    }
}

/// How a call could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ReadCall {
    wants: Wants,
    in_view: bool,
    whole: bool,
}

impl LineStart {
    /// Whether something in view waited for consent.
    pub(crate) fn asks(&self) -> bool {
        self.0.values().any(|read| read.in_view && read.wants != Wants::Words)
    }

    /// Whether something in view asked for words.
    pub(crate) fn asks_words(&self) -> bool {
        self.0.values().any(|read| read.in_view && read.wants == Wants::Words)
    }

    /// Whether that is what stood in view.
    pub(crate) fn is_about(&self, news: SessionNews) -> bool {
        self.1 == Some(news)
    }
}

/// What is to be answered, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WantedAnswer {
    /// The number that was typed.
    pub(crate) number: Option<usize>,
    pub(crate) wants: Wants,
    /// Whether it lets something run: then that must have been on the screen whole.
    pub(crate) runs: bool,
    /// Whether it is for every call of that one's tool that was shown in its session.
    pub(crate) all: bool,
    /// Whether it is a no without a word: questions take one as well.
    pub(crate) denies: bool,
}

impl WantedAnswer {
    /// Whether it answers a call that waits for that.
    fn fits(self, wants: Wants) -> bool {
        (self.denies && !self.all) || (self.wants == Wants::Words) == (wants == Wants::Words)
    }
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    Call(&'a NumberedCall),
    /// Every call of a tool in one session, as far as they could be read.
    All(Vec<&'a NumberedCall>),
    /// The call of that number, which was not on the screen whole yet.
    Unread(usize),
    /// More than one of them was not on the screen whole yet.
    SeveralUnread,
}

/// A call that was shown under a number, exactly as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedCall {
    pub session: SessionId,
    pub pending: PendingCall,
}

impl Inbox {
    /// Notes that a call is being shown, and gives the number to show it with.
    pub fn show(&mut self, session: SessionId, pending: &PendingCall) -> usize {
        let number = self.number(session, pending).unwrap_or_else(|| {
            self.last += 1;
            let call = NumberedCall { session, pending: pending.clone() };
            self.numbered.insert(self.last, ShownCall { call, seen: None, in_view: None, whole: None });
            self.last
        });
        self.frame.seen.insert(number);
        number
    }

    /// Notes that the call of that number alone is being shown: an answer without a number is for it.
    pub(crate) fn show_again(&mut self, number: usize) {
        self.frame.seen.insert(number);
        self.frame.in_view.insert(number);
    }

    /// Notes that an answer without a number is for that call, as far as the frame in the making shows.
    pub(crate) fn put_in_view(&mut self, number: usize) {
        self.frame.in_view.insert(number);
    }

    /// Notes which of all that waits the frame in the making shows by itself: an answer is for that, and for nothing else.
    pub(crate) fn show_alone(&mut self, item: WaitingItem) {
        match item {
            WaitingItem::Call(number) => self.put_in_view(number),
            WaitingItem::News(news) => self.frame.news = Some(news),
        }
    }

    /// Notes that the frame in the making shows all that a call would do.
    pub(crate) fn show_whole(&mut self, number: usize) {
        self.frame.whole.insert(number);
    }

    /// The frame in the making is laid out anew: what it shows whole is noted after this.
    pub(crate) fn forget_whole(&mut self) {
        self.frame.whole.clear();
    }

    /// Another session is in front: an answer without a number is for nothing until a frame with that is on the screen.
    pub(crate) fn look_away(&mut self) {
        self.frame.in_view.clear();
        self.numbered.values_mut().for_each(|shown| shown.in_view = None);
    }

    /// A frame is made: nothing is in it so far.
    pub(crate) fn begin_frame(&mut self) {
        self.frame = CallsInFrame::default();
    }

    /// The frame is on the screen at that time.
    pub(crate) fn drawn(&mut self, at: Instant) {
        let CallsInFrame { seen, in_view, whole, news } = &self.frame;
        let before = self.news.filter(|(before, _)| Some(*before) == *news);
        self.news = before.or_else(|| news.map(|news| (news, at)));
        for (number, shown) in &mut self.numbered {
            if seen.contains(number) {
                shown.seen.get_or_insert(at);
            }
            if whole.contains(number) {
                shown.whole.get_or_insert(at);
            }
            shown.in_view = if in_view.contains(number) { shown.in_view.or(Some(at)) } else { None };
        }
    }

    /// What was shown line by line is on the screen whole at that time, and stays there.
    pub(crate) fn printed(&mut self, at: Instant) {
        for number in std::mem::take(&mut self.frame).seen {
            if let Some(shown) = self.numbered.get_mut(&number) {
                for since in [&mut shown.seen, &mut shown.whole] {
                    since.get_or_insert(at);
                }
            }
        }
    }

    /// What a line can be about that is read whole at that time, in that session: nobody knows when it was begun, so that all
    /// counts as in view that waited since the line before.
    pub(crate) fn line_read(&self, at: Instant, focus: Option<SessionId>) -> LineStart {
        let mut line = self.line_start(at);
        for (number, read) in &mut line.0 {
            read.in_view = self.get(*number).is_some_and(|call| Some(call.session) == focus);
        }
        line
    }

    /// What a line can be about whose first key is pressed at that time.
    pub(crate) fn line_start(&self, at: Instant) -> LineStart {
        let could_be_read = |since: Option<Instant>| since.is_some_and(|since| at.since(since) >= READING);
        let read = self.numbered.iter().filter(|(_, shown)| could_be_read(shown.seen));
        let news = self.news.filter(|(_, since)| could_be_read(Some(*since))).map(|(news, _)| news);
        LineStart(
            read.map(|(number, shown)| {
                let (in_view, whole) = (could_be_read(shown.in_view), could_be_read(shown.whole));
                (*number, ReadCall { wants: shown.call.pending.wants, in_view, whole })
            })
            .collect(),
            news,
        )
    }

    /// The call of that number, while it waits.
    pub(crate) fn get(&self, number: usize) -> Option<&NumberedCall> {
        self.numbered.get(&number).map(|shown| &shown.call)
    }

    /// Whether a call was on the screen whole.
    pub(crate) fn is_whole(&self, number: usize) -> bool {
        self.frame.whole.contains(&number)
            || self.numbered.get(&number).is_some_and(|shown| shown.whole.is_some())
    }

    /// Whether the frame that was made last shows a call in view that waits for consent.
    pub(crate) fn asks(&self) -> bool {
        let mut in_view = self.frame.in_view.iter().filter_map(|number| self.get(*number));
        in_view.any(|call| call.pending.wants != Wants::Words)
    }

    /// Lets go of what waits no longer. Its number is not used again.
    pub fn forget_what_is_over(&mut self, mirror: &Mirror) {
        self.numbered.retain(|_, shown| shown.call.waits(mirror));
    }

    /// The number a call was shown with.
    pub(crate) fn number(&self, session: SessionId, pending: &PendingCall) -> Option<usize> {
        let same = |shown: &ShownCall| shown.call.session == session && shown.call.pending == *pending;
        self.numbered.iter().find(|(_, shown)| same(shown)).map(|(number, _)| *number)
    }

    /// Notes that all that waits is being shown.
    pub fn show_all(&mut self, mirror: &Mirror) {
        for (summary, pending) in waiting(mirror) {
            self.show(summary.id, pending);
        }
    }

    /// All that needs the person: calls that wait, the oldest first, as far as they were shown; then the other sessions that
    /// [`attention`] knows of.
    pub(crate) fn items(&self, mirror: &Mirror) -> Vec<WaitingItem> {
        let calls = waiting(mirror).into_iter();
        let calls = calls.filter_map(|(summary, pending)| self.number(summary.id, pending));
        let news = news(mirror).into_iter().map(SessionNews::of);
        calls.map(WaitingItem::Call).chain(news.map(WaitingItem::News)).collect()
    }

    /// All that needs the person, in lines: what waits for an answer, the oldest first, each with the number it was shown
    /// with; then the other sessions that [`attention`] knows of.
    pub fn lines(&self, mirror: &Mirror, now: WallTime) -> Vec<String> {
        let mut lines = Vec::new();
        for (summary, pending) in waiting(mirror) {
            let number = self.number(summary.id, pending).map_or("-".to_owned(), |number| number.to_string());
            let (name, age) = (sanitize::visible_line(summary.name.as_str()), words::age(now, pending.since));
            lines.push(format!("{number}  {name} ({age}) {}", first_line(&words::pending(pending))));
            lines.extend(words::pending(pending).lines().skip(1).map(|line| format!("     {line}")));
            lines.extend(pending.always.as_ref().map(|rule| format!("     always: {}", rules::words(rule))));
            lines.push(format!("     in {}", sanitize::exact_line(&summary.directory)));
        }
        for summary in news(mirror) {
            let (name, age) =
                (sanitize::visible_line(summary.name.as_str()), words::age(now, summary.touched));
            lines.extend(words::need(summary).map(|need| format!("-  {name} ({age}) {need}")));
        }
        lines
    }

    /// The call that is answered: the one with that number, or the only one in view when the line was begun; why none is, in
    /// words.
    pub(crate) fn choose(
        &self,
        mirror: &Mirror,
        focus: Option<SessionId>,
        line: &LineStart,
        answer: WantedAnswer,
    ) -> Result<Choice<'_>, String> {
        let number = match answer.number {
            Some(number) => number,
            None => self.only_in_view(mirror, focus, line, answer)?,
        };
        let call = self.get(number).filter(|call| call.waits(mirror));
        let call =
            call.ok_or_else(|| format!("nothing waits with the number {number}; /inbox lists what does"))?;
        if !answer.fits(call.pending.wants) {
            return Err(format!(
                "{number} is a question; answer it in the inbox, or go there: /answer WORDS"
            ));
        }
        if answer.all && line.0.contains_key(&number) {
            return Ok(self.all_like(mirror, call, line, answer));
        }
        match line.0.get(&number) {
            Some(read) if read.whole || !answer.runs => Ok(Choice::Call(call)),
            Some(_) if !self.is_whole(number) => Ok(Choice::Unread(number)),
            Some(_) | None => Err(came_only_now(&call.pending)),
        }
    }

    /// Every call like that one which could be read when the line was begun: of its tool, in its session. What came since is not
    /// among them, and none is allowed before all were on the screen whole.
    fn all_like(
        &self,
        mirror: &Mirror,
        first: &NumberedCall,
        line: &LineStart,
        answer: WantedAnswer,
    ) -> Choice<'_> {
        let is_like = |call: &&NumberedCall| {
            call.session == first.session
                && call.pending.tool == first.pending.tool
                && answer.fits(call.pending.wants)
                && call.waits(mirror)
        };
        let read = line
            .0
            .iter()
            .filter_map(|(&number, read)| Some((number, read.whole, self.get(number).filter(is_like)?)));
        let read: Vec<(usize, bool, &NumberedCall)> = read.collect();
        let mut unread = read.iter().filter(|(_, whole, _)| answer.runs && !whole);
        match (unread.next(), unread.next()) {
            (None, _) => Choice::All(read.iter().map(|(_, _, call)| *call).collect()),
            (Some((number, ..)), None) => Choice::Unread(*number),
            (Some(_), Some(_)) => Choice::SeveralUnread,
        }
    }

    fn only_in_view(
        &self,
        mirror: &Mirror,
        focus: Option<SessionId>,
        line: &LineStart,
        answer: WantedAnswer,
    ) -> Result<usize, String> {
        let waits = |number: &usize| self.get(*number).is_some_and(|call| call.waits(mirror));
        let fits = |read: &ReadCall| read.in_view && answer.fits(read.wants);
        let begun: Vec<usize> =
            line.0.iter().filter(|(_, read)| fits(read)).map(|(number, _)| *number).collect();
        let tool = |number: &usize| self.get(*number).map(|call| &call.pending.tool);
        let has_like = |number: &&usize| {
            let same = |other: &&usize| waits(other) && tool(other) == tool(number);
            waits(number) && begun.iter().filter(same).count() > 1
        };
        // For the tool that the screen says it of.
        if let Some(first) = begun.iter().find(|number| answer.all && has_like(number)) {
            return Ok(*first);
        }
        match begun.as_slice() {
            [one] if waits(one) => return Ok(*one),
            [_, _, ..] if begun.iter().all(waits) && answer.wants == Wants::Words => {
                return Err("several questions wait here; in /inbox each is answered by itself".to_owned());
            }
            [_, _, ..] if begun.iter().all(waits) => {
                let numbers: Vec<String> = begun.iter().map(ToString::to_string).collect();
                let one = begun.last().copied().unwrap_or_default();
                return Err(format!(
                    "several wait here: {}; say which: y {one}, n {one}",
                    numbers.join(", ")
                ));
            }
            _none_of_them => {}
        }
        let here = focus.and_then(|id| mirror.get(id)).map(|session| session.pending.as_slice());
        let now = here.unwrap_or_default().iter().find(|call| answer.fits(call.wants));
        Err(match now {
            Some(now) => came_only_now(now),
            None if begun.is_empty() => {
                "nothing in this session waits for that; /inbox lists what waits elsewhere".to_owned()
            }
            None => "it waits no longer; nothing was answered".to_owned(),
        })
    }
}

/// What is said where the line was begun before the call could be read.
fn came_only_now(pending: &PendingCall) -> String {
    let asks = words::pending(pending);
    format!("another call waits now: {}; look and answer again", first_line(&asks))
}

impl NumberedCall {
    fn waits(&self, mirror: &Mirror) -> bool {
        mirror.get(self.session).is_some_and(|session| session.pending.contains(&self.pending))
    }
}

/// How all calls of a tool that wait in a session are allowed at once; nothing where one waits alone, and where others are the first of
/// which several wait: the letter is for those.
pub(crate) fn way_of_all(pending: &PendingCall, waiting: &[PendingCall]) -> Option<String> {
    let like =
        |tool: &str| waiting.iter().filter(|call| call.tool == tool && call.wants != Wants::Words).count();
    let first = waiting.iter().find(|call| like(&call.tool) > 1)?;
    let tool = sanitize::visible_line(&pending.tool);
    (first.tool == pending.tool).then(|| format!("A all {} of {tool}", like(&pending.tool)))
}

/// What is said of an answer that was given to so many calls of a tool at once.
pub fn answered(tool: &str, count: usize, answer: &Answer) -> String {
    let (calls, tool) = (words::counted(count, "call"), sanitize::visible_line(tool));
    match answer {
        Answer::Once | Answer::Always => format!("allowed, this once: {calls} of {tool}"),
        Answer::Deny => format!("denied: {calls} of {tool}"),
        Answer::Words(_) => format!("denied: {calls} of {tool}; the agent was told"),
    }
}

/// The sessions that need the person for something else than an answer, as [`attention`] orders them.
fn news(mirror: &Mirror) -> Vec<&Summary> {
    let mut needs = attention::waiting(mirror.sessions().map(|session| &session.summary));
    needs.retain(|summary| attention::need(summary) != Some(Need::Answer));
    needs
}

/// The calls that wait, the oldest first.
fn waiting(mirror: &Mirror) -> Vec<(&Summary, &PendingCall)> {
    let of = mirror
        .sessions()
        .flat_map(|session| session.pending.iter().map(move |call| (&session.summary, call)));
    let mut waiting: Vec<(&Summary, &PendingCall)> = of.collect();
    waiting.sort_by_key(|(summary, pending)| (pending.since, summary.id, pending.call));
    waiting
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
