//! How the host is.

use q_core::{Multiplexer, Presence};

use q_proto::PROTOCOL;
use q_proto::message::Status;

/// How many sessions are live.
pub(crate) fn live(core: &Multiplexer) -> u64 {
    core.view().sessions().filter(|session| session.presence == Presence::Live).count() as u64
}

/// The host's condition, with what its sessions come to.
pub(crate) fn read(core: &Multiplexer, started: u64, clients: u64, read_only: Option<String>) -> Status {
    let (mut live, mut hibernated, mut working, mut stored) = (0, 0, 0, 0);
    for session in core.view().sessions() {
        live += u64::from(session.presence == Presence::Live);
        hibernated += u64::from(session.presence == Presence::Hibernated);
        working += u64::from(session.activity.is_busy());
        stored += 1;
    }
    let limits = core.limits();
    Status {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        started,
        clients,
        live,
        max_live: limits.live_sessions as u64,
        hibernated,
        working,
        stored,
        missed: Vec::new(),
        read_only,
        stored_bytes: core.view().sizes().map(|(_, bytes)| bytes).fold(0, u64::saturating_add),
        store_bytes: limits.store_bytes,
        limits: Some(limits.fingerprint()),
        trash_for_ms: u64::try_from(limits.trash_for.as_millis()).unwrap_or(u64::MAX),
    }
}
