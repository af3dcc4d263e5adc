//! Lines typed or piped in. They are read in a thread of their own, since standard input cannot be waited for otherwise.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use q_core::Instant;
use q_host::clock::Clock;
use q_term::typed;
use tokio::sync::mpsc;

/// How many lines are read ahead of what is asked for.
const AHEAD: usize = 64;

/// Lines that come within this time of one another came together: what is pasted does, nobody types so.
const TOGETHER: Duration = Duration::from_millis(20);

/// What standard input gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A line, without its end.
    Line(String),
    /// A line that the shell may run, if it is for that: it came alone, from somebody at a terminal.
    TypedLine(String),
    /// A line that is no text.
    NotText,
    End,
}

/// The lines of standard input.
pub(super) struct InputLines {
    lines: mpsc::Receiver<(Input, Instant)>,
}

impl InputLines {
    /// Reads them, each with the time by that clock; from a terminal, where somebody types there.
    pub(super) fn start(clock: Clock, is_typed: bool) -> Self {
        let (send, lines) = mpsc::channel(AHEAD);
        std::thread::spawn(move || {
            let mut input = BufReader::new(std::io::stdin());
            let mut before: Option<Instant> = None;
            while let Some(line) = read(&mut input) {
                let follows = before.is_some_and(|before| clock.mono().since(before) < TOGETHER);
                let line = match line {
                    Input::Line(line) if is_typed && line.starts_with('!') && !follows && !more(&input) => {
                        Input::TypedLine(line)
                    }
                    Input::Line(_) | Input::TypedLine(_) | Input::NotText | Input::End => line,
                };
                if send.blocking_send((line, clock.mono())).is_err() {
                    return; // the program ends
                }
                // Behind the wait for a place, so that the rest of a long paste is still told as coming together with this.
                before = Some(clock.mono());
            }
        });
        Self { lines }
    }

    pub(super) async fn next(&mut self) -> (Input, Instant) {
        self.lines.recv().await.unwrap_or((Input::End, Instant::default()))
    }
}

/// Whether more comes at once behind the line that was read last. Where nobody can say, it does.
fn more<R>(input: &BufReader<R>) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    if !input.buffer().is_empty() {
        return true;
    }
    let stdin = std::io::stdin();
    let mut readable = [PollFd::new(&stdin, PollFlags::IN)];
    let within = Timespec::try_from(TOGETHER).ok();
    rustix::io::retry_on_intr(|| poll(&mut readable, within.as_ref())).map_or(true, |ready| ready > 0)
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
