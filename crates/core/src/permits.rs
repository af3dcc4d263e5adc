//! Who may ask its agent now: the concurrency limit of one agent, shared by all sessions. A declared channel between sessions.

use crate::focus::Focus;
use crate::id::SessionId;
use crate::multiplexer::state::MultiplexerState;
use crate::session::Session;
use crate::session::live::RunState;
use crate::sessions::Sessions;
use crate::time::Instant;

/// The session that is next to be asked, if its agent has a permit for it.
///
/// One whose files are being put back is asked once that is done. Sessions that a client shows go first, and some permits are kept for them; otherwise who waits longest.
pub(crate) fn next(state: &MultiplexerState) -> Option<SessionId> {
    let MultiplexerState { sessions, focus, limits, reversing, .. } = state;
    let waiting = |session: &Session| match session.live()?.run {
        RunState::Waiting(since) => Some((!focus.shows(session.head().id), since, session.head().id)),
        RunState::None | RunState::Running => None,
    };
    let has_permit = |&(in_background, _, id): &(bool, Instant, SessionId)| {
        let Some(session) = sessions.get(id) else { return false };
        if session.head().runs_line() {
            return true; // it asks nobody
        }
        let agent = &session.head().setup.agent;
        // Whatever is kept for screens, one permit is left for the background, or it would wait for ever.
        let permits = limits.agent_calls.saturating_sub(limits.agent_calls_in_view).max(1);
        let (all, background) = running(sessions, focus, agent);
        all < limits.agent_calls.max(1) && (!in_background || background < permits)
    };
    let waiting = sessions.live().filter_map(waiting).filter(|(_, _, id)| !reversing.contains_key(id));
    waiting.filter(has_permit).min().map(|(_, _, id)| id)
}

/// How many turns of this agent go on, and how many of them in sessions that no client shows.
///
/// One that waits for the person asks nobody. Once it is answered it goes on at once, so that there may be more than there are permits: at most
/// as many as sessions are live.
fn running(sessions: &Sessions, focus: &Focus, agent: &str) -> (usize, usize) {
    let is_asked = |session: &&Session| {
        session.head().setup.agent == agent
            && !session.head().runs_line()
            && session.live().is_some_and(|live| live.run == RunState::Running)
            && !session.head().activity().needs_person()
    };
    sessions.live().filter(is_asked).fold((0, 0), |(all, background), session| {
        (all + 1, background + usize::from(!focus.shows(session.head().id)))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use crate::trace::Player;
    use crate::{Activity, Limits, SessionId};
    use alloc::format;
    use alloc::vec::Vec;

    /// Which sessions run when all have a prompt and the first `shown` are on a screen.
    fn asked(agent_calls: usize, agent_calls_in_view: usize, sessions: u64, shown: u64) -> Vec<u64> {
        let mut player = Player::new(Limits { agent_calls, agent_calls_in_view, ..Limits::default() });
        for no in 1..=sessions {
            player.play(&format!("create s{no} name a{no}")).unwrap();
        }
        for no in 1..=shown {
            player.play(&format!("attach c{no}")).unwrap();
            player.play(&format!("show c{no} s{no}")).unwrap();
        }
        for no in (1..=sessions).rev() {
            player.play(&format!("submit s{no} \"go\"")).unwrap();
        }
        let runs = |no: &u64| {
            let summary = player.core.view().summary(SessionId((*no).into())).unwrap();
            summary.activity == Activity::Working && !summary.held
        };
        (1..=sessions).filter(runs).collect()
    }

    #[test]
    fn places_are_shared_between_screens_and_the_background() {
        for (agent_calls, in_view, sessions, shown, expected) in [
            (5, 2, 3, 0, &[1, 2, 3][..]),
            (5, 2, 6, 0, &[4, 5, 6]),
            (5, 2, 6, 1, &[1, 4, 5, 6]),
            (5, 2, 6, 2, &[1, 2, 4, 5, 6]),
            (5, 2, 6, 3, &[2, 3, 4, 5, 6]),
            (5, 0, 6, 0, &[2, 3, 4, 5, 6]),
            // However it is configured, somebody is answered.
            (2, 5, 3, 0, &[3]),
            (2, 5, 3, 3, &[2, 3]),
            (1, 2, 2, 0, &[2]),
            (0, 0, 2, 0, &[2]),
            (0, 0, 2, 1, &[2]),
        ] {
            let asked = asked(agent_calls, in_view, sessions, shown);
            assert_eq!(
                asked, expected,
                "{agent_calls} permits, {in_view} kept, {sessions} prompts, {shown} shown"
            );
        }
    }
}
