//! Budgets of tokens: what one session may cost, and what all of them together may in a day. Both are off unless set.
//!
//! Not here: where a turn is not begun for it, or ended (`multiplexer/budget.rs`).

use core::ops::RangeInclusive;

use crate::time::WallTime;

/// From so many percent on a budget is warned of.
const NEAR_PERCENT: u128 = 80;
/// A day of UTC, in milliseconds: a host knows no other, and people's own may change under way.
const DAY: u64 = 24 * 3600 * 1000;

/// Whose budget it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetScope {
    /// The session's own, for as long as it lives.
    Session,
    /// That of all sessions together, for this day of UTC.
    Day,
}

/// How much of a budget is spent, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetUse {
    pub scope: BudgetScope,
    pub spent: u64,
    /// What it is; never 0.
    pub of: u64,
}

impl BudgetUse {
    /// Of a budget that is set: 0 says that none is.
    pub(crate) fn of(scope: BudgetScope, spent: u64, of: u64) -> Option<Self> {
        (of > 0).then_some(Self { scope, spent, of })
    }

    /// Whether no further turn begins.
    pub const fn is_spent(self) -> bool {
        self.spent >= self.of
    }

    /// Whether it is worth a warning.
    pub fn is_near(self) -> bool {
        u128::from(self.spent) * 100 >= u128::from(self.of) * NEAR_PERCENT
    }

    /// The same with so much more spent.
    pub(crate) const fn with(self, more: u64) -> Self {
        Self { spent: self.spent.saturating_add(more), ..self }
    }

    /// Which of the two ends first, by its share; of two alike the first.
    pub(crate) fn tighter(self, other: Self) -> Self {
        let (own, others) = (u128::from(self.spent), u128::from(other.spent));
        if others * u128::from(self.of) > own * u128::from(other.of) { other } else { self }
    }
}

/// What a session has spent here, in tokens. What an imported one cost elsewhere is not in it, nor what a fork's parent cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// As long as it lives.
    pub in_all: u64,
    /// The last day of UTC on which it spent any, numbered from the Unix epoch.
    pub day: u64,
    /// What it spent on that day.
    pub on_day: u64,
}

impl Spending {
    /// The same after so many more: another day begins anew.
    /// On a clock that went back over midnight the later day goes on, else what is spent would be free a second time. A clock
    /// that is further off was set to another day.
    pub(crate) fn and(self, at: WallTime, tokens: u64) -> Self {
        if tokens == 0 {
            return self;
        }
        let today = day_of(at);
        let goes_on = days_counting_for(today).contains(&self.day);
        let (day, before) = if goes_on { (self.day, self.on_day) } else { (today, 0) };
        Self { in_all: self.in_all.saturating_add(tokens), day, on_day: before.saturating_add(tokens) }
    }
}

/// The day of UTC in which that is.
pub(crate) const fn day_of(at: WallTime) -> u64 {
    at.0 / DAY
}

/// When that day ends.
pub(crate) const fn end_of(day: u64) -> WallTime {
    WallTime(day.saturating_add(1).saturating_mul(DAY))
}

/// Whose spending counts on that day: its own, and the next one's, from which the clock may have gone back.
pub(crate) const fn days_counting_for(day: u64) -> RangeInclusive<u64> {
    day..=day.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_near_its_end_from_four_fifths_on_and_spent_at_it() {
        for (spent, of, near, is_spent) in [
            (0, 1, false, false),
            (1, 1, true, true),
            (79, 100, false, false),
            (80, 100, true, false),
            (99, 100, true, false),
            (100, 100, true, true),
            (u64::MAX, 100, true, true),
            (u64::MAX - 1, u64::MAX, true, false),
        ] {
            let told = BudgetUse { scope: BudgetScope::Day, spent, of };
            assert_eq!((told.is_near(), told.is_spent()), (near, is_spent), "{spent} of {of}");
        }
        assert_eq!(BudgetUse::of(BudgetScope::Session, 7, 0), None);
    }

    #[test]
    fn the_tighter_of_two_has_the_greater_share_spent() {
        let one = |spent, of| BudgetUse { scope: BudgetScope::Session, spent, of };
        let day = |spent, of| BudgetUse { scope: BudgetScope::Day, spent, of };
        for (own, all, tighter) in [
            (one(1, 2), day(10, 20), BudgetScope::Session),
            (one(1, 2), day(11, 20), BudgetScope::Day),
            (one(u64::MAX, 1), day(u64::MAX, 2), BudgetScope::Session),
        ] {
            assert_eq!(own.tighter(all).scope, tighter, "{own:?} {all:?}");
        }
    }

    #[test]
    fn what_is_spent_is_counted_by_the_day() {
        let noon = WallTime(DAY / 2);
        let spent = Spending::default().and(noon, 5).and(noon, 0).and(WallTime(DAY - 1), 2);
        assert_eq!(spent, Spending { in_all: 7, day: 0, on_day: 7 });
        assert_eq!(spent.and(WallTime(DAY), 0), spent);
        assert_eq!(spent.and(WallTime(DAY), 3), Spending { in_all: 10, day: 1, on_day: 3 });
    }

    #[test]
    fn a_clock_that_goes_back_over_midnight_begins_no_second_day() {
        let spent = Spending { in_all: 9, day: 7, on_day: 4 };
        for (day, expected) in [(7, (7, 5)), (6, (7, 5)), (5, (5, 1)), (8, (8, 1)), (100, (100, 1))] {
            let after = spent.and(WallTime(day * DAY), 1);
            assert_eq!((after.day, after.on_day, after.in_all), (expected.0, expected.1, 10), "day {day}");
        }
        assert_eq!(end_of(7), WallTime(8 * DAY));
        assert_eq!(end_of(u64::MAX), WallTime(u64::MAX));
    }
}
