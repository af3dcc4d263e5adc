//! A command and all that it starts, as one process group: it ends as one, whatever becomes of who waits for it.

use std::fmt::Write as _;
use std::io::{self, PipeWriter};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::{oneshot, watch};

use crate::child_end::child_ends;
use crate::left_behind::CommandMark;

/// How long a group may take to end by itself once it is told to; then it is killed.
const GRACE: Duration = Duration::from_secs(1);

/// How many groups there are, for whoever must not go before them.
#[derive(Clone, Debug)]
pub(crate) struct Groups(Arc<watch::Sender<usize>>);

impl Default for Groups {
    fn default() -> Self {
        Self(Arc::new(watch::channel(0).0))
    }
}

impl Groups {
    /// Waits until none is left.
    pub(crate) async fn are_over(&self) {
        let mut count = self.0.subscribe();
        let _counted_here = count.wait_for(|count| *count == 0).await.is_ok();
    }

    /// Starts a command as the leader of a group of its own. Where it is supervised, its supervisor sees by the end of `lifeline`
    /// that nobody waits any longer, and ends it.
    pub(crate) fn start(
        &self,
        mut command: Command,
        lifeline: Option<PipeWriter>,
    ) -> io::Result<CommandGroup> {
        let mark = CommandMark::put_on(&mut command)?;
        let child = command.process_group(0).spawn()?;
        self.0.send_modify(|count| *count += 1);
        let counted = Counted(self.clone());
        Ok(CommandGroup { running: Some((child, counted)), lifeline, mark })
    }
}

/// One of the groups that are counted, until it is gone.
#[derive(Debug)]
struct Counted(Groups);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

/// A group that runs. Dropped, it is told to end, and killed where it does not.
#[derive(Debug)]
pub(crate) struct CommandGroup {
    running: Option<(Child, Counted)>,
    lifeline: Option<PipeWriter>,
    mark: CommandMark,
}

/// How a group ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupEnd {
    pub(crate) status: ExitStatus,
    /// How many processes were left where none should have been: who supervised them was ended, or kept from it.
    left_behind: usize,
    /// Whether who supervised it did not live to say how the command ended.
    is_unknown: bool,
}

/// How it ended, where that is not well.
pub(crate) fn ending(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        // As shells have it, and supervisors too.
        (Some(code @ 129..=192), _) => Some(format!("exit code {code} (as of signal {})", code - 128)),
        (Some(code), _) => Some(format!("exit code {code}")),
        (None, Some(signal)) => Some(format!("ended by signal {signal}")),
        (None, None) => Some("nobody knows how it ended".into()),
    }
}

impl GroupEnd {
    /// How the command ended, in words.
    pub(crate) fn how(&self) -> String {
        ending(self.status).unwrap_or_else(|| "exit code 0".into())
    }

    /// What is to be said of it behind what the command put out; mostly nothing.
    pub(crate) fn remark(self) -> String {
        let mut said = String::new();
        if self.is_unknown {
            said.push_str("\n(what supervises commands was ended by it: how it ended is unknown)\n");
        }
        if self.left_behind > 0 {
            let _never =
                write!(said, "\n(processes that it had left behind were ended: {})\n", self.left_behind);
        }
        said
    }
}

impl CommandGroup {
    fn leader(&self) -> Option<Pid> {
        let (child, _) = self.running.as_ref()?;
        Pid::from_raw(i32::try_from(child.id()).ok()?)
    }

    /// Waits until its leader has ended. That one is not reaped: until then no other group has its number.
    pub(crate) async fn leader_ends(&self) {
        let Some(leader) = self.leader() else { return };
        child_ends(leader).await;
    }

    /// Tells once its leader has ended, for who looks for that again and again: a small thread waits, as long as the leader lives.
    pub(crate) fn watch_leader(&self) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        if let Some(leader) = self.leader() {
            let wait = move || {
                wait_for(leader);
                let _nobody_looks = tell.send(());
            };
            let thread = std::thread::Builder::new().name("watches a command".into()).stack_size(64 << 10);
            let _never_told = thread.spawn(wait);
        }
        told
    }

    /// Kills what the leader left behind, and says how it ended. Only once that one has ended.
    pub(crate) async fn conclude(mut self) -> io::Result<GroupEnd> {
        let leader = self.leader();
        let Some((mut child, _counted)) = self.running.take() else {
            return Err(io::Error::other("it is over"));
        };
        if let Some(leader) = leader {
            let _nobody_left = kill_process_group(leader, Signal::KILL);
        }
        let (status, mark) = (child.wait()?, self.mark);
        // It says by its exit code how the command ended, also where a signal ended that one.
        let is_unknown = self.lifeline.is_some() && status.signal().is_some();
        let (tell, told) = oneshot::channel();
        let thread = std::thread::Builder::new().name("ends what is left of a command".into());
        let beside = thread.spawn(move || tell.send(mark.end_all(leader)));
        // Where there is no thread it is done here, also if that takes a while: what is left may be why there is none.
        let left_behind = if beside.is_ok() { told.await.unwrap_or_default() } else { mark.end_all(leader) };
        Ok(GroupEnd { status, left_behind, is_unknown })
    }
}

/// Waits until it has ended, and does not reap it.
fn wait_for(leader: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(leader), options), Err(rustix::io::Errno::INTR)) {}
}

impl Drop for CommandGroup {
    fn drop(&mut self) {
        let leader = self.leader();
        let Some((mut child, counted)) = self.running.take() else { return };
        let Some(leader) = leader else { return };
        match self.lifeline.take() {
            Some(lifeline) => drop(lifeline),
            None => drop(kill_process_group(leader, Signal::TERM)),
        }
        let mark = self.mark;
        let end = move || {
            // Nothing is ever sent: this is the time that it gets.
            let (_kept, nothing) = mpsc::channel::<()>();
            let _time_is_up = nothing.recv_timeout(GRACE);
            let _gone = kill_process_group(leader, Signal::KILL);
            let _reaped = child.wait();
            let _left_behind = mark.end_all(Some(leader));
            drop(counted);
        };
        // A thread, not a task: it must come to its end whatever becomes of the runtime.
        if std::thread::Builder::new().name("ends a command".into()).spawn(end).is_err() {
            let _gone = kill_process_group(leader, Signal::KILL);
        }
    }
}
