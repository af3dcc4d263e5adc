//! What the harness knows of the machine it runs on: the only reader of clocks and of the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::Fault;

/// The top of the tree.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The cargo that started us; the one found by name when we were started otherwise.
#[expect(clippy::disallowed_methods, reason = "the one reader of the harness's environment")]
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Where files may stay that are no part of the tree.
#[expect(clippy::disallowed_methods, reason = "the one reader of the harness's environment")]
pub(crate) fn cache() -> Result<PathBuf, Fault> {
    let absolute = |variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .ok_or_else(|| Fault("neither XDG_CACHE_HOME nor HOME says where a cache may be".into()))
}

/// Whether a program is found by name.
#[expect(clippy::disallowed_methods, reason = "the one reader of the harness's environment")]
pub(crate) fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(name).is_file())
}

/// What the clock says, for saying how long a step took.
#[expect(clippy::disallowed_methods, reason = "the one reader of the harness's clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
