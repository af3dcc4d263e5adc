//! Where a model is served: a socket of this user in a directory of this user. However many start a server for one model at once,
//! one serves; the others find that it does, and end.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use q_lock::open_lock;
use tokio::net::{UnixListener, UnixStream};

use crate::error::LocalError;

/// The place at a socket: whoever has it serves.
#[derive(Debug)]
pub struct ServedSocket {
    listener: UnixListener,
    path: PathBuf,
}

/// Takes the place at that socket; `None` where somebody serves there already. Must run inside a runtime.
pub async fn take(path: &Path) -> Result<Option<ServedSocket>, LocalError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    check_directory(directory)?;
    let failed = |what: &str| {
        let path = path.display().to_string();
        let what = what.to_owned();
        move |error: io::Error| LocalError::new(format!("{path}: {what}: {error}"))
    };
    let lock = path.with_extension("load");
    // Held while it is found out who serves, and until that one can be reached.
    let _turn: File = tokio::task::spawn_blocking(move || {
        let lock = open_lock(&lock)?;
        lock.lock()?;
        io::Result::Ok(lock)
    })
    .await
    .map_err(|error| LocalError::new(error.to_string()))?
    .map_err(failed("the lock beside the socket cannot be taken"))?;
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() || found.uid() != ours() => {
            return Err(
                LocalError::new(format!("{} is not a socket of yours", path.display())).hint("remove it")
            );
        }
        Ok(_) if is_served(path).await => return Ok(None),
        Ok(_) => fs::remove_file(path).map_err(failed("what another server left cannot be removed"))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("it cannot be looked at")(error)),
    }
    let listener = UnixListener::bind(path).map_err(failed("a socket cannot be made"))?;
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(failed("it cannot be closed to others"))?;
    Ok(Some(ServedSocket { listener, path: path.to_owned() }))
}

#[expect(clippy::disallowed_methods, reason = "nothing is said: it is looked whether anybody listens")]
async fn is_served(path: &Path) -> bool {
    UnixStream::connect(path).await.is_ok()
}

/// Nobody else may put anything beside the socket.
fn check_directory(directory: &Path) -> Result<(), LocalError> {
    let found = fs::symlink_metadata(directory)
        .map_err(|error| LocalError::new(format!("{} cannot be used: {error}", directory.display())))?;
    if found.is_dir() && found.uid() == ours() && is_closed(&found) {
        return Ok(());
    }
    Err(LocalError::new(format!("{} is not a directory of yours alone", directory.display())))
}

/// Whether others may do nothing there.
fn is_closed(found: &fs::Metadata) -> bool {
    const OTHERS: u32 = 0o077;
    found.mode() & OTHERS == 0
}

fn ours() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl ServedSocket {
    /// The next connection; `None` where it is none of this user's.
    pub(super) async fn accept(&self) -> Option<UnixStream> {
        if let Ok((stream, _)) = self.listener.accept().await {
            return of_ours(stream);
        }
        // As when there are too many open files: others close theirs meanwhile.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        None
    }

    /// Gives the place up; nobody finds it any more. Those who came before that are told.
    pub(super) fn leave(self) -> Vec<UnixStream> {
        let _gone_already = fs::remove_file(&self.path);
        let mut waiting = Vec::new();
        while let Some(Ok((stream, _))) = self.listener.accept().now_or_never() {
            waiting.extend(of_ours(stream));
        }
        waiting
    }
}

fn of_ours(stream: UnixStream) -> Option<UnixStream> {
    let owner = stream.peer_cred().ok()?.uid();
    (owner == ours()).then_some(stream)
}
