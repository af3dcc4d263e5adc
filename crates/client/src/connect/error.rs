//! Why there is no connection, each with its way out.

use std::io;
use std::path::PathBuf;

use q_proto::place::PlaceError;
use q_proto::{FrameError, MAX_FRAME};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A directory cannot be used, or what is in it is not ours.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The host does not talk to us.
    #[error("{why}")]
    Unwelcome {
        /// Why, and the way out.
        why: String,
    },
    /// The host cannot start.
    #[error("the host cannot start: {why}")]
    NoStart { why: String },
    #[error("the connection to the host failed: {0}; `q host status` tells how it is")]
    Broken(#[from] FrameError),
    /// A host runs and does not answer: it is stopped, or stuck.
    #[error(
        "a host runs but does not answer; end it (`q host stop --force`), then start q again: what was acknowledged is kept"
    )]
    Deaf,
    /// Something holds the host's place and is not known to be a host of ours: nothing is signalled.
    #[error("{who}, so it was sent no signal; see what it is (`lsof {path}`), end it, then start q again", path = path.display())]
    NotAHost {
        /// What is known of it.
        who: String,
        path: PathBuf,
    },
    /// A message is longer than the wire takes.
    #[error("that is too long to be sent: it takes {bytes} bytes, and {max} is the limit", max = MAX_FRAME)]
    TooLong { bytes: usize },
    /// A host runs and does not read, and too much waits for it already.
    #[error("the host does not answer, and no more can wait for it; `q host status` tells how it is")]
    Behind,
    #[error("the host is gone; start q again")]
    Gone,
    /// The system refuses something.
    #[error("{what}: {source}")]
    System {
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Names what was being tried when the system refused.
pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> ConnectError {
    move |source| ConnectError::System { what, source }
}
