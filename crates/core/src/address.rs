//! Addresses: how people name a session. Exact name, slot, unique name prefix, or id prefix; everywhere the same.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::id::SessionId;
use crate::view::Summary;

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
            many => {
                let candidates = many.iter().map(|session| session.name.to_string()).collect();
                Some(Err(Miss::Ambiguous { address: address.into(), candidates }))
            }
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
        .unwrap_or_else(|| Err(Miss::Unknown { address: address.into() }))
}

/// Why an address leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// Several sessions fit.
    Ambiguous {
        /// As typed.
        address: String,
        /// Their names.
        candidates: Vec<String>,
    },
    /// None fits.
    Unknown {
        /// As typed.
        address: String,
    },
}
