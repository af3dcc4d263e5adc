//! What is kept aside: damaged files before they are changed, with a report of what was found. Nothing is read from there
//! again by the store; people and `q doctor` read it.
//!
//! `damaged/<time>-<number>/` in the store's directory holds the files and `report`, a text of one line a session. Also here:
//! the mark by which the store asks to be read in whole when it is opened next.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use q_core::{Seq, SessionId, Utc, WallTime};

use crate::damage::Damage;
use crate::directory::{self, OURS_ONLY, OURS_ONLY_FILE};

pub(crate) const DIRECTORY: &str = "damaged";
const REPORT: &str = "report";
const TOLD: &str = "told";
const SUSPECT: &str = "suspect";
/// Beyond this many, files are no longer kept, only reports: a failing disk must not be filled by its own failures.
const MOST_KEPT: usize = 16;

/// A place for damaged files, made when it is first needed.
#[derive(Debug)]
pub(crate) struct Quarantine {
    /// Of all such places.
    all: PathBuf,
    made: OnceCell<Made>,
}

#[derive(Debug)]
struct Made {
    place: PathBuf,
    keeps_files: bool,
}

/// What one opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DamageReport {
    pub(crate) place: PathBuf,
    /// Files that were not as they were written.
    pub(crate) files: Vec<String>,
    /// What sessions lost by it.
    pub(crate) damage: Vec<Damage>,
    /// The sessions of which the person was told.
    pub(crate) told: BTreeSet<SessionId>,
}

impl DamageReport {
    /// What nobody was told of yet.
    pub(crate) fn unreported(&self) -> impl Iterator<Item = &Damage> {
        self.damage.iter().filter(|damage| !self.told.contains(&damage.session))
    }
}

impl Quarantine {
    /// A place in the store `dir`.
    pub(crate) fn new(dir: &Path) -> Self {
        Self { all: dir.join(DIRECTORY), made: OnceCell::new() }
    }

    /// Keeps bytes under a name.
    pub(crate) fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let made = self.made()?;
        if made.keeps_files { write(&made.place.join(name), bytes) } else { Ok(()) }
    }

    /// Moves a file or directory of the store away.
    pub(crate) fn take(&self, path: &Path) -> io::Result<()> {
        let made = self.made()?;
        let Some(name) = path.file_name() else { return Ok(()) };
        if made.keeps_files {
            fs::rename(path, made.place.join(name))
        } else if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
    }

    fn made(&self) -> io::Result<&Made> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = self.make()?;
        Ok(self.made.get_or_init(|| made))
    }

    fn make(&self) -> io::Result<Made> {
        DirBuilder::new().recursive(true).mode(OURS_ONLY).create(&self.all)?;
        let keeps_files = fs::read_dir(&self.all)?.count() < MOST_KEPT;
        let now = now();
        let mut attempt = 0;
        loop {
            let place = self.all.join(format!("{now}-{attempt}"));
            match DirBuilder::new().mode(OURS_ONLY).create(&place) {
                Ok(()) => return Ok(Made { place, keeps_files }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes down what was found, and makes all of it durable. Gives the place.
    pub(crate) fn report(&self, files: &[String], damage: &[Damage]) -> io::Result<&Path> {
        let place = &self.made()?.place;
        let mut lines = vec![String::from("# What q found not to be as it was written.")];
        lines.extend(files.iter().map(|file| format!("file {file}")));
        for Damage { session, kept_through, resumes_at, lost, quarantine: _ } in damage {
            let resumes = resumes_at.map_or("-".into(), |seq| seq.to_string());
            let lost = lost.map_or("?".into(), |lost| lost.to_string());
            lines.push(format!(
                "session {session} whole-through {kept_through} resumes {resumes} lost {lost}"
            ));
        }
        write(&place.join(REPORT), (lines.join("\n") + "\n").as_bytes())?;
        directory::sync(place)?;
        directory::sync(&self.all)?;
        Ok(place)
    }

    /// Nothing was lost after all.
    pub(crate) fn discard(&mut self) -> io::Result<()> {
        self.made.take().map_or(Ok(()), |made| fs::remove_dir_all(&made.place))
    }
}

/// Everything that was reported about the store `dir`, oldest first. What is not readable is left out.
pub(crate) fn reports(dir: &Path) -> Vec<DamageReport> {
    let Ok(places) = fs::read_dir(dir.join(DIRECTORY)) else { return Vec::new() };
    let mut places: Vec<PathBuf> = places.flatten().map(|entry| entry.path()).collect();
    places.sort();
    places.into_iter().filter_map(report).collect()
}

fn report(place: PathBuf) -> Option<DamageReport> {
    let text = String::from_utf8(fs::read(place.join(REPORT)).ok()?).ok()?;
    let told = fs::read_to_string(place.join(TOLD)).unwrap_or_default();
    let told = told.lines().filter_map(|line| line.parse().ok()).collect();
    let mut report = DamageReport { place, told, ..DamageReport::default() };
    for line in text.lines() {
        if let Some(file) = line.strip_prefix("file ") {
            report.files.push(file.into());
        }
        let words: Vec<&str> = line.split(' ').collect();
        if let ["session", session, "whole-through", kept, "resumes", resumes, "lost", lost] = words[..]
            && let (Ok(session), Ok(kept)) = (session.parse(), kept.parse())
        {
            report.damage.push(Damage {
                session,
                kept_through: Seq(kept),
                resumes_at: resumes.parse().ok().map(Seq),
                lost: lost.parse().ok(),
                quarantine: Some(report.place.clone()),
            });
        }
    }
    Some(report)
}

/// Notes that the person was told of what was reported of this session so far.
pub(crate) fn mark_reported(dir: &Path, session: SessionId) -> io::Result<()> {
    for mut report in reports(dir) {
        if report.unreported().any(|damage| damage.session == session) {
            report.told.insert(session);
            let told: Vec<String> = report.told.iter().map(ToString::to_string).collect();
            write(&report.place.join(TOLD), told.join("\n").as_bytes())?;
        }
    }
    Ok(())
}

/// Whether something asked for the store to be read in whole.
pub(crate) fn is_suspect(dir: &Path) -> bool {
    dir.join(SUSPECT).exists()
}

/// Asks for the store to be read in whole when it is opened next.
pub(crate) fn suspect(dir: &Path) -> io::Result<()> {
    write(&dir.join(SUSPECT), b"")?;
    directory::sync(dir)
}

/// Takes the suspicion back: the store was looked at.
pub(crate) fn clear(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(SUSPECT)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(OURS_ONLY_FILE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The time as a name that sorts, in UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of this crate; it names directories and decides nothing"
)]
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    name_of(seconds)
}

fn name_of(seconds: u64) -> String {
    let Utc { year, month, day, hour, minute, second } = WallTime(seconds.saturating_mul(1000)).into();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn times_are_named_as_people_write_them() {
        for (seconds, name) in [
            (0, "1970-01-01T000000Z"),
            (951_782_399, "2000-02-28T235959Z"),
            (951_782_400, "2000-02-29T000000Z"),
            (951_868_800, "2000-03-01T000000Z"),
            (1_798_761_599, "2026-12-31T235959Z"),
            (4_107_542_400, "2100-03-01T000000Z"),
        ] {
            assert_eq!(name_of(seconds), name);
        }
    }

    #[test]
    fn what_is_reported_is_read_back() {
        let place = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::new(place.path());
        let damage = |session, resumes_at, lost| Damage {
            session: SessionId(session),
            kept_through: Seq(4),
            resumes_at,
            lost,
            quarantine: None,
        };
        let mut damage = vec![damage(1, None, Some(3)), damage(u128::MAX, Some(Seq(9)), None)];
        let reported = quarantine.report(&["the journal 0.jnl".into()], &damage).unwrap().to_path_buf();
        for damage in &mut damage {
            damage.quarantine = Some(reported.clone());
        }
        let expected = DamageReport {
            place: reported,
            files: vec!["the journal 0.jnl".into()],
            damage,
            told: BTreeSet::new(),
        };
        assert_eq!(reports(place.path()), std::slice::from_ref(&expected));
        let sessions = [SessionId(1), SessionId(u128::MAX)];
        for told in 1..=sessions.len() {
            mark_reported(place.path(), sessions[told - 1]).unwrap();
            let told: BTreeSet<_> = sessions[..told].iter().copied().collect();
            let unreported = reports(place.path())[0].unreported().count();
            assert_eq!((reports(place.path())[0].told.clone(), unreported), (told.clone(), 2 - told.len()));
        }
    }

    #[test]
    fn a_failing_disk_is_not_filled() {
        let place = tempfile::tempdir().unwrap();
        for kept in (0..MOST_KEPT + 2).map(|n| n < MOST_KEPT) {
            let quarantine = Quarantine::new(place.path());
            quarantine.keep("journal", b"bytes").unwrap();
            let reported = quarantine.report(&[], &[]).unwrap();
            assert_eq!(reported.join("journal").exists(), kept);
        }
    }
}
