//! Where things live: the data directory, and the socket and locks of the host that serves it.
//!
//! The socket's name is made from the data directory, so that a host is found by what it owns and two stores never
//! share a host.

mod error;
mod paths;
mod private;
mod runtime;

pub use error::PlaceError;
pub use paths::Place;
pub use private::ours;
pub use runtime::RuntimeDirectory;

impl Place {
    /// The directory of the socket and the locks, made if it is missing; nobody else can put anything into it.
    pub fn prepare_runtime(&self) -> Result<RuntimeDirectory, PlaceError> {
        RuntimeDirectory::made(self)
    }

    /// Makes the data directory if it is missing, and closes it and the store in it to others.
    pub fn prepare_data(&self) -> Result<(), PlaceError> {
        private::make(&self.data, |path| PlaceError::DataNotPrivate { path })?;
        private::close_if_there(&self.store(), |path| PlaceError::StoreNotPrivate { path })
    }

    /// Whether what is kept there may be read: none of it is a link or somebody else's. Changes nothing.
    pub fn check_data(&self) -> Result<(), PlaceError> {
        private::look(&self.data, |path| PlaceError::DataNotPrivate { path })?;
        private::look(&self.store(), |path| PlaceError::StoreNotPrivate { path }).map(drop)
    }

    /// Closes the directories of logs and notes to others, where they are there.
    pub fn prepare_state(&self) -> Result<(), PlaceError> {
        for directory in [&self.state, &self.logs()] {
            private::close_if_there(directory, |path| PlaceError::StateNotPrivate { path })?;
        }
        private::keep_files_only(&self.logs())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::path::Path;

    fn place(dir: &Path) -> Place {
        Place::new(dir.join("data"), dir.join("state"), dir.join("run"))
    }

    /// One rule for every directory that is written to.
    #[test]
    fn a_link_in_the_place_of_a_directory_is_refused_and_names_its_way_out() {
        type Prepare = fn(&Place) -> Result<(), PlaceError>;
        let prepare_runtime: Prepare = |place| place.prepare_runtime().map(drop);
        let table: [(&str, Prepare, &str); 7] = [
            ("data", Place::prepare_data, "Q_DATA_DIR"),
            ("data/store", Place::prepare_data, "Q_DATA_DIR"),
            ("data", Place::check_data, "Q_DATA_DIR"),
            ("data/store", Place::check_data, "Q_DATA_DIR"),
            ("state", Place::prepare_state, "Q_STATE_DIR"),
            ("state/log", Place::prepare_state, "Q_STATE_DIR"),
            ("run", prepare_runtime, "Q_RUNTIME_DIR"),
        ];
        for (planted, prepare, way_out) in table {
            let dir = tempfile::tempdir().unwrap();
            let (link, elsewhere) = (dir.path().join(planted), dir.path().join("elsewhere"));
            fs::create_dir(&elsewhere).unwrap();
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
            let told = prepare(&place(dir.path())).unwrap_err().to_string();
            assert!(told.starts_with(&link.display().to_string()) && told.contains(way_out), "{told}");
            // What people said may be behind it: nobody is told to remove that.
            assert_eq!(told.contains("remove it"), !planted.starts_with("data"), "{told}");
            assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "{planted}");
        }
    }

    #[test]
    fn a_link_above_is_the_persons_own_arrangement() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, home) = (dir.path().join("disk"), dir.path().join("home"));
        fs::create_dir(&disk).unwrap();
        std::os::unix::fs::symlink(&disk, &home).unwrap();
        let place = place(&home);
        place.prepare_data().unwrap();
        place.prepare_state().unwrap();
        place.prepare_runtime().unwrap();
        assert!(disk.join("data").is_dir() && disk.join("run").is_dir());
    }

    #[test]
    fn what_others_planted_among_the_logs_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path());
        fs::create_dir_all(place.logs()).unwrap();
        let mine = dir.path().join("mine");
        fs::write(&mine, "mine").unwrap();
        fs::write(place.logs().join("host.log"), "said before").unwrap();
        std::os::unix::fs::symlink(&mine, place.logs().join("link.log")).unwrap();
        fs::hard_link(&mine, place.logs().join("second.log")).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(place.logs().join("pipe.log")).unwrap();
        place.prepare_state().unwrap();
        let left: Vec<_> =
            fs::read_dir(place.logs()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["host.log"]);
        assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
    }

    #[test]
    fn a_wide_directory_is_narrowed() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path());
        let wide = [&place.data, &place.store(), &place.state, &place.logs()];
        for path in wide {
            fs::create_dir(path).unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        place.prepare_data().unwrap();
        place.prepare_state().unwrap();
        for path in wide {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o700, "{}", path.display());
        }
    }
}
