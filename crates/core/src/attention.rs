//! Attention: which sessions need the person, why, and which is the next. There is one such set, whoever asks: the bar, the
//! lists, the inbox, the key that goes to the next.

use alloc::vec::Vec;

use crate::activity::Activity;
use crate::entry::Interrupter;
use crate::id::SessionId;
use crate::snapshot::Summary;

/// Why a session needs the person, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Something waits for an answer; nothing goes on without it.
    Answer,
    /// Its last turn failed, or was cut off by something else than the person. Seeing that does not answer the prompt: it
    /// needs the person until they ask again, ask something else, say that they know, or put the session away.
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
        Activity::Failed if !session.acknowledged => Some(Need::Failure),
        Activity::Interrupted if !session.acknowledged && !by_the_person(session) => Some(Need::Failure),
        Activity::Idle | Activity::Failed | Activity::Interrupted if session.unread > 0 => {
            Some(Need::Reading)
        }
        Activity::Idle | Activity::Working | Activity::Failed | Activity::Interrupted => None,
    }
}

const fn by_the_person(session: &Summary) -> bool {
    matches!(session.interrupter, Some(Interrupter::User))
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

    /// One waits for an answer, one failed, one was interrupted by the person and one by the death of the host, one is to
    /// be read, one works, one does nothing.
    fn summaries() -> Vec<Summary> {
        let player = Player::played(&[
            "create s7 name died",
            "submit s7 \"go\"",
            "crash",
            "started",
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
        assert_eq!(names, ["asks", "died", "failed", "reads", "stopped"]);
    }

    #[test]
    fn asked_again_and_again_it_goes_through_all() {
        let summaries = summaries();
        let mut here = None;
        let mut seen = Vec::new();
        for _ in 0..6 {
            here = next(&summaries, here);
            seen.extend(here.map(|id| id.0));
        }
        assert_eq!(seen, [3, 7, 2, 1, 5, 3]);
        assert_eq!(next(&summaries, Some(SessionId(6))), Some(SessionId(3)), "from one that needs nobody");
        let alone: Vec<Summary> =
            summaries.into_iter().filter(|session| session.id == SessionId(3)).collect();
        assert_eq!(next(&alone, Some(SessionId(3))), None, "there is no other");
        assert_eq!(next(&[], None), None);
    }

    #[test]
    fn a_failure_that_was_seen_needs_the_person_until_they_act() {
        for mut session in summaries() {
            session.unread = 0;
            let seen = match session.id.0 {
                3 => Some(Need::Answer),
                2 | 7 => Some(Need::Failure),
                _ => None,
            };
            assert_eq!(need(&session), seen, "{}", session.name);
            session.unread = 1;
            session.presence = Presence::Hibernated;
            assert_eq!(need(&session).is_some(), session.id != SessionId(4), "{}", session.name);
            session.presence = Presence::Closed;
            assert_eq!(need(&session), None, "{}", session.name);
        }
        let acts = |act: &str| {
            let lines =
                ["attach c1", "create s1 name a", "show c1 s1", "submit s1 \"go\"", "failed s1 cut", act];
            need(&Player::played(&lines).core.view().summary(SessionId(1)).unwrap())
        };
        for act in ["retry s1", "submit s1 \"anew\"", "read s1", "close s1", "trash s1"] {
            assert_eq!(acts(act), None, "{act}");
        }
        for act in ["show c1 s1", "rename s1 b", "draft s1 \"half\""] {
            assert_eq!(acts(act), Some(Need::Failure), "{act}");
        }
    }
}
