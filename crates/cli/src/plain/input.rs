//! Lines typed or piped in. They are read in a thread of their own, since standard input cannot be waited for otherwise.

use std::io::{BufRead, BufReader};

use q_core::Instant;
use q_host::clock::Clock;
use q_term::typed;
use tokio::sync::mpsc;

/// How many lines are read ahead of what is asked for.
const AHEAD: usize = 64;

/// What standard input gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A line, without its end.
    Line(String),
    /// A line that is no text.
    NotText,
    End,
}

/// The lines of standard input.
pub(super) struct InputLines {
    lines: mpsc::Receiver<(Input, Instant)>,
}

impl InputLines {
    /// Reads them, each with the time by that clock.
    pub(super) fn start(clock: Clock) -> Self {
        let (send, lines) = mpsc::channel(AHEAD);
        std::thread::spawn(move || {
            let mut input = BufReader::new(std::io::stdin());
            while let Some(line) = read(&mut input) {
                if send.blocking_send((line, clock.mono())).is_err() {
                    return; // the program ends
                }
            }
        });
        Self { lines }
    }

    pub(super) async fn next(&mut self) -> (Input, Instant) {
        self.lines.recv().await.unwrap_or((Input::End, Instant::default()))
    }
}

/// The next line; nothing at the end. A read error is an end.
fn read(input: &mut impl BufRead) -> Option<Input> {
    let mut bytes = Vec::new();
    match input.read_until(b'\n', &mut bytes) {
        Ok(0) | Err(_) => None,
        Ok(_) => {
            let line = String::from_utf8(bytes).ok();
            Some(line.map_or(Input::NotText, |line| {
                Input::Line(typed::text(line.trim_end_matches(['\n', '\r'])).into_owned())
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_they_end_and_bytes_that_are_no_text_are_told() {
        let mut input: &[u8] = b"\xef\xbb\xbfone\r\n\xff\xfe\nlast";
        assert_eq!(read(&mut input), Some(Input::Line("one".into())));
        assert_eq!(read(&mut input), Some(Input::NotText));
        assert_eq!(read(&mut input), Some(Input::Line("last".into())));
        assert_eq!(read(&mut input), None);
    }
}
