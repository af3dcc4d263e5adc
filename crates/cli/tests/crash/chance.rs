//! Random moments that can be had again: a seed, and numbers made from it.

use std::time::Duration;

use q_proto::entropy;

/// Numbers made from a seed (splitmix64).
#[derive(Debug)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// The seed in `Q_SEED`, or a fresh one; printed either way.
    #[expect(clippy::disallowed_methods, reason = "a run is repeated by hand, with the seed it printed")]
    pub(crate) fn of(test: &str) -> Self {
        let given = std::env::var("Q_SEED").ok().and_then(|seed| seed.parse().ok());
        let state = given.unwrap_or_else(|| entropy::token().unwrap().0 as u64);
        println!("{test}: Q_SEED={state}");
        Self { state }
    }

    /// Another line of numbers, for somebody who acts at the same time.
    pub(crate) fn branch(&mut self) -> Self {
        Self { state: self.below(u64::MAX) }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % end
    }

    /// A moment within the next `most`.
    pub(crate) fn moment(&mut self, most: Duration) -> Duration {
        Duration::from_micros(self.below(most.as_micros() as u64))
    }
}

/// Lets a random time pass: the moment is what the test is about, and nothing is waited for.
#[expect(clippy::disallowed_methods, reason = "the only place where a test lets time pass by itself")]
pub(crate) fn let_pass(moment: Duration) {
    std::thread::sleep(moment);
}
