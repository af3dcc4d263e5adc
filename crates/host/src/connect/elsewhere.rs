//! A host that has the store open and cannot be reached: its socket is at another place than ours, since it was started with
//! another runtime directory (a shell without `XDG_RUNTIME_DIR`: cron, su).
//!
//! What is known of it comes from the locks that the system lists, and is only told.

use q_store::{StoreError, holder};

use crate::place::Place;

/// Who uses the store at `place` and is not the host there, with the ways to reach or to end it. Asks nobody and takes no
/// lock; `None` too where the system does not tell.
pub fn elsewhere(place: &Place) -> Option<StoreError> {
    let user = holder(&place.store())?;
    // One that leaves has no socket any more, and its lock still.
    let is_here = holder(&place.host_lock()) == Some(user);
    (!is_here).then(|| StoreError::InUse { path: place.store(), holder: Some(user) })
}
