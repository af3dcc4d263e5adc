//! Which sessions a filter leaves, best first. A key compares each session once; what changes meanwhile is compared alone, and a
//! frame in which nothing changed compares nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use q_core::mirror::{Mirrored, Stamp};
use q_core::{Presence, SessionId};

use crate::overlay::component::OverlayContext;
use crate::overlay::session_filter::SessionFilter;

/// What a filter leaves, until something changes that it depends on.
#[derive(Debug, Default)]
pub(super) struct SessionListing {
    /// In the order of the list.
    pub(super) ids: Vec<SessionId>,
    filter: String,
    /// The last change of a session, and how often the archive had changed.
    made_for: Option<(Stamp, u64)>,
    /// How well each fits, as its line was with that stamp.
    scores: BTreeMap<SessionId, (Stamp, Option<u32>)>,
    /// How often a session was compared with a filter: what tests count.
    pub(super) compared: usize,
}

impl SessionListing {
    /// Lists anew what has to be; whether anything had.
    pub(super) fn follow(&mut self, filter: &str, context: &OverlayContext<'_>) -> bool {
        let now = (context.mirror.stamp(), context.archive.changes());
        let is_same = |(stamp, changes): (Stamp, u64)| stamp.is(now.0) && changes == now.1;
        if self.filter == filter && self.made_for.is_some_and(is_same) {
            return false;
        }
        if self.filter != filter {
            self.scores.clear();
            filter.clone_into(&mut self.filter);
        }
        self.made_for = Some(now);
        self.ids = if filter.trim().is_empty() {
            context.mirror.by_slot().into_iter().map(|session| session.summary.id).collect()
        } else {
            self.fitting(&SessionFilter::of(filter), context)
        };
        true
    }

    fn fitting(&mut self, filter: &SessionFilter, context: &OverlayContext<'_>) -> Vec<SessionId> {
        let closed = context.archive.sessions();
        // One that was opened meanwhile is in the mirror.
        let closed = closed.filter(|session| context.mirror.get(session.summary.id).is_none());
        let mut ranked = Vec::new();
        for session in context.mirror.sessions().chain(closed) {
            if let Some(score) = self.score(filter, session) {
                ranked.push((Reverse(score), place(session), session.summary.id));
            }
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, _, id)| id).collect()
    }

    fn score(&mut self, filter: &SessionFilter, session: &Mirrored) -> Option<u32> {
        let known = self.scores.get(&session.summary.id);
        if let Some((_, score)) = known.filter(|(stamp, _)| stamp.is(session.stamp)) {
            return *score;
        }
        self.compared += 1;
        let score = filter.score(&session.summary, |word| says(session, word));
        self.scores.insert(session.summary.id, (session.stamp, score));
        score
    }
}

/// Where it stands among those that fit as well: those that are open by slot, then those that are closed, the latest first.
fn place(session: &Mirrored) -> (bool, u64) {
    let summary = &session.summary;
    match summary.presence {
        Presence::Live | Presence::Hibernated => (false, summary.slot.into()),
        Presence::Closed | Presence::Trashed => (true, u64::MAX - summary.touched.0),
    }
}

/// Whether a word, in lower case, stands in what is at hand of the conversation: that is bounded, and of few sessions.
fn says(session: &Mirrored, word: &str) -> bool {
    session.entries.iter().any(|entry| entry.text().to_lowercase().contains(word))
}

#[cfg(test)]
mod tests {
    use q_core::trace::Player;
    use q_core::{Limits, Mirror, Snapshot, Summary};

    use super::*;
    use crate::{Options, Ui};

    #[test]
    fn a_key_compares_each_of_ten_thousand_sessions_once_and_a_frame_none() {
        let mut player = Player::new(Limits::default());
        player.play("create s1 name many").unwrap();
        let one: Summary = player.core.view().sessions().next().unwrap();
        let mut mirror = Mirror::default();
        for number in 1..=10_000 {
            let summary = Summary { id: SessionId(number), slot: number as u32, ..one.clone() };
            mirror.load(Snapshot::line(summary));
        }
        let ui = Ui::new(Options::default());
        let mut listing = SessionListing::default();
        let follow = |listing: &mut SessionListing, mirror: &Mirror, filter: &str| {
            listing.follow(filter, &ui.overlay_context(mirror));
            (listing.ids.len(), listing.compared)
        };
        // Without a filter there is nothing to compare with.
        assert_eq!(follow(&mut listing, &mirror, ""), (10_000, 0));
        for _frame in 0..10 {
            assert_eq!(follow(&mut listing, &mirror, "man"), (10_000, 10_000));
        }
        let renamed = Summary { name: "other".parse().unwrap(), id: SessionId(77), ..one };
        mirror.load(Snapshot::line(renamed));
        assert_eq!(
            follow(&mut listing, &mirror, "man"),
            (9_999, 10_001),
            "only what changed is compared anew"
        );
    }
}
