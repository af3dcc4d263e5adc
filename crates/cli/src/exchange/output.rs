//! Where an export goes: standard output, or a file that is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::client::token;
use crate::error::CliError;
use crate::out;

/// Where an export goes.
#[derive(Debug)]
pub(crate) enum Output {
    Standard,
    File(Box<WrittenOutput>),
}

/// A file being written beside its place.
#[derive(Debug)]
pub(crate) struct WrittenOutput {
    place: PathBuf,
    replaces: bool,
    /// Removed again unless it gets its place.
    beside: PathBuf,
    file: BufWriter<File>,
}

impl Output {
    /// Nothing is at the place yet, unless it may be replaced.
    pub(crate) fn to(place: &Path, replaces: bool) -> Result<Self, CliError> {
        if place.is_dir() {
            return Err(CliError::usage(format!("{} is a directory", place.display())));
        }
        if !replaces && place.symlink_metadata().is_ok() {
            return Err(exists(place));
        }
        // In the same directory, since a rename leads nowhere else; of a name that nobody can have made beforehand.
        let beside = place.with_file_name(format!(".q-export-{:032x}", token()?.0));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
        let file = BufWriter::new(file.map_err(|error| unwritable(place, &error))?);
        Ok(Self::File(Box::new(WrittenOutput { place: place.to_owned(), replaces, beside, file })))
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<(), CliError> {
        match self {
            Self::Standard => out::text(text),
            Self::File(file) => {
                file.file.write_all(text.as_bytes()).map_err(|error| unwritable(&file.place, &error))
            }
        }
    }

    /// All of it was written: it gets its place, and is there after a power cut too.
    pub(crate) fn finish(self) -> Result<(), CliError> {
        match self {
            Self::Standard => Ok(()),
            Self::File(mut file) => {
                let placed = file.place();
                placed.map_err(|error| {
                    let came_meanwhile = error.kind() == io::ErrorKind::AlreadyExists;
                    if came_meanwhile { exists(&file.place) } else { unwritable(&file.place, &error) }
                })
            }
        }
    }
}

impl WrittenOutput {
    fn place(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        if self.replaces {
            fs::rename(&self.beside, &self.place)?;
        } else {
            // Unlike a rename this replaces nothing that came meanwhile.
            match fs::hard_link(&self.beside, &self.place) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                // Not every file system has links.
                Err(_) => fs::rename(&self.beside, &self.place)?,
                Ok(()) => {}
            }
        }
        // The name is the directory's to keep: after a power cut it is there only if that was written, too.
        let directory = self.place.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for WrittenOutput {
    fn drop(&mut self) {
        let _renamed_already = fs::remove_file(&self.beside);
    }
}

fn exists(place: &Path) -> CliError {
    CliError::failed(format!("{} is there already", place.display()))
        .hint("name another file, or replace it: --force")
}

fn unwritable(place: &Path, error: &io::Error) -> CliError {
    CliError::failed(format!("{} cannot be written: {error}", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("a.json");
        let mut given_up = Output::to(&place, false).unwrap();
        given_up.write("half").unwrap();
        drop(given_up);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        let mut output = Output::to(&place, false).unwrap();
        let mut late = Output::to(&place, false).unwrap();
        output.write("whole").unwrap();
        late.write("other").unwrap();
        output.finish().unwrap();
        assert!(late.finish().is_err());
        assert!(Output::to(&place, false).is_err());
        assert_eq!(fs::read_to_string(&place).unwrap(), "whole");
        assert_eq!(place.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let mut anew = Output::to(&place, true).unwrap();
        anew.write("anew").unwrap();
        anew.finish().unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "anew");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }
}
