//! What goes on by itself, and how readily in a run.

use q_testkit::chance::Chance;

/// The things that move.
pub(super) const MOVERS: [Mover; 7] = [
    Mover::SocketReader,
    Mover::Loop,
    Mover::Writer,
    Mover::Pages,
    Mover::Loads,
    Mover::SocketWriter,
    Mover::Reader,
];

#[derive(Clone, Copy, Debug)]
pub(super) enum Mover {
    /// The host's task that reads what a client said.
    SocketReader,
    Loop,
    Writer,
    /// The host's task that reads pages.
    Pages,
    /// The host's tasks that read sessions that are to wake.
    Loads,
    /// The host's task that writes what waits for a client.
    SocketWriter,
    /// A client that reads what has come.
    Reader,
}

/// How readily each of them moves, in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace([usize; MOVERS.len()]);

impl Pace {
    /// One in four is slow.
    pub(super) fn new(chance: &mut Chance) -> Self {
        Self([(); MOVERS.len()].map(|()| if chance.one_in(4) { 1 } else { 8 }))
    }

    pub(super) fn first(self, chance: &mut Chance) -> usize {
        // The readier, the larger its share.
        let mut place = chance.below(self.0.iter().sum());
        for (mover, &readiness) in self.0.iter().enumerate() {
            if place < readiness {
                return mover;
            }
            place -= readiness;
        }
        0
    }
}
