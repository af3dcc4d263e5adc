//! What turns that compact change in a session's head.

use crate::compaction::{WindowUse, framed};
use crate::entry::Compaction;
use crate::id::TurnNo;
use crate::session::flight::InFlight;
use crate::session::head::Head;
use crate::stamped::Stamped;
use crate::time::WallTime;
use crate::usage::Usage;

/// Of so many summaries it is remembered what they stand for.
const KEPT_REPLACED: usize = 32;

impl Head {
    pub(super) fn begin_compaction(&mut self, turn: TurnNo, stamped: &Stamped) {
        self.touched = stamped.at;
        self.turns = turn;
        self.turn = Some(InFlight { compacts: true, entries: 0, ..InFlight::new(turn) });
    }

    /// A turn that compacts is none of the conversation: how the last one ended, and what a retry asks, stays as it was.
    pub(super) fn compact(&mut self, compaction: &Compaction, usage: Usage, stamped: &Stamped) {
        self.touched = stamped.at;
        self.turn = None;
        self.spend(usage, stamped.at);
        self.begin_entry(stamped);
        self.unread = self.unread.saturating_add(1);
        match compaction {
            Compaction::Summary { text, of, .. } => {
                let sent = framed(text).len() as u64;
                if self.replaced.len() == KEPT_REPLACED {
                    self.replaced.remove(0);
                }
                self.replaced.push((*of, sent));
                self.window = match self.window {
                    Some(before) => Some(before.replacing(*of, sent)),
                    None => WindowUse::after(Usage::default(), sent, 0, None),
                };
            }
            Compaction::Undone => {
                let undone = self.replaced.pop().zip(self.window);
                self.window = undone.map(|((of, sent), window)| window.replacing(sent, of));
            }
            Compaction::Stopped(_) => {}
        }
        self.count_summaries(compaction);
    }

    pub(super) const fn count_summaries(&mut self, compaction: &Compaction) {
        self.summaries = match compaction {
            Compaction::Summary { .. } => self.summaries.saturating_add(1),
            Compaction::Undone => self.summaries.saturating_sub(1),
            Compaction::Stopped(_) => self.summaries,
        };
    }

    pub(super) fn spend(&mut self, usage: Usage, at: WallTime) {
        self.spending = self.spending.and(at, usage.total());
        self.usage = self.usage.plus(usage);
    }
}
