//! The keyboard and the size of the window, as the terminal on standard input tells of them. What its bytes mean is the
//! terminal crate's; here they are waited for, and an escape that nothing follows is told apart by time.

use std::collections::VecDeque;
use std::future::pending;
use std::io::{self, PipeReader, PipeWriter, Stdin};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossterm::terminal;
use q_term::TerminalEvent;
use q_term::keys::{Arrived, Decoder};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::error::SendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Sleep, sleep};

use crate::error::CliError;

/// How long an escape waits for what may follow it. A terminal writes a sequence at once; on its way over a network it may be
/// cut, and the rest comes within that.
const ESCAPE_WAITS: Duration = Duration::from_millis(25);
/// How long something that has an end waits for more of it: a paste, an answer that nobody here asked for.
const END_WAITS: Duration = Duration::from_secs(1);
/// Read at once: enough that a paste takes few turns of the loop. So many such pieces wait before reading does.
const READ: usize = 16 * 1024;
const PIECES: usize = 16;

/// What comes from the terminal. What was read and not given yet stays here, whatever else is done meanwhile.
pub(crate) struct Keyboard {
    /// Nothing while another program reads.
    reading: Option<Reading>,
    decoder: Decoder,
    arrived: VecDeque<Arrived>,
    /// Until when is waited for what may follow an escape, or for an end.
    waits: Option<Pin<Box<Sleep>>>,
    resized: Signal,
}

/// The thread that reads.
struct Reading {
    bytes: Receiver<io::Result<Vec<u8>>>,
    /// Closed, it ends the thread.
    stop: Option<PipeWriter>,
    /// It gives what it read and could hand to nobody.
    thread: Option<JoinHandle<Option<Vec<u8>>>>,
}

impl Reading {
    fn begin() -> Result<Self, CliError> {
        let (stopped, stop) = io::pipe().map_err(failed)?;
        let (sender, bytes) = channel(PIECES);
        let read = move || read(&io::stdin(), &stopped, &sender);
        let thread = thread::Builder::new().name("keyboard".to_owned()).spawn(read).map_err(failed)?;
        Ok(Self { bytes, stop: Some(stop), thread: Some(thread) })
    }

    /// Ends the thread: whoever has the terminal next has all that is typed from here on. What was read before and not taken.
    fn end(&mut self) -> Vec<u8> {
        drop(self.stop.take());
        self.bytes.close();
        // A thread that broke reads nothing either.
        let unsent = self.thread.take().and_then(|thread| thread.join().ok().flatten());
        let mut rest = Vec::new();
        while let Ok(read) = self.bytes.try_recv() {
            rest.extend(read.unwrap_or_default()); // a terminal that is gone is so when it is read again, too
        }
        rest.extend(unsent.unwrap_or_default());
        rest
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.end();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` takes")]
fn failed(error: io::Error) -> CliError {
    CliError::failed(format!("the keyboard cannot be heard: {error}"))
}

impl Keyboard {
    /// Listens to the terminal on standard input.
    pub(crate) fn listen() -> Result<Self, CliError> {
        let resized = signal(SignalKind::window_change()).map_err(failed)?;
        let reading = Some(Reading::begin()?);
        Ok(Self { reading, decoder: Decoder::default(), arrived: VecDeque::new(), waits: None, resized })
    }

    /// Reads no more, so that another program can. What was read and not given yet is given once this goes on.
    pub(crate) fn pause(&mut self) {
        if let Some(mut reading) = self.reading.take() {
            self.arrived.extend(self.decoder.take_in(&reading.end()));
        }
    }

    /// Another program has the terminal, and what was typed ahead may have been meant for it. It is not lost: its text is given later as
    /// one that is pasted, which does nothing by itself.
    pub(crate) fn keep_text(&mut self) {
        let begun = self.decoder.cut_off();
        let events = self.arrived.drain(..).filter_map(|arrived| arrived.event).chain(begun);
        let text = text_of(events);
        self.waits = None;
        if !text.is_empty() {
            self.arrived.push_back(Arrived { event: Some(TerminalEvent::Paste(text)), bytes: Vec::new() });
        }
    }

    /// Reads again, if it was paused. What was typed at a program that did not read it was meant for that one: it answers nothing
    /// and sends nothing here, and is given as text, too.
    pub(crate) fn go_on(&mut self) -> Result<(), CliError> {
        if self.reading.is_none() {
            self.arrived.extend(self.decoder.take_in(&waiting(&io::stdin())));
            self.keep_text();
            self.reading = Some(Reading::begin()?);
        }
        Ok(())
    }

    /// The next thing that `q` has a use for; an error once the terminal is gone. Where it is not waited for to its end, nothing
    /// is lost.
    pub(crate) async fn next(&mut self) -> io::Result<TerminalEvent> {
        loop {
            if let Some(event) = self.arrives().await?.event {
                return Ok(event);
            }
        }
    }

    /// The next thing that came, whether it means something or not; never while this is paused.
    pub(crate) async fn arrives(&mut self) -> io::Result<Arrived> {
        let Some(reading) = &mut self.reading else { return pending().await };
        loop {
            if let Some(arrived) = self.arrived.pop_front() {
                return Ok(arrived);
            }
            let nothing_follows = async {
                match &mut self.waits {
                    Some(waits) => waits.await,
                    None => pending().await,
                }
            };
            let came = tokio::select! {
                biased;
                _ = self.resized.recv() => {
                    let (columns, rows) = terminal::size()?;
                    let event = Some(TerminalEvent::Resize(columns, rows));
                    return Ok(Arrived { event, bytes: Vec::new() });
                }
                read = reading.bytes.recv() => match read {
                    Some(bytes) => self.decoder.take_in(&bytes?),
                    None => return Err(io::ErrorKind::UnexpectedEof.into()),
                },
                () = nothing_follows => self.decoder.settle(),
            };
            self.arrived.extend(came);
            let end = self.decoder.is_amid().then_some(END_WAITS);
            let waits = if self.decoder.may_be_key() { Some(ESCAPE_WAITS) } else { end };
            self.waits = waits.map(|time| Box::pin(sleep(time)));
        }
    }
}

/// What was typed and read by nobody, as far as there is any reason to type so much.
fn waiting(input: &Stdin) -> Vec<u8> {
    const MOST: usize = 64 << 10;
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut bytes = Vec::new();
    let mut piece = [0; 4 << 10];
    while bytes.len() < MOST && poll(&mut [PollFd::new(input, PollFlags::IN)], Some(&now)) == Ok(1) {
        match rustix::io::read(input, &mut piece) {
            Ok(count @ 1..) => bytes.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Ok(_) | Err(_) => break, // a terminal that is gone is so when it is read again, too
        }
    }
    bytes
}

/// What these would type, an Enter a new line.
fn text_of(events: impl Iterator<Item = TerminalEvent>) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            TerminalEvent::Key(chord) if chord.to_string() == "Enter" => text.push('\n'),
            // A command types nothing, though another layout has a sign there.
            TerminalEvent::Key(chord) if chord.is_command() => {}
            TerminalEvent::Key(chord) => text.extend(chord.typed()),
            TerminalEvent::Paste(pasted) => text.push_str(&pasted),
            TerminalEvent::Focus(_) | TerminalEvent::Resize(..) | TerminalEvent::Mouse(_) => {}
        }
    }
    text
}

/// Reads what there is until nobody wants it or nothing comes any more. The file is left as it is, since a shell and others have
/// it too: it is asked before it is read, so that no read waits. Gives what it read last where nobody took it.
fn read(input: &Stdin, stopped: &PipeReader, sender: &Sender<io::Result<Vec<u8>>>) -> Option<Vec<u8>> {
    loop {
        let mut asked = [PollFd::new(input, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut asked, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => {
                let _nobody_waits = sender.blocking_send(Err(error.into()));
                return None;
            }
            Ok(_) => {}
        }
        if asked.last().is_some_and(|stopped| !stopped.revents().is_empty()) {
            return None;
        }
        let mut bytes = vec![0; READ];
        let read = match rustix::io::read(input.as_fd(), &mut bytes) {
            Err(rustix::io::Errno::INTR) => continue,
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                bytes.truncate(count);
                Ok(bytes)
            }
            Err(error) => Err(error.into()),
        };
        let is_over = read.is_err();
        if let Err(SendError(unsent)) = sender.blocking_send(read) {
            return unsent.ok();
        }
        if is_over {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_ahead_is_kept_as_text_that_does_nothing() {
        let mut decoder = Decoder::default();
        let bytes = b"ab\x03\x1b[A\x1b1\r\x1b[200~pasted\r\x1b[201~c\x1b[I\x1b[200~and beg";
        let came = decoder.take_in(bytes).into_iter().filter_map(|arrived| arrived.event);
        assert_eq!(text_of(came.chain(decoder.cut_off())), "ab\npasted\rcand beg");
        assert_eq!(text_of(decoder.take_in(b"d").into_iter().filter_map(|arrived| arrived.event)), "d");
    }
}
