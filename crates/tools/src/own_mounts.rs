//! Mounts that only a command and what it starts see: all is read only but what it may change, so that owners, permissions and
//! times of what is outside stay too, which Landlock has no word for. `.git`, a
//! project's `.q` and what is `q`'s own stay as they are even beneath.
//!
//! It takes a namespace of users, which some systems keep from who is not privileged, and others from containers. There the rest of
//! the sandbox holds, and the command's output begins with what does not.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, mount, mount_bind_recursive, mount_change, mount_remount,
};
use rustix::thread::UnshareFlags;

use crate::project::OWN_OF_PROJECTS;

/// Where programs share memory. It is the command's alone, and gone with it.
const SHARED: &str = "/dev/shm";
/// How much that may be; it counts as memory.
const SHARED_OPTIONS: &std::ffi::CStr = c"mode=1777,size=1g";
/// What stays as it is wherever it stands beneath what may be changed.
const KEPT: [&str; 2] = [".git", OWN_OF_PROJECTS];
/// In how many levels these are looked for, the directory's own and three beneath it, and in how many directories at most.
const DEPTH: usize = 4;
const MAX_LOOKED_INTO: usize = 2000;

/// Has this process, which has one thread, see such mounts from here on. Where that fails, half of them may be there: it must be
/// held otherwise, or end.
pub(crate) fn enter(may_change: &[PathBuf], own: &[PathBuf]) -> Result<(), String> {
    let here = rustix::process::getcwd(Vec::new()).map_err(|error| error.to_string())?;
    let here = PathBuf::from(OsString::from_vec(here.into_bytes()));
    let was = fs::metadata(".").map_err(|error| error.to_string())?;
    let full = |path: &PathBuf| fs::canonicalize(path).ok();
    let writable: Vec<PathBuf> = may_change.iter().filter_map(full).collect();
    leave_namespaces()?;
    let told = |path: &Path| {
        let path = path.display().to_string();
        move |error: Errno| format!("{path} cannot be mounted: {error}")
    };
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(told(Path::new("/")))?;
    for path in &writable {
        mount_bind_recursive(path, path).map_err(told(path))?;
    }
    let found: Vec<PathBuf> = writable.iter().flat_map(|path| what_runs_by_itself(path)).collect();
    let elsewhere = found.iter().filter_map(|path| leads_to(path));
    let elsewhere = elsewhere.filter(|path| writable.iter().any(|own| path.starts_with(own) && path != own));
    // What is a link cannot be mounted: that another stands in its place is as if there had been none.
    let there = found.iter().filter(|path| !path.is_symlink()).cloned();
    let kept: BTreeSet<PathBuf> = there.chain(elsewhere).chain(protected(own, &writable)).collect();
    // A directory that is mounted cannot be renamed: else another could be put in the place of what is kept.
    for path in &above(&kept, &writable) {
        mount_bind_recursive(path, path).map_err(told(path))?;
    }
    for path in &kept {
        mount_bind_recursive(path, path).map_err(told(path))?;
    }
    if fs::symlink_metadata(SHARED).is_ok_and(|found| found.is_dir()) {
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        mount("tmpfs", SHARED, "tmpfs", flags, SHARED_OPTIONS).map_err(told(Path::new(SHARED)))?;
    }
    let is_kept = |path: &Path| kept.iter().any(|kept| path.starts_with(kept));
    let is_writable = |path: &Path| writable.iter().any(|own| path.starts_with(own)) && !is_kept(path);
    let stays = |path: &Path| path == Path::new(SHARED) || is_writable(path);
    for (path, flags) in mounts()?.into_iter().filter(|(path, _)| !stays(path)) {
        match mount_remount(&path, MountFlags::BIND | MountFlags::RDONLY | flags, c"") {
            // What this process cannot even look at its command cannot either, nor what another mount lies over.
            Ok(()) | Err(Errno::ACCESS | Errno::NOENT | Errno::INVAL | Errno::NOTCONN | Errno::STALE) => {}
            Err(error) => return Err(told(&path)(error)),
        }
    }
    // The directory again, by the mount that may be changed.
    rustix::process::chdir(&here).map_err(|error| error.to_string())?;
    let is = fs::metadata(".").map_err(|error| error.to_string())?;
    if (is.dev(), is.ino()) == (was.dev(), was.ino()) {
        Ok(())
    } else {
        Err(format!("{} is not the directory any more that it was", here.display()))
    }
}

/// Whether what is `q`'s own is beneath what may be changed: without mounts nothing keeps it.
pub(crate) fn protects_beneath(may_change: &[PathBuf], own: &[PathBuf]) -> bool {
    let writable: Vec<PathBuf> = may_change.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    protected(own, &writable).next().is_some()
}

/// What is `q`'s own and there, beneath one of these.
fn protected(own: &[PathBuf], writable: &[PathBuf]) -> impl Iterator<Item = PathBuf> {
    let there = own.iter().filter_map(|path| fs::canonicalize(path).ok());
    there.filter(|path| writable.iter().any(|own| path.starts_with(own)))
}

/// The directories between what may be changed and what is kept in it, the outer ones first.
fn above(kept: &BTreeSet<PathBuf>, writable: &[PathBuf]) -> BTreeSet<PathBuf> {
    let is_beneath = |path: &&Path| writable.iter().any(|own| path.starts_with(own) && *path != own);
    let above = kept.iter().flat_map(|path| path.ancestors().skip(1).take_while(is_beneath));
    above.map(Path::to_owned).collect()
}

/// Namespaces of users, mounts and of what processes share, with this process as the person that it was.
fn leave_namespaces() -> Result<(), String> {
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let flags = UnshareFlags::NEWUSER | UnshareFlags::NEWNS | UnshareFlags::NEWIPC;
    #[expect(deprecated, reason = "unsafe for tables of descriptors alone, which stay shared here")]
    rustix::thread::unshare(flags)
        .map_err(|error| format!("there can be no namespace of users: {}", std::io::Error::from(error)))?;
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{user} {user} 1")),
        ("gid_map", format!("{group} {group} 1")),
    ] {
        fs::write(format!("/proc/self/{file}"), text)
            .map_err(|error| format!("there can be no namespace of users: {file}: {error}"))?;
    }
    Ok(())
}

/// The directories of repositories beneath one and what projects keep for `q`, as far as is looked, and what names a repository
/// that is elsewhere: hooks of both run outside the sandbox.
fn what_runs_by_itself(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut level, mut looked) = (Vec::new(), vec![root.to_owned()], 0);
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for directory in level {
            looked += 1;
            if looked > MAX_LOOKED_INTO {
                return found;
            }
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let Ok(kind) = entry.file_type() else { continue };
                if KEPT.iter().any(|kept| entry.file_name().eq_ignore_ascii_case(kept)) {
                    found.push(entry.path());
                } else if kind.is_dir() {
                    next.push(entry.path());
                }
            }
        }
        level = next;
    }
    found
}

/// The directory that stands elsewhere than in its `.git` or `.q`: by a link, or by the name in that file.
fn leads_to(git: &Path) -> Option<PathBuf> {
    /// More than any path, in bytes.
    const LONGEST: u64 = 8 << 10;
    if git.is_symlink() {
        return fs::canonicalize(git).ok();
    }
    if !git.is_file() {
        return None;
    }
    let mut text = Vec::new();
    fs::File::open(git).ok()?.take(LONGEST).read_to_end(&mut text).ok()?;
    let name = OsStr::from_bytes(text.strip_prefix(b"gitdir:")?.trim_ascii());
    fs::canonicalize(git.parent()?.join(name)).ok()
}

/// All mounts there are, the uppermost at each path, and what of their flags must stay: what came from elsewhere may not be loosened.
fn mounts() -> Result<BTreeMap<PathBuf, MountFlags>, String> {
    let all = fs::read("/proc/self/mountinfo").map_err(|error| error.to_string())?;
    let line = |line: &[u8]| {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let (path, options) = (fields.get(4)?, fields.get(5)?);
        let flags = options.split(|byte| *byte == b',').map(|option| match option {
            b"nosuid" => MountFlags::NOSUID,
            b"nodev" => MountFlags::NODEV,
            b"noexec" => MountFlags::NOEXEC,
            b"noatime" => MountFlags::NOATIME,
            b"nodiratime" => MountFlags::NODIRATIME,
            b"relatime" => MountFlags::RELATIME,
            _other => MountFlags::empty(),
        });
        Some((unescaped(path), flags.fold(MountFlags::empty(), MountFlags::union)))
    };
    Ok(all.split(|byte| *byte == b'\n').filter_map(line).collect())
}

/// A path as the kernel lists it: spaces and the like are a backslash and three octal digits.
fn unescaped(listed: &[u8]) -> PathBuf {
    let mut path = Vec::with_capacity(listed.len());
    let mut rest = listed;
    while let [byte, behind @ ..] = rest {
        let code = behind.get(..3).filter(|_| *byte == b'\\');
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        path.push(code.unwrap_or(*byte));
        rest = if code.is_some() { behind.get(3..).unwrap_or_default() } else { behind };
    }
    PathBuf::from(OsStr::from_bytes(&path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn paths_of_mounts_are_read_as_they_are_listed() {
        for (listed, path) in [("/a", "/a"), (r"/a\040b\134", r"/a b\"), (r"/a\9", r"/a\9"), (r"\", r"\")] {
            assert_eq!(unescaped(listed.as_bytes()), PathBuf::from(path), "{listed}");
        }
        assert!(mounts().unwrap().contains_key(Path::new("/")));
    }

    #[test]
    fn what_runs_by_itself_is_found_beneath_a_directory_and_no_link_is_followed() {
        let room = tempfile::tempdir().unwrap();
        let at = |path: &str| room.path().join(path);
        for directory in
            [".git/modules/x/.git", "sub/.git", "a/b/c/.git", "1/2/3/4/.git", "apart", "sub/.q/x"]
        {
            fs::create_dir_all(at(directory)).unwrap();
        }
        fs::write(at("a/.git"), "gitdir: ../apart\n").unwrap();
        fs::create_dir(at("by-link")).unwrap();
        std::os::unix::fs::symlink(at("apart"), at("by-link/.git")).unwrap();
        std::os::unix::fs::symlink(at("sub"), at("link")).unwrap();
        let mut found = what_runs_by_itself(room.path());
        found.sort();
        let all = [".git", "a/.git", "a/b/c/.git", "by-link/.git", "sub/.git", "sub/.q"].map(at);
        assert_eq!(found, all);
        let apart = fs::canonicalize(at("apart")).unwrap();
        let leads = all.each_ref().map(|git| leads_to(git));
        assert_eq!(leads, [None, Some(apart.clone()), None, Some(apart), None, None]);
    }
}
