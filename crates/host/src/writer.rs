//! The writer: one thread that makes batches durable, as many in one commit as are waiting.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use q_core::{Batch, Record};
use q_store::{Store, StoreError};

use crate::clock::Clock;
use crate::pipeline::CommitNo;

/// The most records in one commit: keeps a commit's latency bounded when many wait.
pub const GROUP_RECORDS: usize = 256;

/// What the writer reports.
#[derive(Debug)]
pub enum Written {
    /// Every batch up to this one is durable.
    UpTo {
        /// The last of the group.
        commit: CommitNo,
        /// How long the commit took.
        took: Duration,
    },
    /// A commit failed: what is on disk is unknown, and nothing more is written.
    Failed(StoreError),
}

/// The way to the writer's thread. Dropping it ends the thread after what waits is written.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<(CommitNo, Batch)>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; `report` is called from it, in order, and before it `erased` where a commit erased something.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        report: impl Fn(Written) + Send + 'static,
        erased: impl Fn() + Send + 'static,
    ) -> Result<Self, std::io::Error> {
        let (queue, batches) = mpsc::channel();
        let thread = thread::Builder::new().name("q-writer".into()).spawn(move || {
            write_all(&*store, &batches, report, erased);
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a batch. Its fate comes back as a report.
    pub(crate) fn write(&self, commit: CommitNo, batch: Batch) {
        if let Some(queue) = &self.queue {
            // The thread is gone only after a failed commit, of which it has told.
            let _gone = queue.send((commit, batch));
        }
    }
}

impl Writer {
    /// Writes what waits and lets go of the store. What comes after that is not written.
    pub(crate) fn close(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn write_all(
    store: &dyn Store,
    batches: &mpsc::Receiver<(CommitNo, Batch)>,
    report: impl Fn(Written),
    erased: impl Fn(),
) {
    let clock = Clock::start();
    while let Ok((mut last, batch)) = batches.recv() {
        let mut records = batch.records.len();
        let mut group = vec![batch];
        while records < GROUP_RECORDS
            && let Ok((commit, batch)) = batches.try_recv()
        {
            last = commit;
            records += batch.records.len();
            group.push(batch);
        }
        let before = clock.mono();
        let outcome = tracing::debug_span!(target: "q::commit", "commit").in_scope(|| store.append(&group));
        let took = clock.mono().since(before);
        tracing::debug!(target: "q::commit", records, batches = group.len(), took_us = took.as_micros() as u64, "commit");
        match outcome {
            Ok(()) => {
                let mut records = group.iter().flat_map(|batch| &batch.records);
                if records.any(|stamped| matches!(stamped.record, Record::Erased)) {
                    erased();
                }
                report(Written::UpTo { commit: last, took });
            }
            Err(error) => return report(Written::Failed(error)),
        }
    }
}
