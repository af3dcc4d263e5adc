//! `MessagePack` as `q` keeps and speaks it: structures are maps whose fields have names, and so are chosen variants.
//!
//! The store and the protocol write and read here. rmp-serde writes. What it reads with also takes a structure from a
//! plain list and a field from its number, which nothing of `q` ever wrote: a list means something else as soon as a
//! field is added. So there is a reader here that knows the one form (decision 39).

mod error;
mod reader;
mod start;

use serde::{Deserialize, Serialize};

pub use error::ReadError;
pub use rmp_serde::encode::Error as WriteError;

use reader::Reader;

/// Reads a value from the beginning of `bytes`; what it borrows stands in them.
pub fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, ReadError> {
    T::deserialize(&mut Reader::new(bytes))
}

/// A value as it is written.
pub fn write(value: &impl Serialize) -> Result<Vec<u8>, WriteError> {
    rmp_serde::to_vec_named(value)
}

/// Puts a value behind what `out` has.
pub fn append(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), WriteError> {
    rmp_serde::encode::write_named(out, value)
}
