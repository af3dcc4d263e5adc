//! Ending a host that is not spoken with: one of another version, whose protocol differs, or one that does not answer.

use std::path::PathBuf;
use std::time::Duration;

use q_proto::message::Hello;
use q_proto::place::{Place, RuntimeDirectory};
use q_proto::{ClientMessage, HostMessage};

use super::ConnectError;
use super::duplex::Duplex;
use super::peer::CheckedPeer;
use super::process::HostProcess;

/// How long a host may take to say that it ends. One that is signalled then ends in the same order.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// How long one that said so may take to write what waits, however slow its disk is.
const WRITES_WITHIN: Duration = Duration::from_mins(1);
/// How long a process may take to end after a signal.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// How a host is ended that does not do so when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// In good order, or not at all.
    Orderly,
    /// At once, if need be: what it acknowledged is kept.
    Forced,
}

/// Ends the host of that store, whatever it speaks and wherever its socket is, and waits until it is gone. Says whether
/// there was one.
///
/// It is asked over the socket. One that does not do so is signalled: the process that holds the host's lock, or the
/// store's, if that is known to be a `q` of this user.
pub async fn dismiss(place: &Place, urgency: Urgency) -> Result<bool, ConnectError> {
    let Some(directory) = RuntimeDirectory::found(place)? else {
        return end_holder(place.store(), urgency).await;
    };
    let patience = match urgency {
        Urgency::Orderly => WRITES_WITHIN,
        Urgency::Forced => ENDS_WITHIN,
    };
    let listener = ask(&directory, patience).await?;
    if listener == Listener::Ended {
        return Ok(true);
    }
    if end_holder(place.host_lock(), urgency).await? || end_holder(place.store(), urgency).await? {
        return Ok(true);
    }
    match directory.socket()? {
        // It may have gone by itself meanwhile.
        Some(path) if listener == Listener::Stays && CheckedPeer::at(&directory).await?.is_some() => {
            let who = format!("what listens at {} holds no host's lock", path.display());
            Err(ConnectError::NotAHost { who, path })
        }
        Some(_) | None => Ok(false),
    }
}

/// Who listens at the host's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listener {
    Nobody,
    /// A host that ended when it was asked.
    Ended,
    /// It does not answer, or not so: a host that is older than the question. Or it said that it ends, and did not.
    Stays,
}

/// Asks whoever listens to end, and waits for that so long: its connection ends with it, when everything is written.
async fn ask(directory: &RuntimeDirectory, patience: Duration) -> Result<Listener, ConnectError> {
    let peer = match CheckedPeer::at(directory).await {
        Ok(Some(peer)) => peer,
        Ok(None) => return Ok(Listener::Nobody),
        Err(ConnectError::Deaf) => return Ok(Listener::Stays),
        Err(error) => return Err(error),
    };
    let mut duplex = Duplex::on(peer);
    duplex.send(&ClientMessage::Hello(Hello { stop: true, ..Hello::new(false) }))?;
    let answer = tokio::time::timeout(ANSWERS_WITHIN, duplex.next()).await;
    if !matches!(answer, Ok(Ok(HostMessage::Going { .. }))) {
        return Ok(Listener::Stays);
    }
    let ended = tokio::time::timeout(patience, async { while duplex.next().await.is_ok() {} }).await;
    Ok(if ended.is_ok() { Listener::Ended } else { Listener::Stays })
}

/// Signals the process that holds this lock, and waits for its end. Whether there was one.
async fn end_holder(lock: PathBuf, urgency: Urgency) -> Result<bool, ConnectError> {
    let ended = move || {
        let Some(host) = HostProcess::holding(&lock)? else { return Ok(false) };
        host.terminate()?;
        let mut has_ended = host.ends_within(ENDS_WITHIN)?;
        if !has_ended && urgency == Urgency::Forced {
            host.kill()?;
            has_ended = host.ends_within(ENDS_WITHIN)?;
        }
        if has_ended { Ok(true) } else { Err(ConnectError::Deaf) }
    };
    tokio::task::spawn_blocking(ended).await.unwrap_or(Err(ConnectError::Deaf))
}
