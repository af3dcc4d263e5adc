//! The compactor: one thread that has the store give back what erased sessions took.
//!
//! It compacts once nothing was erased for a moment, and then rests so long that it never takes more than a small part of
//! the time, however large the store is. That something is to be done outlives the host: the store notes it.

use std::sync::Weak;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use q_store::Store;

use crate::clock::Clock;

/// After the last erasure: emptying the trash is many of them.
const SETTLED: Duration = Duration::from_millis(500);
/// It rests so many times as long as it took.
const REST: u32 = 20;

/// The way to the thread. Dropping it ends the thread, after what it is at.
#[derive(Debug)]
pub(crate) struct Compactor {
    wakes: mpsc::Sender<()>,
}

impl Compactor {
    pub(crate) fn start(store: Weak<dyn Store>) -> Result<Self, std::io::Error> {
        let (wakes, woken) = mpsc::channel();
        thread::Builder::new().name("q-compactor".into()).spawn(move || {
            let _host_gone = work(&store, &woken);
        })?;
        Ok(Self { wakes })
    }

    pub(crate) fn wake(&self) {
        let _host_gone = self.wakes.send(());
    }
}

/// The host is gone.
struct Gone;

fn work(store: &Weak<dyn Store>, woken: &mpsc::Receiver<()>) -> Result<(), Gone> {
    let clock = Clock::start();
    let mut is_wanted = false;
    loop {
        if !is_wanted {
            woken.recv().map_err(|_| Gone)?;
        }
        while is_woken_within(woken, SETTLED)? {}
        let before = clock.mono();
        compact(store)?;
        let took = clock.mono().since(before);
        is_wanted = false;
        let rested = clock.mono().after(took.saturating_mul(REST));
        while clock.mono() < rested {
            is_wanted |= is_woken_within(woken, clock.until(rested))?;
        }
    }
}

fn is_woken_within(woken: &mpsc::Receiver<()>, time: Duration) -> Result<bool, Gone> {
    match woken.recv_timeout(time) {
        Ok(()) => Ok(true),
        Err(RecvTimeoutError::Timeout) => Ok(false),
        Err(RecvTimeoutError::Disconnected) => Err(Gone),
    }
}

fn compact(store: &Weak<dyn Store>) -> Result<(), Gone> {
    let store = store.upgrade().ok_or(Gone)?;
    if store.is_worth_compacting() {
        match store.compact() {
            Ok(()) => tracing::info!(target: "q::store", "compacted: what was erased is gone from the files"),
            Err(error) => {
                tracing::error!(target: "q::store", %error, "what was erased stands in files still");
            }
        }
    }
    Ok(())
}
