//! Bytes to lines, however the network cuts them. A line ends with LF, CR or CRLF; no byte is looked at twice.

use std::borrow::Cow;

/// More than was agreed came in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Divides bytes into lines, whatever pieces they come in.
#[derive(Debug)]
pub(super) struct LineSplitter {
    /// The beginning of a line whose end has not come.
    part: Vec<u8>,
    /// The last line ended with CR: an LF that comes next belongs to it.
    after_return: bool,
    /// The longest line, in bytes.
    limit: usize,
}

impl LineSplitter {
    pub(super) const fn new(limit: usize) -> Self {
        Self { part: Vec::new(), after_return: false, limit }
    }

    /// The next line that `bytes` complete, without its end; what was read is taken off `bytes`. `None` once all of them are
    /// read. Only a line that came in several pieces is copied.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Cow<'a, [u8]>>, TooLong> {
        if self.after_return
            && let Some((first, rest)) = bytes.split_first()
        {
            self.after_return = false;
            if *first == b'\n' {
                *bytes = rest;
            }
        }
        let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            self.keep(bytes)?;
            *bytes = &[];
            return Ok(None);
        };
        let (line, rest) = bytes.split_at(end);
        self.after_return = rest.first() == Some(&b'\r');
        *bytes = rest.get(1..).unwrap_or_default();
        if self.part.is_empty() {
            return if line.len() > self.limit { Err(TooLong) } else { Ok(Some(Cow::Borrowed(line))) };
        }
        self.keep(line)?;
        Ok(Some(Cow::Owned(std::mem::take(&mut self.part))))
    }

    /// What came behind the last end of a line.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.part)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.part.len() + bytes.len() > self.limit {
            self.part = Vec::new();
            return Err(TooLong);
        }
        self.part.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::cuts::{self, cuts};
    use super::*;

    fn lines(pieces: &[&[u8]], limit: usize) -> Result<Vec<String>, TooLong> {
        let mut lines = LineSplitter::new(limit);
        let mut all = cuts::all(pieces, |bytes| {
            Ok(lines.next(bytes)?.map(|line| String::from_utf8_lossy(&line).into_owned()))
        })?;
        all.push(format!("rest {}", String::from_utf8_lossy(&lines.rest())));
        Ok(all)
    }

    #[test]
    fn lines_end_in_three_ways_wherever_they_are_cut() {
        let text = b"one\ntwo\r\n\r\nthree\rfour\n\rfive";
        let said = Ok(["one", "two", "", "three", "four", "", "rest five"].map(str::to_owned).to_vec());
        assert_eq!(lines(&[text], 100), said);
        for pieces in cuts(text) {
            assert_eq!(lines(&pieces, 100), said, "{pieces:?}");
        }
    }

    /// Were the beginning looked at again with every piece, this would take hours.
    #[test]
    fn a_long_line_in_many_pieces_costs_what_its_bytes_cost() {
        let piece = [b'x'; 16];
        let pieces: Vec<&[u8]> = std::iter::repeat_n(piece.as_slice(), 1 << 19).collect();
        assert_eq!(lines(&pieces, 16 << 20).map(|all| all[0].len()), Ok((8 << 20) + "rest ".len()));
    }

    #[test]
    fn a_line_has_a_limit_whether_it_ends_or_not() {
        assert_eq!(lines(&[b"12345\n"], 5), Ok(vec!["12345".into(), "rest ".into()]));
        assert_eq!(lines(&[b"123456\n"], 5), Err(TooLong));
        assert_eq!(lines(&[b"123", b"456"], 5), Err(TooLong));
        assert_eq!(lines(&[b"123", b"456\n"], 5), Err(TooLong));
    }
}
