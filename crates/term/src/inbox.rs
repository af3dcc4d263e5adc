//! The inbox: all that needs the person. Calls that wait have the number they were shown with; what failed or is to be read
//! stands behind them.
//!
//! A number stands for exactly what was shown under it, and is never given to anything else: whoever types
//! `/approve 2` means those bytes. An answer carries their turn, their call and their digest.

use std::collections::BTreeMap;

use q_core::attention::{self, Need};
use q_core::{Mirror, PendingCall, SessionId, Summary, WallTime, Wants};

use crate::sanitize;
use crate::words;

/// The calls that were shown, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    numbered: BTreeMap<usize, NumberedCall>,
    last: usize,
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
        if let Some(number) = self.number(session, pending) {
            return number;
        }
        self.last += 1;
        self.numbered.insert(self.last, NumberedCall { session, pending: pending.clone() });
        self.last
    }

    /// Lets go of what waits no longer. Its number is not used again.
    pub fn forget_what_is_over(&mut self, mirror: &Mirror) {
        self.numbered.retain(|_, shown| shown.waits(mirror));
    }

    /// The number a call was shown with.
    pub(crate) fn number(&self, session: SessionId, pending: &PendingCall) -> Option<usize> {
        let same = |shown: &NumberedCall| shown.session == session && shown.pending == *pending;
        self.numbered.iter().find(|(_, shown)| same(shown)).map(|(number, _)| *number)
    }

    /// Notes that all that waits is being shown.
    pub fn show_all(&mut self, mirror: &Mirror) {
        for (summary, pending) in waiting(mirror) {
            self.show(summary.id, pending);
        }
    }

    /// All that needs the person, in lines: what waits for an answer, the oldest first, each with the number it was shown
    /// with; then the other sessions that [`attention`] knows of.
    pub fn lines(&self, mirror: &Mirror, now: WallTime) -> Vec<String> {
        let sessions = mirror.by_slot();
        let mut lines = Vec::new();
        for (summary, pending) in waiting(mirror) {
            let number = self.number(summary.id, pending).map_or("-".to_owned(), |number| number.to_string());
            let (name, age) = (sanitize::visible_line(summary.name.as_str()), words::age(now, pending.since));
            lines.push(format!("{number}  {name} ({age}) {}", first_line(&words::pending(pending))));
            lines.extend(words::pending(pending).lines().skip(1).map(|line| format!("     {line}")));
            lines.push(format!("     in {}", sanitize::visible_line(&summary.directory)));
        }
        for summary in attention::waiting(sessions.iter().map(|session| &session.summary)) {
            if attention::need(summary) == Some(Need::Answer) {
                continue;
            }
            let (name, age) =
                (sanitize::visible_line(summary.name.as_str()), words::age(now, summary.touched));
            lines.extend(words::need(summary).map(|need| format!("-  {name} ({age}) {need}")));
        }
        lines
    }

    /// The call that `number` was shown for, or the only one of the session in view; why not, in words.
    pub(crate) fn choose(
        &self,
        mirror: &Mirror,
        focus: Option<SessionId>,
        number: Option<usize>,
        wants: Wants,
    ) -> Result<&NumberedCall, String> {
        let still_waits = |shown: &NumberedCall| shown.waits(mirror);
        let is_question = |shown: &NumberedCall| shown.pending.wants == Wants::Words;
        if let Some(number) = number {
            let shown = self.numbered.get(&number).filter(|shown| still_waits(shown));
            let shown = shown
                .ok_or_else(|| format!("nothing waits with the number {number}; /inbox lists what does"))?;
            return if is_question(shown) == (wants == Wants::Words) {
                Ok(shown)
            } else {
                Err(format!("{number} is a question; go there and answer it: /answer WORDS"))
            };
        }
        let here =
            self.numbered.iter().filter(|(_, shown)| Some(shown.session) == focus && still_waits(shown));
        let here: Vec<(&usize, &NumberedCall)> =
            here.filter(|(_, shown)| is_question(shown) == (wants == Wants::Words)).collect();
        match here.as_slice() {
            [(_, one)] => Ok(one),
            [] => Err("nothing in this session waits for that; /inbox lists what waits elsewhere".to_owned()),
            several => {
                let numbers: Vec<String> = several.iter().map(|(number, _)| number.to_string()).collect();
                Err(format!("several wait here: {}; say which by its number", numbers.join(", ")))
            }
        }
    }
}

impl NumberedCall {
    fn waits(&self, mirror: &Mirror) -> bool {
        mirror.get(self.session).is_some_and(|session| session.pending.contains(&self.pending))
    }
}

/// The calls that wait, the oldest first.
fn waiting(mirror: &Mirror) -> Vec<(&Summary, &PendingCall)> {
    let sessions = mirror.by_slot().into_iter();
    let of = sessions.flat_map(|session| session.pending.iter().map(move |call| (&session.summary, call)));
    let mut waiting: Vec<(&Summary, &PendingCall)> = of.collect();
    waiting.sort_by_key(|(summary, pending)| (pending.since, summary.id, pending.call));
    waiting
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
