//! That there was a store: noted outside it, so that one which is gone is missed, and no empty one takes its place unasked.
//!
//! A disk that is not mounted, a directory that was moved: what people said is elsewhere then, and a new store would look
//! as if it were lost. Not here: a store that goes while it is used (the store notices that itself).

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use q_proto::place::Place;

/// Whether a host has opened a store there before.
pub(crate) fn is_there(place: &Place) -> bool {
    place.store_marker().exists()
}

/// Notes it. What cannot be noted costs no more than the note.
pub(crate) fn note(place: &Place) {
    if let Err(error) = write(place) {
        tracing::warn!(target: "q::host", %error, "that there is a store cannot be noted");
    }
}

fn write(place: &Place) -> io::Result<()> {
    let path = place.store_marker();
    if let Some(state) = path.parent() {
        fs::create_dir_all(state)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => writeln!(file, "{}", place.store().display()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
