//! The listener: accepts connections of this user, reads what clients say, writes what waits for them.
//!
//! What clients may cost together is bounded here: connections, unfinished frames, and what waits for them.

mod backlog;
mod connection;
mod outbox;
mod reader;
mod ungreeted;
mod weight;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use q_core::ClientId;
use rustix::process::{Resource, getrlimit};
use tokio::net::UnixListener;
use tokio::sync::{Semaphore, mpsc};

use crate::events::HostEvent;
use backlog::Backlog;
use ungreeted::Ungreeted;

pub use outbox::Outbox;
#[cfg(feature = "simulation")]
pub use outbox::{Bounds, Taken};
pub(crate) use weight::weight;

/// Where to put what is for each client.
pub(crate) type Outboxes = BTreeMap<ClientId, Arc<Outbox>>;

/// The most clients at once, however many descriptors there are.
const CLIENTS: usize = 1024;
/// The same for connections without a hello. Above what a burst of starting clients makes.
const UNGREETED: usize = 128;
/// How long is waited when no connection can be accepted and none can make room.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// What all connections share: counts and budgets.
#[derive(Debug)]
struct ListenerContext {
    events: mpsc::Sender<HostEvent>,
    ungreeted: Ungreeted,
    places: Arc<Semaphore>,
    /// What long frames may hold.
    long_frames: Arc<Semaphore>,
    backlog: Arc<Backlog>,
}

impl ListenerContext {
    /// One that leaves a quarter of so many descriptors to the store and the agents.
    fn within(descriptors: usize, events: mpsc::Sender<HostEvent>) -> Self {
        Self {
            events,
            ungreeted: Ungreeted::of((descriptors / 4).clamp(1, UNGREETED)),
            places: Arc::new(Semaphore::new((descriptors / 2).clamp(1, CLIENTS))),
            long_frames: reader::allowance_for_long_frames(),
            backlog: Arc::default(),
        }
    }
}

/// Lets clients in until the listener is dropped.
pub(crate) async fn accept(listener: UnixListener, events: mpsc::Sender<HostEvent>) {
    let descriptors = getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok());
    let shared = Arc::new(ListenerContext::within(descriptors.unwrap_or(usize::MAX), events));
    let mut last = ClientId(0);
    let me = rustix::process::geteuid().as_raw();
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
