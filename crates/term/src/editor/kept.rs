//! How much is kept of what was typed, sent and deleted before: so many, and so many bytes of them.

/// So many bytes are kept.
pub(super) const MOST_BYTES: usize = 16 << 20;

/// Forgets the oldest, until there are no more than that and no more bytes of them than are kept; the last one is kept whatever it is.
pub(super) fn keep_newest<T>(kept: &mut Vec<T>, most: usize, bytes: impl Fn(&T) -> usize) {
    let mut room = MOST_BYTES;
    let fits = kept.iter().rev().take(most).take_while(|one| {
        let rest = room.checked_sub(bytes(one));
        room = rest.unwrap_or_default();
        rest.is_some()
    });
    let fits = fits.count().max(1);
    kept.drain(..kept.len().saturating_sub(fits));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_fit_are_kept_and_the_last_one_always() {
        let half = MOST_BYTES / 2;
        for (sizes, most, left) in [
            (&[][..], 3, &[][..]),
            (&[1, 2, 3, 4], 3, &[2, 3, 4]),
            (&[half, half, half], 3, &[half, half]),
            (&[1, MOST_BYTES], 3, &[MOST_BYTES]),
            (&[1, MOST_BYTES + 1], 3, &[MOST_BYTES + 1]),
            (&[1, MOST_BYTES, 1], 3, &[1]),
        ] {
            let mut kept = sizes.to_vec();
            keep_newest(&mut kept, most, |size| *size);
            assert_eq!(kept, left, "{sizes:?}");
        }
    }
}
