//! What a session's tools changed: each file as it was before is kept, so that the changes of a turn can be taken back, and made
//! again.
//!
//! A change is put back only where the file is still as the change left it, by its fingerprint: what another hand did since is
//! never lost. So nothing here need be noted in the moment of a change, and a crash between the image and the change leaves both
//! true. What commands do is not seen here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use q_core::SessionId;

use crate::diff::diff;
use crate::directory::{FileContent, WorkingDirectory};
use crate::kept_file::{Fingerprint, KeptFile, KeptHeader, fingerprint, write_whole};
use crate::relative_path::RelativePath;
use crate::replace::{Before, refuse_protected, refuse_read_only, remove, replace};

/// The most that is kept of a session, in bytes and in files. Of more, the oldest turns are let go.
const MAX_BYTES: u64 = 64 << 20;
const MAX_KEPT: usize = 2000;
/// The most files that are known by who changed them last. Of more, all are forgotten.
const MAX_TOUCHED: usize = 4096;
/// The umask for directories that are made anew: nobody else's, as nothing is known of what they were.
const UMASK: u32 = 0o077;

/// The note of up to which turn images were let go.
const LET_GO: &str = "let-go";

/// One change at a time: what is compared is what is replaced.
static CHANGING: Mutex<()> = Mutex::new(());
/// The directory of notes on which session changed a file last.
const TOUCHED: &str = "touched";

/// What is kept of the changes of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeLog {
    session: u128,
    kept: PathBuf,
    /// Where the session works.
    directory: PathBuf,
}

/// Which way changes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// They are taken back.
    Undo,
    /// They are made again.
    Redo,
}

/// What would be put back, or what a session changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// The turn that changed these files; of all that a session changed, the newest.
    pub turn: u64,
    pub files: Vec<ChangedFile>,
    /// Whether older changes are kept no longer.
    pub has_let_go: bool,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileChange {
    Made,
    Edited,
    Removed,
    /// Nothing: it is so already.
    None,
}

impl FileChange {
    fn of(before: Option<&FileContent>, after: Option<&FileContent>) -> Self {
        match (bytes(before), bytes(after)) {
            (before, after) if before == after => Self::None,
            (None, _) => Self::Made,
            (_, None) => Self::Removed,
            (Some(_), Some(_)) => Self::Edited,
        }
    }

    /// The word for it, as it is printed and stands in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Edited => "edited",
            Self::Removed => "removed",
            Self::None => "unchanged",
        }
    }
}

/// One file of what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// From the session's directory on.
    pub path: String,
    pub change: FileChange,
    /// Lines that go and come, and some around them.
    pub diff: String,
    /// Why it is left alone, where it is.
    pub refusal: Option<String>,
}

/// The images of one turn.
#[derive(Debug, Default)]
struct KeptTurn {
    /// Each in its order.
    before: Vec<PathBuf>,
    after: Vec<PathBuf>,
    is_undone: bool,
}

/// A file that is to be put back.
struct Planned {
    place: RelativePath,
    /// As it is now.
    now: Option<FileContent>,
    wanted: Option<FileContent>,
    refusal: Option<String>,
}

impl Planned {
    fn change(&self) -> FileChange {
        FileChange::of(self.now.as_ref(), self.wanted.as_ref())
    }

    fn is_so_already(&self) -> bool {
        self.change() == FileChange::None
    }
}

fn bytes(content: Option<&FileContent>) -> Option<&[u8]> {
    content.map(|content| content.bytes.as_slice())
}

impl ChangeLog {
    /// The log of that session, which works in `directory`, beneath where those of all sessions are kept. Nothing is made yet.
    pub fn of(all: &Path, session: u128, directory: PathBuf) -> Self {
        Self { session, kept: all.join(format!("{session:032x}")), directory }
    }

    /// Removes all that is kept of a session that is gone.
    pub fn forget(all: &Path, session: u128) -> io::Result<()> {
        match fs::remove_dir_all(all.join(format!("{session:032x}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _gone => Ok(()),
        }
    }

    /// Removes what is kept of sessions that are there no longer: those that were erased while nobody looked.
    pub fn keep_only(all: &Path, is_there: impl Fn(u128) -> bool) -> io::Result<()> {
        let entries = match fs::read_dir(all) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let name = entry?.file_name();
            let session = name.to_str().and_then(|name| u128::from_str_radix(name, 16).ok());
            if let Some(session) = session.filter(|session| !is_there(*session)) {
                Self::forget(all, session)?;
            }
        }
        Ok(())
    }

    /// What a reversal would do; nothing where there is nothing to be reversed.
    pub fn preview(&self, way: Reversal) -> Result<Option<ChangeSet>, String> {
        let turns = self.turns()?;
        let Some((turn, kept)) = due(&turns, way) else { return Ok(None) };
        let files = self.plan(kept, way)?.iter().map(shown).collect();
        Ok(Some(ChangeSet { turn, files, has_let_go: self.let_go().is_some() }))
    }

    /// What of the session's files is otherwise than before its first change that is kept.
    pub fn all(&self) -> Result<ChangeSet, String> {
        let turns = self.turns()?;
        let turn = turns.keys().next_back().copied().unwrap_or_default();
        let mut first: BTreeMap<String, PathBuf> = BTreeMap::new();
        for image in turns.values().flat_map(|kept| &kept.before) {
            first.entry(KeptHeader::read(image)?.path).or_insert_with(|| image.clone());
        }
        let mut files = Vec::new();
        if !first.is_empty() {
            let directory = self.open()?;
            for (path, image) in first {
                let before = KeptFile::read(&image)?.content;
                let place = RelativePath::of(&path, &self.directory)?;
                let file = match directory.read_if_there(&place) {
                    Ok(now) => {
                        let change = FileChange::of(before.as_ref(), now.as_ref());
                        let diff = diff(bytes(before.as_ref()), bytes(now.as_ref()));
                        ChangedFile { path, change, diff, refusal: None }
                    }
                    Err(why) => ChangedFile {
                        path,
                        change: FileChange::None,
                        diff: String::new(),
                        refusal: Some(why),
                    },
                };
                if file.change != FileChange::None || file.refusal.is_some() {
                    files.push(file);
                }
            }
        }
        Ok(ChangeSet { turn, files, has_let_go: self.let_go().is_some() })
    }

    /// Takes the changes of that turn back, or makes them again: all of them, or none where one file is not as they left it. Which
    /// files those are. That turn must be the one that [`Self::preview`] tells: another one was not shown.
    pub fn reverse(&self, way: Reversal, turn: u64) -> Result<Vec<String>, String> {
        let _one = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = self.turns()?;
        let kept = match due(&turns, way) {
            Some((due, kept)) if due == turn => kept,
            Some(_) | None => return Err("what was shown is not what is due any more; look again".into()),
        };
        let plan = self.plan(kept, way)?;
        let refused: Vec<&str> = plan.iter().filter_map(|file| file.refusal.as_deref()).collect();
        if !refused.is_empty() {
            return Err(format!("{}; nothing was changed", refused.join("; ")));
        }
        if way == Reversal::Undo {
            for (index, file) in plan.iter().enumerate().filter(|(_, file)| !file.is_so_already()) {
                let now = file.now.as_ref().map(|now| (now.bytes.as_slice(), now.mode));
                let image = self.kept.join(format!("{turn:020}-{index:04}.after"));
                KeptFile::write(
                    &image,
                    &file.place.to_string(),
                    now,
                    fingerprint(bytes(file.wanted.as_ref())),
                )?;
            }
        }
        let directory = self.open()?;
        let mut done: Vec<&Planned> = Vec::new();
        for file in plan.iter().filter(|file| !file.is_so_already()) {
            if let Err(why) = put(&directory, &file.place, file.now.as_ref(), file.wanted.as_ref()) {
                return Err(put_all_back(&directory, &done, &why));
            }
            done.push(file);
        }
        let note = self.kept.join(format!("{turn:020}.undone"));
        let noted = match way {
            Reversal::Undo => write_whole(&note, &[]),
            Reversal::Redo => fs::remove_file(&note).map_err(|error| error.to_string()),
        };
        if let Err(why) = noted {
            return Err(put_all_back(&directory, &done, &why));
        }
        if way == Reversal::Redo {
            kept.after.iter().for_each(remove_kept);
        }
        Ok(plan.iter().map(|file| file.place.to_string()).collect())
    }

    /// Keeps a file as it is, right before a tool puts `after` into it; where the image stands, if one is kept. What was undone
    /// before can be made again no longer.
    fn keep(
        &self,
        turn: u64,
        place: &RelativePath,
        before: Before<'_>,
        after: &[u8],
    ) -> Result<Option<PathBuf>, String> {
        let told =
            |why: String| format!("{place}: how it is now could not be kept, so nothing was changed: {why}");
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.kept);
        made.map_err(|error| told(error.to_string()))?;
        let content = match before {
            Before::Nothing { .. } => None,
            Before::FileContent { bytes, mode } => Some((bytes, mode)),
        };
        let size = content.map_or(0, |(bytes, _)| bytes.len() as u64);
        if !self.make_room(turn, size).map_err(told)? {
            return Ok(None);
        }
        let number = self.turns().map_err(told)?.get(&turn).map_or(0, |kept| kept.before.len());
        let image = self.kept.join(format!("{turn:020}-{number:04}.before"));
        let written = KeptFile::write(&image, &place.to_string(), content, fingerprint(Some(after)));
        written.map_err(told).map(|()| Some(image))
    }

    /// Lets go what can be made again no longer, and the oldest turns where there would be too much; whether there is room then.
    fn make_room(&self, turn: u64, size: u64) -> Result<bool, String> {
        let mut turns = self.turns()?;
        for (undone, kept) in turns.extract_if(.., |_, kept| kept.is_undone) {
            self.remove(undone, &kept);
        }
        let weight = |kept: &KeptTurn| {
            let sizes = kept.images().filter_map(|image| fs::metadata(image).ok());
            sizes.map(|found| found.len()).sum::<u64>()
        };
        let mut bytes = turns.values().map(&weight).sum::<u64>().saturating_add(size);
        let mut count = 1 + turns.values().map(|kept| kept.images().count()).sum::<usize>();
        for (oldest, kept) in &turns {
            if bytes <= MAX_BYTES && count <= MAX_KEPT {
                break;
            }
            // Noted first: half of a turn must never be taken for all of it.
            write_whole(&self.kept.join(LET_GO), &[oldest.to_string().as_bytes()])?;
            bytes = bytes.saturating_sub(weight(kept));
            count = count.saturating_sub(kept.images().count());
            self.remove(*oldest, kept);
        }
        Ok(self.let_go().is_none_or(|through| through < turn))
    }

    fn remove(&self, turn: u64, kept: &KeptTurn) {
        // What stays is removed with the next change.
        kept.images().for_each(remove_kept);
        let _gone = fs::remove_file(self.kept.join(format!("{turn:020}.undone")));
    }

    fn let_go(&self) -> Option<u64> {
        fs::read_to_string(self.kept.join(LET_GO)).ok()?.parse().ok()
    }

    /// What is kept, by turns. What was let go and is still there is not among it.
    fn turns(&self) -> Result<BTreeMap<u64, KeptTurn>, String> {
        let told = |error: io::Error| format!("what is kept of changes cannot be read: {error}");
        let entries = match fs::read_dir(&self.kept) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            entries => entries.map_err(told)?,
        };
        let mut turns: BTreeMap<u64, KeptTurn> = BTreeMap::new();
        for entry in entries {
            let path = entry.map_err(told)?.path();
            let Some((stem, ending)) = path.file_name().and_then(|name| name.to_str()?.split_once('.'))
            else {
                continue;
            };
            let Some(turn) = stem.split('-').next().and_then(|turn| turn.parse().ok()) else { continue };
            let kept = turns.entry(turn).or_default();
            match ending {
                "before" => kept.before.push(path),
                "after" => kept.after.push(path),
                "undone" => kept.is_undone = true,
                _being_written => {}
            }
        }
        let let_go = self.let_go();
        turns.retain(|turn, kept| !kept.before.is_empty() && let_go.is_none_or(|through| *turn > through));
        for kept in turns.values_mut() {
            kept.before.sort();
            kept.after.sort();
        }
        Ok(turns)
    }

    fn open(&self) -> Result<WorkingDirectory, String> {
        WorkingDirectory::open(&self.directory, UMASK)
    }

    /// What is to be put back of a turn, a file each.
    fn plan(&self, kept: &KeptTurn, way: Reversal) -> Result<Vec<Planned>, String> {
        let images = match way {
            Reversal::Undo => &kept.before,
            Reversal::Redo => &kept.after,
        };
        // The first image of a file is how it was; any of its changes may be the last that came about.
        let mut wanted: BTreeMap<String, (PathBuf, BTreeSet<Fingerprint>)> = BTreeMap::new();
        // Where a change found what none before it had left, another hand was there in between: that one's words would be lost.
        let mut between: BTreeSet<String> = BTreeSet::new();
        for image in images {
            let KeptHeader { path, is, other, .. } = KeptHeader::read(image)?;
            let is_first = !wanted.contains_key(&path);
            let (_, left) = wanted.entry(path.clone()).or_insert_with(|| (image.clone(), BTreeSet::new()));
            if is_first {
                // A change that never came about leaves it so.
                left.insert(is);
            } else if !left.contains(&is) {
                between.insert(path);
            }
            left.insert(other);
        }
        let directory = self.open()?;
        let plan = wanted.into_iter().map(|(path, (image, left))| {
            let KeptFile { content: mut wanted, .. } = KeptFile::read(&image)?;
            let place = RelativePath::of(&path, &self.directory)?;
            let (now, refusal) = match directory.read_if_there(&place) {
                Err(why) => (None, Some(why)),
                Ok(now) => {
                    let is = fingerprint(bytes(now.as_ref()));
                    let is_as_left = left.contains(&is) && !between.contains(&path);
                    let refusal = refuse(&place, now.as_ref()).err();
                    // No tool changes who may do what: what is so now is what somebody wants.
                    if let (Some(now), Some(wanted)) = (&now, &mut wanted) {
                        wanted.mode = now.mode;
                    }
                    let changed =
                        format!("{place} was changed by another hand since{}", self.by_whom(&place));
                    (now, if is_as_left { refusal } else { Some(changed) })
                }
            };
            Ok(Planned { place, now, wanted, refusal })
        });
        plan.collect()
    }

    /// Which other session changed a file last, in words; empty where none is known.
    fn by_whom(&self, place: &RelativePath) -> String {
        let other = self.last_session(place);
        other.map(|other| format!(" (session {})", short(other))).unwrap_or_default()
    }

    /// The session that changed a file last, if another one did.
    fn last_session(&self, place: &RelativePath) -> Option<u128> {
        let noted = fs::read_to_string(self.note_of(place)?).ok()?;
        u128::from_str_radix(&noted, 16).ok().filter(|other| *other != self.session)
    }

    /// Where it is noted who changed a file last, by what its full path hashes to.
    fn note_of(&self, place: &RelativePath) -> Option<PathBuf> {
        let name = fingerprint(Some(self.path_of(place).as_os_str().as_encoded_bytes()))?;
        Some(self.kept.parent()?.join(TOUCHED).join(name))
    }

    fn path_of(&self, place: &RelativePath) -> PathBuf {
        place.names().iter().fold(self.directory.clone(), |path, name| path.join(name))
    }

    /// Notes that the session changed a file; which other one did so before it. A note that is lost is missed by nobody but
    /// the reader of a refusal.
    fn touch(&self, place: &RelativePath) -> Option<u128> {
        let before = self.last_session(place);
        let note = self.note_of(place)?;
        let all = note.parent()?;
        if fs::read_dir(all).is_ok_and(|notes| notes.count() >= MAX_TOUCHED) {
            let _forgotten = fs::remove_dir_all(all);
        }
        let _made = fs::DirBuilder::new().recursive(true).mode(0o700).create(all);
        let _noted = fs::write(note, format!("{:032x}", self.session));
        before
    }
}

impl KeptTurn {
    fn images(&self) -> impl Iterator<Item = &PathBuf> {
        self.before.iter().chain(&self.after)
    }
}

/// Removes what is kept for nothing. Where that fails, it is found again and does no harm.
fn remove_kept(image: &PathBuf) {
    let _stays = fs::remove_file(image);
}

/// How a session is named where nobody knows its name.
fn short(session: u128) -> String {
    SessionId(session).to_string().chars().take(8).collect()
}

/// The turn whose changes are taken back next, or made again next.
fn due(turns: &BTreeMap<u64, KeptTurn>, way: Reversal) -> Option<(u64, &KeptTurn)> {
    let mut of_that_way = turns.iter().filter(|(_, kept)| kept.is_undone == (way == Reversal::Redo));
    let due = match way {
        Reversal::Undo => of_that_way.next_back(),
        Reversal::Redo => of_that_way.next(),
    };
    due.map(|(turn, kept)| (*turn, kept))
}

fn shown(file: &Planned) -> ChangedFile {
    let (change, path) = (file.change(), file.place.to_string());
    let diff = if file.refusal.is_some() {
        String::new()
    } else {
        diff(bytes(file.now.as_ref()), bytes(file.wanted.as_ref()))
    };
    ChangedFile { path, change, diff, refusal: file.refusal.clone() }
}

/// Why a file may not be changed, by the rules that tools have.
fn refuse(place: &RelativePath, now: Option<&FileContent>) -> Result<(), String> {
    refuse_protected(place)?;
    now.map_or(Ok(()), |now| refuse_read_only(place, now.mode))
}

fn put(
    directory: &WorkingDirectory,
    place: &RelativePath,
    now: Option<&FileContent>,
    wanted: Option<&FileContent>,
) -> Result<(), String> {
    match (now, wanted) {
        (None, None) => Ok(()),
        (Some(now), None) => remove(directory, place, &now.bytes),
        (None, Some(wanted)) => {
            replace(directory, place, Before::Nothing { mode: wanted.mode }, &wanted.bytes)
        }
        (Some(now), Some(wanted)) => {
            let before = Before::FileContent { bytes: &now.bytes, mode: wanted.mode };
            replace(directory, place, before, &wanted.bytes)
        }
    }
}

/// Has those that were put back be as they were before; why all that was in vain, in words.
fn put_all_back(directory: &WorkingDirectory, done: &[&Planned], why: &str) -> String {
    let mut left = Vec::new();
    for file in done {
        if put(directory, &file.place, file.wanted.as_ref(), file.now.as_ref()).is_err() {
            left.push(file.place.to_string());
        }
    }
    if left.is_empty() {
        format!("{why}; all is as it was")
    } else {
        format!("{why}; {} could not be brought back to how it was", left.join(", "))
    }
}

/// Where the changes of a turn are kept, if they are.
#[derive(Debug, Default)]
pub(crate) struct ChangeKeeper {
    log: Option<ChangeLog>,
    turn: u64,
}

impl ChangeKeeper {
    pub(crate) const fn new(log: Option<ChangeLog>, turn: u64) -> Self {
        Self { log, turn }
    }

    /// Puts `after` into a file, once it is kept as it was; what the model is to be told beside, which ends with a line.
    pub(crate) fn replace(
        &self,
        directory: &WorkingDirectory,
        place: &RelativePath,
        before: Before<'_>,
        after: &[u8],
    ) -> Result<String, String> {
        let _one = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(log) = &self.log else {
            return replace(directory, place, before, after).map(|()| String::new());
        };
        let image = log.keep(self.turn, place, before, after)?;
        if let Err(why) = replace(directory, place, before, after) {
            // Nothing came of it, so there is nothing to take back.
            image.iter().for_each(remove_kept);
            return Err(why);
        }
        let other = log.touch(place);
        Ok(other.map(|other| format!("(session {} changed it before)\n", short(other))).unwrap_or_default())
    }
}

impl fmt::Display for Reversal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Undo => "undo",
            Self::Redo => "redo",
        })
    }
}
