//! A project's own files for agents: looked for from the top of what is trusted down to a session's directory, and read by
//! handle, like everything beneath it. What is a link, no regular file or no text is not read; all of it has a bound.
//!
//! Not here: whether a directory is trusted (whoever asks knows), and what is said of the files.

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use crate::directory::{WorkingDirectory, entries, kind, look, open_directory, read_file};
use crate::seen::hash;
use crate::text_place::{TextKeeper, TextPlace};
use crate::view::without_hidden;
use crate::{command_file, skill_file};

/// The names that are looked for in each directory, in the order in which they go along.
const NAMES: [&str; 3] = ["AGENTS.md", "CLAUDE.md", "GEMINI.md"];
/// And a directory, of which the files that end so go along.
const RULES: [&str; 2] = [".amazonq", "rules"];
const RULES_END: &str = ".md";
/// In which a project names MCP servers, as other programs read it too.
pub const SERVERS_FILE: &str = ".mcp.json";
/// In which a project names hooks of q's.
pub const HOOKS_FILE: &str = ".q/hooks.toml";
/// Where projects keep what is `q`'s: no command in the sandbox changes what stands there, since some of it runs by itself.
pub const OWN_OF_PROJECTS: &str = ".q";
/// What a repository has at its top.
const TOP: &str = ".git";
/// How many directories are looked through, from the lowest up.
const MAX_DEPTH: usize = 32;
/// The most files that are told of.
const MAX_FILES: usize = 32;
/// Bytes of one file, and of all.
const FILE_BYTES: usize = 32 << 10;
pub const PROJECT_BYTES: usize = 64 << 10;

/// A file of a project, as far as it goes along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectText {
    /// From the topmost directory that was looked through.
    pub path: String,
    pub text: String,
    /// Bytes that are not in `text`; all of them of what cannot be read.
    pub left_out: u64,
    /// Of its whole text; 0 of what was not read.
    pub fingerprint: u64,
}

/// Where files for agents are looked for: from which directory down to which.
#[derive(Debug)]
pub struct ProjectPlace {
    top: PathBuf,
    directory: PathBuf,
}

impl ProjectPlace {
    /// For a session in that directory, which has no links in its path: from the top of its repository, or from `trusted` where
    /// that is beneath. Without a repository it is the directory alone.
    pub fn of(directory: &Path, trusted: Option<&Path>) -> Self {
        let is_top = |at: &&Path| at.join(TOP).symlink_metadata().is_ok();
        let top = directory.ancestors().take(MAX_DEPTH).find(is_top).unwrap_or(directory);
        let top = match trusted {
            Some(trusted) if trusted.starts_with(top) && directory.starts_with(trusted) => trusted,
            Some(_) | None => top,
        };
        Self { top: top.to_owned(), directory: directory.to_owned() }
    }

    /// The paths of what is there, without opening any of it: of a directory of rules its own.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.each_directory(|at, beneath| {
            for name in NAMES.into_iter().filter(|name| is_file(at, name)) {
                names.push(format!("{beneath}{name}"));
            }
            names.extend(both(at, &RULES).map(|_| format!("{beneath}{}", RULES.join("/"))));
        });
        names.truncate(MAX_FILES);
        names
    }

    /// The paths of the files of that name, which may be of a directory, without opening any of them.
    pub fn naming_files(&self, name: &str) -> Vec<String> {
        let mut files = Vec::new();
        self.each_directory(|at, beneath| {
            let is_there = within(at, name, is_file).unwrap_or_default();
            files.extend(is_there.then(|| format!("{beneath}{name}")));
        });
        files
    }

    /// The paths of the directories in which commands and skills are kept; what is in them nobody looks at for this.
    pub fn text_places(&self) -> Vec<String> {
        let mut places = Vec::new();
        self.each_directory(|at, beneath| {
            for names in command_file::OF_PROJECTS.iter().chain(&skill_file::OF_PROJECTS) {
                places.extend(both(at, names).map(|_| format!("{beneath}{}", names.join("/"))));
            }
        });
        places.truncate(MAX_FILES);
        places
    }

    /// The directories of these names, opened, the nearest to the session's directory first.
    pub(crate) fn places(&self, all: &[[&str; 2]]) -> Vec<TextPlace> {
        let mut places = Vec::new();
        self.each_directory(|at, beneath| {
            for names in all.iter().rev() {
                let shown = format!("{beneath}{}", names.join("/"));
                let path = self.top.join(&shown);
                places.extend(both(at, names).map(|handle| TextPlace {
                    handle,
                    path,
                    shown,
                    keeper: TextKeeper::Project,
                }));
            }
        });
        places.reverse();
        places
    }

    /// What goes along, within that many bytes in all. Of texts that are the same the first goes along.
    pub fn texts(&self, most: usize) -> Vec<ProjectText> {
        let mut reading = Reading { all: Vec::new(), room: most.min(PROJECT_BYTES) };
        self.each_directory(|at, beneath| {
            for name in NAMES {
                reading.take(at, OsStr::new(name), &format!("{beneath}{name}"));
            }
            let Some(rules) = both(at, &RULES) else { return };
            let Ok((files, _)) = entries(rules.as_fd()) else { return };
            for file in files.iter().filter(|file| !file.is_directory) {
                if let Some(name) = file.name.to_str().filter(|name| name.ends_with(RULES_END)) {
                    reading.take(rules.as_fd(), &file.name, &format!("{beneath}{}/{name}", RULES.join("/")));
                }
            }
        });
        reading.all
    }

    /// The lowest of those directories that has something of that name, which may be of a directory in it, with its text; or why that cannot be had.
    pub fn lowest(&self, name: &str) -> Option<(PathBuf, Result<String, String>)> {
        let mut lowest = None;
        self.each_directory(|at, beneath| {
            let text = within(at, name, |at, last| {
                matches!(look(at, OsStr::new(last)), Ok(Some(_))).then(|| read_file(at, OsStr::new(last)))
            });
            if let Some(Some(content)) = text {
                let text = content.and_then(|content| {
                    String::from_utf8(content.bytes).map_err(|_| "it is no text".to_owned())
                });
                lowest = Some((self.top.join(beneath).components().collect(), text));
            }
        });
        lowest
    }

    /// Each directory from the top down, by its handle, with what stands before the names in it.
    fn each_directory(&self, mut does: impl FnMut(BorrowedFd<'_>, &str)) {
        let Ok(top) = WorkingDirectory::open(&self.top, 0) else { return };
        let Ok(mut at) = top.descend(&[]) else { return };
        let beneath = self.directory.strip_prefix(&self.top).unwrap_or(Path::new(""));
        let mut path = String::new();
        does(at.as_fd(), &path);
        for name in beneath.components().take(MAX_DEPTH) {
            let Ok(below) = open_directory(at.as_fd(), name.as_os_str()) else { return };
            at = below;
            path = format!("{path}{}/", name.as_os_str().to_string_lossy());
            does(at.as_fd(), &path);
        }
    }
}

fn is_file(at: BorrowedFd<'_>, name: &str) -> bool {
    let found = look(at, OsStr::new(name)).ok().flatten();
    found.is_some_and(|found| kind(&found) == FileType::RegularFile)
}

/// Looks for the last of these names in the directory of the one before it, where there is one, which is no link.
fn within<T>(at: BorrowedFd<'_>, path: &str, look: impl FnOnce(BorrowedFd<'_>, &str) -> T) -> Option<T> {
    let Some((above, last)) = path.split_once('/') else { return Some(look(at, path)) };
    let above = open_directory(at, OsStr::new(above)).ok()?;
    Some(look(above.as_fd(), last))
}

/// The directory of the second name in the one of the first, where there is one.
fn both(at: BorrowedFd<'_>, [first, second]: &[&str; 2]) -> Option<OwnedFd> {
    let above = open_directory(at, OsStr::new(first)).ok()?;
    open_directory(above.as_fd(), OsStr::new(second)).ok()
}

struct Reading {
    all: Vec<ProjectText>,
    room: usize,
}

impl Reading {
    /// Takes a file in, as far as there is room; one that is there and cannot be read without its text.
    fn take(&mut self, at: BorrowedFd<'_>, name: &OsStr, path: &str) {
        let Ok(Some(found)) = look(at, name) else { return };
        if self.all.len() >= MAX_FILES {
            return;
        }
        let whole = u64::try_from(found.st_size).unwrap_or_default();
        let content = read_file(at, name).ok().and_then(|content| String::from_utf8(content.bytes).ok());
        let Some(mut text) = content.filter(|text| !text.contains('\0')) else {
            self.all.push(ProjectText { path: path.to_owned(), left_out: whole, ..ProjectText::default() });
            return;
        };
        let fingerprint = fingerprint(&text);
        let is_there = self.all.iter().any(|known| known.fingerprint == fingerprint);
        if text.trim().is_empty() || is_there {
            return;
        }
        text = without_hidden(text.into()).into_owned();
        let whole = text.len();
        text.truncate(text.floor_char_boundary(FILE_BYTES.min(self.room)));
        self.room -= text.len();
        let left_out = (whole - text.len()) as u64;
        self.all.push(ProjectText { path: path.to_owned(), text, left_out, fingerprint });
    }
}

/// What tells a text from another one; never 0, which is for what was not read.
fn fingerprint(text: &str) -> u64 {
    hash(text.as_bytes()).first_chunk().map_or(1, |first| u64::from_be_bytes(*first).max(1))
}
