//! Retention: which sessions might be thrown away, for their age or for room. Proposals only: nothing here does it.
//!
//! Not here: how long the trash keeps ([`crate::limits`]), what is erased when (the archive of the multiplexer).

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::id::SessionId;
use crate::presence::Presence;
use crate::snapshot::Summary;
use crate::time::WallTime;

/// A session with what its own records take where they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub summary: Summary,
    pub bytes: u64,
}

/// By what a session may be thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    Closed,
    /// What is closed and was last used before this moment.
    UnusedSince(WallTime),
    /// The same, and more of what is closed until all sessions but those in the trash take so many bytes at most.
    UnusedOrToFit(WallTime, u64),
}

/// What all of them take.
pub fn total(sessions: &[Kept]) -> u64 {
    sessions.iter().map(|kept| kept.bytes).fold(0, u64::saturating_add)
}

/// What those in the trash take: it is free once that is emptied.
pub fn in_trash(sessions: &[Kept]) -> u64 {
    let trashed = sessions.iter().filter(|kept| kept.summary.presence == Presence::Trashed);
    trashed.map(|kept| kept.bytes).fold(0, u64::saturating_add)
}

/// The sessions that meet the criterion, the least recently used first.
///
/// None of them is open, pinned, or one whose history a session outside the trash reads: nothing would be won by that.
pub fn propose(sessions: &[Kept], criterion: Criterion) -> Vec<&Kept> {
    let read: BTreeSet<SessionId> = sessions
        .iter()
        .filter(|kept| kept.summary.presence != Presence::Trashed)
        .filter_map(|kept| kept.summary.parent)
        .collect();
    let mut closed: Vec<&Kept> = sessions
        .iter()
        .filter(|kept| kept.summary.presence == Presence::Closed && !kept.summary.pinned)
        .filter(|kept| !read.contains(&kept.summary.id))
        .collect();
    closed.sort_by_key(|kept| (kept.summary.touched, kept.summary.id));
    let mut rest = total(sessions).saturating_sub(in_trash(sessions));
    closed.retain(|kept| {
        let goes = match criterion {
            Criterion::Closed => true,
            Criterion::UnusedSince(moment) => kept.summary.touched < moment,
            Criterion::UnusedOrToFit(moment, bytes) => kept.summary.touched < moment || rest > bytes,
        };
        rest -= if goes { kept.bytes } else { 0 };
        goes
    });
    closed
}

/// What emptying the trash erases, forks before those whose history they read; and what stays, because others read it.
pub fn erasable(sessions: &[Kept]) -> (Vec<&Kept>, Vec<&Kept>) {
    let (mut goes, mut stays): (Vec<&Kept>, Vec<&Kept>) = (Vec::new(), Vec::new());
    let mut trashed: Vec<&Kept> =
        sessions.iter().filter(|kept| kept.summary.presence == Presence::Trashed).collect();
    trashed.sort_by_key(|kept| (kept.summary.trashed, kept.summary.id));
    let mut gone = BTreeSet::new();
    loop {
        let read: BTreeSet<SessionId> = sessions
            .iter()
            .filter(|kept| !gone.contains(&kept.summary.id))
            .filter_map(|kept| kept.summary.parent)
            .collect();
        let before = goes.len();
        stays.clear();
        for kept in &trashed {
            if read.contains(&kept.summary.id) {
                stays.push(kept);
            } else {
                goes.push(kept);
                gone.insert(kept.summary.id);
            }
        }
        if goes.len() == before {
            return (goes, stays);
        }
        trashed.clone_from(&stays);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Player;

    /// Sessions 1 to 6, used in this order at times that differ, of 100 bytes times their number. Open is 1, pinned 2,
    /// closed 3 to 5, in the trash 6; a fork of 4 is open.
    fn sessions() -> Vec<Kept> {
        let lines = [
            "create s1 name a",
            "create s2 name b",
            "create s3 name c",
            "create s4 name d",
            "create s5 name e",
            "create s6 name f",
            "fork s4 s7",
            "pin s2",
            "close s2",
            "close s3",
            "close s4",
            "close s5",
            "trash s6",
        ];
        let summaries = Player::played(&lines).core.view().sessions().collect::<Vec<_>>();
        let kept = |(place, summary): (usize, Summary)| {
            let no = place as u64 + 1;
            Kept { summary: Summary { touched: WallTime(1000 * no), ..summary }, bytes: 100 * no }
        };
        summaries.into_iter().enumerate().map(kept).collect()
    }

    #[test]
    fn what_is_proposed_for_each_criterion() {
        let sessions = sessions();
        // 2,800 in all, 600 of it in the trash: 2,200 without.
        assert_eq!((total(&sessions), in_trash(&sessions)), (2_800, 600));
        for (criterion, proposed) in [
            (Criterion::Closed, &[3, 5][..]),
            (Criterion::UnusedSince(WallTime(3_000)), &[]),
            (Criterion::UnusedSince(WallTime(3_001)), &[3]),
            (Criterion::UnusedSince(WallTime(9_000)), &[3, 5]),
            (Criterion::UnusedOrToFit(WallTime(0), 2_200), &[]),
            (Criterion::UnusedOrToFit(WallTime(0), 2_199), &[3]),
            (Criterion::UnusedOrToFit(WallTime(0), 1_900), &[3]),
            (Criterion::UnusedOrToFit(WallTime(0), 1_899), &[3, 5]),
            (Criterion::UnusedOrToFit(WallTime(0), 0), &[3, 5]),
            (Criterion::UnusedOrToFit(WallTime(3_001), 9_999), &[3]),
        ] {
            let ids: Vec<u128> = propose(&sessions, criterion).iter().map(|kept| kept.summary.id.0).collect();
            assert_eq!(ids, proposed, "{criterion:?}");
        }
    }

    #[test]
    fn the_trash_is_emptied_from_the_last_fork_on() {
        let lines = [
            "create s1 name a",
            "fork s1 s2",
            "fork s2 s3",
            "create s4 name b",
            "fork s4 s5",
            "create s6 name c",
            "trash s1",
            "trash s2",
            "trash s3",
            "trash s4",
        ];
        let summaries = Player::played(&lines).core.view().sessions().collect::<Vec<_>>();
        let sessions: Vec<Kept> = summaries.into_iter().map(|summary| Kept { summary, bytes: 1 }).collect();
        let ids = |kept: Vec<&Kept>| kept.iter().map(|kept| kept.summary.id.0).collect::<Vec<_>>();
        let (goes, stays) = erasable(&sessions);
        assert_eq!((&ids(goes)[..], &ids(stays)[..]), (&[3, 2, 1][..], &[4][..]));
    }

    #[test]
    fn what_only_the_trash_reads_may_go() {
        let mut sessions = sessions();
        sessions.iter_mut().filter(|kept| kept.summary.parent.is_some()).for_each(|fork| {
            fork.summary.presence = Presence::Trashed;
        });
        let ids: Vec<u128> =
            propose(&sessions, Criterion::Closed).iter().map(|kept| kept.summary.id.0).collect();
        assert_eq!(ids, [3, 4, 5]);
    }
}
