//! Entries as they were laid out, kept while they stay true: bounded, the least recently drawn go first.

use std::collections::BTreeMap;

use q_core::{Entry, EntryNo, SessionId};

use crate::layout::entry::{EntryContext, EntryLayout};
use crate::layout::measure::Measure;
use crate::style::Palette;

/// What all that is kept may weigh together, in bytes.
const BUDGET: usize = 1 << 20;

/// Entries as they were laid out, by session and entry.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    kept: BTreeMap<(SessionId, EntryNo), CacheSlot>,
    weight: usize,
    frame: u64,
}

#[derive(Debug)]
struct CacheSlot {
    shape: EntryLayout,
    frame: u64,
}

impl Cache {
    /// How the entry looks at this measure.
    pub(crate) fn shape(
        &mut self,
        session: SessionId,
        (entry, beside): (&Entry, EntryContext<'_>),
        measure: Measure,
        palette: Palette,
    ) -> &EntryLayout {
        let key = (session, entry.no);
        let earlier = self.kept.remove(&key).map(|kept| kept.shape);
        let shape = match earlier {
            Some(shape) if shape.is_true_of(entry, beside, measure) => shape,
            other => {
                self.weight -= other.as_ref().map_or(0, EntryLayout::weight);
                let shape = EntryLayout::of(entry, beside, measure, palette, other);
                self.weight += shape.weight();
                shape
            }
        };
        &self.kept.entry(key).or_insert(CacheSlot { shape, frame: self.frame }).shape
    }

    /// How the entry looks, as it was last laid out; nothing where it was not, or not since it was let go.
    pub(crate) fn laid_out(&self, session: SessionId, entry: EntryNo) -> Option<&EntryLayout> {
        self.kept.get(&(session, entry)).map(|kept| &kept.shape)
    }

    /// A frame is complete: what is over the budget and was not in it goes.
    pub(crate) fn end_frame(&mut self) {
        if self.weight > BUDGET {
            // Down to half of it, so that the next frames need not sort again.
            let mut by_age: Vec<(u64, (SessionId, EntryNo))> =
                self.kept.iter().map(|(key, kept)| (kept.frame, *key)).collect();
            by_age.sort_unstable();
            for (frame, key) in by_age {
                if self.weight <= BUDGET / 2 || frame == self.frame {
                    break;
                }
                if let Some(kept) = self.kept.remove(&key) {
                    self.weight -= kept.shape.weight();
                }
            }
        }
        self.frame += 1;
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.weight = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use q_core::{Body, WallTime};

    #[test]
    fn what_is_kept_is_bounded_and_the_last_frame_stays() {
        let palette = Palette { color: true };
        let mut cache = Cache::default();
        let entry = |no| Entry {
            no: EntryNo(no),
            at: WallTime(0),
            body: Body::Answer("some words\n\n".repeat(1_000)),
        };
        for no in 0..200 {
            cache.shape(SessionId(1), (&entry(no), EntryContext::default()), Measure::new(80, None), palette);
            cache.end_frame();
            assert!(
                cache.weight
                    <= BUDGET + cache.kept.values().map(|kept| kept.shape.weight()).max().unwrap_or(0)
            );
            assert!(cache.kept.contains_key(&(SessionId(1), EntryNo(no))));
        }
        let weight: usize = cache.kept.values().map(|kept| kept.shape.weight()).sum();
        assert_eq!(cache.weight, weight);
    }
}
