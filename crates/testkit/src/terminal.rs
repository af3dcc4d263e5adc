//! A pseudo-terminal with a person's eyes and hands: runs a real program, feeds what it draws to a terminal emulator,
//! types, and waits for what the screen shows. Wakes when the program writes; never sleeps, answers no queries.
//!
//! Not here: the surroundings a program runs in ([`crate::home`]).

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{ExitStatus, MasterPty, PtySize, native_pty_system};

pub use portable_pty::CommandBuilder;

use crate::clock;
use crate::process;

/// How long a screen may take to show what is waited for. Generous: two cores may be building something meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the last bytes of a program that ended may take, if another process keeps its terminal open.
const REST: Duration = Duration::from_secs(1);
/// What a program puts around a frame that is to be seen as a whole: a synchronized update.
const FRAME_BEGINS: &[u8] = b"\x1b[?2026h";
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";
/// Rows that are kept above the screen.
const KEPT_ROWS: usize = 2_000;
/// How much of the raw output a failure prints.
const LAST_BYTES: usize = 400;

/// A program in a terminal of its own. Killed on drop.
pub struct Terminal {
    seen: Arc<Watched>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    pid: u32,
}

struct Watched {
    seen: Mutex<Seen>,
    changed: Condvar,
}

struct Seen {
    parser: vt100::Parser,
    /// The beginning of a frame whose end has not come: no screen shows half of one.
    held: Vec<u8>,
    raw: Vec<u8>,
    last_byte: Instant,
    /// Nothing more can be read.
    closed: bool,
    exit: Option<ExitStatus>,
}

impl Terminal {
    /// Runs `command` in a terminal of that size.
    ///
    /// # Panics
    /// When there is no pseudo-terminal to be had or the program cannot be run.
    pub fn spawn(command: CommandBuilder, rows: u16, cols: u16) -> Self {
        let program = format!("{:?}", command.get_argv());
        let pair = native_pty_system()
            .openpty(size(rows, cols))
            .unwrap_or_else(|error| panic!("no pseudo-terminal: {error:#}"));
        let mut child = pair
            .slave
            .spawn_command(command)
            .unwrap_or_else(|error| panic!("{program} cannot be run: {error:#}"));
        // While we hold this end open, the reader would never see the program's end.
        drop(pair.slave);
        let pid = child.process_id().unwrap_or_else(|| panic!("{program} has no process id"));
        let reader =
            pair.master.try_clone_reader().unwrap_or_else(|error| panic!("nothing to read: {error:#}"));
        let keyboard =
            pair.master.take_writer().unwrap_or_else(|error| panic!("nothing to type on: {error:#}"));
        let seen = Arc::new(Watched::new(rows, cols));
        let watching = Arc::clone(&seen);
        thread::spawn(move || watching.read(reader));
        let watching = Arc::clone(&seen);
        thread::spawn(move || {
            let exit = child.wait().unwrap_or_else(|_| ExitStatus::with_signal("unknown"));
            watching.change(|seen| seen.exit = Some(exit));
        });
        Self { seen, master: pair.master, keyboard, pid }
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Types bytes.
    ///
    /// # Panics
    /// When nobody can read them any more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let typed = self.keyboard.write_all(bytes.as_ref()).and_then(|()| self.keyboard.flush());
        if let Err(error) = typed {
            panic!("cannot type: {error}\n{}", self.seen.lock().report());
        }
    }

    /// Types a line and Enter.
    pub fn send_line(&mut self, line: &str) {
        self.send(line);
        self.send("\r");
    }

    /// Waits until the screen fits; gives the moment of the last byte read by then.
    ///
    /// # Panics
    /// When it does not fit within half a minute, or the program ended and it never will. The message says `what` was
    /// waited for and shows the whole screen.
    pub fn wait_for(&self, what: &str, fits: impl Fn(&vt100::Screen) -> bool) -> Instant {
        self.wait_seen(what, |seen| fits(seen.parser.screen()))
    }

    /// Waits until the program wrote these bytes: what no screen shows, as titles and bells.
    ///
    /// # Panics
    /// As [`wait_for`](Self::wait_for).
    pub fn wait_written(&self, bytes: &str) -> Instant {
        let is_there = |raw: &[u8]| raw.windows(bytes.len()).any(|window| window == bytes.as_bytes());
        self.wait_seen(&format!("{bytes:?} to be written"), |seen| is_there(&seen.raw))
    }

    fn wait_seen(&self, what: &str, fits: impl Fn(&Seen) -> bool) -> Instant {
        let deadline = clock::now() + PATIENCE;
        let mut seen = self.seen.lock();
        loop {
            if fits(&seen) {
                return seen.last_byte;
            }
            let left = deadline.saturating_duration_since(clock::now());
            assert!(!seen.is_over(), "the program ended before {what}\n{}", seen.report());
            assert!(!left.is_zero(), "waited {PATIENCE:?} for {what}\n{}", seen.report());
            seen = self.seen.wait(seen, left);
        }
    }

    /// Waits until `text` stands somewhere on the screen.
    pub fn wait_text(&self, text: &str) -> Instant {
        self.wait_for(&format!("{text:?}"), |screen| screen.contents().contains(text))
    }

    /// Waits until `text` stands nowhere on the screen.
    pub fn wait_no_text(&self, text: &str) -> Instant {
        self.wait_for(&format!("no more {text:?}"), |screen| !screen.contents().contains(text))
    }

    /// Waits until the screen fits and the program has then been silent for `quiet`; gives the moment of the last byte.
    ///
    /// # Panics
    /// As [`wait_for`](Self::wait_for), and when the program is never silent for so long.
    pub fn wait_settled(
        &self,
        what: &str,
        quiet: Duration,
        fits: impl Fn(&vt100::Screen) -> bool,
    ) -> Instant {
        let deadline = clock::now() + PATIENCE;
        loop {
            self.wait_for(what, &fits);
            let mut seen = self.seen.lock();
            loop {
                let silent = clock::now().saturating_duration_since(seen.last_byte);
                if silent >= quiet {
                    break;
                }
                assert!(clock::now() < deadline, "never silent after {what}\n{}", seen.report());
                seen = self.seen.wait(seen, quiet.saturating_sub(silent));
            }
            if fits(seen.parser.screen()) {
                return seen.last_byte;
            }
        }
    }

    /// Waits until the program ended, and has been read to its end unless another process keeps the terminal open.
    ///
    /// # Panics
    /// When it goes on for half a minute.
    pub fn wait_exit(&self) -> ExitStatus {
        let deadline = clock::now() + PATIENCE;
        let mut seen = self.seen.lock();
        loop {
            if let Some(exit) = seen.exit.clone() {
                return self.read_rest(seen, exit);
            }
            let left = deadline.saturating_duration_since(clock::now());
            assert!(!left.is_zero(), "waited {PATIENCE:?} for the program's end\n{}", seen.report());
            seen = self.seen.wait(seen, left);
        }
    }

    fn read_rest(&self, mut seen: MutexGuard<'_, Seen>, exit: ExitStatus) -> ExitStatus {
        let deadline = clock::now() + REST;
        while !seen.closed {
            let left = deadline.saturating_duration_since(clock::now());
            if left.is_zero() {
                break;
            }
            seen = self.seen.wait(seen, left);
        }
        exit
    }

    /// Looks at the screen once.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.seen.lock().parser.screen())
    }

    /// What stands on the screen, line by line, without trailing blanks.
    pub fn screen_text(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    /// The same beneath the rows that were scrolled away, as far as they are kept.
    pub fn scrollback_text(&self) -> String {
        let mut seen = self.seen.lock();
        let screen = seen.parser.screen_mut();
        let columns = screen.size().1.get();
        let mut rows = Vec::new();
        for above in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(above);
            rows.extend(screen.rows(0, columns).next());
        }
        screen.set_scrollback(0);
        rows.extend(screen.rows(0, columns));
        rows.iter().map(|row| row.trim_end()).collect::<Vec<_>>().join("\n")
    }

    /// Every byte the program wrote so far.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.lock().raw.clone()
    }

    /// The terminal's line settings (echo, line mode, signals …), to compare before and after; not to be read.
    pub fn line_settings(&self) -> String {
        format!("{:?}", self.master.get_termios())
    }

    /// Gives the terminal another size, as a person who drags the window.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn resize(&self, rows: u16, cols: u16) {
        self.seen.change(|seen| seen.parser.set_size(at_least_one(rows), at_least_one(cols)));
        if let Err(error) = self.master.resize(size(rows, cols)) {
            panic!("the terminal cannot be resized: {error:#}");
        }
    }

    /// Kills the program without warning and waits for its end.
    pub fn kill9(&self) {
        if self.seen.lock().exit.is_none() {
            process::kill9(self.pid);
        }
        self.wait_exit();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.seen.lock().exit.is_none() {
            process::kill9(self.pid);
        }
    }
}

impl Watched {
    fn new(rows: u16, cols: u16) -> Self {
        let parser = vt100::Parser::new(at_least_one(rows), at_least_one(cols), KEPT_ROWS);
        let (held, raw) = (Vec::new(), Vec::new());
        let seen = Seen { parser, held, raw, last_byte: clock::now(), closed: false, exit: None };
        Self { seen: Mutex::new(seen), changed: Condvar::new() }
    }

    /// A test that panicked while it looked has spoilt nothing.
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, seen: MutexGuard<'a, Seen>, at_most: Duration) -> MutexGuard<'a, Seen> {
        self.changed.wait_timeout(seen, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn read(&self, mut reader: impl Read) {
        // Also when the emulator panics over a sequence it does not know.
        let _closing = Closing(self);
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let at = clock::now();
            self.change(|seen| {
                let bytes = buffer.get(..read).unwrap_or_default();
                seen.raw.extend_from_slice(bytes);
                seen.last_byte = at;
                seen.show(bytes);
            });
        }
    }
}

struct Closing<'a>(&'a Watched);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.change(|seen| {
            seen.closed = true;
            // Of a program that died over a frame, a terminal shows what came of it.
            let held = std::mem::take(&mut seen.held);
            seen.parser.process(&held);
        });
    }
}

impl Seen {
    /// Feeds the emulator whole frames, however the program's bytes were cut on their way.
    fn show(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        let rest = self.held.split_off(end_of_frames(&self.held));
        let whole = std::mem::replace(&mut self.held, rest);
        self.parser.process(&whole);
    }

    fn is_over(&self) -> bool {
        self.closed && self.exit.is_some()
    }

    /// The screen in a frame, and how it came to be, for a failure's message.
    fn report(&self) -> String {
        let screen = self.parser.screen();
        let (row, column) = screen.cursor_position();
        let cols = usize::from(screen.size().1.get());
        let mut report = format!("┌{}┐\n", "─".repeat(cols));
        for line in screen.rows(0, screen.size().1.get()) {
            // Writing to a string cannot fail.
            writeln!(report, "│{line}").ok();
        }
        writeln!(report, "└{}┘ cursor at row {row}, column {column}", "─".repeat(cols)).ok();
        if let Some(exit) = &self.exit {
            writeln!(report, "ended: {exit}").ok();
        }
        let last = self.raw.get(self.raw.len().saturating_sub(LAST_BYTES)..).unwrap_or_default();
        writeln!(report, "last bytes of {}: \"{}\"", self.raw.len(), last.escape_ascii()).ok();
        report
    }
}

/// Where what can be shown ends: before a frame that goes on, or before what may be the beginning of one.
fn end_of_frames(bytes: &[u8]) -> usize {
    let last = |wanted: &[u8]| bytes.windows(wanted.len()).rposition(|window| window == wanted);
    match (last(FRAME_BEGINS), last(FRAME_ENDS)) {
        (Some(begin), end) if end.is_none_or(|end| end < begin) => begin,
        _ => {
            let cut = (1..FRAME_BEGINS.len())
                .rev()
                .find(|cut| FRAME_BEGINS.get(..*cut).is_some_and(|begun| bytes.ends_with(begun)));
            bytes.len() - cut.unwrap_or_default()
        }
    }
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The emulator knows no terminal without rows; real ones report 0 × 0 when nobody told them.
fn at_least_one(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).unwrap_or(NonZeroU16::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_screen_shows_half_a_frame_wherever_it_was_cut() {
        let frames = b"one\x1b[?2026htwo\x1b[?2026lthree\x1b[?2026hfour\x1b[?2026l";
        let halves = ["onet", "onetw", "onetwothreef", "onetwothreefo", "onetwothreefou"];
        for cut in 0..frames.len() {
            let (first, second) = frames.split_at(cut);
            let watched = Watched::new(2, 40);
            let shown = |bytes: &[u8]| {
                watched.change(|seen| seen.show(bytes));
                watched.lock().parser.screen().contents()
            };
            let half = shown(first);
            assert!(!halves.contains(&half.as_str()), "cut at {cut}: {half:?}");
            assert_eq!(shown(second), "onetwothreefour", "cut at {cut}");
        }
    }
}
