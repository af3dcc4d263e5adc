//! The session's directory as a handle, and what is opened beneath it: name by name, each from the handle of the one above, so that
//! no link is followed and nothing that is swapped meanwhile leads out.

use std::ffi::{CString, OsStr, OsString};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};

use crate::relative_path::RelativePath;

/// The largest file that is read, in bytes: it is in memory whole for a moment.
pub(crate) const MAX_FILE: u64 = 8 << 20;
/// The most entries that are read of one directory.
pub(crate) const MAX_ENTRIES: usize = 10_000;

const OPEN: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// The directory that a session works in.
#[derive(Debug)]
pub(crate) struct WorkingDirectory {
    handle: OwnedFd,
    path: PathBuf,
    /// For what is made in it. The process's own is another one.
    umask: u32,
}

/// The permissions of a file, without what would change whose program it is.
pub(crate) fn permissions(bits: u32) -> Mode {
    Mode::from_raw_mode((bits & 0o777) as rustix::fs::RawMode)
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    pub(crate) name: OsString,
    pub(crate) is_directory: bool,
}

/// A file as it was read.
#[derive(Debug)]
pub(crate) struct FileContent {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
}

/// What is said of the session's directory where a file is wanted.
const IS_DIRECTORY: &str = "it is the session's directory, not a file; list shows what is in it";

impl WorkingDirectory {
    /// Opens it by its path, name by name, and follows no link: one that was put in the way since the session began leads to what
    /// nobody chose.
    pub(crate) fn open(path: &Path, umask: u32) -> Result<Self, String> {
        let here =
            |why: String| format!("the session's directory {} cannot be opened: {why}", path.display());
        if !path.is_absolute() {
            return Err(format!("the session's directory {} has no full path", path.display()));
        }
        Ok(Self { handle: from_root(path).map_err(here)?, path: path.to_owned(), umask })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How a new file may be opened, and by whom.
    pub(crate) const fn mode_of_new_files(&self) -> u32 {
        0o666 & !self.umask
    }

    /// Whether its path still leads to it, for what can only be told a path.
    pub(crate) fn is_where_it_was(&self) -> bool {
        let Ok(named) = from_root(&self.path) else { return false };
        let (held, named) = (rustix::fs::fstat(&self.handle), rustix::fs::fstat(named));
        matches!((held, named), (Ok(held), Ok(named)) if (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino))
    }

    /// It as a command that this process starts can be put into it: by its handle, where the system names handles, so that what
    /// is swapped after [`Self::is_where_it_was`] leads nowhere else.
    pub(crate) fn for_commands(&self) -> PathBuf {
        let held = PathBuf::from(format!("/proc/self/fd/{}", self.handle.as_raw_fd()));
        if cfg!(target_os = "linux") && held.exists() { held } else { self.path.clone() }
    }

    /// Opens the directory of these names.
    pub(crate) fn descend(&self, names: &[String]) -> Result<OwnedFd, String> {
        let mut at = self.handle.try_clone().map_err(|error| error.to_string())?;
        for (depth, name) in names.iter().enumerate() {
            let so_far = || names.get(..=depth).unwrap_or(names).join("/");
            at =
                open_directory(at.as_fd(), OsStr::new(name)).map_err(|why| format!("{}: {why}", so_far()))?;
        }
        Ok(at)
    }

    /// The same; nothing where one of them is not there.
    pub(crate) fn descend_if_there(&self, names: &[String]) -> Result<Option<OwnedFd>, String> {
        let mut at = self.handle.try_clone().map_err(|error| error.to_string())?;
        for name in names {
            if look(at.as_fd(), OsStr::new(name))?.is_none() {
                return Ok(None);
            }
            at = open_directory(at.as_fd(), OsStr::new(name)).map_err(|why| format!("{name}: {why}"))?;
        }
        Ok(Some(at))
    }

    /// The same, making those that are not there.
    pub(crate) fn descend_making(&self, names: &[String]) -> Result<OwnedFd, String> {
        let mut at = self.handle.try_clone().map_err(|error| error.to_string())?;
        for name in names {
            let is_new = match rustix::fs::mkdirat(&at, name.as_str(), Mode::RWXU) {
                Ok(()) => true,
                Err(rustix::io::Errno::EXIST) => false,
                Err(error) => return Err(format!("{name}: {}", io::Error::from(error))),
            };
            at = open_directory(at.as_fd(), OsStr::new(name)).map_err(|why| format!("{name}: {why}"))?;
            if is_new {
                let _as_it_is = rustix::fs::fchmod(&at, permissions(0o777 & !self.umask));
            }
        }
        Ok(at)
    }

    /// The content of the file at that place; nothing where there is none, or no directory for it.
    pub(crate) fn read_if_there(&self, place: &RelativePath) -> Result<Option<FileContent>, String> {
        let (above, name) = place.split().ok_or("it is the session's directory, not a file")?;
        match self.descend_if_there(above)? {
            Some(at) if look(at.as_fd(), OsStr::new(name))?.is_some() => self.read(place).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// The content of the file at that place.
    pub(crate) fn read(&self, place: &RelativePath) -> Result<FileContent, String> {
        let (above, name) = place.split().ok_or(IS_DIRECTORY)?;
        read_file(self.descend(above)?.as_fd(), OsStr::new(name)).map_err(|why| format!("{place}: {why}"))
    }

    /// Says why there is no file at that place that could be read, and opens none.
    pub(crate) fn look_at_file(&self, place: &RelativePath) -> Result<(), String> {
        let (above, name) = place.split().ok_or(IS_DIRECTORY)?;
        let (at, name) = (self.descend(above)?, OsStr::new(name));
        found(at.as_fd(), name).map_err(|why| format!("{place}: {why}"))
    }
}

/// What stands under a name, links not followed.
pub(crate) fn look(at: BorrowedFd<'_>, name: &OsStr) -> Result<Option<Stat>, String> {
    match rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => Ok(Some(found)),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(io::Error::from(error).to_string()),
    }
}

/// The directory at a full path without links. What is above it need not be readable, where the system can open it so.
fn from_root(path: &Path) -> Result<OwnedFd, String> {
    let named = |error: rustix::io::Errno| io::Error::from(error).to_string();
    #[cfg(target_os = "linux")]
    let above = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let above = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = rustix::fs::openat(CWD, "/", above, Mode::empty()).map_err(named)?;
    for component in path.components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => {
                at = rustix::fs::openat(&at, name, above | OFlags::NOFOLLOW, Mode::empty()).map_err(
                    |error| {
                        let is_link = look(at.as_fd(), name)
                            .is_ok_and(|found| found.is_some_and(|found| kind(&found) == FileType::Symlink));
                        let name = shown(name);
                        if is_link {
                            format!("{name} is a link now")
                        } else {
                            format!("{name}: {}", named(error))
                        }
                    },
                )?;
            }
            Component::ParentDir | Component::Prefix(_) => return Err("its path leads upwards".into()),
        }
    }
    // The same directory again, to be read.
    rustix::fs::openat(&at, ".", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(named)
}

pub(crate) fn open_directory(at: BorrowedFd<'_>, name: &OsStr) -> Result<OwnedFd, String> {
    let opened = rustix::fs::openat(at, name, OPEN | OFlags::DIRECTORY, Mode::empty());
    opened.map_err(|error| match look(at, name) {
        Ok(Some(found)) if kind(&found) == FileType::Symlink => link(at, name),
        Ok(Some(found)) if kind(&found) != FileType::Directory => "it is no directory".to_owned(),
        Ok(_) | Err(_) => io::Error::from(error).to_string(),
    })
}

/// The content of a regular file. What is none is not even opened: a pipe would wait, a device might do something.
pub(crate) fn read_file(at: BorrowedFd<'_>, name: &OsStr) -> Result<FileContent, String> {
    found(at, name)?;
    let flags = OPEN | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::openat(at, name, flags, Mode::empty())
        .map_err(|error| io::Error::from(error).to_string())?;
    // It may be another one by now.
    let found = rustix::fs::fstat(&file).map_err(|error| io::Error::from(error).to_string())?;
    is_readable(at, name, &found)?;
    let mut bytes = Vec::with_capacity(usize::try_from(found.st_size).unwrap_or(0));
    File::from(file).take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(FileContent { bytes, mode: mode(&found) })
}

/// Whether a regular file that is not too large stands there; otherwise why none does.
fn found(at: BorrowedFd<'_>, name: &OsStr) -> Result<(), String> {
    let found = look(at, name)?.ok_or("there is no such file")?;
    is_readable(at, name, &found)
}

fn is_readable(at: BorrowedFd<'_>, name: &OsStr, found: &Stat) -> Result<(), String> {
    match kind(found) {
        FileType::RegularFile => {}
        FileType::Directory => return Err("it is a directory; list shows what is in it".into()),
        FileType::Symlink => return Err(link(at, name)),
        FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => {
            return Err("it is no regular file, and not opened".into());
        }
    }
    let size = u64::try_from(found.st_size).unwrap_or(0);
    if size > MAX_FILE { Err(too_large(size)) } else { Ok(()) }
}

fn too_large(size: u64) -> String {
    format!(
        "it is too large to be read ({size} bytes; {MAX_FILE} is the most): search it, or run a command that takes a part"
    )
}

fn link(at: BorrowedFd<'_>, name: &OsStr) -> String {
    let target = rustix::fs::readlinkat(at, name, Vec::new()).unwrap_or_else(|_| CString::default());
    format!(
        "it is a link to `{}`, and links are not followed: name what it leads to",
        target.to_string_lossy()
    )
}

pub(crate) fn kind(found: &Stat) -> FileType {
    FileType::from_raw_mode(found.st_mode)
}

/// Who may do what with it.
#[allow(clippy::useless_conversion, reason = "a mode has another width on other systems")]
pub(crate) fn mode(found: &Stat) -> u32 {
    u32::from(found.st_mode) & 0o7777
}

/// What a directory has, in the order of names; whether that is all of it.
pub(crate) fn entries(directory: BorrowedFd<'_>) -> Result<(Vec<Listed>, bool), String> {
    let told = |error: rustix::io::Errno| io::Error::from(error).to_string();
    let mut all = Vec::new();
    for entry in Dir::read_from(directory).map_err(told)? {
        let entry = entry.map_err(told)?;
        let name = OsString::from_vec(entry.file_name().to_bytes().to_vec());
        if name == "." || name == ".." {
            continue;
        }
        if all.len() == MAX_ENTRIES {
            all.sort();
            return Ok((all, false));
        }
        let is_directory = match entry.file_type() {
            FileType::Unknown => {
                look(directory, &name)?.is_some_and(|found| kind(&found) == FileType::Directory)
            }
            FileType::Directory => true,
            FileType::RegularFile
            | FileType::Symlink
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice => false,
        };
        all.push(Listed { name, is_directory });
    }
    all.sort();
    Ok((all, true))
}

/// A name as it can be shown in a line: bytes that are no text as `\xNN`, and so what would end the line or move a cursor.
pub(crate) fn shown(name: &OsStr) -> String {
    let mut shown = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            let ends_a_line = letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
            // Writing to a string does not fail.
            let _written = if ends_a_line {
                write!(shown, "\\x{:02x}", u32::from(letter))
            } else {
                shown.write_char(letter)
            };
        }
        for byte in chunk.invalid() {
            let _written = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}
