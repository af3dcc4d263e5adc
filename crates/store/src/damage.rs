//! Damage: what of a session is no longer as it was acknowledged, as data for whoever tells the person.

use std::fmt;
use std::path::PathBuf;

use q_core::{Seq, SessionId};

/// One session's loss. The other sessions are not touched by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    pub session: SessionId,
    /// Every record up to here is as it was written; 0: not even the first.
    pub kept_through: Seq,
    /// From here on records are whole again, up to the session's end. `None`: nothing behind the damage was kept, and
    /// the session goes on after [`Self::kept_through`].
    pub resumes_at: Option<Seq>,
    /// How many acknowledged records are gone; `None` where that cannot be known.
    pub lost: Option<u64>,
    /// Where the damaged files were put, if they had to be moved or changed.
    pub quarantine: Option<PathBuf>,
}

impl Damage {
    /// Both, of one session: from where the first begins to where nothing is missing any more.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            session: self.session,
            kept_through: self.kept_through.min(other.kept_through),
            resumes_at: self.resumes_at.zip(other.resumes_at).map(|(one, other)| one.max(other)),
            lost: self.lost.zip(other.lost).map(|(one, other)| one + other),
            quarantine: self.quarantine.or(other.quarantine),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, kept_through, resumes_at, lost, quarantine } = self;
        match lost {
            Some(1) => write!(f, "session {session} lost 1 record")?,
            Some(lost) => write!(f, "session {session} lost {lost} records")?,
            None => write!(f, "session {session} is not as it was acknowledged")?,
        }
        match (kept_through, resumes_at) {
            (Seq(0), None) => write!(f, "; nothing of it is left")?,
            (Seq(0), Some(resumes)) => write!(f, "; it is whole from record {resumes} on")?,
            (kept, None) => write!(f, "; it is whole up to record {kept} and goes on from there")?,
            (kept, Some(resumes)) => {
                write!(f, "; it is whole up to record {kept} and from record {resumes} on")?;
            }
        }
        match quarantine {
            Some(path) => write!(f, "; the damaged files are in {}", path.display()),
            None => Ok(()),
        }
    }
}
