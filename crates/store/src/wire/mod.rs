//! The written form of records and heads, by version. Core types derive no serde: what is written is decided here.
//!
//! Payloads are `MessagePack` maps with named fields, so that fields can be added; every name is explicit, so that
//! renaming a Rust item changes nothing on disk. The golden bytes in `golden` fail on any other change.

mod v1;

#[cfg(test)]
mod golden;

use q_core::{Head, Seq, SessionId, Stamped};

use crate::error::StoreError;
use crate::key;

/// The format written here, and the newest one read.
pub(crate) const FORMAT: u8 = 1;

/// Appends a record's payload; session and place are in its key.
pub(crate) fn encode_record(stamped: &Stamped, out: &mut Vec<u8>) -> Result<(), StoreError> {
    write(&v1::StampedV1::from(stamped), out)
}

/// A record from its payload. The caller has verified the payload's check.
pub(crate) fn decode_record(session: SessionId, seq: Seq, payload: &[u8]) -> Result<Stamped, StoreError> {
    let future = |found: String| unknown(session, seq, &found);
    let stamped: v1::StampedV1<'_> = q_msgpack::read(payload).map_err(|error| future(error.to_string()))?;
    stamped.into_core(session, seq).map_err(|error| future(error.to_string()))
}

/// Appends a head's payload; the session is in its key.
pub(crate) fn encode_head(head: &Head, out: &mut Vec<u8>) -> Result<(), StoreError> {
    write(&v1::HeadV1::from(head), out)
}

/// A head from its payload. The caller has verified the payload's check.
pub(crate) fn decode_head(session: SessionId, payload: &[u8]) -> Result<Head, StoreError> {
    let future = |found: String| unknown(session, key::HEAD_SEQ, &found);
    let head: v1::HeadV1<'_> = q_msgpack::read(payload).map_err(|error| future(error.to_string()))?;
    head.into_core(session).map_err(|error| future(error.to_string()))
}

fn write(value: &impl serde::Serialize, out: &mut Vec<u8>) -> Result<(), StoreError> {
    q_msgpack::append(value, out).map_err(|error| StoreError::Io(std::io::Error::other(error)))
}

/// The payload is what some `q` wrote (its check holds), and not something this one can read.
fn unknown(session: SessionId, seq: Seq, found: &str) -> StoreError {
    StoreError::FutureVersion { found: format!("session {session}, record {seq}: {found}") }
}
