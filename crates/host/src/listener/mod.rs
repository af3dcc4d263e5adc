//! The listener: accepts connections of this user, reads what clients say, writes what waits for them.
//!
//! What clients may cost together is bounded here: connections, unfinished frames, and what waits for them.

mod backlog;
mod connection;
mod context;
mod outbox;
mod outboxes;
mod reader;
mod ungreeted;
mod weight;

use std::sync::Arc;
use std::time::Duration;

use q_core::ClientId;
use rustix::process::{Resource, getrlimit};
use tokio::net::UnixListener;
use tokio::sync::mpsc;

use crate::events::HostEvent;
use context::ListenerContext;

#[cfg(feature = "simulation")]
pub use outbox::Bounds;
pub use outbox::Outbox;
#[cfg(any(test, feature = "simulation"))]
pub use outbox::Taken;
pub use outboxes::Outboxes;
pub(crate) use weight::weight;

/// How long is waited when no connection can be accepted and none can make room.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Lets clients in until the listener is dropped.
pub(crate) async fn accept(listener: UnixListener, events: mpsc::Sender<HostEvent>) {
    let descriptors = getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok());
    let shared = Arc::new(ListenerContext::within(descriptors.unwrap_or(usize::MAX), events));
    let mut last = ClientId(0);
    let me = q_proto::place::ours();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if stream.peer_cred().is_ok_and(|peer| peer.uid() == me) {
                    last = last.next();
                    let serving = connection::serve(stream, last, Arc::clone(&shared));
                    shared.ungreeted.enter(last, || tokio::spawn(serving).abort_handle());
                } else {
                    tracing::warn!(target: "q::listener", "a connection of another user was refused");
                }
            }
            // Out of file descriptors, most likely.
            Err(error) => {
                tracing::warn!(target: "q::listener", %error, "a connection could not be accepted");
                if shared.ungreeted.make_room() {
                    tokio::task::yield_now().await; // it closes its descriptor
                } else {
                    // Waiting lets others close theirs, spinning would not.
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
}
