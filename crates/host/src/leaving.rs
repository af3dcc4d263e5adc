//! The host leaves: what waits is written, who is attached is told, what was opened outside is parked.

use std::sync::Arc;
use std::time::Duration;

use q_store::Store;
use tokio::sync::mpsc;

use crate::events::HostEvent;
use crate::followers::metrics::FollowedMetrics;
use crate::host::Host;
use crate::shared::Closed;
use crate::world::Real;

/// How long the last words to clients may take when the host leaves, and how long whoever reads in the store may go on.
pub const FAREWELL: Duration = Duration::from_millis(250);
/// How long agents may take to park behind that. A successor waits for the lock meanwhile, and gives up after five seconds.
pub(crate) const PARKS_WITHIN: Duration = Duration::from_secs(2);

/// Leaves in good order. The store is closed before clients are told, so that whoever was attached may look at it from
/// outside; they are told before agents are waited for, since no client has anything of those.
pub(crate) async fn leave(
    host: &mut Host<Real>,
    store: Arc<dyn Store>,
    closed: Closed,
    metrics: FollowedMetrics,
    clients: &mut mpsc::Receiver<HostEvent>,
) {
    close(host, store, closed, metrics).await;
    send_farewell(host, clients).await;
    if !host.world.work.runs.are_parked_within(PARKS_WITHIN).await {
        tracing::warn!(target: "q::host", "an agent was not parked when the host left");
    }
}

/// Lets go of the store in good order. Whoever still reads in it for somebody does so in a moment.
async fn close(host: &mut Host<Real>, store: Arc<dyn Store>, closed: Closed, metrics: FollowedMetrics) {
    host.close();
    drop(store);
    let counted = tokio::task::spawn_blocking(move || metrics.caught_up());
    let all_done = async {
        closed.wait().await;
        let _panicked = counted.await;
    };
    let _somebody_reads_on = tokio::time::timeout(FAREWELL, all_done).await;
}

/// The last words to clients: until they have heard them, or had their time.
async fn send_farewell(host: &mut Host<Real>, clients: &mut mpsc::Receiver<HostEvent>) {
    host.send_farewell();
    let all_heard = async {
        while host.has_connections()
            && let Some(event) = clients.recv().await
        {
            if matches!(event, HostEvent::Disconnected { .. }) {
                host.on(event);
            }
        }
    };
    let _some_did_not_listen = tokio::time::timeout(FAREWELL, all_heard).await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use q_core::ClientId;
    use q_proto::HostMessage;
    use q_proto::message::Hello;
    use tokio::time::Instant;

    use super::*;
    use crate::listener::{Outbox, Taken};
    use crate::opening::{StartedHost, in_memory};

    #[tokio::test(start_paused = true)]
    async fn clients_are_told_before_an_agent_that_does_not_park_is_waited_for() {
        let StartedHost { mut host, store, closed, metrics, .. } = in_memory().await.unwrap();
        host.world.work.runs.park_for_ever();
        let outbox = Arc::new(Outbox::default());
        let connected = HostEvent::Connected {
            client: ClientId(1),
            hello: Hello::new(false),
            outbox: Arc::clone(&outbox),
        };
        host.on(connected);
        let began = Instant::now();
        let (_nobody_comes, mut clients) = mpsc::channel(1);
        let told = async {
            loop {
                let Taken::Messages(messages) = outbox.take().await else { panic!("it was not told") };
                if messages.iter().any(|message| matches!(message, HostMessage::Going { .. })) {
                    return began.elapsed();
                }
            }
        };
        let left = async {
            leave(&mut host, store, closed, metrics, &mut clients).await;
            began.elapsed()
        };
        let (told, left) = tokio::join!(told, left);
        assert!(told <= FAREWELL, "{told:?}: nobody who is told waits for an agent");
        assert!((PARKS_WITHIN..=PARKS_WITHIN + 2 * FAREWELL).contains(&left), "{left:?}");
    }
}
