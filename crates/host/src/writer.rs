//! The writer: one thread that makes batches durable, as many in one commit as are waiting.
//!
//! What was written and need not be synced yet is synced a second later at most: that is what a power cut takes of an answer
//! that streams.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use q_core::{Batch, Durability, Instant};
use q_store::{Store, StoreError};

use crate::clock::Clock;
use crate::pipeline::CommitNo;

/// How long what was written may wait for its sync.
const UNSYNCED: Duration = Duration::from_secs(1);

/// The most records in one commit: keeps a commit's latency bounded when many wait.
pub const GROUP_RECORDS: usize = 256;

/// What the writer reports.
#[derive(Debug)]
pub enum CommitReport {
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

/// What the writer needs of a store.
trait Disk {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError>;
    fn sync(&self) -> Result<(), StoreError>;
}

impl Disk for dyn Store {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        Store::append(self, batches)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Store::sync(self)
    }
}

/// The way to the writer's thread. Dropping it ends the thread after what waits is written.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<(CommitNo, Batch)>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; `report` is called from it, in order, and before it `committed` with what was.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        report: impl Fn(CommitReport) + Send + 'static,
        committed: impl Fn(Vec<Batch>) + Send + 'static,
    ) -> Result<Self, std::io::Error> {
        let (queue, batches) = mpsc::channel();
        let thread = thread::Builder::new().name("q-writer".into()).spawn(move || {
            write_all(&*store, &batches, UNSYNCED, &CommitListeners { report, committed });
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

/// Who hears of what is written.
struct CommitListeners<R, C> {
    report: R,
    committed: C,
}

fn write_all(
    store: &(impl Disk + ?Sized),
    batches: &mpsc::Receiver<(CommitNo, Batch)>,
    unsynced_for: Duration,
    listeners: &CommitListeners<impl Fn(CommitReport), impl Fn(Vec<Batch>)>,
) {
    let clock = Clock::start();
    // When the oldest of what is not synced was written.
    let mut unsynced: Option<Instant> = None;
    let left = |since: Instant| clock.until(since.after(unsynced_for));
    loop {
        match next(batches, unsynced.map(left)) {
            Ok(first) => {
                let before = clock.mono();
                match commit(store, &clock, group(first, batches), listeners) {
                    Ok(Durability::Synced) => unsynced = None,
                    Ok(Durability::Buffered) => unsynced = unsynced.or(Some(before)),
                    Err(error) => return (listeners.report)(CommitReport::Failed(error)),
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if unsynced.is_some_and(|since| left(since).is_zero()) {
            if let Err(error) = store.sync() {
                return (listeners.report)(CommitReport::Failed(error));
            }
            unsynced = None;
        }
    }
}

/// The next batch, if it comes in time.
fn next(
    batches: &mpsc::Receiver<(CommitNo, Batch)>,
    within: Option<Duration>,
) -> Result<(CommitNo, Batch), RecvTimeoutError> {
    match within {
        None => batches.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(time) => batches.recv_timeout(time),
    }
}

/// What goes into one commit: the first batch, and those that wait behind it.
fn group(
    (mut last, batch): (CommitNo, Batch),
    batches: &mpsc::Receiver<(CommitNo, Batch)>,
) -> (CommitNo, Vec<Batch>) {
    let mut records = batch.records.len();
    let mut group = vec![batch];
    while records < GROUP_RECORDS
        && let Ok((commit, batch)) = batches.try_recv()
    {
        last = commit;
        records += batch.records.len();
        group.push(batch);
    }
    (last, group)
}

/// Makes a group durable, and says so.
fn commit(
    store: &(impl Disk + ?Sized),
    clock: &Clock,
    (last, group): (CommitNo, Vec<Batch>),
    listeners: &CommitListeners<impl Fn(CommitReport), impl Fn(Vec<Batch>)>,
) -> Result<Durability, StoreError> {
    let before = clock.mono();
    let outcome = tracing::debug_span!(target: "q::commit", "commit").in_scope(|| store.append(&group));
    let took = clock.mono().since(before);
    let records = group.iter().map(|batch| batch.records.len()).sum::<usize>();
    tracing::debug!(target: "q::commit", records, batches = group.len(), took_us = took.as_micros() as u64, "commit");
    outcome?;
    let durability = group.iter().map(|batch| batch.durability).max().unwrap_or(Durability::Buffered);
    (listeners.committed)(group);
    (listeners.report)(CommitReport::UpTo { commit: last, took });
    Ok(durability)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    /// Tells what is done to it.
    struct Disk(mpsc::Sender<&'static str>);

    impl super::Disk for Disk {
        fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
            let synced = batches.iter().any(|batch| batch.durability == Durability::Synced);
            self.0.send(if synced { "synced" } else { "written" }).unwrap();
            Ok(())
        }

        fn sync(&self) -> Result<(), StoreError> {
            self.0.send("sync").unwrap();
            Ok(())
        }
    }

    /// What is done for batches like these, when there is all the time for each.
    fn done(unsynced_for: Duration, batches: &[Durability]) -> Vec<&'static str> {
        let (told, done) = mpsc::channel();
        let (queue, queued) = mpsc::channel();
        let (reports, reported) = mpsc::channel();
        let report = move |_| reports.send(()).unwrap();
        let writer = thread::spawn(move || {
            write_all(&Disk(told), &queued, unsynced_for, &CommitListeners { report, committed: |_| {} });
        });
        let mut all = Vec::new();
        for (commit, &durability) in (1..).map(CommitNo).zip(batches) {
            let (records, blobs, heads) = (Vec::new(), Vec::new(), Vec::new());
            queue.send((commit, Batch { records, blobs, heads, durability })).unwrap();
            reported.recv().unwrap();
            all.push(done.recv().unwrap());
            if durability == Durability::Buffered && unsynced_for.is_zero() {
                all.push(done.recv().unwrap());
            }
        }
        drop(queue);
        writer.join().unwrap();
        all.extend(done.try_iter());
        all
    }

    #[test]
    fn what_is_written_is_synced_when_its_time_is_over_and_not_before() {
        use Durability::{Buffered, Synced};
        let long = Duration::from_hours(1);
        for (unsynced_for, batches, expected) in [
            (Duration::ZERO, &[Synced][..], &["synced"][..]),
            (
                Duration::ZERO,
                &[Buffered, Synced, Buffered],
                &["written", "sync", "synced", "written", "sync"],
            ),
            (long, &[Buffered, Buffered, Synced], &["written", "written", "synced"]),
        ] {
            assert_eq!(done(unsynced_for, batches), expected);
        }
    }

    #[test]
    fn nobody_has_to_write_again_for_it() {
        let (told, done) = mpsc::channel();
        let (queue, queued) = mpsc::channel();
        let writer = thread::spawn(move || {
            let told_to = CommitListeners { report: |_| {}, committed: |_| {} };
            write_all(&Disk(told), &queued, Duration::from_millis(1), &told_to);
        });
        let (records, blobs, heads) = (Vec::new(), Vec::new(), Vec::new());
        let batch = Batch { records, blobs, heads, durability: Durability::Buffered };
        queue.send((CommitNo(1), batch)).unwrap();
        assert_eq!([done.recv(), done.recv()], [Ok("written"), Ok("sync")]);
        drop(queue);
        writer.join().unwrap();
        assert!(done.recv().is_err(), "it is synced once");
    }
}
