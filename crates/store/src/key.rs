//! Keys of rows: session id, sequence number and place in a result, big-endian, so that the order of bytes is theirs.

use q_core::{Seq, SessionId};

const SESSION_LEN: usize = 16;
const RECORD_LEN: usize = SESSION_LEN + 8;
pub(crate) const BLOB_LEN: usize = RECORD_LEN + 8;
/// How long keys are.
pub(crate) const LENGTHS: [usize; 3] = [SESSION_LEN, RECORD_LEN, BLOB_LEN];

/// The sequence number under which heads are sealed, and told of in errors: no record has it.
pub(crate) const HEAD_SEQ: Seq = Seq(0);

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

/// The key of a piece of a blob: the rest of the result in that record, from byte `at` of the result on.
pub(crate) fn blob(session: SessionId, seq: Seq, at: u64) -> [u8; BLOB_LEN] {
    let mut key = [0; BLOB_LEN];
    let (front, back) = key.split_at_mut(RECORD_LEN);
    front.copy_from_slice(&record(session, seq));
    back.copy_from_slice(&at.to_be_bytes());
    key
}

/// A key as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Of a session's head.
    Head(SessionId),
    Record(SessionId, Seq),
    /// Of a piece of what stands beside a record.
    Blob(SessionId, Seq, u64),
}

impl Key {
    pub(crate) const fn session(self) -> SessionId {
        match self {
            Self::Head(session) | Self::Record(session, _) | Self::Blob(session, ..) => session,
        }
    }
}

/// What a row is, by its key alone.
pub(crate) fn read(key: &[u8]) -> Option<Key> {
    if let Some(session) = session_of_head(key) {
        return Some(Key::Head(session));
    }
    let (session, rest) = key.split_first_chunk()?;
    let session = SessionId(u128::from_be_bytes(*session));
    let (seq, at) = rest.split_first_chunk()?;
    let seq = Seq(u64::from_be_bytes(*seq));
    match at {
        [] => Some(Key::Record(session, seq)),
        at => Some(Key::Blob(session, seq, u64::from_be_bytes(at.try_into().ok()?))),
    }
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

/// Where in its result the piece with this key begins.
pub(crate) fn place_in_result(key: &[u8]) -> Option<u64> {
    let (_, at) = key.split_last_chunk()?;
    (key.len() == BLOB_LEN).then_some(u64::from_be_bytes(*at))
}
