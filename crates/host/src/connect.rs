//! The client's side of the wire: find the host, start it if there is none, say hello.

use std::fs::TryLockError;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::bytes::{Buf, BytesMut};
use tokio_util::codec::{Encoder, FramedRead};

use crate::place::{Place, PlaceError, open_lock};
use crate::wire::message::{Hello, Status};
use crate::wire::{ClientMessage, Codec, FrameError, HostMessage, MAX_FRAME};

/// What a host prints when clients can connect. Anything else is why it cannot start.
pub const READY: &str = "ready";

/// How long a leaving host may take before it is taken for deaf.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_millis(10);
/// How long a host may take to welcome a client.
const WELCOMES_WITHIN: Duration = Duration::from_secs(5);
/// How many hosts in a row may go at the moment we come before we give up.
const HOSTS: u32 = 3;

/// How a program is told to be the host.
const RUN: &[&str] = &["host", "run"];
/// The same, for the store that its predecessor had.
const RUN_AGAIN: &[&str] = &["host", "run", "--existing"];

/// Variables a host is started with. Keys and everything else of the first client's environment stay out of it.
const PASSED_ON: [&str; 11] = [
    "HOME",
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "Q_LOG",
];
/// The same, for paths that may be relative to the client's directory, which is not the host's.
const PASSED_ON_PATHS: [&str; 4] = ["Q_CONFIG", "Q_DATA_DIR", "Q_STATE_DIR", "Q_RUNTIME_DIR"];

/// How much may wait for a host that does not read, in bytes.
const MAX_WAITING: usize = 4 * MAX_FRAME;

type Both = Codec<HostMessage, ClientMessage>;

/// A connection to a host that has welcomed us. One that does not read holds nobody: what it is told waits here.
#[derive(Debug)]
pub struct Connection {
    duplex: Duplex,
    /// How the host was when it welcomed us.
    pub host: Status,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A directory cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The host does not talk to us.
    #[error("{why}")]
    Unwelcome {
        /// Why, and the way out.
        why: String,
    },
    /// The host cannot start.
    #[error("the host cannot start: {why}")]
    NoStart {
        /// What it said.
        why: String,
    },
    /// The connection broke.
    #[error("the connection to the host failed: {0}; `q host status` tells how it is")]
    Broken(#[from] FrameError),
    /// A host runs and does not answer: it is stopped, or stuck.
    #[error(
        "a host runs but does not answer; end it (`{way_out}`), then start q again: what was acknowledged is kept"
    )]
    Deaf {
        /// The command that ends it.
        way_out: String,
    },
    /// A message is longer than the wire takes.
    #[error("that is too long to be sent: it takes {bytes} bytes, and {max} is the limit", max = MAX_FRAME)]
    TooLong {
        /// What it takes.
        bytes: usize,
    },
    /// A host runs and does not read, and too much waits for it already.
    #[error("the host does not answer, and no more can wait for it; `q host status` tells how it is")]
    Behind,
    /// The connection ended.
    #[error("the host is gone; start q again")]
    Gone,
    /// The system refuses something.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> ConnectError {
    move |source| ConnectError::System { what, source }
}

impl Connection {
    /// Connects to the running host; `None` when none runs.
    pub async fn existing(place: &Place, hello: Hello) -> Result<Option<Self>, ConnectError> {
        match UnixStream::connect(place.socket()).await {
            Ok(stream) => Self::greet(stream, hello).await.map(Some),
            Err(error) if is_nobody(&error) => Ok(None),
            Err(source) => Err(system("the host's socket cannot be reached")(source)),
        }
    }

    /// Connects to the host, and starts `program host run` first if none runs. However many clients do this at once,
    /// one host is started.
    pub async fn or_start(
        place: &Place,
        program: &Path,
        hello: impl Fn() -> Hello,
    ) -> Result<Self, ConnectError> {
        Self::or_run(place, program, RUN, hello).await
    }

    /// The same, but the host that is started opens the store that is there, and makes no new one.
    pub async fn or_restart(
        place: &Place,
        program: &Path,
        hello: impl Fn() -> Hello,
    ) -> Result<Self, ConnectError> {
        Self::or_run(place, program, RUN_AGAIN, hello).await
    }

    async fn or_run(
        place: &Place,
        program: &Path,
        run: &'static [&'static str],
        hello: impl Fn() -> Hello,
    ) -> Result<Self, ConnectError> {
        place.prepare_runtime()?;
        for _ in 0..HOSTS {
            match Self::existing(place, hello()).await {
                Ok(Some(connection)) => return Ok(connection),
                // A host that dies or leaves at this very moment is as good as none.
                Ok(None) | Err(ConnectError::Gone | ConnectError::Broken(_)) => {}
                Err(error) => return Err(error),
            }
            let (place, program) = (place.clone(), program.to_owned());
            tokio::task::spawn_blocking(move || start(&place, &program, run))
                .await
                .map_err(|_| ConnectError::NoStart { why: "starting it panicked".into() })??;
        }
        Self::existing(place, hello()).await?.ok_or(ConnectError::Gone)
    }

    async fn greet(stream: UnixStream, hello: Hello) -> Result<Self, ConnectError> {
        let host = stream.peer_cred().ok().and_then(|host| host.pid());
        let Ok(greeted) = tokio::time::timeout(WELCOMES_WITHIN, Self::exchange(stream, hello)).await else {
            let way_out = host.map_or_else(|| "q host stop".to_owned(), |pid| format!("kill -9 {pid}"));
            return Err(ConnectError::Deaf { way_out });
        };
        greeted
    }

    async fn exchange(stream: UnixStream, hello: Hello) -> Result<Self, ConnectError> {
        let mut duplex = Duplex::on(stream);
        duplex.send(&ClientMessage::Hello(hello))?;
        match duplex.next().await? {
            HostMessage::Welcome(host) => Ok(Self { duplex, host }),
            HostMessage::Unwelcome { why } => Err(ConnectError::Unwelcome { why }),
            HostMessage::Snapshot(_)
            | HostMessage::Ready
            | HostMessage::Update(_)
            | HostMessage::Reply { .. }
            | HostMessage::Going { .. } => Err(ConnectError::Gone),
        }
    }

    /// Says something to the host. What it does not take at once is written while its next message is waited for. That
    /// it is gone is not told here: its last words are still to be read.
    pub fn send(&mut self, message: &ClientMessage) -> Result<(), ConnectError> {
        self.duplex.send(message)
    }

    /// What the host says next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<HostMessage, ConnectError> {
        self.duplex.next().await
    }

    /// Waits until the host has taken what it was told, or is gone. Dropping the future loses nothing.
    pub async fn flush(&mut self) {
        let Duplex { writing, waiting, .. } = &mut self.duplex;
        while !waiting.is_empty() {
            write(writing, waiting).await;
        }
    }
}

/// Both directions of a connection.
#[derive(Debug)]
struct Duplex {
    reading: FramedRead<OwnedReadHalf, Both>,
    writing: OwnedWriteHalf,
    codec: Both,
    /// Frames that the host has not taken yet.
    waiting: BytesMut,
}

impl Duplex {
    fn on(stream: UnixStream) -> Self {
        let (reading, writing) = stream.into_split();
        let reading = FramedRead::new(reading, Both::default());
        Self { reading, writing, codec: Both::default(), waiting: BytesMut::new() }
    }

    fn send(&mut self, message: &ClientMessage) -> Result<(), ConnectError> {
        if self.waiting.len() > MAX_WAITING {
            return Err(ConnectError::Behind);
        }
        self.codec.encode(message, &mut self.waiting).map_err(|error| match error {
            FrameError::TooLong { bytes } => ConnectError::TooLong { bytes },
            FrameError::Io(_) | FrameError::Decode(_) | FrameError::Unknown(_) | FrameError::Encode(_) => {
                error.into()
            }
        })?;
        match self.writing.try_write(&self.waiting) {
            Ok(taken) => self.waiting.advance(taken),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_told_by_reading) => self.waiting.clear(),
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<HostMessage, ConnectError> {
        let Self { reading, writing, waiting, .. } = self;
        loop {
            let some_waits = !waiting.is_empty();
            let heard = tokio::select! {
                heard = reading.next() => heard,
                () = write(writing, waiting), if some_waits => continue,
            };
            return match heard {
                Some(Err(FrameError::Io(error))) if is_gone(&error) => Err(ConnectError::Gone),
                Some(message) => Ok(message?.map_err(FrameError::from)?),
                None => Err(ConnectError::Gone),
            };
        }
    }
}

/// Writes some of what waits; nothing of it to one who is gone, which is told by reading.
async fn write(to: &mut OwnedWriteHalf, waiting: &mut BytesMut) {
    if to.write_buf(waiting).await.is_err() {
        waiting.clear();
    }
}

/// Whether a failed read or write says that the other side closed.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// Whether a failed connect says that nobody listens: no more either, where a host died just when we came.
pub(crate) fn is_nobody(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset)
}

/// Starts a host unless another client did so while we waited for our turn.
fn start(place: &Place, program: &Path, run: &[&str]) -> Result<(), ConnectError> {
    let turn = open_lock(&place.start_lock()).map_err(system("the start lock cannot be opened"))?;
    turn.lock().map_err(system("the start lock cannot be taken"))?;
    if std::os::unix::net::UnixStream::connect(place.socket()).is_ok() {
        return Ok(());
    }
    // A host that is leaving still holds its lock: its successor starts when it is gone.
    wait_for_leaving(&place.host_lock())?;
    let said = spawn(program, run).map_err(system("the host cannot be started"))?;
    match said.trim() {
        READY => Ok(()),
        "" => {
            Err(ConnectError::NoStart { why: "it ended without a word; `q host logs` may tell more".into() })
        }
        why => Err(ConnectError::NoStart { why: why.to_owned() }),
    }
}

/// Waits until no process holds the host's lock: one that is leaving gives it back within a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "a file lock can only be asked for again; this waits for another process"
)]
pub(crate) fn wait_for_leaving(host_lock: &Path) -> Result<(), ConnectError> {
    let lock = open_lock(host_lock).map_err(system("the host's lock cannot be opened"))?;
    for _ in 0..LEAVES_WITHIN.as_millis() / ASK_AGAIN.as_millis() {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(ASK_AGAIN),
            Err(TryLockError::Error(error)) => return Err(system("the host's lock cannot be taken")(error)),
        }
    }
    Err(ConnectError::Deaf { way_out: format!("fuser -k {}", host_lock.display()) })
}

/// Starts `program` with the arguments `run`, and reads what it says until it is ready or gone.
fn spawn(program: &Path, run: &[&str]) -> io::Result<String> {
    let mut child = Command::new(program)
        .args(run)
        .current_dir("/")
        .env_clear()
        .envs(passed_on())
        // glibc gives each thread a heap of its own otherwise: 1.5 MB more for ten sessions. Elsewhere it means nothing.
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut said = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        let mut byte = [0];
        while stdout.read(&mut byte)? == 1 && byte != *b"\n" {
            said.push(byte[0].into());
        }
    }
    if said.trim() != READY {
        let _reaped = child.wait();
    }
    Ok(said)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the host gets a chosen part of the environment, and nothing else of it"
)]
fn passed_on() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    let plain = PASSED_ON.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let path = |name| Some((name, std::path::absolute(std::env::var_os(name)?).ok()?.into_os_string()));
    plain.chain(PASSED_ON_PATHS.into_iter().filter_map(path))
}
