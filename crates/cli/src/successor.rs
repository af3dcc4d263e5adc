//! The way back to a host: the next try to reach one, under way while everything else goes on.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use q_core::Instant;
use q_proto::message::Hello;
use tokio::time::sleep;

use crate::client::Attachment;
use crate::context::Context;
use crate::error::CliError;

/// The way back to a host.
pub(crate) struct Disconnected<'a, W> {
    /// When the next try begins.
    due: Instant,
    successor: Pin<Box<dyn Future<Output = Result<Attachment<W>, CliError>> + 'a>>,
}

impl<'a, W: Default + 'a> Disconnected<'a, W> {
    /// A host is looked for after `wait`.
    pub(crate) fn new(context: &'a Context, hello: Hello, now: Instant, wait: Duration) -> Self {
        let successor = Box::pin(async move {
            sleep(wait).await;
            Attachment::reattach(context, hello).await
        });
        Self { due: now.after(wait), successor }
    }

    /// Whether the try has begun.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }
}

/// The client of the next host, or why there is none.
pub(crate) async fn found<W>(
    disconnected: &mut Option<Disconnected<'_, W>>,
) -> Result<Attachment<W>, CliError> {
    match disconnected {
        Some(disconnected) => disconnected.successor.as_mut().await,
        None => pending().await,
    }
}
