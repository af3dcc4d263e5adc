//! The client's side of the wire: find the host, start it if there is none, say hello; or end it.
//!
//! However a connection comes about, it is opened by `peer::CheckedPeer`, which nothing is written to before it is known
//! whose it is.

mod dismiss;
mod duplex;
mod error;
mod other_socket;
mod peer;
mod process;
mod start;

use std::path::Path;
use std::time::Duration;

use duplex::Duplex;
use error::system;
use peer::CheckedPeer;
use q_proto::message::{Hello, Status};
use q_proto::place::{Place, RuntimeDirectory};
use q_proto::{ClientMessage, HostMessage};
use start::start;

pub use dismiss::{Urgency, dismiss};
pub use error::ConnectError;
pub use other_socket::other_socket;
pub use start::{READY, RUN, RUN_AGAIN};

/// How long a host may take to welcome a client.
const WELCOMES_WITHIN: Duration = Duration::from_secs(5);
/// How many hosts in a row may go at the moment we come before we give up.
const HOSTS: u32 = 3;

/// A connection to a host that has welcomed us. One that does not read holds nobody: what it is told waits here.
#[derive(Debug)]
pub struct Connection {
    duplex: Duplex,
    /// How the host was when it welcomed us.
    pub host: Status,
}

impl Connection {
    /// Connects to the running host; `None` when none runs.
    pub async fn existing(place: &Place, hello: Hello) -> Result<Option<Self>, ConnectError> {
        match RuntimeDirectory::found(place)? {
            Some(directory) => Self::within(&directory, hello).await,
            None => Ok(None),
        }
    }

    /// Connects to the host, and starts one first if none runs: as `program` with these words, [`RUN`] or [`RUN_AGAIN`].
    /// However many clients do this at once, one host is started.
    pub async fn or_start(
        place: &Place,
        program: &Path,
        run: &'static [&'static str],
        hello: impl Fn() -> Hello,
    ) -> Result<Self, ConnectError> {
        let directory = RuntimeDirectory::made(place)?;
        for _ in 0..HOSTS {
            match Self::within(&directory, hello()).await {
                Ok(Some(connection)) => return Ok(connection),
                // A host that dies or leaves at this very moment is as good as none.
                Ok(None) | Err(ConnectError::Gone | ConnectError::Broken(_)) => {}
                Err(error) => return Err(error),
            }
            start(&directory, program, run).await?;
        }
        Self::within(&directory, hello()).await?.ok_or(ConnectError::Gone)
    }

    async fn within(directory: &RuntimeDirectory, hello: Hello) -> Result<Option<Self>, ConnectError> {
        match CheckedPeer::at(directory).await? {
            Some(peer) => Self::greet(peer, hello).await.map(Some),
            None => Ok(None),
        }
    }

    async fn greet(peer: CheckedPeer, hello: Hello) -> Result<Self, ConnectError> {
        let welcomed = async {
            let mut duplex = Duplex::on(peer);
            duplex.send(&ClientMessage::Hello(hello))?;
            match duplex.next().await? {
                HostMessage::Welcome(host) => Ok(Self { duplex, host }),
                HostMessage::Unwelcome { why } => Err(ConnectError::Unwelcome { why }),
                HostMessage::Snapshot(_)
                | HostMessage::Ready
                | HostMessage::Update(_)
                | HostMessage::Reply { .. }
                | HostMessage::Going { .. } => Err(ConnectError::Gone),
            }
        };
        tokio::time::timeout(WELCOMES_WITHIN, welcomed).await.unwrap_or(Err(ConnectError::Deaf))
    }

    /// Says something to the host. What it does not take at once is written while its next message is waited for. That
    /// it is gone is not told here: its last words are still to be read.
    pub fn send(&mut self, message: &ClientMessage) -> Result<(), ConnectError> {
        self.duplex.send(message)
    }

    /// What the host says next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<HostMessage, ConnectError> {
        self.duplex.next().await
    }

    /// Waits until the host has taken what it was told, or is gone. Dropping the future loses nothing.
    pub async fn flush(&mut self) {
        self.duplex.flush().await;
    }
}
