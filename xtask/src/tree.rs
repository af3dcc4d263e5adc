//! The tree as the harness sees it: every text file that is in git or may come into it.

use std::fs;

use crate::Fault;
use crate::command::{command, output};
use crate::surroundings::root;

/// The files, by path.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

/// A text file of the repository.
pub(crate) struct File {
    /// From the top of the tree, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Where all files are that git tracks or would take, text or not, in order.
pub(crate) fn paths() -> Result<Vec<String>, Fault> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
    let list = output(&mut command("git", &list))?;
    let mut paths: Vec<String> =
        list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    paths.sort_unstable();
    Ok(paths)
}

impl Tree {
    /// Reads what git tracks or would take; a file that is no text is not looked into.
    pub(crate) fn read() -> Result<Self, Fault> {
        // Removed ones are listed until the removal is committed.
        let read = |path: &str| fs::read_to_string(root().join(path)).ok();
        let files = paths()?.into_iter().filter_map(|path| Some(File { text: read(&path)?, path })).collect();
        Ok(Self { files })
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.extension() == "rs")
    }

    /// Whether a file or directory of that path is in the tree.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.iter().any(|file| {
            file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

impl File {
    /// What stands behind the last dot of its name; nothing when it has none.
    pub(crate) fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The lines, numbered from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The lines that are not comments as a whole, numbered from 1.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Whether `word` stands in `line` as a whole identifier.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole() {
        for line in ["use fjall::Keyspace;", "a fjall", "fjallfjall fjall"] {
            assert!(has_word(line, "fjall"), "{line}");
        }
        for line in ["let my_fjall = 1;", "fjall_store::open()"] {
            assert!(!has_word(line, "fjall"), "{line}");
        }
    }

    #[test]
    fn a_path_is_there_as_a_file_and_as_a_directory_but_not_in_part() {
        let file = |path: &str| File { path: path.into(), text: String::new() };
        let tree = Tree { files: vec![file("crates/core/src/lib.rs"), file("README.md")] };
        for (path, there) in [
            ("crates/core/src/lib.rs", true),
            ("crates/core", true),
            ("crates/core/", true),
            ("crates/cor", false),
            ("core", false),
            ("README.md", true),
        ] {
            assert_eq!(tree.has(path), there, "{path}");
        }
    }
}
