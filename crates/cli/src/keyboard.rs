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
use rustix::event::{PollFd, PollFlags, poll};
use tokio::signal::unix::{Signal, SignalKind, signal};
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

/// What comes from the terminal. What was read and not given yet stays here, whatever else is done meanwhile; while this is not
/// there, nothing is read.
pub(crate) struct Keyboard {
    bytes: Receiver<io::Result<Vec<u8>>>,
    /// Closed, it ends the thread that reads.
    stop: Option<PipeWriter>,
    reader: Option<JoinHandle<()>>,
    decoder: Decoder,
    arrived: VecDeque<Arrived>,
    /// Until when is waited for what may follow an escape, or for an end.
    waits: Option<Pin<Box<Sleep>>>,
    resized: Signal,
}

impl Keyboard {
    /// Listens to the terminal on standard input.
    pub(crate) fn listen() -> Result<Self, CliError> {
        let failed = |error: io::Error| CliError::failed(format!("the keyboard cannot be heard: {error}"));
        let resized = signal(SignalKind::window_change()).map_err(failed)?;
        let (stopped, stop) = io::pipe().map_err(failed)?;
        let (sender, bytes) = channel(PIECES);
        let read = move || read(&io::stdin(), &stopped, &sender);
        let reader = thread::Builder::new().name("keyboard".to_owned()).spawn(read).map_err(failed)?;
        Ok(Self {
            bytes,
            stop: Some(stop),
            reader: Some(reader),
            decoder: Decoder::default(),
            arrived: VecDeque::new(),
            waits: None,
            resized,
        })
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

    /// The next thing that came, whether it means something or not.
    pub(crate) async fn arrives(&mut self) -> io::Result<Arrived> {
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
                read = self.bytes.recv() => match read {
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

impl Drop for Keyboard {
    /// Whoever has the terminal next has all that is typed from here on.
    fn drop(&mut self) {
        drop(self.stop.take());
        self.bytes.close();
        if let Some(reader) = self.reader.take() {
            // A thread that broke reads nothing either.
            let _broke = reader.join();
        }
    }
}

/// Reads what there is until nobody wants it or nothing comes any more. The file is left as it is, since a shell and others have
/// it too: it is asked before it is read, so that no read waits.
fn read(input: &Stdin, stopped: &PipeReader, sender: &Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut asked = [PollFd::new(input, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut asked, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => {
                let _nobody_waits = sender.blocking_send(Err(error.into()));
                return;
            }
            Ok(_) => {}
        }
        if asked.last().is_some_and(|stopped| !stopped.revents().is_empty()) {
            return;
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
        if sender.blocking_send(read).is_err() || is_over {
            return;
        }
    }
}
