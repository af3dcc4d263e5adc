//! Digests: what tells bytes that were written from bytes that were damaged. None of them withstands intent.

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// Of parts as if they stood together.
pub(crate) fn of(parts: &[&[u8]]) -> u64 {
    let mut hash = Xxh3::new();
    for part in parts {
        hash.update(part);
    }
    hash.digest()
}

/// As the engine takes it of its own files and blocks.
pub(crate) fn wide(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}
