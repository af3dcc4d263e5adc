//! What stands between the host and a command, as a process of its own: it holds the command to its sandbox, ends it when the host
//! is gone, and leaves nothing of it behind.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, WaitOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe::{self, Receiver};
use tokio::signal::unix::{SignalKind, signal};

use crate::sandbox::Sandbox;

/// Exit codes of a command that was not run, as shells have them; and of one whose sandbox cannot be had.
const NOT_FOUND: u8 = 127;
const CANNOT_RUN: u8 = 126;
const NO_SANDBOX: u8 = 125;
/// How long a command may take to end by itself when the host is gone. Its host would have waited a little longer.
const GRACE: Duration = Duration::from_millis(800);
/// How often a host is looked for while a command does not read what that one has said.
const LOOK: Duration = Duration::from_millis(500);
/// How often what is left of a command is looked for; each time there is less of it, or it makes more of itself than can be ended.
const SWEEPS: usize = 100;

/// What is to be run, and within what.
#[derive(Clone, Debug, Default)]
pub struct SupervisedCommand {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it may change files; nothing for no sandbox at all.
    pub sandbox: Option<Sandbox>,
    /// The umask for files that it makes.
    pub umask: u32,
    /// Whether what the host says is the command's input; it has none otherwise.
    pub serves: bool,
}

impl SupervisedCommand {
    /// Runs it to its end, in a process group that this process leads, with this process's directory,
    /// variables and output. Standard input is the host's: its end is the host's. The exit code is the command's; 128 and the
    /// signal's number where one ended it.
    ///
    /// It must be used on the thread of a runtime of one thread, by a process that does nothing else: what it is held to, it is for good.
    pub async fn run(self) -> u8 {
        match self.try_run().await {
            Ok(code) => code,
            Err((code, why)) => {
                let [name, ..] = self.argv.as_slice() else { return code };
                let _nobody_reads =
                    io::Write::write_fmt(&mut io::stderr(), format_args!("{name} cannot be run: {why}\n"));
                code
            }
        }
    }

    async fn try_run(&self) -> Result<u8, (u8, String)> {
        let failed = |error: io::Error| (CANNOT_RUN, error.to_string());
        // Whoever ends the group ends the command. This ends when all of it has.
        let _deaf =
            [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()]
                .map(|kind| signal(kind));
        // Its host has made it the leader of a group; run by hand it must not end its shell's.
        let _leads_one_already = rustix::process::setpgid(None, None);
        adopt_orphans();
        let host =
            io::stdin().as_fd().try_clone_to_owned().and_then(Receiver::from_owned_fd).map_err(failed)?;
        rustix::process::umask(rustix::fs::Mode::from_raw_mode((self.umask & 0o777) as rustix::fs::RawMode));
        let scratch = self.sandbox.is_some().then(Scratch::make).transpose().map_err(failed)?;
        let mut child = self.start(scratch.as_ref())?;
        let input = child.stdin.take().map(|input| pipe::Sender::from_owned_fd(OwnedFd::from(input)));
        let input = input.transpose().map_err(failed)?;
        let mut ending = tokio::task::spawn_blocking(move || child.wait());
        let status = tokio::select! {
            status = &mut ending => status,
            () = gone(host, input) => {
                // This process is of it, and deaf to it.
                let _gone = rustix::process::kill_current_process_group(Signal::TERM);
                match tokio::time::timeout(GRACE, &mut ending).await {
                    Ok(status) => status,
                    Err(_still_there) => {
                        end_descendants().await;
                        ending.await
                    }
                }
            }
        };
        end_descendants().await;
        drop(scratch);
        let status = status.map_err(io::Error::other).and_then(|status| status).map_err(failed)?;
        Ok(exit_code(status))
    }

    fn start(&self, scratch: Option<&Scratch>) -> Result<Child, (u8, String)> {
        let [name, arguments @ ..] = self.argv.as_slice() else {
            return Err((CANNOT_RUN, "no program is named".into()));
        };
        let mut command = Command::new(name);
        command.args(arguments).stdin(if self.serves { Stdio::piped() } else { Stdio::null() });
        if let Some(sandbox) = &self.sandbox {
            let mut sandbox = sandbox.clone();
            if let Some(scratch) = scratch {
                sandbox.writable.push(scratch.path.clone());
                command.env("TMPDIR", &scratch.path);
            }
            sandbox.enter().map_err(|why| (NO_SANDBOX, format!("its sandbox cannot be had: {why}")))?;
        }
        command.spawn().map_err(|error| {
            let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN };
            (code, error.to_string())
        })
    }
}

/// Until the host is gone. What it says is for the command, where that has an input; otherwise it never says anything.
async fn gone(mut host: Receiver, mut input: Option<pipe::Sender>) {
    let mut piece = [0; 8 << 10];
    while let Ok(count @ 1..) = host.read(&mut piece).await {
        let Some(into) = &mut input else { continue };
        let said = piece.get(..count).unwrap_or_default();
        let mut passing_on = Box::pin(into.write_all(said));
        let passed_on = loop {
            tokio::select! {
                done = &mut passing_on => break done.is_ok(),
                () = tokio::time::sleep(LOOK) => if has_gone(&host) { return },
            }
        };
        drop(passing_on);
        if !passed_on {
            input = None; // it has closed its input, and may work on
        }
    }
}

/// Whether nobody holds the other end, whatever is left to be read.
fn has_gone(host: &Receiver) -> bool {
    let mut looked = [PollFd::new(host, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut looked, Some(&at_once)).is_ok()
        && looked.iter().any(|end| end.revents().contains(PollFlags::HUP))
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(CANNOT_RUN)
}

/// A directory for what a command wants to put down for a moment. Removed from outside of the sandbox.
struct Scratch {
    path: PathBuf,
    removed: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Scratch {
    fn make() -> io::Result<Self> {
        let nonce = getrandom::u64().map_err(io::Error::other)?;
        let path = std::env::temp_dir().join(format!("q-command-{nonce:016x}"));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        let (over, hear) = channel::<()>();
        let remove = {
            let path = path.clone();
            move || {
                // Nothing is sent: this ends when the other end is let go.
                let _over = hear.recv();
                let _left = std::fs::remove_dir_all(path);
            }
        };
        // Of this thread's rights as they are now, before the sandbox.
        let thread = std::thread::Builder::new().name("removes what is left".into()).spawn(remove)?;
        Ok(Self { path, removed: Some((over, thread)) })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some((over, thread)) = self.removed.take() {
            drop(over);
            let _panicked = thread.join();
        }
    }
}

#[cfg(target_os = "linux")]
fn adopt_orphans() {
    let _not_adopted = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

#[cfg(not(target_os = "linux"))]
fn adopt_orphans() {}

/// Kills all that the command started and left behind, whatever group it has gone to: what loses its parent comes here.
async fn end_descendants() {
    for _ in 0..SWEEPS {
        let children = children();
        for child in &children {
            let _gone = rustix::process::kill_process(*child, Signal::KILL);
        }
        while let Ok(Some(_reaped)) = rustix::process::wait(WaitOptions::NOHANG) {}
        if children.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The processes whose parent this one is. Elsewhere than on Linux nobody tells: there the group's end must do.
fn children() -> Vec<rustix::process::Pid> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let of = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children")).ok();
    let numbers: Vec<String> = threads.flatten().filter_map(of).collect();
    let numbers = numbers.iter().flat_map(|line| line.split_ascii_whitespace());
    numbers.filter_map(|number| rustix::process::Pid::from_raw(number.parse().ok()?)).collect()
}
