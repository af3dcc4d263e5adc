//! What must hold of all sessions together: who is live, who is held, what is in the trash; and of those that wake.

use std::collections::BTreeMap;
use std::time::Duration;

use q_core::{Activity, Presence, Record, Summary};

use super::{Life, Stage};
use crate::history::History;
use crate::law::{Held, Law};
use crate::mark;
use crate::side::Did;

/// All of a session.
const EVERYTHING: usize = usize::MAX;

impl Stage {
    /// What the core was told since the last time is written down, where somebody wants it.
    pub(super) fn write_script(&mut self) {
        let overheard = self.life.as_mut().and_then(|life| life.host.world().overheard.as_mut());
        for (now, input) in overheard.map(std::mem::take).unwrap_or_default() {
            self.script.record(now, &input);
        }
    }

    /// Sessions that wake in this event have all they had when they fell asleep. Of what can be said of them while they
    /// sleep, nothing concerns that.
    pub(super) fn wakes_whole(&self, did: &[Did]) -> Held {
        let mut awake: BTreeMap<_, History> = BTreeMap::new();
        let batches =
            did.iter().filter_map(|did| if let Did::Commit(_, batch) = did { Some(batch) } else { None });
        for stamped in batches.flat_map(|batch| &batch.records) {
            let session = stamped.session;
            if matches!(stamped.record, Record::Woken) {
                awake.extend(self.disk.index.history(session).map(|history| (session, history.clone())));
            } else if let Some(history) = awake.get_mut(&session) {
                history.take(stamped, self.limits.turn_calls)?;
            }
        }
        let Some(life) = &self.life else { return Ok(()) };
        for (session, history) in awake {
            let Some(shown) = life.host.view().snapshot(session, EVERYTHING) else { continue };
            history.is_shown(session, &shown.entries, shown.trimmed)?;
            let same = shown.queue == history.queue && shown.draft == history.draft;
            Law::SleepLosesNothing.check(same, || {
                let had = (&history.queue, &history.draft);
                format!(
                    "session {} had {had:?}; awake it has {:?}",
                    mark::number(session),
                    (shown.queue, shown.draft)
                )
            })?;
        }
        Ok(())
    }

    /// What must hold of all sessions together when nothing moves.
    pub(super) fn together_all_is_right(&self, life: &Life, lines: &[Summary]) -> Held {
        let awake = lines.iter().filter(|line| line.presence == Presence::Live).count();
        let limit = self.limits.live_sessions;
        Law::LiveBounded
            .check(awake <= limit, || format!("{awake} sessions are live, and {limit} may be"))?;
        lines.iter().filter(|line| line.held).try_for_each(|line| self.is_held_for_others(line, lines))?;
        self.trash_is_emptied(life, lines)
    }

    /// Whether the places of the session's agent are taken: all, or all that the background may have.
    fn is_held_for_others(&self, held: &Summary, lines: &[Summary]) -> Held {
        // A line for the shell takes no place.
        let asks = |line: &&Summary| self.shells.running().all(|(session, _)| session != line.id);
        let runs = |line: &&Summary| {
            line.agent == held.agent && line.activity == Activity::Working && !line.held && asks(line)
        };
        let background = |line: &&Summary| !self.ledger.is_shown(line.id);
        let (all, behind) =
            (lines.iter().filter(runs).count(), lines.iter().filter(runs).filter(background).count());
        let places = self.limits.agent_calls.max(1);
        let kept = self.limits.agent_calls_in_view;
        let for_background = self.limits.agent_calls.saturating_sub(kept).max(1);
        let is_full = all >= places || (background(&held) && behind >= for_background);
        Law::NobodyHeldInVain.check(is_full, || {
            format!(
                "session {} is held; its agent has {places} places, {for_background} of them for the background, and {all} turns, {behind} of them there",
                mark::number(held.id)
            )
        })
    }

    /// Whether nothing is left in the trash whose time was over when the core was last told anything, and whether the host wants to be
    /// woken for what is.
    fn trash_is_emptied(&self, life: &Life, lines: &[Summary]) -> Held {
        let is_parent = |line: &&Summary| lines.iter().any(|other| other.parent == Some(line.id));
        let due = |line: &Summary| Some(line.trashed?.after(self.limits.trash_for));
        let next = lines.iter().filter(|line| !is_parent(line)).filter_map(due).min();
        let Some(next) = next else { return Ok(()) };
        let told = self.told;
        Law::TrashOnTime.check(next > told.wall, || {
            format!("something is in the trash that was due at {next:?}; it is {told:?}")
        })?;
        // The calendar counts in milliseconds, of which one may have begun already.
        let latest = told.mono.after(Duration::from_millis(next.0 - told.wall.0 + 1));
        let deadline = life.host.next_deadline();
        Law::TrashOnTime.check(deadline.is_some_and(|deadline| deadline.at <= latest), || {
            format!("the trash is due at {latest:?}; the host wants to be woken at {deadline:?}")
        })
    }
}
