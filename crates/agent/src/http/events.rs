//! Lines to server-sent events, as the WHATWG describes them, and as servers send them: comments, CR and CRLF, byte order
//! marks, no space behind the colon, several `data` lines, no blank line at the end, JSON without any `data:` before it, errors
//! in a field of that name, words that are no field.

use super::lines::{LineSplitter, TooLong};

/// How much of what is no field is kept, in bytes.
const MAX_STRAY: usize = 1 << 10;

/// One event of an event stream, put together from its fields.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StreamEvent {
    /// What stands behind `event:`; mostly nothing.
    pub(super) name: Vec<u8>,
    /// The lines behind `data:`, joined by line feeds.
    pub(super) data: Vec<u8>,
}

/// Events in the making.
#[derive(Debug)]
pub(super) struct EventParser {
    lines: LineSplitter,
    name: Vec<u8>,
    data: Option<Vec<u8>>,
    /// JSON without any `data:` before it has begun: its other lines belong to it.
    is_bare: bool,
    /// Lines that are no fields, since the last event: whoever dies while it answers may still have said why.
    stray: Vec<u8>,
    /// The longest event, in bytes of its data.
    limit: usize,
}

impl EventParser {
    pub(super) const fn new(limit: usize) -> Self {
        let lines = LineSplitter::new(limit);
        Self { lines, name: Vec::new(), data: None, is_bare: false, stray: Vec::new(), limit }
    }

    /// The next event that `bytes` complete; what was read is taken off `bytes`. `None` once all of them are read.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<StreamEvent>, TooLong> {
        while let Some(line) = self.lines.next(bytes)? {
            if let Some(event) = self.line(&line)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// The event that lacks its blank line because nothing more comes.
    pub(super) fn rest(&mut self) -> Result<Option<StreamEvent>, TooLong> {
        let line = self.lines.rest();
        if !line.is_empty() {
            self.line(&line)?;
        }
        Ok(self.complete())
    }

    /// What came behind the last event and is no field, or its beginning.
    pub(super) fn stray(&self) -> &[u8] {
        &self.stray
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<StreamEvent>, TooLong> {
        // Where streams were put together there is a mark in the middle.
        let line = without_mark(line);
        if line.is_empty() {
            return Ok(self.complete());
        }
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let (name, value) = line.split_at(colon);
                let value = value.get(1..).unwrap_or_default();
                (name, value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, [].as_slice()),
        };
        match name {
            b"data" => self.data(value)?,
            b"event" => self.name = value.to_vec(),
            b"error" => {
                self.name = name.to_vec();
                self.data(value)?;
            }
            b"" | b"id" | b"retry" => {} // the first is a comment
            _no_field if self.is_bare || matches!(line.first(), Some(b'{' | b'[')) => {
                self.is_bare = true;
                self.data(line)?;
            }
            // Something between wrote the name in its own way; what stands behind it is a frame all the same.
            other if is_data(other, value) => self.data(value)?,
            _no_field => {
                let room = MAX_STRAY.saturating_sub(self.stray.len());
                self.stray.extend(line.iter().chain(b"\n").take(room));
            }
        }
        Ok(None)
    }

    fn data(&mut self, value: &[u8]) -> Result<(), TooLong> {
        let Some(data) = &mut self.data else {
            self.data = Some(value.to_vec());
            return Ok(());
        };
        if data.len() + 1 + value.len() > self.limit {
            return Err(TooLong);
        }
        data.push(b'\n');
        data.extend_from_slice(value);
        Ok(())
    }

    /// What stands before a blank line, unless that is nothing.
    fn complete(&mut self) -> Option<StreamEvent> {
        let name = std::mem::take(&mut self.name);
        self.is_bare = false;
        let data = self.data.take()?;
        // What was said in front of the last word may be why nothing else came.
        if data.trim_ascii() != b"[DONE]" {
            self.stray.clear();
        }
        Some(StreamEvent { name, data })
    }
}

/// Whether a line whose field is none of the standard's has a frame: a name that is meant, or one of its own before an object.
fn is_data(name: &[u8], value: &[u8]) -> bool {
    let name = name.trim_ascii();
    let is_word = (1..=16).contains(&name.len()) && name.iter().all(u8::is_ascii_alphanumeric);
    name.eq_ignore_ascii_case(b"data") || is_word && value.starts_with(b"{")
}

/// A byte order mark.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Without the byte order mark that may stand in front.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::cuts::cuts;
    use super::*;

    fn events(pieces: &[&[u8]], limit: usize) -> Result<Vec<String>, TooLong> {
        let mut events = EventParser::new(limit);
        let mut all = Vec::new();
        let mut note = |event: StreamEvent| {
            let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            all.push(format!("{}|{}", said(&event.name), said(&event.data)));
        };
        for piece in pieces {
            let mut bytes = *piece;
            while let Some(event) = events.next(&mut bytes)? {
                note(event);
            }
        }
        events.rest()?.into_iter().for_each(&mut note);
        Ok(all)
    }

    #[test]
    fn events_are_read_as_servers_send_them() {
        for (text, said) in [
            ("data: a\n\n", vec!["|a"]),
            ("data:a\n\ndata:  a\n\n", vec!["|a", "| a"]),
            ("\u{feff}data: a\n\n", vec!["|a"]),
            ("data: a\ndata: b\n\n", vec!["|a\nb"]),
            ("data\n\n", vec!["|"]),
            (": ping\n\n:\ndata: a\n: x\n\n", vec!["|a"]),
            ("event: error\nid: 1\nretry: 2\ndata: a\n\ndata: b\n\n", vec!["error|a", "|b"]),
            ("event: ping\n\ndata: a\n\n", vec!["|a"]),
            ("data: a\r\n\r\ndata: b\r\rdata: c", vec!["|a", "|b", "|c"]),
            ("{\"error\": 1}\n\ndata: b\n\n", vec!["|{\"error\": 1}", "|b"]),
            ("{\n \"error\": 1\n}\n\ndata: b\n\n", vec!["|{\n \"error\": 1\n}", "|b"]),
            ("{}\ndata: a\n\n[DONE]\n\n", vec!["|{}\na", "|[DONE]"]),
            ("error: a\n\n\u{feff}data: b\n\n", vec!["error|a", "|b"]),
            ("datax: a\ndat: b\nnonsense\n\n", vec![]),
            ("  data: a\n\nDATA: b\n\n", vec!["|a", "|b"]),
            ("dat: {\"a\": 1}\n\n", vec!["|{\"a\": 1}"]),
            ("in words: {\"a\": 1}\n\n", vec![]),
            ("\n\n\n", vec![]),
            ("", vec![]),
        ] {
            let whole = events(&[text.as_bytes()], 1000);
            assert_eq!(whole, Ok(said.iter().map(ToString::to_string).collect()), "{text:?}");
            for pieces in cuts(text.as_bytes()) {
                assert_eq!(events(&pieces, 1000), whole, "{text:?} as {pieces:?}");
            }
        }
    }

    #[test]
    fn an_event_of_many_lines_has_a_limit_too() {
        assert_eq!(events(&[b"data: 123\ndata: 456\n\n"], 9), Ok(vec!["|123\n456".into()]));
        assert_eq!(events(&[b"data: 123\ndata: 456\ndata: 789\n\n"], 9), Err(TooLong));
    }
}
