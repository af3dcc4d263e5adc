//! Which session was in front where, and which stood in panes, so that `q` comes back to them: one small file for each terminal, beside the
//! log. Nothing depends on them; what cannot be read or written is as if it were not there.

use std::fs::{self, DirBuilder, DirEntry, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use q_core::mirror::Mirrored;
use q_core::{Mirror, SessionId};
use rustix::fs::OFlags;

use crate::context::Context;

/// Terminals that are remembered; the one that was left longest ago goes for a new one.
const KEPT: usize = 64;
/// Files that are looked at, whoever put them there.
const LOOKED_AT: usize = 4 * KEPT;
/// Bytes of a written session id, and of the end of its line.
const ID_BYTES: u64 = 27;
/// Sessions that a note can name: the one in front, and those in panes.
const NAMED: u64 = 4;

/// The terminals that are remembered, this one among them.
#[derive(Debug)]
pub(crate) struct Terminals {
    directory: PathBuf,
    /// This one's note; nothing where q has no terminal.
    here: Option<PathBuf>,
    noted: Vec<SessionId>,
}

impl Terminals {
    pub(crate) fn of(context: &Context) -> Self {
        let identity = context.environment.terminal_identity();
        let here = identity.map(|identity| context.place.terminal(&identity));
        Self { directory: context.place.terminals(), here, noted: Vec::new() }
    }

    /// The session to come back to: the one last in front in this terminal, else in any, else the last one used; of those
    /// that nobody used yet the first.
    pub(crate) fn last(&self, mirror: &Mirror) -> Option<SessionId> {
        let open = |id: &SessionId| mirror.get(*id).is_some_and(|session| session.summary.presence.is_open());
        let front = |file: &Path| read(file).first().copied();
        let here = self.here.as_deref().and_then(front).filter(open);
        here.or_else(|| self.newest_first().filter_map(|file| front(&file)).find(open)).or_else(|| {
            let sessions = mirror.by_slot();
            let used = sessions.iter().rev().filter(|session| session.summary.turns > 0);
            let last_used = used.max_by_key(|session| session.summary.touched);
            last_used.or(sessions.first()).map(|session: &&Mirrored| session.summary.id)
        })
    }

    /// The sessions that stood in panes here, in their order.
    pub(crate) fn panes(&self) -> Vec<SessionId> {
        self.here.as_deref().map(read).unwrap_or_default().into_iter().skip(1).collect()
    }

    /// Notes what is in front here, and what stands in panes.
    pub(crate) fn note(&mut self, front: Option<SessionId>, panes: &[SessionId]) {
        let (Some(here), Some(front)) = (&self.here, front) else { return };
        let sessions = [&[front], panes].concat();
        if self.noted != sessions {
            let _only_a_convenience = write(&self.directory, here, &sessions);
            self.noted = sessions;
        }
    }

    fn newest_first(&self) -> impl Iterator<Item = PathBuf> {
        let mut files = files(&self.directory);
        files.sort_by_key(|(left, _)| std::cmp::Reverse(*left));
        files.into_iter().map(|(_, file)| file)
    }
}

/// When each terminal was left, and its note.
fn files(directory: &Path) -> Vec<(SystemTime, PathBuf)> {
    let is_ours = fs::symlink_metadata(directory).is_ok_and(|found| found.is_dir());
    let entries = fs::read_dir(directory).ok().filter(|_| is_ours).into_iter().flatten();
    let left = |entry: &DirEntry| entry.metadata().ok().filter(fs::Metadata::is_file)?.modified().ok();
    let known = entries.take(LOOKED_AT).filter_map(Result::ok);
    known.filter_map(|entry| Some((left(&entry)?, entry.path()))).collect()
}

/// The sessions that a file names, a line each, if it is one of ours.
fn read(file: &Path) -> Vec<SessionId> {
    // Never through a link, and no pipe that somebody put there is waited for.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut text = String::new();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(file);
    match opened.and_then(|file| file.take(ID_BYTES * NAMED).read_to_string(&mut text)) {
        Ok(_) => text.split('\n').map(|line| line.parse().ok()).collect::<Option<_>>().unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

/// Writes a note beside the old one and moves it there, so that another q reads the one or the other.
fn write(directory: &Path, note: &Path, sessions: &[SessionId]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    if !fs::symlink_metadata(directory)?.is_dir() {
        return Err(io::Error::other("a link is in the way"));
    }
    let beside = note.with_extension(std::process::id().to_string());
    let _of_one_that_died = fs::remove_file(&beside);
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| {
            let lines: Vec<String> = sessions.iter().map(ToString::to_string).collect();
            file.write_all(lines.join("\n").as_bytes())
        })
        .and_then(|()| fs::rename(&beside, note));
    if written.is_err() {
        let _never_made = fs::remove_file(&beside);
    }
    forget_oldest(directory);
    written
}

fn forget_oldest(directory: &Path) {
    let mut files = files(directory);
    files.sort_by_key(|(left, _)| std::cmp::Reverse(*left));
    for (_, file) in files.into_iter().skip(KEPT) {
        let _gone_already = fs::remove_file(file);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::os::unix::fs::{PermissionsExt, symlink};

    use q_core::trace::Player;

    use super::*;

    /// Sessions 1 to 3 are open, 2 was used last; 4 is closed.
    fn mirror() -> Mirror {
        let mut player = Player::new(q_core::Limits::default());
        for line in [
            "create s1 name one",
            "create s2 name two",
            "create s3 name three",
            "create s4 name four",
            "close s4",
        ] {
            player.play(line).unwrap();
        }
        let mut mirror = Mirror::default();
        let view = player.core.view();
        for mut shot in (1..=3).filter_map(|id| view.snapshot(SessionId(id), usize::MAX)) {
            if shot.summary.id == SessionId(2) {
                (shot.summary.turns, shot.summary.touched) = (1, q_core::WallTime(9));
            }
            mirror.load(shot);
        }
        mirror
    }

    /// Makes it as if a terminal had been left so many seconds after the epoch.
    fn left(terminals: &Terminals, seconds: u64) {
        let file = File::options().write(true).open(terminals.here.as_deref().unwrap()).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
    }

    fn leave(mut terminals: Terminals, session: u128, seconds: u64) {
        terminals.note(Some(SessionId(session)), &[]);
        left(&terminals, seconds);
    }

    fn at(directory: &Path, terminal: &str) -> Terminals {
        let directory = directory.join("terminals");
        Terminals { here: Some(directory.join(terminal)), directory, noted: Vec::new() }
    }

    #[test]
    fn one_comes_back_to_what_was_in_front_here_then_anywhere_then_to_what_was_used() {
        let state = tempfile::tempdir().unwrap();
        let mirror = mirror();
        let last = |terminal| at(state.path(), terminal).last(&mirror);
        assert_eq!(last("a"), Some(SessionId(2)), "nothing is noted: the last one used");
        leave(at(state.path(), "a"), 1, 1);
        leave(at(state.path(), "b"), 3, 2);
        assert_eq!((last("a"), last("b")), (Some(SessionId(1)), Some(SessionId(3))));
        assert_eq!(last("c"), Some(SessionId(3)), "a new terminal: the one last in front anywhere");
        leave(at(state.path(), "b"), 4, 3);
        assert_eq!(last("b"), Some(SessionId(1)), "it is closed meanwhile");
        assert_eq!(Terminals { here: None, ..at(state.path(), "") }.last(&mirror), Some(SessionId(1)));
    }

    #[test]
    fn panes_are_noted_behind_the_one_in_front() {
        let state = tempfile::tempdir().unwrap();
        let sessions = [1, 3].map(SessionId);
        at(state.path(), "a").note(Some(SessionId(3)), &sessions);
        assert_eq!(at(state.path(), "a").last(&mirror()), Some(SessionId(3)));
        assert_eq!(at(state.path(), "a").panes(), sessions);
        assert!(at(state.path(), "b").panes().is_empty(), "another terminal has none");
        at(state.path(), "a").note(Some(SessionId(1)), &[]);
        assert!(at(state.path(), "a").panes().is_empty());
    }

    #[test]
    fn a_note_is_a_small_private_file_and_there_are_few() {
        let state = tempfile::tempdir().unwrap();
        for terminal in 0..KEPT + 3 {
            leave(at(state.path(), &terminal.to_string()), terminal as u128, terminal as u64);
        }
        let directory = state.path().join("terminals");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), KEPT);
        assert_eq!(read(&directory.join((KEPT + 2).to_string())), [SessionId(KEPT as u128 + 2)]);
        assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let file = directory.join((KEPT + 2).to_string());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_others_left_there_is_as_if_it_were_not_there() {
        let state = tempfile::tempdir().unwrap();
        let directory = state.path().join("terminals");
        fs::create_dir(&directory).unwrap();
        let secret = state.path().join("secret");
        fs::write(&secret, SessionId(3).to_string()).unwrap();
        symlink(&secret, directory.join("link")).unwrap();
        fs::create_dir(directory.join("directory")).unwrap();
        for (name, text) in [
            ("empty", ""),
            ("rubbish", "\u{1b}[2J"),
            ("long", &*"0".repeat(1 << 16)),
            ("near", &*"0".repeat(27)),
        ] {
            fs::write(directory.join(name), text).unwrap();
        }
        let mirror = mirror();
        let names = ["link", "directory", "empty", "rubbish", "long", "near"];
        for terminal in names {
            assert_eq!(at(state.path(), terminal).last(&mirror), Some(SessionId(2)), "{terminal}");
        }
        for terminal in names {
            at(state.path(), terminal).note(Some(SessionId(1)), &[]);
        }
        assert_eq!(
            fs::read_to_string(&secret).unwrap(),
            SessionId(3).to_string(),
            "links are not written through"
        );
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(&directory, elsewhere.path().join("terminals")).unwrap();
        at(elsewhere.path(), "a").note(Some(SessionId(1)), &[]);
        assert!(!directory.join("a").exists(), "a directory that is a link is left alone");
    }
}
