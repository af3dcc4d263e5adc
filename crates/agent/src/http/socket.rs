//! Servers at a Unix socket of this machine: whose each is, is checked before a byte is written, and the program that serves
//! there is started where nobody does.
//!
//! Not here: when such a program ends (it knows itself that it is not used).

use std::io;
use std::path::Path;
use std::process::Stdio;

use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::process::Command;

use crate::spec::ServerProgram;

/// What a program says when connections are taken. Anything else is why they are not.
const READY: &str = "ready";
/// The longest line it may say so in, in bytes.
const LONGEST: usize = 4 << 10;

/// A connection to whoever listens there: a process of this user.
pub(super) async fn open(socket: &Path, program: Option<&ServerProgram>) -> io::Result<TokioIo<UnixStream>> {
    let stream = match (connect(socket).await, program) {
        (Err(error), Some(program)) if is_nobody(&error) => {
            start(program).await?;
            connect(socket).await?
        }
        (connected, _) => connected?,
    };
    let owner = stream.peer_cred()?.uid();
    if owner != rustix::process::geteuid().as_raw() {
        let socket = socket.display();
        return Err(io::Error::other(format!(
            "user {owner} listens at {socket}, and nothing was said: remove it, if it is yours to remove"
        )));
    }
    Ok(TokioIo::new(stream))
}

#[expect(clippy::disallowed_methods, reason = "checked by the one caller, before anything is written")]
async fn connect(socket: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(socket).await
}

/// Whether a failed connect says that nobody listens.
fn is_nobody(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset)
}

/// Starts it, and waits until it takes connections. Several that are started at once settle among themselves who serves.
async fn start(program: &ServerProgram) -> io::Result<()> {
    let name = program.path.display();
    let mut child = Command::new(&program.path)
        .args(&program.arguments)
        .current_dir("/")
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{name} cannot be started: {error}")))?;
    let mut said = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        while said.len() < LONGEST && said.last() != Some(&b'\n') {
            match stdout.read_u8().await {
                Ok(byte) => said.push(byte),
                Err(_ended) => break,
            }
        }
    }
    let said = String::from_utf8_lossy(&said);
    match said.trim() {
        READY => Ok(()),
        "" => Err(io::Error::other(format!("{name} ended without a word"))),
        why => Err(io::Error::other(why)),
    }
}
