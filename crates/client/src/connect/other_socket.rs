//! A host that has the store open and cannot be reached: its socket is at another place than ours, since it was started with
//! another runtime directory (a shell without `XDG_RUNTIME_DIR`: cron, su).
//!
//! What is known of it comes from the locks that the system lists, and is only told.

use q_lock::holder;
use q_proto::Place;

/// The process that uses the store at `place` and is not the host there. Asks nobody and takes no lock; `None` too where the
/// system does not tell.
pub fn other_socket(place: &Place) -> Option<u32> {
    let user = holder(&place.store())?;
    // One that leaves has no socket any more, and its lock still.
    let is_here = holder(&place.host_lock()) == Some(user);
    (!is_here).then_some(user)
}
