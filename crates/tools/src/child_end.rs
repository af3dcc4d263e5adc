//! The end of a process that was started here, waited for without a thread: a command that has taken all threads there are must
//! come to its end above all.

use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tokio::signal::unix::{SignalKind, signal};

/// How often it is looked for where no signal tells of it.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until that child has ended. It is not reaped: until somebody does that, no other process has its number.
pub(crate) async fn child_ends(child: Pid) {
    // Listened for before it is looked at: what ends in between is told.
    let mut signals = signal(SignalKind::child()).ok();
    while !has_ended(child) {
        let told = match &mut signals {
            Some(signals) => signals.recv().await,
            None => None,
        };
        if told.is_none() {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Whether it has ended, or is no child that there is.
fn has_ended(child: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    !matches!(waitid(WaitId::Pid(child), options), Ok(None) | Err(rustix::io::Errno::INTR))
}
