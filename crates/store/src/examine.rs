//! Examining a store from outside, for `q doctor`: reads only, opens nothing, and may be done while a host uses the store.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use q_core::SessionId;

use crate::anchor::{self, Anchored};
use crate::aside::{self, Report};
use crate::damage::Damage;
use crate::directory::{self, Found};
use crate::disk::disk_use;
use crate::envelope::{self, End};
use crate::error::StoreError;
use crate::files::journal::Kind;
use crate::files::look::{self, Depth};
use crate::files::{pieces, table};
use crate::key::{self, Key};

/// With less than this a store cannot be relied on to take what is said next.
const TOO_LITTLE_FREE: u64 = 16 << 20;

/// What was found at a store's place.
#[derive(Debug)]
pub struct Examination {
    /// The place.
    pub path: PathBuf,
    /// What is there.
    pub condition: Condition,
    /// Sessions with acknowledged records, where that is known.
    pub sessions: Option<usize>,
    /// Whether its last user closed it in good order; `None` where that is not known.
    pub was_closed: Option<bool>,
    /// Bytes of its files.
    pub bytes: u64,
    /// Bytes free for its owner on the file system, where that is known.
    pub free: Option<u64>,
    /// Everything that sessions lost so far, told or not.
    pub damage: Vec<Damage>,
    /// Where damaged files were put, with what they were.
    pub kept_aside: Vec<(PathBuf, Vec<String>)>,
}

/// What a store is like.
#[derive(Debug)]
pub enum Condition {
    /// There is none yet.
    Missing,
    /// Every byte is as it was written, and every acknowledged end is there.
    Healthy,
    /// Somebody has it open, so its files change while one looks.
    InUse,
    /// Whole, but the file system has no room.
    Full,
    /// Something is not as it was written. The next opening repairs what can be repaired, and tells.
    Damaged {
        /// Files.
        files: Vec<String>,
        /// Sessions whose acknowledged end is not in any file.
        sessions: Vec<SessionId>,
    },
    /// A newer q wrote it.
    Newer {
        /// What is not known here.
        found: String,
    },
    /// Something else.
    NotAStore,
    /// It cannot be read.
    Inaccessible(StoreError),
}

/// Examines the store in `dir`.
pub fn examine(dir: &Path) -> Examination {
    let anchored = anchor::read(dir);
    let (sessions, was_closed) = match &anchored {
        Ok(Some(anchored)) => (Some(anchored.ends().count()), Some(anchored.was_closed())),
        Ok(None) | Err(_) => (None, None),
    };
    let free = free(dir);
    let condition = condition(dir, anchored, free).unwrap_or_else(|error| match error {
        StoreError::FutureVersion { found } => Condition::Newer { found },
        StoreError::NotAStore { .. } => Condition::NotAStore,
        StoreError::InUse { .. } => Condition::InUse,
        StoreError::Unreadable { detail } => Condition::Damaged { files: vec![detail], sessions: Vec::new() },
        error @ (StoreError::Denied { .. }
        | StoreError::ReadOnly { .. }
        | StoreError::NoSpace { .. }
        | StoreError::Vanished { .. }
        | StoreError::Damaged { .. }
        | StoreError::OutOfOrder { .. }
        | StoreError::Poisoned
        | StoreError::Io(_)) => Condition::Inaccessible(error),
    });
    let reports = aside::reports(dir);
    let damage = lost(&reports);
    Examination {
        path: dir.into(),
        condition,
        sessions,
        was_closed: was_closed.filter(|_| sessions.is_some()),
        bytes: disk_use(dir),
        free,
        damage,
        kept_aside: reports.into_iter().map(|report| (report.place, report.files)).collect(),
    }
}

/// Everything that sessions of the store in `dir` lost so far, whether the person was told or not.
pub fn losses(dir: &Path) -> Vec<Damage> {
    lost(&aside::reports(dir))
}

fn lost(reports: &[Report]) -> Vec<Damage> {
    reports.iter().flat_map(|report| report.damage.clone()).collect()
}

fn condition(
    dir: &Path,
    anchored: Result<Option<Anchored>, StoreError>,
    free: Option<u64>,
) -> Result<Condition, StoreError> {
    let failed = |error| StoreError::from_io(dir, error);
    let found = directory::look(dir)?;
    if found == Found::Nothing {
        return Ok(Condition::Missing);
    }
    // Given back at once: a host that starts meanwhile must not be kept from it.
    drop(directory::hold(dir)?);
    let anchored = anchored?;
    let mut files: Vec<String> =
        look::look(dir, Depth::Thorough).map_err(failed)?.iter().map(ToString::to_string).collect();
    if found == Found::Unmarked {
        files.push("the marker".into());
    }
    let mut sessions = Vec::new();
    if let Some(anchored) = &anchored {
        sessions = without_their_end(dir, anchored).map_err(failed)?;
    }
    if anchored.as_ref().is_none_or(Anchored::was_damaged) {
        files.push("the anchor".into());
    }
    // Whoever opened it meanwhile made what was read untrue.
    drop(directory::hold(dir)?);
    Ok(if !files.is_empty() || !sessions.is_empty() {
        Condition::Damaged { files, sessions }
    } else if free.is_some_and(|free| free < TOO_LITTLE_FREE) {
        Condition::Full
    } else {
        Condition::Healthy
    })
}

/// Sessions whose last acknowledged record stands in no file.
fn without_their_end(dir: &Path, anchored: &Anchored) -> io::Result<Vec<SessionId>> {
    let mut missing: BTreeMap<SessionId, End> = anchored.ends().collect();
    let mut see = |key: &[u8], value: &[u8]| {
        if let Some(Key::Record(session, seq)) = key::read(key)
            && missing.get(&session).is_some_and(|end| end.seq == seq)
            && let Ok(opened) = envelope::open(session, seq, value)
            && missing.get(&session).is_some_and(|end| end.check == opened.check)
        {
            missing.remove(&session);
        }
    };
    for path in look::tables(dir)? {
        let bytes = look::read(&path)?.unwrap_or_default();
        for row in table::rows(&bytes, envelope::is_own).filter(|row| row.kind == Kind::Value) {
            see(&row.key, row.value);
        }
    }
    for (_, path) in look::journals(dir)? {
        let bytes = look::read(&path)?.unwrap_or_default();
        for batch in pieces::readable(&bytes, |row| envelope::is_own(row.key, row.value)) {
            for row in batch.rows.iter().filter(|row| row.kind == Kind::Value) {
                see(row.key, row.value);
            }
        }
    }
    Ok(missing.into_keys().collect())
}

fn free(dir: &Path) -> Option<u64> {
    let place = dir.ancestors().find(|place| place.exists())?;
    let numbers = rustix::fs::statvfs(place).ok()?;
    Some(numbers.f_bavail.saturating_mul(numbers.f_frsize))
}

impl Condition {
    /// One word for it, for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Healthy => "healthy",
            Self::InUse => "in_use",
            Self::Full => "full",
            Self::Damaged { .. } => "damaged",
            Self::Newer { .. } => "newer",
            Self::NotAStore => "not_a_store",
            Self::Inaccessible(_) => "inaccessible",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "there is no store yet; q makes one when it is first used"),
            Self::Healthy => write!(f, "healthy: every byte is as it was written"),
            Self::InUse => write!(f, "in use: a host has it open"),
            Self::Full => write!(f, "whole, but its file system is full; free some space"),
            Self::Damaged { files, sessions } => {
                write!(f, "damaged: {}", files.join(", "))?;
                if !sessions.is_empty() {
                    let separator = if files.is_empty() { "" } else { "; " };
                    write!(f, "{separator}acknowledged records are gone from {}", counted(sessions.len()))?;
                }
                write!(f, "; q repairs what it can when it starts next, and says what it could not")
            }
            Self::Newer { found } => {
                write!(f, "written by a newer q ({found}); use that q again, or a later one")
            }
            Self::NotAStore => {
                write!(f, "not a store of q; move it away, or set XDG_DATA_HOME to another place")
            }
            Self::Inaccessible(error) => write!(f, "{error}"),
        }
    }
}

fn counted(sessions: usize) -> String {
    if sessions == 1 { "1 session".to_owned() } else { format!("{sessions} sessions") }
}

impl fmt::Display for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "store {}: {}", self.path.display(), self.condition)?;
        if let Some(sessions) = self.sessions {
            writeln!(f, "{} in {} KB", counted(sessions), self.bytes >> 10)?;
        }
        if let Some(free) = self.free {
            writeln!(f, "{} MB free", free >> 20)?;
        }
        if self.was_closed == Some(false) && !matches!(self.condition, Condition::InUse) {
            writeln!(f, "its last user did not close it")?;
        }
        for damage in &self.damage {
            writeln!(f, "{damage}")?;
        }
        for (place, files) in self.kept_aside.iter().filter(|(_, files)| !files.is_empty()) {
            writeln!(f, "kept aside in {}: {}", place.display(), files.join(", "))?;
        }
        Ok(())
    }
}
