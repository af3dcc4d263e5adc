//! The resident memory of this process. One small file of the system's is read; where there is none, nothing is known.

use std::fs;

/// The usual size of a page of memory; where pages are larger, the figure is too low.
const PAGE: u64 = 4096;

/// Memory that is in the machine's own, in bytes.
pub(crate) fn bytes() -> Option<u64> {
    parse(&fs::read_to_string("/proc/self/statm").ok()?)
}

/// The second number of the file counts resident pages.
fn parse(statm: &str) -> Option<u64> {
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_number_counts() {
        assert_eq!(parse("4000 1000 200 1 0 300 0\n"), Some(4_096_000));
        for odd in ["", "1", "1 x", "1 18446744073709551615"] {
            assert_eq!(parse(odd), None, "{odd:?}");
        }
    }
}
