//! The one place where a connection to a host is opened, and the proof that it leads to a host of ours.
//!
//! Order is held by types. A [`RuntimeDirectory`] is a directory that was looked at; only by one is a [`CheckedPeer`] made,
//! which is a socket of ours in it, listened at by a process of ours; only a `CheckedPeer` becomes a stream that a byte can
//! be written to. Clippy refuses any other `UnixStream::connect` in this workspace.

use std::io;

use q_proto::place::{PlaceError, RuntimeDirectory, ours};
use tokio::net::UnixStream;

use super::{ConnectError, system};

/// A connection to a process of this user. Nothing was written to it yet.
#[derive(Debug)]
pub(super) struct CheckedPeer {
    stream: UnixStream,
}

impl CheckedPeer {
    /// Whoever listens at the socket in that directory; `None` where nobody does.
    #[expect(clippy::disallowed_methods, reason = "the one place where connections are opened and checked")]
    pub(super) async fn at(directory: &RuntimeDirectory) -> Result<Option<Self>, ConnectError> {
        let Some(socket) = directory.socket()? else { return Ok(None) };
        let stream = match UnixStream::connect(&socket).await {
            Ok(stream) => stream,
            Err(error) if is_nobody(&error) => return Ok(None),
            // So many wait for it already that no more can: it takes nobody in.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(ConnectError::Deaf),
            Err(source) => return Err(system("the host's socket cannot be reached")(source)),
        };
        let owner =
            stream.peer_cred().map_err(system("who listens at the host's socket is not known"))?.uid();
        if owner != ours() {
            return Err(PlaceError::SocketNotOurs { path: socket, owner }.into());
        }
        Ok(Some(Self { stream }))
    }

    /// The stream, to be spoken over.
    pub(super) fn into_stream(self) -> UnixStream {
        self.stream
    }
}

/// Whether a failed connect says that nobody listens: no more either, where a host died just when we came.
fn is_nobody(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset)
}
