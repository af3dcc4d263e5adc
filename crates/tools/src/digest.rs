//! What things are recognised by: one number for so many parts, of which none can be taken for the beginning of the next.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The digest of these parts, in their order.
pub fn digest_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// Some bytes as files and names have them, two digits each.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut written, byte| {
        let _never_fails = write!(written, "{byte:02x}");
        written
    })
}

/// The plain digest of some bytes, as other programs make it.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::{digest_of, hexadecimal};

    #[test]
    fn a_byte_is_two_digits() {
        assert_eq!(hexadecimal(&[0, 10, 255]), "000aff");
    }

    #[test]
    fn where_a_part_ends_makes_a_difference() {
        let of = |parts: &[&str]| digest_of(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        for other in [["ab", ""], ["", "ab"], ["b", "a"]] {
            assert_ne!(of(&["a", "b"]), of(&other), "{other:?}");
        }
        assert_ne!(of(&[]), of(&[""]));
    }
}
