//! Files that decide where words and keys go: the configuration, and files that hold keys. They are only read, so a link to
//! them is as good as they are (those who keep their dotfiles or secrets elsewhere make such); but what is behind it must
//! be this user's or the system's, and nobody else may write it.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::error::CliError;

/// More than this is no configuration and no key, in bytes.
const MOST: u64 = 4 << 20;
const ROOT: u32 = 0;
/// What everybody may write.
const WRITABLE_BY_ALL: u32 = 0o002;
/// What anybody but the owner may do.
const ANY_OTHER: u32 = 0o077;

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum Untrusted {
    /// The system does not let it be read.
    Unreadable(io::Error),
    /// Its owner, or who may write it.
    NotOurs(String),
}

impl Untrusted {
    pub(crate) fn why(self) -> String {
        match self {
            Self::Unreadable(error) => error.to_string(),
            Self::NotOurs(why) => why,
        }
    }

    /// What to say of the file at `path`, which is `what`.
    pub(crate) fn into_error(self, what: &str, path: &Path) -> CliError {
        let path = path.display();
        match self {
            Self::Unreadable(error) => CliError::usage(format!("{what} cannot be read from {path}: {error}")),
            Self::NotOurs(why) => {
                CliError::usage(format!("{what} is not read from {path}: {why}")).hint(format!(
                    "look into it, then make it yours alone: chown \"$(id -u)\" {path}; chmod 600 {path}"
                ))
            }
        }
    }
}

/// Reads it as text.
pub(crate) fn read(path: &Path) -> Result<String, Untrusted> {
    read_unless(path, |_| None)
}

/// Reads a file that holds a key: nobody else may even read it.
pub(crate) fn read_secret(path: &Path) -> Result<String, Untrusted> {
    read_unless(path, |mode| {
        let why = format!("others may read it (mode {:o}); chmod 600 makes it yours alone", mode & 0o777);
        (mode & ANY_OTHER != 0).then_some(why)
    })
}

/// Reads it unless something speaks against a file of this mode.
fn read_unless(path: &Path, fault: impl Fn(u32) -> Option<String>) -> Result<String, Untrusted> {
    let file = File::open(path).map_err(Untrusted::Unreadable)?;
    // Of the file that was opened: another one may be in its place by now.
    let found = file.metadata().map_err(Untrusted::Unreadable)?;
    // Devices and pipes have no say in it: `Q_CONFIG=/dev/null`, or keys from a `<(command)`, belong to whoever names them.
    if found.is_file() {
        let us = q_proto::place::ours();
        if found.uid() != us && found.uid() != ROOT {
            return Err(Untrusted::NotOurs(format!("it belongs to another user (uid {})", found.uid())));
        }
        if found.mode() & WRITABLE_BY_ALL != 0 {
            return Err(Untrusted::NotOurs("everybody may write it".into()));
        }
        if let Some(why) = fault(found.mode()) {
            return Err(Untrusted::NotOurs(why));
        }
    }
    let mut text = String::new();
    file.take(MOST + 1).read_to_string(&mut text).map_err(Untrusted::Unreadable)?;
    if text.len() as u64 > MOST {
        return Err(Untrusted::Unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    #[test]
    fn a_link_is_followed_and_what_others_may_write_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "key").unwrap();
        symlink(&file, &link).unwrap();
        for (mode, is_read, is_secret) in [
            (0o600, true, true),
            (0o400, true, true),
            (0o644, true, false),
            (0o640, true, false),
            (0o664, true, false),
            (0o666, false, false),
            (0o602, false, false),
        ] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            for path in [&file, &link] {
                assert_eq!(read(path).is_ok(), is_read, "{mode:o}");
                assert_eq!(read_secret(path).is_ok(), is_secret, "{mode:o}");
            }
        }
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        // Only the superuser may give a file away.
        if chown(&file, Some(65_534), None).is_ok() {
            let told = read(&link).unwrap_err().into_error("the key", &link).on_one_line();
            assert!(told.contains("another user (uid 65534)") && told.contains("chown"), "{told}");
        }
    }

    #[test]
    fn no_configuration_is_asked_for_by_its_usual_name() {
        assert_eq!(read(Path::new("/dev/null")).unwrap(), "");
        assert!(matches!(read(Path::new("/dev/zero")), Err(Untrusted::Unreadable(_))));
    }
}
