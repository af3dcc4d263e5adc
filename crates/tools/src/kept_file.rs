//! A file as it was, in a file of its own: a line that says what it is, then its bytes. Written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::directory::{FileContent, MAX_FILE};
use crate::seen::hash;

/// The version of this form; one that is newer is not read.
const VERSION: u32 = 1;
/// The longest line in front of the bytes: a path of 4096 bytes, each escaped.
const MAX_HEADER: u64 = 32 << 10;

/// What a content is told by; that of no file at all is nothing.
pub(crate) type Fingerprint = Option<String>;

/// The fingerprint of what is there.
pub(crate) fn fingerprint(content: Option<&[u8]>) -> Fingerprint {
    content.map(|bytes| {
        let digits = hash(bytes).into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    })
}

/// What is known of a file that is kept, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptHeader {
    version: u32,
    /// From the session's directory on.
    pub(crate) path: String,
    /// Who may do what with it; nothing where there was no file.
    mode: Option<u32>,
    /// What its content is, by fingerprint.
    pub(crate) is: Fingerprint,
    /// What stood in its place on the other side of the change.
    pub(crate) other: Fingerprint,
}

/// A file as it was kept; nothing where there was none.
#[derive(Debug)]
pub(crate) struct KeptFile {
    pub(crate) content: Option<FileContent>,
}

impl KeptFile {
    /// Keeps what stands at `path` in the session's directory, in a file that was not there before. It is on the disk when this
    /// returns, but for its name.
    pub(crate) fn write(
        into: &Path,
        path: &str,
        content: Option<(&[u8], u32)>,
        other: Fingerprint,
    ) -> Result<(), String> {
        let (bytes, mode) = content.unzip();
        let header =
            KeptHeader { version: VERSION, path: path.to_owned(), mode, is: fingerprint(bytes), other };
        let mut line = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
        line.push(b'\n');
        write_whole(into, &[&line, bytes.unwrap_or_default()])
    }

    pub(crate) fn read(from: &Path) -> Result<Self, String> {
        let (header, mut rest) = begin(from)?;
        let mut bytes = Vec::new();
        rest.by_ref().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let content = header.mode.map(|mode| FileContent { bytes, mode });
        if fingerprint(content.as_ref().map(|content| content.bytes.as_slice())) != header.is {
            return Err(format!("what was kept of {} is damaged", header.path));
        }
        Ok(Self { content })
    }
}

impl KeptHeader {
    pub(crate) fn read(from: &Path) -> Result<Self, String> {
        begin(from).map(|(header, _)| header)
    }
}

fn begin(from: &Path) -> Result<(KeptHeader, BufReader<File>), String> {
    let damaged = |why: &str| format!("{} cannot be read: {why}", from.display());
    let file = File::open(from).map_err(|error| damaged(&error.to_string()))?;
    let (mut all, mut line) = (BufReader::new(file), Vec::new());
    let read = all.by_ref().take(MAX_HEADER).read_until(b'\n', &mut line);
    read.map_err(|error| damaged(&error.to_string()))?;
    let header: KeptHeader = serde_json::from_slice(&line).map_err(|error| damaged(&error.to_string()))?;
    if header.version != VERSION {
        return Err(damaged("a newer q wrote it"));
    }
    Ok((header, all))
}

/// Writes a file that is there whole, and on the disk, or not at all.
pub(crate) fn write_whole(into: &Path, parts: &[&[u8]]) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", into.display());
    let beside: PathBuf = into.with_extension("tmp");
    // What a crash left of an earlier one.
    let _gone = fs::remove_file(&beside);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        fs::rename(&beside, into)?;
        let above = into.parent().unwrap_or(Path::new("/"));
        File::open(above)?.sync_all()
    })();
    if written.is_err() {
        let _gone = fs::remove_file(&beside);
    }
    written.map_err(told)
}
