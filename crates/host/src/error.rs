//! Why there is no host.

use std::io;
use std::path::PathBuf;

use q_core::RecoverError;
use q_proto::place::PlaceError;
use q_store::StoreError;

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Another one serves this store.
    #[error("a host is running already")]
    Running,
    /// A directory cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The store cannot be opened, or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was one, and there is none.
    #[error("the store {store} is gone, and q has used it before; put it back (is its disk mounted?), or remove {note} to begin with an empty one", store = store.display(), note = note.display())]
    StoreGone {
        store: PathBuf,
        /// The note that says so.
        note: PathBuf,
    },
    /// What is stored contradicts itself.
    #[error("the store contradicts itself: {0}")]
    Recover(#[from] RecoverError),
    /// The system refuses something.
    #[error("{what}: {source}")]
    System {
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Names what was being tried when the system refused.
pub(crate) fn system(what: &'static str) -> impl FnOnce(io::Error) -> HostError {
    move |source| HostError::System { what, source }
}
