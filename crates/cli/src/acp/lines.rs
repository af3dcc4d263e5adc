//! What an editor writes, line by line, within a bound: a line that is longer is read over and told.

use std::io::BufRead;

use tokio::sync::mpsc;

/// The longest line: a prompt of the greatest length with all the images that one may have, in base64.
pub(super) const MAX_LINE: usize = 16 << 20;
/// Lines that are read before they are taken in; who writes more waits.
const AHEAD: usize = 4;

/// A line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EditorLine {
    Whole(Vec<u8>),
    TooLong,
}

/// The lines of standard input, read in a thread that ends with them.
pub(super) fn of_standard_input() -> mpsc::Receiver<EditorLine> {
    let (send, lines) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while let Some(line) = read(&mut input, MAX_LINE)
            && send.blocking_send(line).is_ok()
        {}
    });
    lines
}

/// The next line that is not blank, of so many bytes at most; nothing at the end, as which an error counts.
fn read(input: &mut impl BufRead, most: usize) -> Option<EditorLine> {
    let (mut bytes, mut is_long) = (Vec::new(), false);
    loop {
        let buffer = input.fill_buf().ok()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let piece = buffer.get(..end.unwrap_or(buffer.len()))?;
        let (taken, is_end) = (piece.len() + usize::from(end.is_some()), buffer.is_empty());
        is_long |= bytes.len() + piece.len() > most;
        if is_long {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(piece);
        }
        input.consume(taken);
        if is_long && (end.is_some() || is_end) {
            return Some(EditorLine::TooLong);
        }
        let is_blank = bytes.trim_ascii().is_empty();
        if !is_blank && (end.is_some() || is_end) {
            return Some(EditorLine::Whole(bytes));
        }
        if is_end {
            return None;
        }
        if end.is_some() {
            bytes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn lines_are_whole_or_told_to_be_too_long() {
        let whole = |text: &str| EditorLine::Whole(text.into());
        let written = b"one\n\n  \r\n12345678\n123456789\nlast";
        for buffer in [1, 3, 64] {
            let mut input = BufReader::with_capacity(buffer, &written[..]);
            let read: Vec<EditorLine> = std::iter::from_fn(|| read(&mut input, 8)).collect();
            assert_eq!(
                read,
                [whole("one"), whole("12345678"), EditorLine::TooLong, whole("last")],
                "{buffer}"
            );
        }
        assert_eq!(read(&mut &b"123456789"[..], 8), Some(EditorLine::TooLong));
        assert_eq!(read(&mut &b"\n"[..], 8), None);
    }
}
