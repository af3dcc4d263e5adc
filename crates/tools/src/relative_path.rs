//! A path as a model writes it, made into names beneath the session's directory. What leads out is refused here, before anything
//! is opened.

use std::fmt;
use std::path::Path;

/// The longest path, in bytes, and the most names in one.
const MAX_BYTES: usize = 4096;
const MAX_NAMES: usize = 128;

/// Names, one beneath the other; none for the directory itself. Never `..`, never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RelativePath(Vec<String>);

impl RelativePath {
    /// What a model means by `path`. It may name the directory in full, as it is told where it is.
    pub(crate) fn of(path: &str, directory: &Path) -> Result<Self, String> {
        if path.len() > MAX_BYTES {
            return Err(format!("the path is longer than {MAX_BYTES} bytes"));
        }
        if path.contains('\0') {
            return Err("the path has a zero byte in it".into());
        }
        let outside =
            || format!("`{path}` is outside of the session's directory, which is {}", directory.display());
        let beneath = if path.starts_with('/') {
            Path::new(path).strip_prefix(directory).map_err(|_| outside())?.to_str().unwrap_or_default()
        } else {
            path
        };
        let mut names: Vec<String> = Vec::new();
        for name in beneath.split('/') {
            match name {
                "" | "." => {}
                // No link is ever followed: what stands above is what was written before.
                ".." => drop(names.pop().ok_or_else(outside)?),
                name => names.push(name.to_owned()),
            }
        }
        if names.len() > MAX_NAMES {
            return Err(format!("the path has more than {MAX_NAMES} names"));
        }
        Ok(Self(names))
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// The last name and what it stands in; nothing of the directory itself.
    pub(crate) fn split(&self) -> Option<(&[String], &str)> {
        let (last, above) = self.0.split_last()?;
        Some((above, last))
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str(".") } else { f.write_str(&self.0.join("/")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_is_refused_before_anything_is_opened() {
        let of = |path| RelativePath::of(path, Path::new("/work")).ok().map(|place| place.to_string());
        for (path, place) in [
            ("a", "a"),
            ("./a//b/", "a/b"),
            ("a/../b", "b"),
            ("", "."),
            (".", "."),
            ("a/..", "."),
            ("/work/a", "a"),
            ("/work", "."),
            ("..../a", "..../a"),
            ("~/a", "~/a"),
        ] {
            assert_eq!(of(path).as_deref(), Some(place), "{path:?}");
        }
        for path in
            ["/work/../etc", "..", "a/../..", "a/../../work/a", "/etc/passwd", "/workshop", "/", "a\0b"]
        {
            assert_eq!(of(path), None, "{path:?}");
        }
        assert!(RelativePath::of(&"a/".repeat(200), Path::new("/")).is_err());
        assert!(RelativePath::of(&"a".repeat(5000), Path::new("/")).is_err());
    }
}
