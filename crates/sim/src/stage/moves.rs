//! Moves: what goes on by itself, one little thing at a time. Each seed makes some of them slow: the disk, the network, the
//! loop, the clients.

use q_testkit::chance::Chance;

use super::Stage;
use crate::disk::Fate;
use crate::law::Held;
use crate::pace::{MOVERS, Mover};

impl Stage {
    /// Makes some moves, as far as anything can move.
    pub(super) fn make_moves(&mut self, moves: u8, order: u64) -> Held {
        let mut chance = Chance::new(order);
        for _ in 0..moves {
            if !self.make_move(&mut chance)? {
                break;
            }
        }
        Ok(())
    }

    /// One thing moves that can: the readier, the likelier it is the first to be tried.
    fn make_move(&mut self, chance: &mut Chance) -> Held<bool> {
        let first = self.pace.first(chance);
        for place in 0..MOVERS.len() {
            let moved = match MOVERS[(first + place) % MOVERS.len()] {
                Mover::SocketReader => {
                    self.any_client(chance, |stage, client| stage.read_socket(client, 1))?
                }
                Mover::Loop => self.take_event(chance)?,
                Mover::Writer => self.commit(chance.between(1, 4) as usize, Fate::Written)?,
                Mover::Pages => self.read_pages(1)?,
                Mover::Loads => self.read_load(chance.below(4))?,
                Mover::SocketWriter => self.any_client(chance, Self::write_socket)?,
                Mover::Reader => self.any_client(chance, Self::read)?,
            };
            self.let_in()?;
            if moved {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first client from a random one on that can do it does it.
    fn any_client(
        &mut self,
        chance: &mut Chance,
        does: impl Fn(&mut Self, usize) -> Held<bool>,
    ) -> Held<bool> {
        let count = self.clients.len();
        let first = chance.below(count);
        for place in 0..count {
            if does(self, (first + place) % count)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
