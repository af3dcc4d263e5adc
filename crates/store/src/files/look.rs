//! The look at a store's files before the engine gets them. Reads only; remembers nothing of rows.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::pieces::{self, Survey};
use super::{archive, list, table};
use crate::{digest, directory};

/// The engine's own version, in a file that never changes.
pub(crate) const VERSION_FILE: &str = "version";
pub(crate) const VERSION: [u8; 4] = *b"FJL\x03";
pub(crate) const KEYSPACES_DIR: &str = "keyspaces";
const JOURNAL_EXTENSION: &str = "jnl";
const TABLES_DIR: &str = "tables";

/// Whether a file is one of the engine's journals, by its name.
pub(crate) fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == JOURNAL_EXTENSION)
}

/// Whether a file is one of the engine's tables, by where it is.
pub(crate) fn is_table(path: &Path) -> bool {
    path.parent().is_some_and(|parent| parent.ends_with(TABLES_DIR))
}
const CURRENT_FILE: &str = "current";

/// Keyspaces are directories named by number: the engine's own, then the store's three of its first layout.
const FIRST_KEYSPACES: std::ops::Range<u64> = 0..4;
/// The engine's own keyspace, small, and read for every decision about the others.
const ENGINES_OWN: u64 = 0;

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// All journals, and of tables what says where things are.
    Quick,
    Thorough,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flaw {
    /// The file with the engine's version.
    Version,
    /// A journal has something else in it than whole batches. The last one is so after a power cut.
    Journal(PathBuf),
    /// A keyspace's list of tables, or what names it.
    List(PathBuf),
    Table(PathBuf),
}

impl Flaw {
    /// Whether only a store made anew from what is readable helps.
    pub(crate) const fn needs_rebuilding(&self) -> bool {
        match self {
            Self::Version | Self::Journal(_) => false,
            Self::List(_) | Self::Table(_) => true,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => write!(f, "the file {VERSION_FILE}"),
            Self::Journal(path) => write!(f, "the journal {}", path.display()),
            Self::List(path) => write!(f, "the list of tables in {}", path.display()),
            Self::Table(path) => write!(f, "the table {}", path.display()),
        }
    }
}

/// Looks at the files of the store in `dir`. Paths in flaws are relative to it.
pub(crate) fn look(dir: &Path, depth: Depth) -> io::Result<Vec<Flaw>> {
    let mut flaws = Vec::new();
    if read(&dir.join(VERSION_FILE))?.is_none_or(|bytes| bytes != VERSION) {
        flaws.push(Flaw::Version);
    }
    let mut after = None;
    for (_, path) in journals(dir)? {
        match survey(&path, after)? {
            Survey::Whole(last) => after = last,
            Survey::NotWhole => flaws.push(Flaw::Journal(relative(dir, &path))),
        }
    }
    for number in keyspaces(dir)? {
        let keyspace = dir.join(KEYSPACES_DIR).join(number.to_string());
        look_at_keyspace(
            dir,
            &keyspace,
            if number == ENGINES_OWN { Depth::Thorough } else { depth },
            &mut flaws,
        )?;
    }
    Ok(flaws)
}

/// The keyspaces that must be there. That of the blobs has whatever number the engine gave it when the store got one; what
/// stands there before the marker says that, is the engine's own business.
fn keyspaces(dir: &Path) -> io::Result<impl Iterator<Item = u64>> {
    let mut others: Vec<u64> = Vec::new();
    if directory::layout(dir).is_none_or(|layout| layout >= directory::LAYOUT_WITH_BLOBS) {
        let all = numbered(&dir.join(KEYSPACES_DIR), None)?.into_iter().map(|(number, _)| number);
        others.extend(all.filter(|number| !FIRST_KEYSPACES.contains(number)));
        if others.is_empty() {
            others.push(FIRST_KEYSPACES.end);
        }
    }
    Ok(FIRST_KEYSPACES.chain(others))
}

fn look_at_keyspace(dir: &Path, keyspace: &Path, depth: Depth, flaws: &mut Vec<Flaw>) -> io::Result<()> {
    let Some(tables) = listed(keyspace)? else {
        flaws.push(Flaw::List(relative(dir, keyspace)));
        return Ok(());
    };
    for listed in tables {
        let path = keyspace.join(TABLES_DIR).join(listed.number.to_string());
        let is_whole = match depth {
            Depth::Quick => can_be_opened(&path)?,
            Depth::Thorough => read(&path)?
                .is_some_and(|bytes| table::is_whole(&bytes) && digest::wide(&bytes) == listed.check),
        };
        if !is_whole {
            flaws.push(Flaw::Table(relative(dir, &path)));
        }
    }
    Ok(())
}

/// The tables that a keyspace's list names, if that list is as it was written.
fn listed(keyspace: &Path) -> io::Result<Option<Vec<list::ListedTable>>> {
    let Some(current) = read(&keyspace.join(CURRENT_FILE))?.and_then(|bytes| list::current(&bytes)) else {
        return Ok(None);
    };
    let list = read(&keyspace.join(format!("v{}", current.number)))?;
    Ok(list.and_then(|bytes| list::tables(&bytes, current)))
}

/// Whether what a table says of its sections is as it was written: the engine reserves memory by it.
fn can_be_opened(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let len = file.metadata()?.len();
    let Some(end_at) = len.checked_sub(archive::END_LEN as u64) else { return Ok(false) };
    let mut end = [0; archive::END_LEN];
    file.read_exact_at(&mut end, end_at)?;
    let Some(end) = archive::end(&end, end_at) else { return Ok(false) };
    let mut contents = vec![0; (end.contents.end - end.contents.start) as usize];
    file.read_exact_at(&mut contents, end.contents.start)?;
    Ok(archive::sections(&contents, &end).is_some())
}

/// All tables there are, named by a list or not.
pub(crate) fn tables(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut tables = Vec::new();
    for (number, keyspace) in numbered(&dir.join(KEYSPACES_DIR), None)? {
        if number != ENGINES_OWN {
            tables.extend(numbered(&keyspace.join(TABLES_DIR), None)?.into_iter().map(|(_, path)| path));
        }
    }
    Ok(tables)
}

/// All journals with their numbers, oldest first.
pub(crate) fn journals(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    numbered(dir, Some(JOURNAL_EXTENSION))
}

fn numbered(dir: &Path, extension: Option<&str>) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(number) = number.filter(|_| path.extension().and_then(|it| it.to_str()) == extension) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

/// A journal's state, read in little memory. `after` is the number of the last batch in an older one.
pub(crate) fn survey(path: &Path, after: Option<u64>) -> io::Result<Survey> {
    const CHUNK: usize = 256 << 10;
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut at = 0;
    pieces::survey(after, |window| {
        if at >= len {
            return Ok(0);
        }
        let from = window.len();
        // Room that was never written to is not read; one zero stands for it.
        let data = next_data(&file, at, len);
        if data > at {
            at = data;
            window.push(0);
        } else {
            file.seek(SeekFrom::Start(at))?;
            at += (&mut file).take(CHUNK as u64).read_to_end(window)? as u64;
        }
        Ok(window.len() - from)
    })
}

/// Where the next written bytes are, from `at` on; `len` if none are. Where the file system cannot tell, `at`.
fn next_data(file: &File, at: u64, len: u64) -> u64 {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(at)) {
        Ok(data) => data,
        Err(rustix::io::Errno::NXIO) => len,
        Err(_) => at,
    }
}

/// A file's bytes; `None` where there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn relative(dir: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(dir).unwrap_or(path).to_path_buf()
}
