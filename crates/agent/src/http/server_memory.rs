//! What a conversation remembers of its server from one ask to the next, in memory alone: keys that were lent for it, and what
//! the server had sealed and would not read again, and by which name it takes a limit.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use q_core::conversation::Part;
use q_core::{Seal, TurnNo};

use super::dialect;
use super::role_keys::RoleKeys;
use q_seat::Turn;

/// The most seals that are remembered: a conversation with more of them has the server refuse those once more.
const MOST: usize = 4096;

/// What is remembered of one server.
#[derive(Debug, Default)]
pub(super) struct ServerMemory {
    pub(super) keys: RoleKeys,
    refused: Mutex<RefusedSeals>,
    /// Those, by how seals name them, that take the newer name for how long an answer may be.
    newer: Mutex<BTreeSet<String>>,
}

/// What a server refused to read, as hashes, and in which turn it did so.
#[derive(Debug, Default)]
struct RefusedSeals {
    seals: BTreeSet<u64>,
    /// Of a turn all that is sealed goes back, or nothing.
    in_turn: Option<TurnNo>,
    /// It refused a request without any: that it asked for some.
    is_asking: bool,
}

impl ServerMemory {
    /// Whether this one refused the older name for how long an answer may be, and took the newer.
    pub(super) fn takes_newer_limit(&self, maker: &str) -> bool {
        self.newer.lock().unwrap_or_else(PoisonError::into_inner).contains(maker)
    }

    /// This one did so: it is not asked with the older name again.
    pub(super) fn note_newer_limit(&self, maker: &str) {
        let mut newer = self.newer.lock().unwrap_or_else(PoisonError::into_inner);
        if newer.len() < MOST {
            newer.insert(maker.to_owned());
        }
    }

    /// The turn without what was refused before.
    pub(super) fn readable<'a>(&self, turn: &'a Turn) -> Cow<'a, Turn> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.seals.is_empty() {
            return Cow::Borrowed(turn);
        }
        dialect::keeping(turn, |seal| !refused.seals.contains(&hash(seal)))
    }

    /// Whether nothing that is sealed may go along in this turn, nor be asked for.
    pub(super) fn takes_none(&self, turn: &Turn) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.is_asking || refused.in_turn == Some(turn.no)
    }

    /// The server refused what this turn carried, and took the same without it.
    pub(super) fn note_refused(&self, turn: TurnNo, carried: &[u64]) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(refused.seals.len());
        refused.seals.extend(carried.iter().take(room));
        refused.in_turn = Some(turn);
        refused.is_asking |= carried.is_empty();
    }
}

/// What of this turn is sealed by that maker, to be known again.
pub(super) fn carried(turn: &Turn, maker: &str) -> Vec<u64> {
    let parts = turn.messages.iter().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| if let Part::Sealed(seal) = part { Some(seal) } else { None })
        .filter(|seal| seal.by == maker)
        .map(hash)
        .collect()
}

fn hash(seal: &Seal) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&seal.by, &seal.content).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use q_core::conversation::{Message, Role};

    use super::*;

    #[test]
    fn what_was_refused_is_left_out_and_what_is_new_is_not() {
        let seal = |content: &str| Part::Sealed(Seal { by: "m".into(), content: content.into() });
        let turn = |no, seals: &[&str]| {
            let parts = seals.iter().map(|content| seal(content)).chain([Part::Text("so".into())]).collect();
            let no = TurnNo(no);
            Turn { no, messages: vec![Message { role: Role::Assistant, parts }], ..Turn::default() }
        };
        let memory = ServerMemory::default();
        let first = turn(1, &["a", "b"]);
        assert_eq!(*memory.readable(&first), first);
        memory.note_refused(first.no, &carried(&first, "m"));
        assert!(memory.takes_none(&turn(1, &["c"])), "nothing more of that turn");
        assert!(!memory.takes_none(&turn(2, &["c"])));
        assert_eq!(*memory.readable(&turn(2, &["a", "b", "c"])), turn(2, &["c"]));
        assert_eq!(carried(&turn(2, &["a"]), "another"), Vec::<u64>::new());
        memory.note_refused(TurnNo(3), &[]);
        assert!(memory.takes_none(&turn(4, &[])), "what it refuses is to be asked for any");
    }
}
