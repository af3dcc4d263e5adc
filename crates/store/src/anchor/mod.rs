//! The anchor: the last acknowledged record of every session, in a file of our own beside the engine's.
//!
//! The engine may lose its newest batches and say nothing. A session's records are a chain, so one place and one check
//! stand for all of them: what the engine gives back is compared with what stands here, and a shortfall is known.
//!
//! A cell is written after the commit it speaks of is on the disk, so the anchor never promises more than is there.
//! It is in the system's hands before the commit is acknowledged (a killed process loses nothing of it) and on the disk
//! a second later at most (`syncer`). Not here: what a shortfall means (`settle`).

mod cell;
mod syncer;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use q_core::{Seq, SessionId};

use crate::directory::{self, LAYOUT, OURS_ONLY_FILE};
use crate::envelope::LogEnd;
use crate::error::StoreError;
use crate::key::Key;

use cell::{CELL_LEN, CellContent, ShutdownState, Title};
use syncer::Syncer;

pub(crate) const FILE: &str = "anchor";
const DRAFT: &str = "anchor.tmp";
const PAIR_LEN: usize = 2 * CELL_LEN;
/// Pairs of sessions that are gone are left in the file while there are not many of them.
const FEW: u64 = 64;

/// Stands for the end of a session that was erased: whatever is found of it is not to be believed. No record has place 0.
pub(crate) const GONE: LogEnd = LogEnd { seq: Seq(0), check: 1 };

/// What the anchor says of a store that nobody has open.
#[derive(Debug)]
pub(crate) struct Anchored {
    /// Its title, where one is whole.
    title: Option<Title>,
    places: BTreeMap<SessionId, AnchoredEnd>,
    /// Pairs of cells in the file, the title's included.
    pairs: u64,
    /// Cells that are not as they were written.
    broken: usize,
}

/// Where a session's end stands.
#[derive(Clone, Copy, Debug)]
struct AnchoredEnd {
    /// Its pair of cells.
    pair: u64,
    /// Which of the two holds the end.
    half: u64,
    end: LogEnd,
}

/// The anchor of an open store.
#[derive(Debug)]
pub(crate) struct Anchor {
    path: PathBuf,
    file: Arc<File>,
    title: Title,
    places: BTreeMap<SessionId, AnchoredEnd>,
    pairs: u64,
    syncer: Syncer,
}

/// Reads the anchor in `dir` and changes nothing. `None` where there is none.
pub(crate) fn read(dir: &Path) -> Result<Option<Anchored>, StoreError> {
    let path = dir.join(FILE);
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::from_io(&path, error)),
    }
    let anchored = Anchored::parse(&bytes);
    match anchored.title {
        Some(title) if title.version > cell::VERSION => Err(StoreError::FutureVersion {
            found: format!("anchor {}, known here up to {}", title.version, cell::VERSION),
        }),
        Some(_) | None => Ok(Some(anchored)),
    }
}

/// Whether there is an anchor of no later version.
pub(crate) fn is_readable(dir: &Path) -> bool {
    matches!(read(dir), Ok(Some(_)))
}

/// Writes the anchor of an empty store that is being made.
pub(crate) fn create(dir: &Path) -> Result<(), StoreError> {
    let title = Title { version: cell::VERSION, layout: LAYOUT, generation: 1, state: ShutdownState::Closed };
    write_anew(dir, title, &BTreeMap::new()).map(drop).map_err(|error| StoreError::from_io(dir, error))
}

impl Anchored {
    fn parse(bytes: &[u8]) -> Self {
        let mut anchored = Self { title: None, places: BTreeMap::new(), pairs: 0, broken: 0 };
        for pair in bytes.chunks(PAIR_LEN) {
            let number = anchored.pairs;
            anchored.pairs += 1;
            for (half, cell) in (0..2).zip(pair.chunks(CELL_LEN)) {
                let Some(cell) = cell.first_chunk().filter(|_| cell.len() == CELL_LEN) else {
                    anchored.broken += 1;
                    continue;
                };
                if number == 0 {
                    anchored.take_title(half, cell);
                } else {
                    anchored.take_end(number, half, cell);
                }
            }
        }
        anchored
    }

    fn take_title(&mut self, half: u64, cell: &[u8; CELL_LEN]) {
        match Title::decode(half, cell) {
            CellContent::Whole(title) => {
                if self.title.is_none_or(|other| other.generation < title.generation) {
                    self.title = Some(title);
                }
            }
            CellContent::Blank => {}
            CellContent::Broken => self.broken += 1,
        }
    }

    fn take_end(&mut self, pair: u64, half: u64, cell: &[u8; CELL_LEN]) {
        match cell::decode_end(2 * pair + half, cell) {
            CellContent::Whole((session, end)) => {
                let place = AnchoredEnd { pair, half, end };
                let known = self.places.entry(session).or_insert(place);
                if known.end.seq < end.seq {
                    *known = place;
                }
            }
            CellContent::Blank => {}
            CellContent::Broken => self.broken += 1,
        }
    }

    /// Whether the store was left in good order.
    pub(crate) fn was_closed(&self) -> bool {
        self.broken == 0 && self.title.is_some_and(|title| title.state == ShutdownState::Closed)
    }

    /// Whether it is not as it was written, where no power cut explains that.
    pub(crate) fn was_damaged(&self) -> bool {
        self.broken > 0 && self.title.is_none_or(|title| title.state == ShutdownState::Closed)
    }

    /// The layout of the store it belongs to, where that is readable.
    pub(crate) fn layout(&self) -> Option<u32> {
        self.title.map(|title| title.layout)
    }

    /// The session's last acknowledged record, as far as it is known here.
    pub(crate) fn end(&self, session: SessionId) -> Option<LogEnd> {
        self.places.get(&session).map(|place| place.end)
    }

    /// Whether a row with this key is of a session that is there, and not behind its end.
    pub(crate) fn knows_of(&self, key: Key) -> bool {
        let end = self.end(key.session()).filter(|end| *end != GONE);
        match key {
            Key::Head(_) => end.is_some(),
            Key::Record(_, seq) | Key::Blob(_, seq, _) => end.is_some_and(|end| seq <= end.seq),
        }
    }

    /// Every session with its last acknowledged record, by id. Those that were erased are not among them.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (SessionId, LogEnd)> {
        let ends = self.places.iter().map(|(session, place)| (*session, place.end));
        ends.filter(|(_, end)| *end != GONE)
    }

    pub(crate) fn sessions(&self) -> BTreeSet<SessionId> {
        self.ends().map(|(session, _)| session).collect()
    }
}

impl Anchor {
    /// Takes the anchor up for writing, with these ends and no others, and says that the store is in use.
    ///
    /// What is there already is left where it stands: most starts write a title and nothing else.
    pub(crate) fn hold(
        dir: &Path,
        found: Option<Anchored>,
        ends: &BTreeMap<SessionId, LogEnd>,
    ) -> Result<Self, StoreError> {
        let path = dir.join(FILE);
        let failed = |error| StoreError::from_io(&path, error);
        let mut anchor = match found {
            Some(Anchored { title: Some(title), places, pairs, broken: 0 })
                if places.iter().all(|(id, place)| place.end == GONE || ends.contains_key(id))
                    && pairs <= 2 * ends.len() as u64 + FEW =>
            {
                let file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
                let title = Title { layout: LAYOUT, ..title };
                Self::new(path.clone(), file, title, places, pairs).map_err(failed)?
            }
            found => {
                let generation = found.and_then(|found| found.title).map_or(0, |title| title.generation);
                let title =
                    Title { version: cell::VERSION, layout: LAYOUT, generation, state: ShutdownState::Open };
                let (file, places) = write_anew(dir, title, ends).map_err(failed)?;
                let pairs = places.len() as u64 + 1;
                Self::new(path.clone(), file, title, places, pairs).map_err(failed)?
            }
        };
        for (session, end) in ends {
            let place = anchor.places.get(session);
            // Only a repair takes an end back; its older cell would be taken for the newer one.
            if place.is_some_and(|place| place.end.seq > end.seq) {
                anchor.erase(*session).map_err(failed)?;
            }
            anchor.put(*session, *end).map_err(failed)?;
        }
        anchor.write_title(ShutdownState::Open).map_err(failed)?;
        anchor.file.sync_data().map_err(failed)?;
        Ok(anchor)
    }

    fn new(
        path: PathBuf,
        file: File,
        title: Title,
        places: BTreeMap<SessionId, AnchoredEnd>,
        pairs: u64,
    ) -> io::Result<Self> {
        let file = Arc::new(file);
        let syncer = Syncer::start(Arc::clone(&file))?;
        Ok(Self { path, file, title, places, pairs, syncer })
    }

    /// Notes what is acknowledged from now on. The caller has synced the commit that holds it.
    pub(crate) fn note(
        &mut self,
        ends: impl IntoIterator<Item = (SessionId, LogEnd)>,
    ) -> Result<(), StoreError> {
        let note = || {
            for (session, end) in ends {
                self.put(session, end)?;
            }
            self.syncer.written()
        };
        note().map_err(|error| StoreError::from_io(&self.path, error))
    }

    /// The session's last acknowledged record.
    pub(crate) fn end(&self, session: SessionId) -> Option<LogEnd> {
        self.places.get(&session).map(|place| place.end)
    }

    /// Every session with an acknowledged record, by id.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.places.iter().filter(|(_, place)| place.end != GONE).map(|(session, _)| *session)
    }

    /// Takes a session's end back, as a repair does. The caller has reported what was lost.
    pub(crate) fn set_back(&mut self, session: SessionId, end: LogEnd) -> Result<(), StoreError> {
        let set_back =
            self.erase(session).and_then(|()| self.put(session, end)).and_then(|()| self.file.sync_data());
        set_back.map_err(|error| StoreError::from_io(&self.path, error))
    }

    /// Notes that sessions are about to be erased, and waits until that is on the disk.
    pub(crate) fn forget(&mut self, sessions: &BTreeSet<SessionId>) -> Result<(), StoreError> {
        let mut forget = || {
            for session in sessions {
                self.erase(*session)?;
                self.put(*session, GONE)?;
            }
            self.file.sync_data()
        };
        forget().map_err(|error| StoreError::from_io(&self.path, error))
    }

    /// Says that the store is left in good order. The caller has synced everything and writes nothing more.
    pub(crate) fn close(mut self) -> Result<(), StoreError> {
        let closed = self.write_title(ShutdownState::Closed).and_then(|()| self.file.sync_data());
        closed.map_err(|error| StoreError::from_io(&self.path, error))
    }

    fn put(&mut self, session: SessionId, end: LogEnd) -> io::Result<()> {
        let place = match self.places.get(&session) {
            Some(place) if place.end == end => return Ok(()),
            Some(place) => AnchoredEnd { end, half: 1 - place.half, ..*place },
            None => {
                self.pairs += 1;
                AnchoredEnd { pair: self.pairs - 1, half: 0, end }
            }
        };
        // In the half that does not hold: should this be cut short, the end before it is whole.
        let number = 2 * place.pair + place.half;
        self.file.write_all_at(&cell::encode_end(number, session, end), number * CELL_LEN as u64)?;
        self.places.insert(session, place);
        Ok(())
    }

    fn erase(&mut self, session: SessionId) -> io::Result<()> {
        let Some(place) = self.places.get_mut(&session) else { return Ok(()) };
        place.end = LogEnd::default();
        self.file.write_all_at(&[0; PAIR_LEN], place.pair * PAIR_LEN as u64)
    }

    fn write_title(&mut self, state: ShutdownState) -> io::Result<()> {
        self.title = Title { generation: self.title.generation + 1, state, ..self.title };
        // Each title takes the place of the one before the last, so that one of the two is whole at any moment.
        let half = self.title.generation % 2;
        self.file.write_all_at(&self.title.encode(half), half * CELL_LEN as u64)
    }
}

/// Writes the whole file beside its place, and puts it there at once.
fn write_anew(
    dir: &Path,
    title: Title,
    ends: &BTreeMap<SessionId, LogEnd>,
) -> io::Result<(File, BTreeMap<SessionId, AnchoredEnd>)> {
    let half = title.generation % 2;
    let mut bytes = vec![0; PAIR_LEN];
    let places: BTreeMap<_, _> = (1..)
        .zip(ends)
        .map(|(pair, (session, end))| {
            bytes.extend_from_slice(&cell::encode_end(2 * pair, *session, *end));
            bytes.extend_from_slice(&[0; CELL_LEN]);
            (*session, AnchoredEnd { pair, half: 0, end: *end })
        })
        .collect();
    if let Some(cell) = bytes.chunks_mut(CELL_LEN).nth(half as usize) {
        cell.copy_from_slice(&title.encode(half));
    }
    let draft = dir.join(DRAFT);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(OURS_ONLY_FILE)
        .open(&draft)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&draft, dir.join(FILE))?;
    directory::sync(dir)?;
    Ok((file, places))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn end(seq: u64) -> LogEnd {
        LogEnd { seq: Seq(seq), check: seq * 31 }
    }

    fn ends(anchored: &Anchored) -> BTreeMap<SessionId, LogEnd> {
        anchored.ends().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Noted, reopened, closed or not: what is read is what was noted last, and `was_closed` tells the difference.
        #[test]
        fn what_was_noted_last_is_read(
            lives in proptest::collection::vec((proptest::collection::vec((0..4u128, 1..5u64), 0..12), any::<bool>()), 1..5),
        ) {
            let place = tempfile::tempdir().unwrap();
            create(place.path()).unwrap();
            let mut model = BTreeMap::new();
            for (notes, closes) in lives {
                let mut anchor = Anchor::hold(place.path(), read(place.path()).unwrap(), &model).unwrap();
                for (session, more) in notes {
                    let session = SessionId(session);
                    let next = end(model.get(&session).map_or(0, |end: &LogEnd| end.seq.0) + more);
                    anchor.note([(session, next)]).unwrap();
                    model.insert(session, next);
                }
                if closes { anchor.close().unwrap() } else { drop(anchor) }
                let anchored = read(place.path()).unwrap().unwrap();
                prop_assert_eq!(ends(&anchored), model.clone());
                prop_assert_eq!(anchored.was_closed(), closes);
                prop_assert!(!anchored.was_damaged());
            }
        }
    }

    #[test]
    fn a_flipped_bit_costs_one_session_its_newest_end_and_is_told() {
        let place = tempfile::tempdir().unwrap();
        create(place.path()).unwrap();
        let sessions = [SessionId(1), SessionId(2)];
        let mut anchor = Anchor::hold(place.path(), None, &BTreeMap::new()).unwrap();
        for seq in [5, 6] {
            anchor.note(sessions.map(|session| (session, end(seq)))).unwrap();
        }
        anchor.close().unwrap();
        let bytes = fs::read(place.path().join(FILE)).unwrap();
        assert_eq!(bytes.len(), 3 * PAIR_LEN);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let anchored = Anchored::parse(&flipped);
            assert!(!anchored.was_closed(), "bit {bit}");
            let wrong = ends(&anchored).into_iter().filter(|(_, found)| *found != end(6));
            let wrong: Vec<LogEnd> = wrong.map(|(_, found)| found).collect();
            assert!(wrong.is_empty() || wrong == [end(5)], "bit {bit}: {wrong:?}");
        }
    }

    #[test]
    fn an_end_is_set_back_and_stays_so() {
        let place = tempfile::tempdir().unwrap();
        let session = SessionId(1);
        let mut anchor = Anchor::hold(place.path(), None, &BTreeMap::from([(session, end(9))])).unwrap();
        anchor.set_back(session, end(3)).unwrap();
        drop(anchor);
        let anchored = read(place.path()).unwrap().unwrap();
        assert_eq!(anchored.end(session), Some(end(3)));
        // Ends that are no longer known are not kept either.
        let other = BTreeMap::from([(SessionId(2), end(1))]);
        drop(Anchor::hold(place.path(), Some(anchored), &other).unwrap());
        assert_eq!(ends(&read(place.path()).unwrap().unwrap()), other);
    }

    #[test]
    fn a_newer_version_is_the_future() {
        let place = tempfile::tempdir().unwrap();
        let title =
            Title { version: cell::VERSION + 1, layout: LAYOUT, generation: 1, state: ShutdownState::Closed };
        drop(write_anew(place.path(), title, &BTreeMap::new()).unwrap());
        assert!(matches!(read(place.path()), Err(StoreError::FutureVersion { .. })));
    }
}
