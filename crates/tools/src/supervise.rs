//! What stands between the host and a command, as a process of its own: it ends the command when the host is gone, and leaves
//! nothing of it behind. A command for the sandbox begins as one more process of `q`, which is held to it and then becomes the
//! command: so this one is outside, where it cannot be signalled.

use std::fs::File;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe::{self, Receiver};
use tokio::signal::unix::{SignalKind, signal};

use crate::bounds::{CommandBounds, children_of, end_all_at_once};
use crate::child_end::child_ends;
use crate::run::{HELD, PROTECTED, SUPERVISE, WRITABLE};
use crate::sandbox::Sandbox;

/// Exit codes of a command that was not run, as shells have them; and of one whose sandbox cannot be had.
const NOT_FOUND: u8 = 127;
const CANNOT_RUN: u8 = 126;
const NO_SANDBOX: u8 = 125;
/// And of one that took more than it may.
const KILLED: u8 = 128 + 9;
/// The longest input that is said first, in bytes: as much as every pipe holds. Who has very many gets pipes of a single page.
pub const MAX_INPUT: usize = 4 << 10;
/// What a process that is to be held to a sandbox is started from: the program that runs here, wherever that has gone.
const ITSELF: &str = "/proc/self/exe";
/// How many descriptors a process of a command may have open, and how large a file may become, unless less is allowed already.
const MAX_DESCRIPTORS: u64 = 1 << 16;
const MAX_FILE_SIZE: u64 = 64 << 30;
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
    /// How much it may take with all that it starts.
    pub bounds: CommandBounds,
    /// How many bytes the host says first, which are all the input of a command that has none otherwise.
    pub input: usize,
    /// Whether this process is to become the command, held to the sandbox, and has a supervisor already.
    pub is_held: bool,
}

impl SupervisedCommand {
    /// Runs it to its end, in a process group that this process leads, with this process's directory,
    /// variables and output. Standard input is the host's: its end is the host's. The exit code is the command's; 128 and the
    /// signal's number where one ended it.
    ///
    /// It must be used on the thread of a runtime of one thread, by a process that does nothing else: what it is held to, it is for
    /// good.
    pub async fn run(self) -> u8 {
        let ran = if self.is_held { self.become_the_command().map(|()| 0) } else { self.try_run().await };
        match ran {
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
        let mut host =
            io::stdin().as_fd().try_clone_to_owned().and_then(Receiver::from_owned_fd).map_err(failed)?;
        rustix::process::umask(rustix::fs::Mode::from_raw_mode((self.umask & 0o777) as rustix::fs::RawMode));
        bound_resources();
        let scratch = self.sandbox.is_some().then(Scratch::make).transpose().map_err(failed)?;
        let said = self.whole_input(&mut host).await.map_err(failed)?;
        let mut child = self.start(scratch.as_ref(), said)?;
        let input = child.stdin.take().map(|input| pipe::Sender::from_owned_fd(OwnedFd::from(input)));
        let input = input.transpose().map_err(failed)?;
        let command = Pid::from_raw(child.id().cast_signed());
        let mut ending = pin!(async {
            if let Some(command) = command {
                child_ends(command).await;
            }
            child.wait()
        });
        let status = tokio::select! {
            status = &mut ending => status,
            why = self.bounds.are_exceeded(command) => {
                end_all_at_once();
                end_descendants().await;
                return Ok(self.says_why_it_ended(&why));
            }
            () = gone(host, input) => {
                // This process is of it, and deaf to it.
                let _gone = rustix::process::kill_current_process_group(Signal::TERM);
                match tokio::time::timeout(GRACE, &mut ending).await {
                    Ok(status) => status,
                    Err(_still_there) => {
                        end_descendants().await;
                        return Ok(KILLED);
                    }
                }
            }
        };
        end_descendants().await;
        drop(scratch);
        Ok(exit_code(status.map_err(failed)?))
    }

    /// What the host says first, as all that the command will read: it fits into a pipe, so nobody waits for who does not read.
    async fn whole_input(&self, host: &mut Receiver) -> io::Result<Option<PipeReader>> {
        if self.input == 0 {
            return Ok(None);
        }
        let mut said = vec![0; self.input.min(MAX_INPUT)];
        host.read_exact(&mut said).await?;
        let (input, mut into) = io::pipe()?;
        io::Write::write_all(&mut into, &said)?;
        Ok(Some(input))
    }

    /// Where its output goes, so that it is a part of the result; gives the exit code.
    fn says_why_it_ended(&self, why: &str) -> u8 {
        let name = self.argv.first().map_or("", String::as_str);
        let _nobody_reads = io::Write::write_fmt(
            &mut io::stderr(),
            format_args!(
                "\n(q: {name} was ended with all that it started: {why}, the most that a command may: command_processes and command_memory_bytes beneath [limits] in the configuration)\n"
            ),
        );
        KILLED
    }

    fn start(&self, scratch: Option<&Scratch>, said: Option<PipeReader>) -> Result<Child, (u8, String)> {
        let (name, arguments) = self.program()?;
        let mut command = match &self.sandbox {
            None => {
                let mut command = Command::new(name);
                command.args(arguments);
                command
            }
            Some(sandbox) => {
                let mut command = Command::new(ITSELF);
                command.args(SUPERVISE).arg(HELD).arg(format!("--umask={:03o}", self.umask));
                let scratch = scratch.map(|scratch| &scratch.path);
                for path in sandbox.writable.iter().chain(scratch) {
                    command.arg(WRITABLE).arg(path);
                }
                for path in &sandbox.protected {
                    command.arg(PROTECTED).arg(path);
                }
                command.arg("--").args(&self.argv).envs(scratch.map(|path| ("TMPDIR", path)));
                command
            }
        };
        command.stdin(match said {
            Some(said) => Stdio::from(said),
            None if self.serves => Stdio::piped(),
            None => Stdio::null(),
        });
        command.spawn().map_err(|error| cannot_run(&error))
    }

    fn program(&self) -> Result<(&String, &[String]), (u8, String)> {
        self.argv.split_first().ok_or_else(|| (CANNOT_RUN, "no program is named".into()))
    }

    /// Holds this process to the sandbox and executes the command in its place. It returns only where that cannot be.
    fn become_the_command(&self) -> Result<(), (u8, String)> {
        let (name, arguments) = self.program()?;
        let no_sandbox = |why: String| (NO_SANDBOX, format!("its sandbox cannot be had: {why}"));
        let sandbox = self.sandbox.as_ref().ok_or_else(|| no_sandbox("none is named".into()))?;
        if let Some(why) = sandbox.enter().map_err(no_sandbox)? {
            let _nobody_reads = io::Write::write_fmt(
                &mut io::stderr(),
                format_args!(
                    "(q: not held here: .git and .q, and permissions, owners and times of files outside: {why})\n"
                ),
            );
        }
        Err(cannot_run(&Command::new(name).args(arguments).exec()))
    }
}

/// What every process of a command is bounded by, in place of what is wider. Memory is not among it: what programs reserve says
/// little of what they use.
fn bound_resources() {
    for (resource, most) in
        [(Resource::Core, 0), (Resource::Nofile, MAX_DESCRIPTORS), (Resource::Fsize, MAX_FILE_SIZE)]
    {
        let now = getrlimit(resource);
        let less = |limit: Option<u64>| Some(limit.map_or(most, |limit| limit.min(most)));
        let bounded = Rlimit { current: less(now.current), maximum: less(now.maximum) };
        let _wider_nowhere = setrlimit(resource, bounded);
    }
}

fn cannot_run(error: &io::Error) -> (u8, String) {
    let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN };
    (code, error.to_string())
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

/// How such a directory is called, and how many entries are looked at for what is left of others.
const SCRATCH: &str = "q-command-held-";
const LOOKED_AT: usize = 10_000;

/// A directory for what a command wants to put down for a moment. Removed once the command is gone.
struct Scratch {
    path: PathBuf,
    /// Locked while it is wanted, where the file system has locks: what nobody holds was left by one that was killed. Where it has
    /// none, nobody gets one, so nothing is swept either.
    _held: Option<File>,
}

impl Scratch {
    fn make() -> io::Result<Self> {
        let above = std::env::temp_dir();
        Self::sweep(&above);
        let nonce = getrandom::u64().map_err(io::Error::other)?;
        let path = above.join(format!("{SCRATCH}{nonce:016x}"));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        let held = File::open(&path).and_then(|held| held.lock().map(|()| held)).ok();
        // Whoever swept it before it was held has the lock first, and removes it.
        if std::fs::exists(&path)? { Ok(Self { path, _held: held }) } else { Self::make() }
    }

    /// Removes what commands left whose supervisors were killed. Whose it is not cannot be removed, or is not looked at.
    fn sweep(above: &Path) {
        let Ok(entries) = std::fs::read_dir(above) else { return };
        for entry in entries.flatten().take(LOOKED_AT) {
            if !entry.file_name().as_encoded_bytes().starts_with(SCRATCH.as_bytes()) {
                continue;
            }
            let path = entry.path();
            let is_own = entry
                .metadata()
                .is_ok_and(|found| found.is_dir() && found.uid() == rustix::process::geteuid().as_raw());
            if is_own
                && let Ok(held) = File::open(&path)
                && held.try_lock().is_ok()
            {
                let _gone = std::fs::remove_dir_all(&path);
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.path);
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
        let children = children_of(rustix::process::getpid());
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
