//! Attention: which session needs the person next, and in which order.

use alloc::vec::Vec;

use crate::activity::Activity;
use crate::id::SessionId;
use crate::view::Summary;

/// Why a session needs the person, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Something waits for an answer; nothing goes on without it.
    Answer,
    /// Its last turn failed and nobody has seen that.
    Failure,
    /// It said something that nobody has seen, and is done.
    Reading,
}

/// Why this session needs the person, if it does. What is archived or in the trash needs nobody.
pub const fn need(session: &Summary) -> Option<Need> {
    if !session.presence.is_open() {
        return None;
    }
    match session.activity {
        Activity::NeedsApproval | Activity::NeedsInput => Some(Need::Answer),
        Activity::Failed | Activity::Interrupted if session.unread > 0 => Some(Need::Failure),
        Activity::Idle if session.unread > 0 => Some(Need::Reading),
        Activity::Idle | Activity::Working | Activity::Failed | Activity::Interrupted => None,
    }
}

/// The sessions that need the person: the most urgent need first, within it who waits longest.
pub fn waiting<'a>(sessions: impl IntoIterator<Item = &'a Summary>) -> Vec<&'a Summary> {
    let mut waiting: Vec<(Need, &Summary)> =
        sessions.into_iter().filter_map(|session| Some((need(session)?, session))).collect();
    waiting.sort_by_key(|(need, session)| (*need, session.touched, session.id));
    waiting.into_iter().map(|(_, session)| session).collect()
}

/// The next session that needs the person, coming from `from`: asked again and again, it goes through all of them.
pub fn next<'a>(
    sessions: impl IntoIterator<Item = &'a Summary>,
    from: Option<SessionId>,
) -> Option<SessionId> {
    let waiting = waiting(sessions);
    let here = waiting.iter().position(|session| Some(session.id) == from);
    let after = here.map_or(0, |here| here + 1);
    waiting.get(after).or_else(|| waiting.first()).map(|session| session.id).filter(|&id| Some(id) != from)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use crate::Presence;
    use crate::trace::Player;

    /// Five sessions: one waits for an answer, one failed, one was interrupted, one is to be read, one works.
    fn summaries() -> Vec<Summary> {
        let player = Player::told(&[
            "create s1 name reads",
            "create s2 name failed",
            "create s3 name asks",
            "create s4 name works",
            "create s5 name stopped",
            "create s6 name idle",
            "submit s1 \"go\"",
            "submit s2 \"go\"",
            "submit s3 \"go\"",
            "text s1 \"said\" after 1s",
            "done s1",
            "submit s4 \"go\"",
            "submit s5 \"go\"",
            "text s4 \"half\"",
            "interrupt s5 after 1s",
            "failed s2 cut after 1s",
            "call s3 1 sh \"make\" consent after 1s",
        ]);
        player.core.view().sessions().collect()
    }

    #[test]
    fn the_most_urgent_comes_first_then_who_waits_longest() {
        let summaries = summaries();
        let names: Vec<&str> = waiting(&summaries).iter().map(|session| session.name.as_str()).collect();
        assert_eq!(names, ["asks", "stopped", "failed", "reads"]);
    }

    #[test]
    fn asked_again_and_again_it_goes_through_all() {
        let summaries = summaries();
        let mut here = None;
        let mut seen = Vec::new();
        for _ in 0..5 {
            here = next(&summaries, here);
            seen.extend(here.map(|id| id.0));
        }
        assert_eq!(seen, [3, 5, 2, 1, 3]);
        assert_eq!(next(&summaries, Some(SessionId(6))), Some(SessionId(3)), "from one that needs nobody");
        let alone: Vec<Summary> =
            summaries.into_iter().filter(|session| session.id == SessionId(3)).collect();
        assert_eq!(next(&alone, Some(SessionId(3))), None, "there is no other");
        assert_eq!(next(&[], None), None);
    }

    #[test]
    fn what_was_seen_or_put_away_needs_nobody_unless_it_waits_for_an_answer() {
        for mut session in summaries() {
            session.unread = 0;
            let expected = (session.id == SessionId(3)).then_some(Need::Answer);
            assert_eq!(need(&session), expected, "{}", session.name);
            session.unread = 1;
            session.presence = Presence::Hibernated;
            assert_eq!(need(&session).is_some(), session.id != SessionId(4), "{}", session.name);
            session.presence = Presence::Closed;
            assert_eq!(need(&session), None, "{}", session.name);
        }
    }
}
