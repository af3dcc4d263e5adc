//! The way back to a host: the next try to reach one, under way while everything else goes on.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use q_core::Instant;
use q_proto::message::Hello;
use tokio::time::sleep;

use crate::attach::requests::AttachedClient;
use crate::context::Context;
use crate::error::CliError;

/// The way back to a host.
pub(super) struct Disconnected<'a> {
    /// When the next try begins.
    due: Instant,
    successor: Pin<Box<dyn Future<Output = Result<AttachedClient, CliError>> + 'a>>,
}

impl<'a> Disconnected<'a> {
    /// A host is looked for after `wait`.
    pub(super) fn new(context: &'a Context, hello: Hello, now: Instant, wait: Duration) -> Self {
        let successor = Box::pin(async move {
            sleep(wait).await;
            AttachedClient::reattach(context, hello).await
        });
        Self { due: now.after(wait), successor }
    }

    /// Whether the try has begun.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }
}

/// The client of the next host, or why there is none.
pub(super) async fn found(disconnected: &mut Option<Disconnected<'_>>) -> Result<AttachedClient, CliError> {
    match disconnected {
        Some(disconnected) => disconnected.successor.as_mut().await,
        None => pending().await,
    }
}
