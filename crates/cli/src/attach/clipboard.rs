//! A text for the clipboard, in the words that terminals take it by: OSC 52. Most do, over any number of connections; none
//! answers.

use crate::image_file::base64;

/// The sequence that hands a text over. In tmux it goes to tmux itself, which passes it on where `set-clipboard` is on, and
/// through it, which works where `allow-passthrough` is.
pub(super) fn sequence(text: &str, in_tmux: bool) -> String {
    let plain = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
    if !in_tmux {
        return plain;
    }
    let doubled = plain.replace('\x1b', "\x1b\x1b");
    format!("{plain}\x1bPtmux;{doubled}\x1b\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_base64_and_nothing_of_it_ends_the_sequence() {
        assert_eq!(sequence("hi\x07\x1b", false), "\x1b]52;c;aGkHGw==\x07");
        let both = sequence("hi", true);
        assert_eq!(both, "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
    }

    #[test]
    fn the_most_that_is_copied_is_below_a_hundred_thousand_bytes() {
        assert!(sequence(&"x".repeat(q_term::copied::MOST), false).len() < 100_000);
    }
}
