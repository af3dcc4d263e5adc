//! What all connections share: counts and budgets, and the way to the loop.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::backlog::Backlog;
use super::reader;
use super::ungreeted::Ungreeted;
use crate::events::HostEvent;

/// The most clients at once, however many descriptors there are.
const CLIENTS: usize = 1024;
/// The same for connections without a hello. Above what a burst of starting clients makes.
const UNGREETED: usize = 128;
/// What all connections share: counts and budgets.
#[derive(Debug)]
pub(super) struct ListenerContext {
    pub(super) events: mpsc::Sender<HostEvent>,
    pub(super) ungreeted: Ungreeted,
    pub(super) places: Arc<Semaphore>,
    /// What long frames may hold.
    pub(super) long_frames: Arc<Semaphore>,
    pub(super) backlog: Arc<Backlog>,
}

impl ListenerContext {
    /// One that leaves a quarter of so many descriptors to the store and the agents.
    pub(super) fn within(descriptors: usize, events: mpsc::Sender<HostEvent>) -> Self {
        Self {
            events,
            ungreeted: Ungreeted::of((descriptors / 4).clamp(1, UNGREETED)),
            places: Arc::new(Semaphore::new((descriptors / 2).clamp(1, CLIENTS))),
            long_frames: reader::allowance_for_long_frames(),
            backlog: Arc::default(),
        }
    }
}
