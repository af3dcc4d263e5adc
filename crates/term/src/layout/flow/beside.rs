//! What an entry's looks depend on, of the entries around it: what stands for it, and what of it is folded.

use std::collections::VecDeque;
use std::time::Duration;

use q_core::mirror::Mirrored;
use q_core::{Body, Called, Entry, EntryNo, Outcome, Resulted, Wants};

use crate::layout::entry::{EntryContext, EntryFold};
use crate::layout::folds::Folds;
use crate::output;
use crate::plan;

/// How far around an entry is looked for what stands for it: calls run together, but no more than 64.
const NEAR: usize = 256;

/// Whether an entry has no rows, since another one says all of it.
pub(crate) fn is_over(session: &Mirrored, entry: &Entry) -> bool {
    beside(session, entry, &Folds::default()).is_over
}

/// The entry by which that one is folded and unfolded: a call goes with its result. Nothing for what is never folded.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is folded")]
pub(crate) fn fold_of(session: &Mirrored, on: EntryNo) -> Option<EntryNo> {
    let entry = at(&session.entries, on)?;
    match &entry.body {
        Body::Thinking(_) | Body::Result(_) => Some(on),
        Body::Prompt(prompt) => output::is_long(&prompt.text).then_some(on),
        Body::Call(call) => {
            result_of(&session.entries, entry).filter(|_| !is_question(call)).map(|(no, _)| no)
        }
        _ => None,
    }
}

/// The entry before that place which has rows; none where it is far.
pub(super) fn shown_before<'a>(session: &'a Mirrored, folds: &Folds, index: usize) -> Option<&'a Entry> {
    let before = (index.saturating_sub(NEAR)..index).rev().filter_map(|index| session.entries.get(index));
    before.into_iter().find(|entry| !beside(session, entry, folds).has_no_rows())
}

/// What an entry's looks depend on, of those around it.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else depends on others")]
pub(super) fn beside<'a>(session: &'a Mirrored, entry: &Entry, folds: &Folds) -> EntryContext<'a> {
    let entries = &session.entries;
    match &entry.body {
        Body::Thinking(_) => {
            let behind = entries.get(place(entries, entry.no) + 1);
            let has_ended = behind.is_some() || !session.summary.activity.is_busy();
            let fold = EntryFold { key: folds.key, took: entry.thought_for(behind), is_newest: true };
            EntryContext {
                fold: Some(fold).filter(|_| has_ended && !folds.is_whole(entry.no)),
                ..EntryContext::default()
            }
        }
        Body::Prompt(_) => {
            let fold = EntryFold { key: folds.key, took: None, is_newest: true };
            let fold = Some(fold).filter(|_| !folds.is_whole(entry.no));
            EntryContext { fold, ..EntryContext::default() }
        }
        Body::Result(result) => of_result(session, (entry, result), folds),
        Body::Call(call) => of_call(session, (entry, call), folds),
        Body::Plan(_) => {
            let near = entries.iter().skip(place(entries, entry.no) + 1).take(NEAR);
            let mut turn = near.take_while(|later| !later.body.begins_turn());
            let is_over = turn.any(|later| matches!(later.body, Body::Plan(_)));
            EntryContext { is_over, ..EntryContext::default() }
        }
        Body::Output(output) => {
            let mut near = entries.iter().skip(place(entries, entry.no)).take(NEAR);
            // A result says again what was put out, but where its call was cut short.
            let says_again =
                |result: &Resulted| result.of == output.of && result.outcome != Outcome::CutShort;
            let is_over = near.any(|later| matches!(&later.body, Body::Result(result) if says_again(result)));
            EntryContext { is_over, ..EntryContext::default() }
        }
        _ => EntryContext::default(),
    }
}

/// A call is in sight until it has ended; then its result says it in a line, unless that is unfolded.
fn of_call<'a>(session: &'a Mirrored, (entry, call): (&Entry, &Called), folds: &Folds) -> EntryContext<'a> {
    let entries = &session.entries;
    let ended = result_of(entries, entry);
    let says_it_elsewhere = || plan::is_told_by(call) || is_line(entries, entry.no);
    let is_done = ended.is_some_and(|(_, result)| result.outcome == Outcome::Done);
    let is_over = is_done && says_it_elsewhere();
    let is_away = ended.is_some_and(|(no, result)| is_a_line(entries, call, (no, result), folds));
    EntryContext { is_over, is_away, ..EntryContext::default() }
}

fn of_result<'a>(
    session: &'a Mirrored,
    (entry, result): (&Entry, &Resulted),
    folds: &Folds,
) -> EntryContext<'a> {
    let entries = &session.entries;
    let called = at(entries, result.of);
    let call = called.and_then(|called| if let Body::Call(call) = &called.body { Some(call) } else { None });
    let is_over = result.outcome == Outcome::Done && call.is_some_and(plan::is_told_by);
    let is_line = call.is_some_and(|call| is_a_line(entries, call, (entry.no, result), folds));
    let fold = called.filter(|_| is_line && !is_over).map(|called| {
        let mut later = entries.iter().skip(place(entries, entry.no) + 1).take(NEAR);
        let is_newest = !later.any(|later| matches!(later.body, Body::Result(_)));
        EntryFold { key: folds.key, took: took(entries, called, entry), is_newest }
    });
    EntryContext { call, is_over, is_whole: folds.is_whole(entry.no), fold, ..EntryContext::default() }
}

/// Whether a call that has ended is one line with its result. What was asked or typed was meant to be read, and of what was cut
/// short nobody knows what it did: those stay as they are.
fn is_a_line(
    entries: &VecDeque<Entry>,
    call: &Called,
    (no, result): (EntryNo, &Resulted),
    folds: &Folds,
) -> bool {
    let may_be = !is_question(call) && result.outcome != Outcome::CutShort;
    may_be && !folds.is_whole(no) && !is_line(entries, result.of)
}

fn is_question(call: &Called) -> bool {
    call.wants == Wants::Words
}

/// How long a call ran. Where the person may have been asked first that time is not its own: it counts from what it put out first.
fn took(entries: &VecDeque<Entry>, called: &Entry, ended: &Entry) -> Option<Duration> {
    let is_unasked = matches!(&called.body, Body::Call(call) if call.wants == Wants::Nothing);
    let mut behind = entries.iter().skip(place(entries, called.no)).take(NEAR);
    let since = if is_unasked {
        called
    } else {
        behind.find(|entry| matches!(&entry.body, Body::Output(output) if output.of == called.no))?
    };
    Some(Duration::from_millis(ended.at.0.saturating_sub(since.at.0)))
}

/// The result of the call that an entry is, if it came.
fn result_of<'a>(entries: &'a VecDeque<Entry>, call: &Entry) -> Option<(EntryNo, &'a Resulted)> {
    let mut near = entries.iter().skip(place(entries, call.no) + 1).take(NEAR);
    near.find_map(|later| {
        let Body::Result(result) = &later.body else { return None };
        (result.of == call.no).then_some((later.no, result))
    })
}

/// Whether the call there is a line that the person typed for the shell, as the prompt before it shows.
fn is_line(entries: &VecDeque<Entry>, call: EntryNo) -> bool {
    let typed = place(entries, call).checked_sub(1).and_then(|before| entries.get(before));
    typed.is_some_and(|typed| matches!(&typed.body, Body::Prompt(prompt) if prompt.runs))
}

fn place(entries: &VecDeque<Entry>, no: EntryNo) -> usize {
    entries.partition_point(|known| known.no < no)
}

fn at(entries: &VecDeque<Entry>, no: EntryNo) -> Option<&Entry> {
    entries.get(place(entries, no)).filter(|entry| entry.no == no)
}
