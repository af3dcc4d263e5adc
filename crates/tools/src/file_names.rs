//! The names of all files beneath a directory, for a person who types one: those that git would not ignore and a listing would not hide.
//!
//! The walk is by handle, and follows no link.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use crate::directory::{Listed, WorkingDirectory, entries, open_directory};
use crate::private::is_private;
use crate::search::Rules;

/// The most names that are told, bytes of them all, and directories that lie in one another.
const MAX_NAMES: usize = 20_000;
const MAX_BYTES: usize = 2 << 20;
const MAX_DEPTH: usize = 32;

/// Their paths from that directory on, what lies near it first among what lies beside each other. Fewer where `given_up` says so, or
/// there are more than anybody would look for; none where the directory cannot be opened, or its path leads over a link.
pub fn file_names(directory: &Path, given_up: impl Fn() -> bool) -> Vec<String> {
    let mut walk = NameWalk { given_up, names: Vec::new(), bytes: 0, rules: Rules::default() };
    if let Ok(handle) = WorkingDirectory::open(directory, 0).and_then(|opened| opened.descend(&[])) {
        walk.beneath(handle.as_fd(), Path::new(""));
    }
    walk.names
}

struct NameWalk<F> {
    given_up: F,
    names: Vec<String>,
    bytes: usize,
    rules: Rules,
}

impl<F: Fn() -> bool> NameWalk<F> {
    fn is_over(&self) -> bool {
        self.names.len() >= MAX_NAMES || self.bytes >= MAX_BYTES || (self.given_up)()
    }

    fn beneath(&mut self, at: BorrowedFd<'_>, path: &Path) {
        if self.rules.depth() == MAX_DEPTH || self.is_over() {
            return;
        }
        let Ok((all, _)) = entries(at) else { return };
        self.rules.enter(at, path.to_owned());
        let mut directories = Vec::new();
        for Listed { name, is_directory } in all {
            let beneath = path.join(&name);
            // What is hidden is asked for by its own name, and what holds keys is offered to nobody.
            let told = name.to_str().filter(|name| !name.starts_with('.') && !is_private(name));
            if told.is_none() || self.rules.is_ignored(&beneath, is_directory) {
                continue;
            }
            if is_directory {
                directories.push((name, beneath));
            } else {
                self.take(&beneath);
            }
        }
        for (name, beneath) in directories {
            if let Ok(handle) = open_directory(at, &name) {
                self.beneath(handle.as_fd(), &beneath);
            }
        }
        self.rules.leave();
    }

    fn take(&mut self, path: &Path) {
        if let Some(name) = path.to_str().filter(|_| self.names.len() < MAX_NAMES) {
            self.bytes += name.len();
            self.names.push(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn names_are_those_that_git_and_a_listing_would_show() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        let files = "z.txt src/main.rs src/deep/er/x.rs target/debug/q .hidden/a src/kept.log src/lost.log.log id_rsa";
        for path in files.split(' ').map(|name| root.join(name)) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(root.join(".gitignore"), "/target\n*.log\n").unwrap();
        fs::write(root.join("src/.gitignore"), "!kept.log\n").unwrap();
        symlink("..", root.join("src/up")).unwrap();
        let names = file_names(&root, || false);
        assert_eq!(names, ["z.txt", "src/kept.log", "src/main.rs", "src/up", "src/deep/er/x.rs"]);
        assert_eq!(file_names(&root, || true), [""; 0]);
        assert_eq!(file_names(&root.join("gone"), || false), [""; 0]);
    }

    #[test]
    fn there_is_an_end_to_what_is_told() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        for directory in 0..3 {
            fs::create_dir(root.join(directory.to_string())).unwrap();
            for file in 0..7_000 {
                fs::write(root.join(format!("{directory}/{file}")), "").unwrap();
            }
        }
        assert_eq!(file_names(&root, || false).len(), MAX_NAMES);
    }
}
