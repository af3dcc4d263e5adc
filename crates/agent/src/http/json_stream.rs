//! Bytes to values of JSON, each as soon as it is whole: in one array, one behind the other, one a line, or over many lines. No
//! byte is looked at twice.
//!
//! A value that breaks off ends where the next one begins: at the beginning of a line, where it could not go on so. What that
//! means, whoever reads it knows.

use super::lines::TooLong;

/// What lines of a stream of events begin with.
const FIELDS: [&[u8]; 5] = [b"data", b"event", b"id", b"retry", b""];

/// What was found in the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JsonPiece {
    /// A value, what there is of one, or a line between them that is none.
    Value(Vec<u8>),
    /// From here on it is a stream of events, of which so much was read.
    Events(Vec<u8>),
}

/// Values in the making.
#[derive(Debug)]
pub(super) struct JsonSplitter {
    /// The value that has begun, as far as it came.
    part: Vec<u8>,
    place: JsonPlace,
    /// An array of all values is open.
    is_in_list: bool,
    /// Brackets of the value that are open, and which of them are of arrays, the innermost lowest.
    depth: usize,
    arrays: u128,
    /// The last byte that was neither blank nor in a text.
    before: u8,
    /// Where in the part its last line begins; its first has begun somewhere else.
    line: Option<usize>,
    /// How much of the part can stand without the rest, but for brackets.
    sound: usize,
    /// Where the last escape begins.
    escape: usize,
    limit: usize,
}

/// Where a byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum JsonPlace {
    #[default]
    Between,
    Value,
    Text,
    /// Behind a backslash in a text.
    Escape,
    /// In what is no JSON, or a number: it ends with its line.
    Word,
}

impl JsonSplitter {
    /// Nothing in it is longer than the limit, in bytes.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            part: Vec::new(),
            place: JsonPlace::Between,
            is_in_list: false,
            depth: 0,
            arrays: 0,
            before: b',',
            line: None,
            sound: 0,
            escape: 0,
            limit,
        }
    }

    /// The next piece that `bytes` complete; what was read is taken off `bytes`. `None` once all of them are read.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<JsonPiece>, TooLong> {
        while let Some((byte, rest)) = bytes.split_first() {
            if let Some(broken) = self.broken_before(*byte) {
                return Ok(Some(JsonPiece::Value(broken)));
            }
            if self.part.len() == self.limit {
                return Err(TooLong);
            }
            *bytes = rest;
            if let Some(piece) = self.take(*byte) {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// What is not whole when nothing more comes.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        self.place = JsonPlace::Between;
        std::mem::take(&mut self.part)
    }

    /// The value that broke off, with an end: as much of it as there is, and then as much as can stand by itself.
    pub(super) fn ended(&self) -> [Vec<u8>; 2] {
        let mut all = self.part.clone();
        let is_in_text = matches!(self.place, JsonPlace::Text | JsonPlace::Escape);
        if is_in_text {
            let escape = all.get(self.escape..).unwrap_or_default();
            let is_half = self.place == JsonPlace::Escape || (escape.starts_with(b"\\u") && escape.len() < 6);
            all.truncate(if is_half { self.escape } else { all.len() });
            if let Some(last) = all.utf8_chunks().last().filter(|last| last.invalid().len() < 4) {
                all.truncate(all.len() - last.invalid().len());
            }
            all.push(b'"');
        }
        let mut sound = self.part.get(..self.sound).unwrap_or_default().to_vec();
        for place in 0..self.depth {
            let is_array = u32::try_from(place).ok().and_then(|place| self.arrays.checked_shr(place));
            let end = if is_array.is_some_and(|arrays| arrays & 1 == 1) { b']' } else { b'}' };
            all.push(end);
            sound.push(end);
        }
        [all, sound]
    }

    /// What breaks off in front of this byte, which shows that the line is none of the value's.
    fn broken_before(&mut self, byte: u8) -> Option<Vec<u8>> {
        let at = self.line?;
        let line = self.part.get(at..)?;
        let may_open = self.before == b'[' || (self.before == b',' && self.arrays & 1 == 1);
        let breaks = match (self.place, byte) {
            (JsonPlace::Value, b'{') => line.is_empty() && !may_open,
            // A text may have lines that begin with a bracket, where whoever wrote it left them as they are.
            (JsonPlace::Text, b'"') => line == b"{",
            (JsonPlace::Value | JsonPlace::Text, b':') => line == b"data",
            _other => false,
        };
        if !breaks {
            return None;
        }
        let line = line.to_vec();
        self.part.truncate(at);
        let broken = self.rest();
        for byte in line {
            let _inside_of_a_line = self.take(byte);
        }
        Some(broken)
    }

    fn take(&mut self, byte: u8) -> Option<JsonPiece> {
        match self.place {
            JsonPlace::Between => return self.begin(byte),
            JsonPlace::Word => return self.word(byte),
            JsonPlace::Escape => self.place = JsonPlace::Text,
            JsonPlace::Text if byte == b'\\' => {
                self.escape = self.part.len();
                self.place = JsonPlace::Escape;
            }
            JsonPlace::Text if byte == b'"' => {
                self.place = JsonPlace::Value;
                self.before = byte;
            }
            JsonPlace::Text => {}
            JsonPlace::Value => self.outside_of_texts(byte),
        }
        self.part.push(byte);
        if matches!(byte, b'\n' | b'\r') {
            self.line = Some(self.part.len());
        }
        let is_whole = self.depth == 0 && self.place == JsonPlace::Value;
        is_whole.then(|| JsonPiece::Value(self.rest()))
    }

    /// A byte of a value, before it is kept.
    fn outside_of_texts(&mut self, byte: u8) {
        let length = self.part.len();
        match byte {
            b'"' => {
                self.place = JsonPlace::Text;
                self.escape = length;
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.arrays = (self.arrays << 1) | u128::from(byte == b'[');
                self.sound = length + 1;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.arrays >>= 1;
                self.sound = length + 1;
            }
            b',' => self.sound = length,
            _other => {}
        }
        if !byte.is_ascii_whitespace() {
            self.before = byte;
        }
    }

    /// A byte where no value is open.
    fn begin(&mut self, byte: u8) -> Option<JsonPiece> {
        (self.depth, self.arrays, self.line, self.sound, self.escape) = (0, 0, None, 0, 0);
        match byte {
            b'[' if !self.is_in_list => self.is_in_list = true,
            b']' if self.is_in_list => self.is_in_list = false,
            b'{' | b'[' | b'"' => {
                self.place = JsonPlace::Value;
                self.outside_of_texts(byte);
                self.part.push(byte);
            }
            blank if blank.is_ascii_whitespace() || blank == b',' => {}
            _other => {
                self.place = JsonPlace::Word;
                return self.word(byte);
            }
        }
        None
    }

    /// A byte of what is no value.
    fn word(&mut self, byte: u8) -> Option<JsonPiece> {
        if byte == b':' && FIELDS.contains(&self.part.as_slice()) {
            self.part.push(byte);
            return Some(JsonPiece::Events(self.rest()));
        }
        let ends = matches!(byte, b'\n' | b'\r') || (self.is_in_list && matches!(byte, b',' | b']'));
        if !ends {
            self.part.push(byte);
            return None;
        }
        self.is_in_list &= byte != b']';
        Some(JsonPiece::Value(self.rest()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cuts::{self, cuts};
    use super::*;

    fn pieces(parts: &[&[u8]], limit: usize) -> Result<Vec<String>, TooLong> {
        let mut splitter = JsonSplitter::new(limit);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut all = cuts::all(parts, |bytes| {
            Ok(splitter.next(bytes)?.map(|piece| match piece {
                JsonPiece::Value(value) => text(&value),
                JsonPiece::Events(read) => format!("events from {}", text(&read)),
            }))
        })?;
        let ended = splitter.ended().map(|ended| text(&ended));
        let rest = splitter.rest();
        if !rest.is_empty() {
            all.push(format!("rest {} | {}", ended[0], ended[1]));
        }
        Ok(all)
    }

    /// Texts, and the pieces that they come to.
    const CASES: &[(&str, &[&str])] = &[
        (r#"{"a":1} {"b":"}"}"#, &[r#"{"a":1}"#, r#"{"b":"}"}"#]),
        ("[{\"a\":[1,{}]},\n{\"b\":\"\\\"]\"}]", &[r#"{"a":[1,{}]}"#, r#"{"b":"\"]"}"#]),
        ("[1, null, \"a,b\", [2]]", &["1", "null", "\"a,b\"", "[2]"]),
        ("{\n  \"a\": [\n    {}\n  ]\n}\n{\n}", &["{\n  \"a\": [\n    {}\n  ]\n}", "{\n}"]),
        // Without any indent a bracket may begin a line.
        ("{\n\"a\": [\n{\n},\n{\n}\n]\n}", &["{\n\"a\": [\n{\n},\n{\n}\n]\n}"]),
        ("{\"a\":\"x\n{\"b\":2}\n{\"c\":3", &["{\"a\":\"x\n", "{\"b\":2}", "rest {\"c\":3} | {}"]),
        ("{\"a\":{\"b\":1}\n{\"c\":2}", &["{\"a\":{\"b\":1}\n", "{\"c\":2}"]),
        ("{\"a\":\n{\"c\":2}", &["{\"a\":\n", "{\"c\":2}"]),
        ("{\"a\":1,\n{\"c\":2}", &["{\"a\":1,\n", "{\"c\":2}"]),
        ("{}\nout of memory\n{}", &["{}", "out of memory", "{}"]),
        ("[{},\nno more]{}", &["{}", "no more", "{}"]),
        ("{\"a\":\"x\ndata:", &["{\"a\":\"x\n", "events from data:"]),
        ("{}\n: ping", &["{}", "events from :", "rest ping | "]),
        ("[{\"a\":[\"x\",\"wor", &[r#"rest {"a":["x","wor"]} | {"a":["x"]}"#]),
        (r#"{"a":{"b":"x","c"#, &[r#"rest {"a":{"b":"x","c"}} | {"a":{"b":"x"}}"#]),
        (r#"{"a":"x\"#, &[r#"rest {"a":"x"} | {}"#]),
        (r#"{"a":"x\u00e"#, &[r#"rest {"a":"x"} | {}"#]),
        (r#"{"a":"x\\u00e"#, &[r#"rest {"a":"x\\u00e"} | {}"#]),
    ];

    #[test]
    fn values_are_found_wherever_they_are_cut() {
        for (text, expected) in CASES {
            let expected: Vec<String> = expected.iter().map(|piece| (*piece).to_owned()).collect();
            assert_eq!(pieces(&[text.as_bytes()], 100), Ok(expected.clone()), "{text}");
            for parts in cuts(text.as_bytes()) {
                assert_eq!(pieces(&parts, 100), Ok(expected.clone()), "{text} as {parts:?}");
            }
        }
        let half = pieces(&[b"{\"a\":\"x\xf0\x9f"], 100);
        assert_eq!(half, Ok(vec![r#"rest {"a":"x"} | {}"#.to_owned()]));
    }

    #[test]
    fn a_value_has_a_limit_and_an_array_of_them_has_none() {
        let many = format!("[{}{{}}]", "{\"a\":1},".repeat(1000));
        assert_eq!(pieces(&[many.as_bytes()], 7).map(|all| all.len()), Ok(1001));
        assert_eq!(pieces(&[many.as_bytes()], 6), Err(TooLong));
    }

    #[test]
    fn no_depth_is_too_deep() {
        let deep = "[".repeat(1 + (1 << 16));
        let all = pieces(&[deep.as_bytes()], 1 << 20).unwrap_or_default();
        assert_eq!(all.iter().map(String::len).sum::<usize>(), (4 << 16) + "rest  | ".len());
    }
}
