//! What open sessions share: unique names and slots. A declared channel between sessions.

use crate::autoname;
use crate::id::SessionId;
use crate::name::Name;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::sessions::Sessions;

use alloc::collections::BTreeSet;
use alloc::string::ToString;

/// The lowest free slot, from 1.
pub(crate) fn free_slot(sessions: &Sessions) -> u32 {
    let taken: BTreeSet<u32> = open(sessions).map(|session| session.head().slot).collect();
    let mut slot = 1;
    while taken.contains(&slot) {
        slot += 1;
    }
    slot
}

/// Whether another open session has this slot.
pub(crate) fn shares_slot(sessions: &Sessions, own: SessionId, slot: u32) -> bool {
    open(sessions).any(|session| session.head().id != own && session.head().slot == slot)
}

/// A name as typed, if it is one and no other open session has it.
pub(crate) fn chosen_name(sessions: &Sessions, own: Option<SessionId>, typed: &str) -> Result<Name, Refusal> {
    let name: Name = typed.parse().map_err(|fault| Refusal::BadName { name: typed.into(), fault })?;
    match holder(sessions, own, &name) {
        None => Ok(name),
        Some(other) => {
            let free = unique_name(sessions, own, &name).to_string();
            Err(Refusal::NameTaken { name: typed.into(), slot: other.head().slot, free })
        }
    }
}

/// `wanted`, or a numbered form of it that no other open session has.
pub(crate) fn unique_name(sessions: &Sessions, own: Option<SessionId>, wanted: &Name) -> Name {
    autoname::make_unique(wanted, |name| holder(sessions, own, name).is_none())
}

fn holder<'a>(sessions: &'a Sessions, own: Option<SessionId>, name: &Name) -> Option<&'a Session> {
    let folded = name.folded();
    open(sessions).find(|session| Some(session.head().id) != own && session.head().name.folded() == folded)
}

fn open(sessions: &Sessions) -> impl Iterator<Item = &Session> {
    sessions.iter().filter(|session| session.head().presence.is_open())
}
