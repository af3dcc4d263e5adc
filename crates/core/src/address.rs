//! Addresses: how people name a session. Exact name, slot, unique name prefix, or id prefix; everywhere the same.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::id::SessionId;
use crate::snapshot::Summary;

/// Fewer characters of an id are not looked up.
const MIN_ID_CHARS: usize = 4;

/// What an address means among `sessions`.
///
/// Exact matches win over prefixes: a session called `plan` is reached by `plan` whatever else begins so. Only open
/// sessions have slots.
pub fn resolve<'a>(
    address: &str,
    sessions: impl IntoIterator<Item = &'a Summary>,
) -> Result<SessionId, Miss> {
    let sessions: Vec<&Summary> = sessions.into_iter().collect();
    let folded = address.to_lowercase();
    let only = |wanted: &dyn Fn(&Summary) -> bool| -> Option<Result<SessionId, Miss>> {
        let found: Vec<&&Summary> = sessions.iter().filter(|session| wanted(session)).collect();
        match found.as_slice() {
            [] => None,
            [one] => Some(Ok(one.id)),
            many => Some(Err(Miss::Ambiguous { address: address.into(), candidates: candidates(many) })),
        }
    };
    // Of sessions with one name only one is open; the open one is meant.
    let open = |session: &Summary| session.slot != 0;
    let slot = address.parse::<u32>().ok().filter(|slot| *slot != 0);
    only(&|session| open(session) && session.name.folded() == folded)
        .or_else(|| only(&|session| session.name.folded() == folded))
        .or_else(|| slot.and_then(|slot| only(&|session| session.slot == slot)))
        .or_else(|| {
            if folded.is_empty() {
                None
            } else {
                only(&|session| open(session) && session.name.folded().starts_with(&folded))
            }
        })
        .or_else(|| {
            if folded.is_empty() { None } else { only(&|session| session.name.folded().starts_with(&folded)) }
        })
        .or_else(|| {
            if folded.len() < MIN_ID_CHARS {
                None
            } else {
                only(&|session| session.id.to_string().starts_with(&folded))
            }
        })
        .unwrap_or_else(|| {
            Err(Miss::Unknown { address: address.into(), nearest: nearest(&folded, &sessions) })
        })
}

/// Why an address leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    Ambiguous {
        address: String,
        /// What to type instead: their names, or their ids where a name is not one session's alone.
        candidates: Vec<String>,
    },
    Unknown {
        address: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
}

fn candidates(sessions: &[&&Summary]) -> Vec<String> {
    let is_alone = |session: &Summary| {
        sessions.iter().filter(|other| other.name.folded() == session.name.folded()).count() == 1
    };
    let say = |session: &&&Summary| {
        if is_alone(session) { session.name.to_string() } else { session.id.to_string() }
    };
    sessions.iter().map(say).collect()
}

/// The open session's name that differs in the fewest places, if those are few enough for a slip of the fingers.
fn nearest(folded: &str, sessions: &[&Summary]) -> Option<String> {
    let near =
        |session: &&&Summary| (distance(folded, &session.name.folded()), session.slot == 0, session.slot);
    let most = 1 + folded.chars().count() / 3;
    let best = sessions.iter().min_by_key(near)?;
    (distance(folded, &best.name.folded()) <= most).then(|| best.name.to_string())
}

/// How many characters must be put in, taken out or changed (Levenshtein's distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, here) in one.chars().enumerate() {
        let mut corner = line;
        let mut left = line + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (above, there) in row.iter_mut().skip(1).zip(&other) {
            let best = (corner + usize::from(here != *there)).min(*above + 1).min(left + 1);
            corner = *above;
            *above = best;
            left = best;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use alloc::format;

    use super::*;
    use crate::trace::Player;

    /// Open: `plan` 1, `planning` 2, `Login` 3, `пример` 4. Closed: two called `old`, one called `login`, `plan-b`.
    fn summaries() -> Vec<Summary> {
        let mut player = Player::played(&[]);
        for (id, name) in [("s6", "old"), ("s7", "old"), ("s8", "login"), ("s9", "plan-b")] {
            player.play(&format!("create {id} name {name}")).unwrap();
            player.play(&format!("close {id}")).unwrap();
        }
        let last = "7zzzzzzzzzzzzzzzzzzzzzzzzz";
        for (id, name) in
            [("s1", "plan"), ("s2", "planning"), ("s3", "Login"), ("s4", "пример"), (last, "other")]
        {
            player.play(&format!("create {id} name {name}")).unwrap();
        }
        player.core.view().sessions().collect()
    }

    #[test]
    fn an_address_is_a_name_a_slot_a_prefix_or_an_id() {
        let summaries = summaries();
        for (address, id) in [
            ("plan", 1),
            ("PLAN", 1),
            ("2", 2),
            ("planni", 2),
            ("login", 3),
            ("log", 3),
            ("ПРИ", 4),
            ("4", 4),
            ("plan-b", 9),
            ("plan-", 9),
            ("00000000000000000000000006", 6),
        ] {
            assert_eq!(resolve(address, &summaries), Ok(SessionId(id)), "{address}");
        }
        assert_eq!(resolve("7zzz", &summaries), Ok(SessionId(u128::MAX)), "four characters of an id");
    }

    #[test]
    fn what_fits_several_lists_them() {
        let summaries = summaries();
        let (sixth, seventh) = (SessionId(6).to_string(), SessionId(7).to_string());
        for (address, candidates) in [
            ("pla", ["plan", "planning"]),
            ("p", ["plan", "planning"]),
            ("old", [&*sixth, &*seventh]),
            ("ol", [&*sixth, &*seventh]),
        ] {
            let candidates = candidates.map(String::from).to_vec();
            let ambiguous = Miss::Ambiguous { address: address.into(), candidates };
            assert_eq!(resolve(address, &summaries), Err(ambiguous), "{address}");
        }
    }

    #[test]
    fn of_many_that_fit_each_is_listed_by_its_name() {
        let player = Player::played(&["create s1 name a1", "create s2 name a2", "create s3 name a3"]);
        let summaries: Vec<Summary> = player.core.view().sessions().collect();
        let candidates = ["a1", "a2", "a3"].map(String::from).to_vec();
        assert_eq!(resolve("a", &summaries), Err(Miss::Ambiguous { address: "a".into(), candidates }));
    }

    #[test]
    fn what_fits_none_suggests_the_nearest() {
        let summaries = summaries();
        for (address, nearest) in [
            ("plam", Some("plan")),
            ("lgoin", Some("Login")),
            ("plannning", Some("planning")),
            ("plannnnnning", Some("planning")),
            ("plannnnnnnnning", None),
            ("примир", Some("пример")),
            ("xyzzy", None),
            ("", None),
            ("9", None),
            ("0", None),
            ("7zz", None),
            ("99999999999999999999", None),
        ] {
            let unknown = Miss::Unknown { address: address.into(), nearest: nearest.map(Into::into) };
            assert_eq!(resolve(address, &summaries), Err(unknown), "{address}");
        }
        assert_eq!(resolve("a", &[]), Err(Miss::Unknown { address: "a".into(), nearest: None }));
    }

    #[test]
    fn what_the_distance_is() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }
}
