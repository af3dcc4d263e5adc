//! The clients' door: accepts connections of this user, reads what clients say, writes what waits for them.

mod guest;
mod outbox;

use std::collections::BTreeMap;
use std::sync::Arc;

use q_core::ClientId;
use tokio::net::UnixListener;
use tokio::sync::mpsc;

use crate::events::Event;

pub use outbox::Outbox;
#[cfg(feature = "simulation")]
pub use outbox::{Bounds, Taken};

/// Where to put what is for each client.
pub(crate) type Outboxes = BTreeMap<ClientId, Arc<Outbox>>;

/// Lets clients in until the listener is dropped.
pub(crate) async fn keep(listener: UnixListener, events: mpsc::Sender<Event>) {
    let mut last = ClientId(0);
    let me = rustix::process::geteuid().as_raw();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if stream.peer_cred().is_ok_and(|peer| peer.uid() == me) {
                    last = last.next();
                    tokio::spawn(guest::serve(stream, last, events.clone()));
                } else {
                    tracing::warn!(target: "q::door", "a connection of another user was refused");
                }
            }
            Err(error) => {
                // Out of file descriptors, most likely: waiting lets others close theirs, spinning would not.
                tracing::warn!(target: "q::door", %error, "a connection could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}
