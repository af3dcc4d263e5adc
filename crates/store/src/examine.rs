//! Examining a store from outside, for `q doctor`: reads only, opens nothing, and may be done while a host uses the store.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use q_core::SessionId;

use crate::anchor::{self, Anchored};
use crate::damage::Damage;
use crate::directory::{self, Found};
use crate::disk::{self, LITTLE};
use crate::envelope::{self, LogEnd};
use crate::error::StoreError;
use crate::files::journal::RowKind;
use crate::files::look::{self, Depth, Flaw};
use crate::files::{mend, pieces, table};
use crate::key::{self, Key};
use crate::quarantine::{self, DamageReport};
use crate::shadow::TRIAL_BYTES;
use crate::{wire, writable};

/// What was found at a store's place.
#[derive(Debug)]
pub struct Examination {
    pub path: PathBuf,
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
    /// What sessions are called, as far as their heads can be read. Nobody's, where the store is in use.
    pub names: BTreeMap<SessionId, String>,
    /// Where damaged files were put, with what they were.
    pub quarantine: Vec<(PathBuf, Vec<String>)>,
}

/// What a store is like.
#[derive(Debug)]
pub enum Condition {
    /// There is none yet.
    Missing,
    /// There is none, and whoever asks knows that there was one.
    Gone {
        /// The file that says so.
        note: PathBuf,
    },
    /// All that was acknowledged is as it was written.
    Healthy {
        /// Behind it stands the beginning of a write that a crash or a full disk cut short: the next opening drops that.
        unfinished: bool,
    },
    /// Somebody has it open, so its files change while one looks.
    InUse {
        /// The process, where the system tells.
        holder: Option<u32>,
    },
    /// Whole, or not made yet, and its file system takes nothing more.
    Full,
    /// Whole, and soon it is full.
    NearlyFull,
    /// Whole, and this user cannot write it: q reads it, and keeps nothing.
    ReadOnly(StoreError),
    /// Something is not as it was written. The next opening repairs what can be repaired, and tells.
    Damaged {
        files: Vec<String>,
        /// Sessions whose acknowledged end is not in any file.
        sessions: Vec<SessionId>,
    },
    /// A newer q wrote it.
    Newer {
        /// What is not known here.
        found: String,
    },
    NotAStore,
    /// It cannot be read.
    Inaccessible(StoreError),
}

/// Examines the store in `dir`.
pub fn examine(dir: &Path) -> Examination {
    examine_beside(dir, disk::free(dir))
}

/// The same with so much free beside it.
#[expect(clippy::wildcard_enum_match_arm, reason = "any other error keeps the store from being looked at")]
fn examine_beside(dir: &Path, free: Option<u64>) -> Examination {
    let anchored = anchor::read(dir);
    let (sessions, was_closed) = match &anchored {
        Ok(Some(anchored)) => (Some(anchored.ends().count()), Some(anchored.was_closed())),
        Ok(None) | Err(_) => (None, None),
    };
    let mut names = BTreeMap::new();
    let condition = condition(dir, anchored, free, &mut names).unwrap_or_else(|error| match error {
        StoreError::FutureVersion { found } => Condition::Newer { found },
        StoreError::NotAStore { .. } => Condition::NotAStore,
        StoreError::InUse { holder, .. } => Condition::InUse { holder },
        StoreError::Unreadable { detail } => Condition::Damaged { files: vec![detail], sessions: Vec::new() },
        error => Condition::Inaccessible(error),
    });
    let reports = quarantine::reports(dir);
    let damage = lost(&reports);
    Examination {
        path: dir.into(),
        condition,
        sessions,
        was_closed: was_closed.filter(|_| sessions.is_some()),
        bytes: disk::disk_use(dir),
        free,
        damage,
        names,
        quarantine: reports.into_iter().map(|report| (report.place, report.files)).collect(),
    }
}

/// Everything that sessions of the store in `dir` lost so far, whether the person was told or not.
pub fn losses(dir: &Path) -> Vec<Damage> {
    lost(&quarantine::reports(dir))
}

fn lost(reports: &[DamageReport]) -> Vec<Damage> {
    reports.iter().flat_map(|report| report.damage.clone()).collect()
}

fn condition(
    dir: &Path,
    anchored: Result<Option<Anchored>, StoreError>,
    free: Option<u64>,
    names: &mut BTreeMap<SessionId, String>,
) -> Result<Condition, StoreError> {
    let failed = |error| StoreError::from_io(dir, error);
    let is_full = free.is_some_and(|free| free < TRIAL_BYTES as u64);
    let found = directory::look(dir)?;
    if found == Found::Nothing {
        return Ok(if is_full { Condition::Full } else { Condition::Missing });
    }
    // Given back at once: a host that starts meanwhile must not be kept from it.
    drop(directory::hold(dir)?);
    directory::refuse_links(dir)?;
    let anchored = anchored?;
    let mut flaws = look::look(dir, Depth::Thorough).map_err(failed)?;
    let is_of_journal = |flaw: &Flaw| matches!(flaw, Flaw::Journal(_));
    let unfinished = flaws.iter().any(is_of_journal)
        && mend::are_merely_unfinished(dir, anchored.as_ref()).map_err(failed)?;
    if unfinished {
        flaws.retain(|flaw| !is_of_journal(flaw));
    }
    let mut files: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    if found == Found::Unmarked {
        files.push("the marker".into());
    }
    let rows = FoundRows::of(dir, anchored.as_ref()).map_err(failed)?;
    names.extend(rows.names.into_iter().map(|(session, (_, name))| (session, name)));
    let sessions: Vec<SessionId> = rows.missing.into_keys().collect();
    if anchored.as_ref().is_none_or(Anchored::was_damaged) {
        files.push("the anchor".into());
    }
    // Whoever opened it meanwhile made what was read untrue.
    drop(directory::hold(dir)?);
    Ok(if !files.is_empty() || !sessions.is_empty() {
        Condition::Damaged { files, sessions }
    } else if is_full {
        Condition::Full
    } else if let Some(why) = writable::refusal(dir) {
        Condition::ReadOnly(why)
    } else if free.is_some_and(|free| free < LITTLE) {
        Condition::NearlyFull
    } else {
        Condition::Healthy { unfinished }
    })
}

/// What the rows in a store's files tell, read without opening it.
#[derive(Default)]
struct FoundRows {
    /// Sessions whose last acknowledged record stands in no file.
    missing: BTreeMap<SessionId, LogEnd>,
    /// What each session was called last, and the number of the write that says so.
    names: BTreeMap<SessionId, (u64, String)>,
}

impl FoundRows {
    fn of(dir: &Path, anchored: Option<&Anchored>) -> io::Result<Self> {
        let missing = anchored.map(|anchored| anchored.ends().collect()).unwrap_or_default();
        let sessions = anchored.map(Anchored::sessions).unwrap_or_default();
        let mut rows = Self { missing, names: BTreeMap::new() };
        for path in look::tables(dir)? {
            let bytes = look::read(&path)?.unwrap_or_default();
            for row in
                table::rows(&bytes, &sessions, envelope::is_own).filter(|row| row.kind == RowKind::Value)
            {
                rows.see(&row.key, row.value, row.order);
            }
        }
        for (_, path) in look::journals(dir)? {
            let bytes = look::read(&path)?.unwrap_or_default();
            for batch in pieces::readable(&bytes, |row| envelope::is_own(row.key, row.value)) {
                for row in batch.rows.iter().filter(|row| row.kind == RowKind::Value) {
                    rows.see(row.key, row.value, batch.order);
                }
            }
        }
        Ok(rows)
    }

    fn see(&mut self, key: &[u8], value: &[u8], order: u64) {
        match key::read(key) {
            Some(Key::Record(session, seq)) => {
                if let Some(end) = self.missing.get(&session).filter(|end| end.seq == seq)
                    && envelope::open(session, seq, value).is_ok_and(|opened| opened.check == end.check)
                {
                    self.missing.remove(&session);
                }
            }
            Some(Key::Head(session)) => {
                if self.names.get(&session).is_none_or(|(known, _)| *known <= order)
                    && let Ok(opened) = envelope::open(session, key::HEAD_SEQ, value)
                    && let Ok(head) = wire::decode_head(session, opened.payload)
                {
                    self.names.insert(session, (order, head.name.to_string()));
                }
            }
            Some(Key::Blob(..)) | None => {}
        }
    }
}

impl Condition {
    /// One word for it, for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Gone { .. } => "gone",
            Self::Healthy { .. } => "healthy",
            Self::InUse { .. } => "in_use",
            Self::Full => "full",
            Self::NearlyFull => "nearly_full",
            Self::ReadOnly(_) => "read_only",
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
            Self::Gone { note } => write!(
                f,
                "gone, and q has used it before; put it back (is its disk mounted?), or remove {} to begin with an empty one",
                note.display()
            ),
            Self::Healthy { unfinished: false } => write!(f, "healthy: every byte is as it was written"),
            Self::Healthy { unfinished: true } => {
                write!(f, "whole; its last write was not finished, which costs nothing acknowledged")
            }
            Self::InUse { holder: None } => write!(f, "in use: a host has it open"),
            Self::InUse { holder: Some(pid) } => write!(f, "in use: a host has it open (process {pid})"),
            Self::Full => {
                write!(
                    f,
                    "full: its file system takes nothing more, and nothing is lost; free {} MB",
                    LITTLE >> 20
                )
            }
            Self::NearlyFull => {
                write!(
                    f,
                    "nearly full, and whole; free some, q wants {} MB for what is said next",
                    LITTLE >> 20
                )
            }
            Self::ReadOnly(why) => write!(f, "whole, and read only: {why}"),
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

fn amount(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{} KB", bytes >> 10) } else { format!("{} MB", bytes >> 20) }
}

fn counted(sessions: usize) -> String {
    if sessions == 1 { "1 session".to_owned() } else { format!("{sessions} sessions") }
}

impl Examination {
    /// A session for people: its name, where that is known, and its id.
    fn called(&self, session: SessionId) -> String {
        self.names.get(&session).map_or_else(|| session.to_string(), |name| format!("{name} ({session})"))
    }
}

impl fmt::Display for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "store {}: {}", self.path.display(), self.condition)?;
        if let Some(sessions) = self.sessions {
            writeln!(f, "{} in {} KB", counted(sessions), self.bytes >> 10)?;
        }
        if let Some(free) = self.free {
            writeln!(f, "{} free", amount(free))?;
            if free < LITTLE && matches!(self.condition, Condition::Damaged { .. }) {
                writeln!(f, "a repair needs room: free {} MB first", LITTLE >> 20)?;
            }
        }
        if self.was_closed == Some(false) && !matches!(self.condition, Condition::InUse { .. }) {
            writeln!(f, "its last user did not close it")?;
        }
        if let Condition::Damaged { sessions, .. } = &self.condition {
            for session in sessions.iter().filter(|session| self.names.contains_key(session)) {
                writeln!(f, "gone from: {}", self.called(*session))?;
            }
        }
        for damage in &self.damage {
            let id = damage.session.to_string();
            writeln!(f, "{}", damage.to_string().replacen(&id, &self.called(damage.session), 1))?;
        }
        for (place, files) in self.quarantine.iter().filter(|(_, files)| !files.is_empty()) {
            writeln!(f, "kept aside in {}: {}", place.display(), files.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::fs;

    use super::*;
    use crate::FjallStore;

    const TRIAL: u64 = TRIAL_BYTES as u64;

    #[test]
    fn a_full_disk_is_full_with_a_store_and_without_one() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("store");
        let codes = |free| {
            let examination = examine_beside(&dir, free);
            (examination.condition.code(), examination.to_string().contains("free 16 MB"))
        };
        assert_eq!(codes(Some(TRIAL - 1)), ("full", true));
        assert_eq!(codes(Some(TRIAL)), ("missing", false));
        drop(FjallStore::open(&dir).unwrap());
        assert_eq!(codes(Some(0)), ("full", true));
        assert_eq!(codes(Some(TRIAL - 1)), ("full", true));
        assert_eq!(codes(Some(TRIAL)).0, "nearly_full");
        assert_eq!(codes(Some(LITTLE - 1)).0, "nearly_full");
        assert_eq!(codes(Some(LITTLE)), ("healthy", false));
        assert_eq!(codes(None), ("healthy", false));
        // Room does not mend what is damaged, but is wanted for that.
        fs::write(dir.join(look::VERSION_FILE), "FJL?").unwrap();
        assert_eq!(codes(Some(0)), ("damaged", true));
        assert_eq!(codes(Some(LITTLE)), ("damaged", false));
    }
}
