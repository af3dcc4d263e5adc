//! The directory of the socket, looked at before anything in it is trusted: the first step to every connection.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::error::{MAX_SOCKET_PATH, PlaceError};
use super::paths::{KINDS, Place, is_tag};
use super::private::{self, failed, is_wide, ours, set_mode};

/// The mode while it is being swept: closed to others, and marked, so that whoever comes meanwhile does not take what is
/// in it for trusted.
const BEING_SWEPT: u32 = 0o1700;
/// The sticky bit, which no directory of q has otherwise.
const MARK: u32 = 0o1000;

/// A directory of this user alone, whatever it was before: made 0700 or found so; and where it was ever found wider,
/// without the sockets that somebody may have put there meanwhile. Only by one of these is a host connected to or started.
#[derive(Clone, Debug)]
pub struct RuntimeDirectory {
    place: Place,
}

impl RuntimeDirectory {
    /// The one that is there, or `None`.
    pub fn found(place: &Place) -> Result<Option<Self>, PlaceError> {
        is_short_enough(place)?;
        if private::look(&place.runtime, refuse)?.is_none() {
            return Ok(None);
        }
        Self::trusted(place).map(Some)
    }

    /// The one that is there, or a new one.
    pub fn made(place: &Place) -> Result<Self, PlaceError> {
        is_short_enough(place)?;
        private::create(&place.runtime)?;
        Self::trusted(place)
    }

    fn trusted(place: &Place) -> Result<Self, PlaceError> {
        let path = &place.runtime;
        let found = private::look(path, refuse)?.ok_or_else(|| failed(path)(ErrorKind::NotFound.into()))?;
        if needs_sweeping(&found) {
            sweep(path).map_err(failed(path))?;
            // Some file systems take a mode and keep another.
            if private::look(path, refuse)?.is_none_or(|found| needs_sweeping(&found)) {
                return Err(refuse(path.clone()));
            }
        }
        Ok(Self { place: place.clone() })
    }

    /// The host's socket; `None` where there is none. Somebody else's is refused: it was put there while the directory was
    /// open to others.
    pub fn socket(&self) -> Result<Option<PathBuf>, PlaceError> {
        let path = self.place.socket();
        match fs::symlink_metadata(&path) {
            Ok(found) if found.uid() != ours() => Err(PlaceError::SocketNotOurs { path, owner: found.uid() }),
            // What is no socket answers nobody; the next host takes its place.
            Ok(found) => Ok(found.file_type().is_socket().then_some(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path)(error)),
        }
    }

    pub const fn place(&self) -> &Place {
        &self.place
    }
}

fn refuse(path: PathBuf) -> PlaceError {
    PlaceError::NotPrivate { path }
}

fn is_short_enough(place: &Place) -> Result<(), PlaceError> {
    let path = place.socket();
    if path.as_os_str().len() > MAX_SOCKET_PATH { Err(PlaceError::TooLong { path }) } else { Ok(()) }
}

fn needs_sweeping(found: &fs::Metadata) -> bool {
    is_wide(found) || found.mode() & MARK != 0
}

/// Closes it to others, and removes unread what they may have put in our places: every socket, and what is not ours.
fn sweep(path: &Path) -> io::Result<()> {
    // Closed first: what is removed then does not come back.
    set_mode(path, BEING_SWEPT)?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !is_place_of_ours(&entry.file_name()) {
            continue; // somebody's own directory, which holds more than q's
        }
        let found = match fs::symlink_metadata(entry.path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            found => found?,
        };
        let is_planted = found.file_type().is_socket() || found.uid() != ours();
        // Another process may have been quicker, and a host of ours may have its socket there by now.
        if !is_planted || !needs_sweeping(&fs::symlink_metadata(path)?) {
            continue;
        }
        tracing::warn!(target: "q::host", "removed from a directory that was open to others: {:?}", entry.file_name());
        let removed =
            if found.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _removed => {}
        }
    }
    set_mode(path, 0o700)
}

/// Whether `q` looks there, for this store or for another one.
fn is_place_of_ours(name: &OsStr) -> bool {
    let Some((tag, kind)) = name.to_str().and_then(|name| name.split_once('.')) else { return false };
    is_tag(tag) && KINDS.contains(&kind)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    struct World {
        dir: tempfile::TempDir,
        place: Place,
    }

    fn world() -> World {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(dir.path().join("data"), dir.path().join("state"), dir.path().join("run"));
        World { dir, place }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_socket_in_a_directory_that_was_open_to_others_is_removed_unread_and_what_is_ours_stays() {
        for wide in [0o777, 0o1777, 0o755, 0o720, 0o1700] {
            let World { dir: _dir, place } = world();
            fs::create_dir(&place.runtime).unwrap();
            let _listener = UnixListener::bind(place.socket()).unwrap();
            fs::write(place.host_lock(), "").unwrap();
            let others = place.runtime.join("another-program.sock");
            let _another = UnixListener::bind(&others).unwrap();
            set_mode(&place.runtime, wide).unwrap();
            let directory = RuntimeDirectory::found(&place).unwrap().unwrap();
            assert_eq!(directory.socket().unwrap(), None, "{wide:o}");
            assert!(!place.socket().exists() && place.host_lock().exists() && others.exists(), "{wide:o}");
            assert_eq!(mode(&place.runtime), 0o700, "{wide:o}");
        }
    }

    #[test]
    fn a_socket_in_a_directory_that_is_ours_alone_is_found() {
        let World { dir: _dir, place } = world();
        assert!(RuntimeDirectory::found(&place).unwrap().is_none(), "looking makes nothing");
        let directory = RuntimeDirectory::made(&place).unwrap();
        assert_eq!(directory.socket().unwrap(), None);
        let _listener = UnixListener::bind(place.socket()).unwrap();
        assert_eq!(RuntimeDirectory::found(&place).unwrap().unwrap().socket().unwrap(), Some(place.socket()));
    }

    #[test]
    fn a_planted_link_is_refused() {
        let World { dir, place } = world();
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::set_permissions(&elsewhere, Permissions::from_mode(0o700)).unwrap();
        symlink(&elsewhere, &place.runtime).unwrap();
        for refused in [RuntimeDirectory::made(&place).map(Some), RuntimeDirectory::found(&place)] {
            assert!(matches!(refused, Err(PlaceError::NotPrivate { .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_long_path_is_named_before_it_fails() {
        let place = Place::new("/d".into(), "/s".into(), Path::new("/").join("x".repeat(100)));
        assert!(matches!(RuntimeDirectory::made(&place), Err(PlaceError::TooLong { .. })));
    }
}
