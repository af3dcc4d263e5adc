//! Files that the person's decisions are kept in, beside the store: read whole, changed by one at a time, and written anew
//! beside the old one and then in its place, so that a reader has the old one or the new.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use q_proto::Place;

use crate::error::CliError;
use crate::trusted::{self, Untrusted};

/// How long another that changes one is waited for: a change takes no longer, and whoever keeps the lock for more is named.
const PATIENCE: Duration = Duration::from_secs(3);

/// The text of one; nothing where it is not there. `what` is in it, for the message where it cannot be read.
pub(crate) fn text(path: &Path, what: &str) -> Result<Option<String>, CliError> {
    match trusted::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(Untrusted::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(untrusted) => Err(untrusted.into_error(what, path)),
    }
}

/// Puts what `change` gives into the place of what is there, which it reads; whether it gave something. Two that do so at once
/// do it one after the other.
pub(crate) fn rewrite(
    place: &Place,
    path: &Path,
    change: impl FnOnce() -> Result<Option<String>, CliError>,
) -> Result<bool, CliError> {
    let failed =
        |error: io::Error| CliError::failed(format!("{} cannot be written: {error}", path.display()));
    place.prepare_state().map_err(|error| CliError::failed(error.to_string()))?;
    let directory = path.parent().unwrap_or(path);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    // Of the file itself there is another one once it is written.
    let lock = path.with_extension("lock");
    let held = q_lock::open_lock(&lock).map_err(failed)?;
    q_lock::wait_for_lock(&held, &lock, PATIENCE).map_err(|error| match error {
        TryLockError::Error(error) => failed(error),
        TryLockError::WouldBlock => {
            let holder =
                q_lock::holder(&lock).map_or("another process".into(), |pid| format!("process {pid}"));
            let what = path.display();
            CliError::failed(format!(
                "{what} cannot be changed: {holder} holds {}; nothing was",
                lock.display()
            ))
            .hint(format!(
                "end {holder}, which may be a command of a session (`q processes SESSION`), and say it again"
            ))
        }
    })?;
    let Some(text) = change()? else { return Ok(false) };
    write(path, &text).map_err(failed)?;
    Ok(true)
}

/// Writes it beside the old one and in its place, for its owner alone.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let _of_one_that_died = fs::remove_file(&beside);
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // What was taken back must not count again after the loss of power.
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
