//! Directories in which the person, or a trusted project, keeps Markdown files that prompts are made of: commands and skills. By handle,
//! like everything of a project: no link beneath them is followed.

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use crate::directory::{Listed, WorkingDirectory, entries, look, open_directory, read_file};
use crate::project::ProjectPlace;
use crate::view::without_hidden;

/// The longest of these files, in bytes.
pub(crate) const FILE_BYTES: usize = 64 << 10;

/// One of these directories, as it was opened: by a path without a link in it, and shown to people by the one that they know.
#[derive(Debug)]
pub(crate) struct TextPlace {
    pub(crate) handle: OwnedFd,
    pub(crate) path: PathBuf,
    pub(crate) shown: String,
    pub(crate) keeper: TextKeeper,
}

/// Who keeps such a file. It is the person's whose name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKeeper {
    Person,
    Project,
}

impl TextPlace {
    /// Those that are there: the person's, then the project's, the nearest to the session's directory first.
    pub(crate) fn all(
        person: Option<&Path>,
        project: Option<&ProjectPlace>,
        names: &[[&str; 2]],
    ) -> Vec<Self> {
        let mut all: Vec<Self> = person.and_then(Self::of_person).into_iter().collect();
        all.extend(project.map(|project| project.places(names)).unwrap_or_default());
        all
    }

    /// The person's own. A link to it is as good as the directory, as one to the configuration is.
    fn of_person(named: &Path) -> Option<Self> {
        let path = named.canonicalize().ok()?;
        let handle = WorkingDirectory::open(&path, 0).ok()?.descend(&[]).ok()?;
        let shown = named.display().to_string();
        Some(Self { handle, path, shown, keeper: TextKeeper::Person })
    }

    /// What is in it, in the order of names, as far as that is read.
    pub(crate) fn entries(&self) -> Vec<Listed> {
        entries(self.handle.as_fd()).map(|(all, _)| all).unwrap_or_default()
    }
}

/// The text of a file; nothing where there is none, and why where it cannot be had. Hidden characters are made visible in it.
pub(crate) fn text_at(at: BorrowedFd<'_>, name: &str) -> Option<Result<String, String>> {
    let found = match look(at, OsStr::new(name)) {
        Ok(found) => found?,
        Err(why) => return Some(Err(why)),
    };
    let too_long = || format!("it is longer than {FILE_BYTES} bytes");
    if usize::try_from(found.st_size).is_ok_and(|size| size > FILE_BYTES) {
        return Some(Err(too_long()));
    }
    Some(read_file(at, OsStr::new(name)).and_then(|content| {
        if content.bytes.len() > FILE_BYTES {
            return Err(too_long());
        }
        let text = String::from_utf8(content.bytes).map_err(|_| "it is no UTF-8 text".to_owned())?;
        if text.contains('\0') {
            return Err("it has a zero byte in it".to_owned());
        }
        let (mark, rest) =
            text.strip_prefix('\u{feff}').map_or(("", text.as_str()), |rest| ("\u{feff}", rest));
        Ok(format!("{mark}{}", without_hidden(rest.into())))
    }))
}

/// The directory of that name, where it is one.
pub(crate) fn below(at: BorrowedFd<'_>, name: &OsStr) -> Option<OwnedFd> {
    open_directory(at, name).ok()
}
