//! A file's content changed in one step: a new file beside it takes its place, whole, or nothing happens.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::fs::{AtFlags, Mode, OFlags};

use crate::directory::{WorkingDirectory, permissions, read_file};
use crate::relative_path::RelativePath;

/// Why nothing may be written there.
pub(crate) fn refuse_protected(place: &RelativePath) -> Result<(), String> {
    if place.names().iter().any(|name| name.eq_ignore_ascii_case(".git")) {
        return Err(format!("{place}: nothing is written beneath .git: what stands there runs by itself"));
    }
    Ok(())
}

/// Why a file that its owner may not write is left alone. Putting another in its place would get around that.
pub(crate) fn refuse_read_only(place: &RelativePath, mode: u32) -> Result<(), String> {
    if mode & 0o200 == 0 {
        return Err(format!("{place} is read only (mode {mode:04o}); nothing was written"));
    }
    Ok(())
}

/// What was there before; a file that is not so any more is left alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Before<'a> {
    /// No file; one that is made has this mode.
    Nothing {
        mode: u32,
    },
    FileContent {
        bytes: &'a [u8],
        mode: u32,
    },
}

/// Puts `bytes` into the file at that place. Directories above that are not there are made.
pub(crate) fn replace(
    directory: &WorkingDirectory,
    place: &RelativePath,
    before: Before<'_>,
    bytes: &[u8],
) -> Result<(), String> {
    refuse_protected(place)?;
    let (above, name) = place.split().ok_or("it is the session's directory, not a file")?;
    let at = match before {
        Before::Nothing { .. } => directory.descend_making(above)?,
        Before::FileContent { .. } => directory.descend(above)?,
    };
    let beside = fresh_name()?;
    let (Before::Nothing { mode } | Before::FileContent { mode, .. }) = before;
    let written =
        write(at.as_fd(), &beside, mode, bytes).and_then(|()| take_place(at.as_fd(), &beside, name, before));
    if written.is_err() {
        // Where nothing was made, nothing is to be removed.
        let _gone = rustix::fs::unlinkat(&at, beside.as_str(), AtFlags::empty());
    }
    written.map_err(|why| format!("{place}: {why}"))
}

fn write(at: BorrowedFd<'_>, beside: &str, bits: u32, bytes: &[u8]) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made =
        rustix::fs::openat(at, beside, flags, Mode::RUSR | Mode::WUSR).map_err(|error| told(error.into()))?;
    let mut file = File::from(made);
    file.write_all(bytes).map_err(told)?;
    rustix::fs::fchmod(&file, permissions(bits)).map_err(|error| told(error.into()))?;
    file.sync_all().map_err(told)
}

fn take_place(at: BorrowedFd<'_>, beside: &str, name: &str, before: Before<'_>) -> Result<(), String> {
    match before {
        // A link fails where something stands already.
        Before::Nothing { .. } => {
            rustix::fs::linkat(at, beside, at, name, AtFlags::empty())
                .map_err(|error| io::Error::from(error).to_string())?;
            let _twice = rustix::fs::unlinkat(at, beside, AtFlags::empty());
        }
        Before::FileContent { bytes, .. } => {
            if read_file(at, name.as_ref())?.bytes != bytes {
                return Err("somebody else changed it just now; nothing was written".into());
            }
            rustix::fs::renameat(at, beside, at, name).map_err(|error| io::Error::from(error).to_string())?;
        }
    }
    // The change is there; whether its name is on the disk yet is nobody's promise.
    let _unsynced = rustix::fs::fsync(at);
    Ok(())
}

/// Removes the file at that place, if it still has that content.
pub(crate) fn remove(directory: &WorkingDirectory, place: &RelativePath, bytes: &[u8]) -> Result<(), String> {
    refuse_protected(place)?;
    let told = |why: String| format!("{place}: {why}");
    let (above, name) = place.split().ok_or("it is the session's directory, not a file")?;
    let at = directory.descend(above)?;
    if read_file(at.as_fd(), name.as_ref()).map_err(told)?.bytes != bytes {
        return Err(told("somebody else changed it just now; it was not removed".into()));
    }
    let removed = rustix::fs::unlinkat(&at, name, AtFlags::empty());
    removed.map_err(|error| told(io::Error::from(error).to_string()))?;
    let _unsynced = rustix::fs::fsync(at);
    Ok(())
}

fn fresh_name() -> Result<String, String> {
    let nonce = getrandom::u64().map_err(|error| format!("no name for a new file: {error}"))?;
    Ok(format!(".q-{nonce:016x}.tmp"))
}
