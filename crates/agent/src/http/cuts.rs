//! For tests: bytes in the pieces in which a connection may give them.

/// The bytes in two pieces, cut at each place; and byte by byte.
pub(super) fn cuts(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let twice = (0..=bytes.len()).map(|at| {
        let (left, right) = bytes.split_at(at);
        vec![left, right]
    });
    twice.chain([bytes.chunks(1).collect()])
}
