//! A shell script in the place of a program that serves: it says what it was started with, and waits for the word to say that it
//! is ready. It ends in any case, whoever started it and whatever became of the test: when its directory is gone, or after half a
//! minute.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// A script that may be started, once.
#[derive(Debug)]
pub struct ServerScript {
    started: Receiver<String>,
    go: PathBuf,
}

impl ServerScript {
    /// Writes it to that path, in a directory that goes with the test.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(path: &Path) -> Self {
        Self::create(path).unwrap_or_else(|error| panic!("no script at {}: {error}", path.display()))
    }

    fn create(path: &Path) -> io::Result<Self> {
        let (asked, go) = (path.with_extension("asked"), path.with_extension("go"));
        Command::new("mkfifo").arg(&asked).status()?;
        // Both sides open it for reading and writing: so neither waits for the other, which may be gone.
        let fifo = File::options().read(true).write(true).open(&asked)?;
        let (told, started) = channel();
        thread::spawn(move || {
            let line = BufReader::new(fifo).lines().next();
            line.and_then(Result::ok).and_then(|arguments| told.send(arguments).ok())
        });
        let script = format!(
            "#!/bin/sh\n\
             echo \"$*\" 1<>'{asked}'\n\
             left=300\n\
             until [ -e '{go}' ]; do\n\
             [ -d '{directory}' ] && [ $left -gt 0 ] || exit 1\n\
             left=$((left - 1))\n\
             sleep 0.1\n\
             done\n\
             echo ready\n",
            asked = asked.display(),
            go = go.display(),
            directory = path.parent().unwrap_or(path).display(),
        );
        fs::write(path, script)?;
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
        Ok(Self { started, go })
    }

    /// What it was started with, once it is; nothing when it is not within `patience`.
    pub fn arguments(&self, patience: Duration) -> Option<String> {
        self.started.recv_timeout(patience).ok()
    }

    /// Lets it say that it is ready.
    ///
    /// # Panics
    /// When it cannot be told.
    pub fn let_it_be_ready(&self) {
        fs::write(&self.go, "").unwrap_or_else(|error| panic!("{}: {error}", self.go.display()));
    }
}
