//! Ending a host without speaking its protocol: what a `q` of another version needs, whose own host is to come next.

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::UnixStream;

use crate::connect::{ConnectError, is_nobody, wait_for_leaving};
use crate::place::Place;

/// Asks the host that listens at the socket to end in good order, whatever it speaks, and waits until it is gone. Says
/// whether there was one.
///
/// Who it is comes from the system, which knows who listens there: never from a file.
pub async fn dismiss(place: &Place) -> Result<bool, ConnectError> {
    let stream = match UnixStream::connect(place.socket()).await {
        Ok(stream) => stream,
        Err(error) if is_nobody(&error) => return Ok(false),
        Err(source) => {
            return Err(ConnectError::System { what: "the host's socket cannot be reached", source });
        }
    };
    let host = stream.peer_cred().ok().and_then(|peer| Pid::from_raw(peer.pid()?));
    let asked = host.is_some_and(|host| kill_process(host, Signal::TERM).is_ok());
    let deaf = || {
        let way_out = host.map_or_else(|| "q host stop".to_owned(), |pid| format!("kill -9 {pid}"));
        ConnectError::Deaf { way_out }
    };
    if !asked {
        return Err(deaf());
    }
    let lock = place.host_lock();
    match tokio::task::spawn_blocking(move || wait_for_leaving(&lock)).await {
        Ok(Ok(())) => Ok(true),
        Ok(Err(_)) | Err(_) => Err(deaf()),
    }
}
