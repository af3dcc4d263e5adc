//! Bytes to events of AWS's event streams: binary frames with a length, headers, a payload, and two checksums. No byte is
//! looked at twice, but by a checksum.
//!
//! A frame is: its length and that of its headers (4 bytes each), a checksum of these, the headers, the payload, a checksum of
//! all. What its headers say becomes the event's name, what went wrong there an event that is called `error`.

use serde_json::{Value, json};

use super::events::StreamEvent;
use super::lines::TooLong;

/// The lengths and their checksum, in bytes.
const PRELUDE: usize = 12;
/// The checksum at the end, in bytes.
const TRAILER: usize = 4;

/// Why no more of a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameFault {
    TooLong,
    /// A checksum does not fit, or a length.
    Damaged,
}

impl From<TooLong> for FrameFault {
    fn from(TooLong: TooLong) -> Self {
        Self::TooLong
    }
}

/// Frames in the making.
#[derive(Debug)]
pub(super) struct EventFrameParser {
    /// The beginning of a frame whose end has not come.
    part: Vec<u8>,
    /// The longest frame, in bytes.
    limit: usize,
}

impl EventFrameParser {
    pub(super) const fn new(limit: usize) -> Self {
        Self { part: Vec::new(), limit }
    }

    /// The next event that `bytes` complete; what was read is taken off `bytes`. `None` once all of them are read.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<StreamEvent>, FrameFault> {
        if !self.fill(PRELUDE, bytes) {
            return Ok(None);
        }
        let length = self.length()?;
        if !self.fill(length, bytes) {
            return Ok(None);
        }
        let frame = std::mem::take(&mut self.part);
        event(&frame).map(Some).ok_or(FrameFault::Damaged)
    }

    /// Takes in what is missing up to this length; whether it is all there.
    fn fill(&mut self, length: usize, bytes: &mut &[u8]) -> bool {
        let missing = length.saturating_sub(self.part.len()).min(bytes.len());
        let (taken, rest) = bytes.split_at(missing);
        self.part.extend_from_slice(taken);
        *bytes = rest;
        self.part.len() >= length
    }

    /// The length of the frame that has begun. It is believed only where its checksum fits.
    fn length(&self) -> Result<usize, FrameFault> {
        let length = number(&self.part, 0).ok_or(FrameFault::Damaged)?;
        let prelude = self.part.get(..PRELUDE - TRAILER).unwrap_or_default();
        if number(&self.part, PRELUDE - TRAILER) != Some(crc32(prelude)) {
            return Err(FrameFault::Damaged);
        }
        match length as usize {
            length if length < PRELUDE + TRAILER => Err(FrameFault::Damaged),
            length if length > self.limit => Err(FrameFault::TooLong),
            length => Ok(length),
        }
    }
}

/// A number of four bytes, the highest first.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// The event that a whole frame is; nothing where it is damaged.
fn event(frame: &[u8]) -> Option<StreamEvent> {
    let (sealed, checksum) = frame.split_at_checked(frame.len().checked_sub(TRAILER)?)?;
    if number(checksum, 0)? != crc32(sealed) {
        return None;
    }
    let (headers, payload) = sealed.get(PRELUDE..)?.split_at_checked(number(frame, 4)? as usize)?;
    let headers = Headers::of(headers)?;
    let text = String::from_utf8_lossy(payload);
    let (name, data) = match headers.message_type.as_str() {
        "exception" => ("error".to_owned(), failure(&headers.exception_type, &text)),
        "error" => ("error".to_owned(), failure(&headers.error_code, &headers.error_message)),
        _event => (headers.event_type, text.into_owned()),
    };
    Some(StreamEvent { name: name.into_bytes(), data: data.into_bytes() })
}

/// A failure as other servers write theirs: the words of its payload, and its type beside them.
fn failure(kind: &str, payload: &str) -> String {
    match serde_json::from_str(payload) {
        Ok(Value::Object(mut members)) => {
            members.insert("type".into(), kind.into());
            Value::Object(members).to_string()
        }
        Ok(_) | Err(_) => json!({ "type": kind, "message": payload }).to_string(),
    }
}

/// The headers that say what a frame is. All others are passed over.
#[derive(Debug, Default)]
struct Headers {
    message_type: String,
    event_type: String,
    exception_type: String,
    error_code: String,
    error_message: String,
}

impl Headers {
    fn of(mut bytes: &[u8]) -> Option<Self> {
        let mut headers = Self::default();
        while !bytes.is_empty() {
            let length = usize::from(*bytes.first()?);
            let (name, rest) = bytes.get(1..)?.split_at_checked(length)?;
            let (kind, rest) = rest.split_first()?;
            let (counted, length) = match kind {
                0 | 1 => (0, 0),
                2 => (0, 1),
                3 => (0, 2),
                4 => (0, 4),
                5 | 8 => (0, 8),
                6 | 7 => (2, usize::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?))),
                9 => (0, 16),
                _unknown => return None,
            };
            let (value, rest) = rest.get(counted..)?.split_at_checked(length)?;
            bytes = rest;
            let place = match name {
                b":message-type" => &mut headers.message_type,
                b":event-type" => &mut headers.event_type,
                b":exception-type" => &mut headers.exception_type,
                b":error-code" => &mut headers.error_code,
                b":error-message" => &mut headers.error_message,
                _other => continue,
            };
            *place = String::from_utf8_lossy(value).into_owned();
        }
        Some(headers)
    }
}

/// The checksum of the frames, as Ethernet has it.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        let place = (sum ^ u32::from(*byte)) & 0xff;
        (sum >> 8) ^ CRC_TABLE.get(place as usize).copied().unwrap_or_default()
    };
    !bytes.iter().fold(!0, step)
}

/// What eight bits of a sum come to.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut place = 0;
    while place < 256 {
        let mut sum = place as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[place] = sum;
        place += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::super::cuts::{self, cuts};
    use super::*;

    /// A frame with these headers, all of them text.
    fn frame(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
        let mut written = Vec::new();
        for (name, value) in headers {
            written.push(name.len() as u8);
            written.extend_from_slice(name.as_bytes());
            written.push(7);
            written.extend_from_slice(&(value.len() as u16).to_be_bytes());
            written.extend_from_slice(value.as_bytes());
        }
        let length = PRELUDE + written.len() + payload.len() + TRAILER;
        let mut frame = (length as u32).to_be_bytes().to_vec();
        frame.extend_from_slice(&(written.len() as u32).to_be_bytes());
        frame.extend_from_slice(&crc32(&frame).to_be_bytes());
        frame.extend_from_slice(&written);
        frame.extend_from_slice(payload.as_bytes());
        frame.extend_from_slice(&crc32(&frame).to_be_bytes());
        frame
    }

    fn events(pieces: &[&[u8]], limit: usize) -> Result<Vec<String>, FrameFault> {
        let mut parser = EventFrameParser::new(limit);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        cuts::all(pieces, |bytes| {
            Ok(parser.next(bytes)?.map(|event| format!("{}|{}", text(&event.name), text(&event.data))))
        })
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn frames_become_events_wherever_they_are_cut() {
        let event = |name, payload| frame(&[(":event-type", name), (":message-type", "event")], payload);
        let exception = [(":exception-type", "throttlingException"), (":message-type", "exception")];
        let error = [(":message-type", "error"), (":error-code", "Busy"), (":error-message", "later")];
        let stream = [
            event("messageStart", "{\"role\":\"assistant\"}"),
            event("metadata", ""),
            frame(&exception, "{\"message\":\"slow down\"}"),
            frame(&exception, "words"),
            frame(&error, ""),
        ]
        .concat();
        let said = Ok([
            "messageStart|{\"role\":\"assistant\"}",
            "metadata|",
            "error|{\"message\":\"slow down\",\"type\":\"throttlingException\"}",
            "error|{\"type\":\"throttlingException\",\"message\":\"words\"}",
            "error|{\"type\":\"Busy\",\"message\":\"later\"}",
        ]
        .map(str::to_owned)
        .to_vec());
        assert_eq!(events(&[&stream], 1000), said);
        for pieces in cuts(&stream) {
            assert_eq!(events(&pieces, 1000), said, "{pieces:?}");
        }
    }

    /// A flipped bit is found wherever it is, and nothing is made of the frame.
    #[test]
    fn a_damaged_frame_is_no_event() {
        let whole = frame(&[(":event-type", "a"), (":message-type", "event")], "{}");
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(events(&[&damaged], 1000).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_frame_has_a_limit_and_a_least_length() {
        let whole = frame(&[], "0123456789");
        assert_eq!(events(&[&whole], whole.len()), Ok(vec!["|0123456789".into()]));
        assert_eq!(events(&[&whole], whole.len() - 1), Err(FrameFault::TooLong));
        let mut short = 15u32.to_be_bytes().to_vec();
        short.extend_from_slice(&0u32.to_be_bytes());
        short.extend_from_slice(&crc32(&short).to_be_bytes());
        assert_eq!(events(&[&short], 1000), Err(FrameFault::Damaged));
    }
}
