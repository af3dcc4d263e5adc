//! For tests: bytes in the pieces in which a connection may give them, and all that comes out of such.

/// The bytes in two pieces, cut at each place; and byte by byte.
pub(super) fn cuts(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let twice = (0..=bytes.len()).map(|at| {
        let (left, right) = bytes.split_at(at);
        vec![left, right]
    });
    twice.chain([bytes.chunks(1).collect()])
}

/// All that is read of these pieces, `next` taking what it reads off their beginnings.
pub(super) fn all<T, F>(
    pieces: &[&[u8]],
    mut next: impl FnMut(&mut &[u8]) -> Result<Option<T>, F>,
) -> Result<Vec<T>, F> {
    let mut all = Vec::new();
    for piece in pieces {
        let mut bytes = *piece;
        while let Some(one) = next(&mut bytes)? {
            all.push(one);
        }
    }
    Ok(all)
}
