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

/// What changes the presence of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transition {
    /// Memory is given up.
    Hibernate,
    /// Memory is read back from the store.
    Wake,
    /// The person archives it.
    Close,
    /// The person wants it back from the archive.
    Reopen,
    /// The person throws it away.
    Trash,
    /// The person takes it out of the trash.
    Restore,
}

use Presence::{Closed, Hibernated, Live, Trashed};

/// What follows, by [`Presence::ALL`] and [`Transition::ALL`]; `None` is not possible and refused.
pub const TABLE: [[Option<Presence>; 6]; 4] = [
    //             Hibernate         Wake        Close         Reopen            Trash          Restore
    /* live */
    [Some(Hibernated), None, Some(Closed), None, Some(Trashed), None],
    /* hibernated */ [None, Some(Live), Some(Closed), None, Some(Trashed), None],
    /* closed */ [None, None, None, Some(Hibernated), Some(Trashed), None],
    /* trashed */ [None, None, None, None, None, Some(Closed)],
];

impl Presence {
    /// Every presence, in the order of the table.
    pub const ALL: [Self; 4] = [Live, Hibernated, Closed, Trashed];

    /// The presence after a transition, if it is possible.
    pub fn after(self, transition: Transition) -> Option<Self> {
        TABLE.get(self as usize).and_then(|row| row.get(transition as usize)).copied().flatten()
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

impl Transition {
    /// Every transition, in the order of the table.
    pub const ALL: [Self; 6] =
        [Self::Hibernate, Self::Wake, Self::Close, Self::Reopen, Self::Trash, Self::Restore];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hibernate => "hibernate",
            Self::Wake => "wake",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::Trash => "trash",
            Self::Restore => "restore",
        }
    }
}
