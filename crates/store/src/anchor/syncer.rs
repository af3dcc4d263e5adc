//! The syncer: a thread that brings the anchor's file to the disk soon after it was written, and rests in between.

use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long it rests after a sync: what is written meanwhile waits this long at most.
const REST: Duration = Duration::from_secs(1);

/// The way to the thread. Dropping it ends the thread without a last sync.
#[derive(Debug)]
pub(super) struct Syncer {
    shared: Arc<SyncSignal>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct SyncSignal {
    requests: Mutex<SyncRequests>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct SyncRequests {
    dirty: bool,
    stop: bool,
    failed: bool,
}

impl Syncer {
    pub(super) fn start(file: Arc<File>) -> io::Result<Self> {
        let shared = Arc::new(SyncSignal::default());
        let thread = {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("q-anchor".into()).spawn(move || shared.keep(&file))?
        };
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Says that the file was written. Fails once an earlier sync did: nothing is known of the file any longer.
    pub(super) fn written(&self) -> io::Result<()> {
        let mut requests = self.shared.requests();
        if requests.failed {
            return Err(io::Error::other("the anchor could not be synced"));
        }
        if !requests.dirty {
            requests.dirty = true;
            self.shared.changed.notify_one();
        }
        Ok(())
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.requests().stop = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl SyncSignal {
    fn keep(&self, file: &File) {
        let mut requests = self.requests();
        loop {
            requests = self
                .changed
                .wait_while(requests, |requests| !requests.dirty && !requests.stop)
                .unwrap_or_else(PoisonError::into_inner);
            if requests.stop {
                return;
            }
            requests.dirty = false;
            drop(requests);
            let synced = file.sync_data();
            requests = self.requests();
            if let Err(error) = synced {
                // A failed sync is not tried again: it may have thrown the pages away, and would then succeed.
                tracing::error!(%error, "the anchor cannot be synced");
                requests.failed = true;
                return;
            }
            requests = self
                .changed
                .wait_timeout_while(requests, REST, |requests| !requests.stop)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Nothing in here panics while it is held, so what a poisoned lock guards is whole.
    fn requests(&self) -> MutexGuard<'_, SyncRequests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
