//! Keys of rows: session id and sequence number, big-endian, so that the order of bytes is the order of records.

use q_core::{Seq, SessionId};

const SESSION_LEN: usize = 16;
const RECORD_LEN: usize = SESSION_LEN + 8;

/// The key of a session's head.
pub(crate) fn head(session: SessionId) -> [u8; SESSION_LEN] {
    session.0.to_be_bytes()
}

/// The key of a record.
pub(crate) fn record(session: SessionId, seq: Seq) -> [u8; RECORD_LEN] {
    let mut key = [0; RECORD_LEN];
    let (front, back) = key.split_at_mut(SESSION_LEN);
    front.copy_from_slice(&session.0.to_be_bytes());
    back.copy_from_slice(&seq.0.to_be_bytes());
    key
}

/// A key as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Of a session's head.
    Head(SessionId),
    /// Of a record.
    Record(SessionId, Seq),
}

impl Key {
    pub(crate) const fn session(self) -> SessionId {
        match self {
            Self::Head(session) | Self::Record(session, _) => session,
        }
    }
}

/// What a row is, by its key alone.
pub(crate) fn read(key: &[u8]) -> Option<Key> {
    if let Some(session) = session_of_head(key) {
        return Some(Key::Head(session));
    }
    let (session, seq) = key.split_first_chunk()?;
    let seq = u64::from_be_bytes(seq.try_into().ok()?);
    Some(Key::Record(SessionId(u128::from_be_bytes(*session)), Seq(seq)))
}

/// Whose head has this key.
pub(crate) fn session_of_head(key: &[u8]) -> Option<SessionId> {
    key.try_into().ok().map(u128::from_be_bytes).map(SessionId)
}

/// The sequence number in a record's key.
pub(crate) fn seq_of_record(key: &[u8]) -> Option<Seq> {
    let (_, seq) = key.split_last_chunk()?;
    (key.len() == RECORD_LEN).then_some(Seq(u64::from_be_bytes(*seq)))
}
