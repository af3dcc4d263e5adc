//! Marks: every text in a simulation says for which session it was meant, so that one in the wrong place is seen.

use q_core::{CallNo, SessionId};
use q_testkit::chance::scrambled;

/// The id of the session that was drawn as number `number`. The number is in it, behind bits that shuffle the order.
pub(super) const fn session(number: u64) -> SessionId {
    SessionId((scrambled(number) as u128) << 64 | number as u128)
}

/// Which session of the simulation has this id.
pub(super) const fn number(session: SessionId) -> u64 {
    session.0 as u64
}

/// A text of about `bytes` bytes for a session: what it is, and words.
pub(super) fn text(session: SessionId, what: &str, bytes: usize) -> String {
    const WORDS: [&str; 7] = ["login", "handler", "retry", "ünïcödé", "日本", "cache", "the"];
    let mut text = format!("#{}.{what}# ", number(session));
    let mut word = what.len() + bytes;
    while text.len() < bytes {
        text.push_str(WORDS[word % WORDS.len()]);
        text.push(if word.is_multiple_of(11) { '\n' } else { ' ' });
        word += 1;
    }
    text
}

/// A session of which the text speaks although it is none of those it may speak of.
pub(super) fn foreign(text: &str, may_speak_of: impl Fn(u64) -> bool) -> Option<u64> {
    marks(text).map(|(session, _)| session).find(|&session| !may_speak_of(session))
}

/// The number of the submission that the text is, if it is one.
pub(super) fn submission(text: &str) -> Option<u64> {
    marks(text).find_map(|(_, what)| what.strip_prefix('p')?.parse().ok())
}

/// What the text is marked as.
pub(super) fn what(text: &str) -> &str {
    marks(text).map(|(_, what)| what).next().unwrap_or_default()
}

/// What the text of a call's result is marked with.
pub(super) fn of_result(call: CallNo) -> String {
    format!("r{call}.")
}

/// The call whose result the text is, where it is one and was not cut off before its mark's end.
pub(super) fn result(text: &str) -> Option<CallNo> {
    let (call, _) = what(text).strip_prefix('r')?.split_once('.')?;
    Some(CallNo(call.parse().ok()?))
}

/// What a submission's text is marked with.
pub(super) fn of_submission(number: u64) -> String {
    format!("p{number}")
}

/// The marks in a text: session, and what.
fn marks(text: &str) -> impl Iterator<Item = (u64, &str)> {
    text.split('#').skip(1).step_by(2).filter_map(|mark| {
        let (session, what) = mark.split_once('.')?;
        Some((session.parse().ok()?, what))
    })
}
