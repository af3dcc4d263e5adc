//! The seals of a session, folded from its records.

use alloc::vec::Vec;

use crate::entry::Fault;
use crate::record::{Ending, Record};
use crate::seal::PlacedSeal;
use crate::stamped::Stamped;

/// Seals folded from records in their order: those of turns that came to their end. A turn that stopped may have stopped
/// anywhere, and what it sealed fits nothing then.
#[derive(Debug, Default)]
pub struct Seals {
    whole: Vec<PlacedSeal>,
    /// Of the turn whose end is not reached.
    open: Vec<PlacedSeal>,
}

impl Seals {
    /// Takes the next record in.
    pub fn take(&mut self, stamped: Stamped) {
        let (begins, is_done) = (
            matches!(
                stamped.record,
                Record::Began { .. } | Record::Continued { .. } | Record::Compacting { .. }
            ),
            matches!(stamped.record, Record::Ended { ending: Ending::Done, .. }),
        );
        let is_too_much = matches!(stamped.record, Record::Repaired { fault: Fault::SealsTooLong });
        if let Record::Sealed { seal, .. } = stamped.record {
            self.open.push(PlacedSeal { at: stamped.seq, seal });
        } else if is_too_much {
            self.open.clear(); // nothing more of that turn is recorded
        } else if is_done {
            self.whole.append(&mut self.open);
        } else if begins || matches!(stamped.record, Record::Ended { .. }) {
            self.open.clear();
        }
    }

    /// Those of all turns that ended well, in their order.
    pub fn into_whole(self) -> Vec<PlacedSeal> {
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;
    use crate::seal::{SEAL_BYTES, SEALED_TURN_BYTES};
    use crate::trace::Player;

    #[test]
    fn what_a_turn_sealed_counts_once_that_turn_ended_well() {
        for (what, lines, kept) in [
            ("done", &["sealed s1 \"m\" \"a\"", "text s1 \"b\"", "done s1"][..], &["a"][..]),
            ("failed", &["sealed s1 \"m\" \"a\"", "text s1 \"b\"", "failed s1 cut"], &[]),
            ("interrupted", &["sealed s1 \"m\" \"a\"", "text s1 \"b\"", "interrupt s1"], &[]),
            (
                "more than is kept",
                &["sealed s1 \"m\" \"a\"", "sealed s1 \"m\" \"\"", "sealed s1 \"m\" \"b\"", "done s1"],
                &[],
            ),
            ("in flight", &["sealed s1 \"m\" \"a\"", "text s1 \"b\""], &[]),
        ] {
            let begun = ["create s1 name a", "submit s1 \"why?\""];
            let lines: Vec<&str> = begun.into_iter().chain(lines.iter().copied()).collect();
            let mut seals = Seals::default();
            Player::played(&lines).disk.log.into_iter().for_each(|stamped| seals.take(stamped));
            let whole: Vec<String> =
                seals.into_whole().into_iter().map(|placed| placed.seal.content).collect();
            assert_eq!(whole, kept, "{what}");
        }
    }

    #[test]
    fn what_is_too_long_is_left_out() {
        let content = |bytes: usize| alloc::format!("sealed s1 \"m\" \"{}\"", "x".repeat(bytes));
        let turn = |sealed: &[String]| {
            let begun = ["create s1 name a".to_string(), "submit s1 \"why?\"".to_string()];
            let lines: Vec<String> = begun.into_iter().chain(sealed.iter().cloned()).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let log = Player::played(&lines).disk.log;
            log.iter().filter(|stamped| matches!(stamped.record, Record::Sealed { .. })).count()
        };
        assert_eq!(turn(&[content(SEAL_BYTES)]), 1);
        assert_eq!(turn(&[content(SEAL_BYTES + 1)]), 0);
        let many = SEALED_TURN_BYTES / SEAL_BYTES;
        let full: Vec<String> = (0..=many).map(|_| content(SEAL_BYTES)).collect();
        assert_eq!(turn(&full), many - 1, "who made each counts too");
        let again: Vec<String> = full.iter().cloned().chain([content(1)]).collect();
        assert_eq!(turn(&again), many - 1, "nothing is kept behind one that is left out");
    }
}
