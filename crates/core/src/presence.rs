//! Presence: how much of a session is loaded, and the only ways it changes.

/// How much of a session is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// In memory and ready.
    Live,
    /// Open, but only its head is in memory; the next use wakes it.
    Hibernated,
    /// Archived: no name, no slot is held; its history stays in the store.
    Closed,
    /// To be erased when its time in the trash is over.
    Trashed,
}

use Presence::{Closed, Hibernated, Live, Trashed};

/// Whether a session may come from one presence (a row) to another (a column), both in the order of [`Presence::ALL`].
/// Whatever else a command or a fact would do is refused or ignored.
#[rustfmt::skip]
pub const TABLE: [[bool; 4]; 4] = [
    // to             live   hibernated closed trashed
    /* live       */ [false, true,      true,  true],
    /* hibernated */ [true,  false,     true,  true],
    /* closed     */ [false, true,      false, true],
    /* trashed    */ [false, false,     true,  false],
];

impl Presence {
    /// Every presence, in the order of the table.
    pub const ALL: [Self; 4] = [Live, Hibernated, Closed, Trashed];

    /// Whether a session may come to that presence from this one.
    pub fn may_become(self, next: Self) -> bool {
        TABLE.get(self as usize).and_then(|row| row.get(next as usize)).copied().unwrap_or_default()
    }

    /// Whether it has a name and a slot: live or hibernated.
    pub const fn is_open(self) -> bool {
        match self {
            Live | Hibernated => true,
            Closed | Trashed => false,
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Live => "live",
            Hibernated => "hibernated",
            Closed => "closed",
            Trashed => "trashed",
        }
    }
}
