//! A command in pipes: started, signalled, read to its end within a time.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use q_testkit::process::kill9;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long a command may take. Generous: two cores may be building something meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running command.
pub(crate) struct Run {
    child: Child,
    what: String,
}

/// What came of one.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    what: String,
}

impl Run {
    /// Starts it; it reads `input`, or nothing.
    pub(crate) fn start(command: &mut Command, input: Option<Vec<u8>>) -> Self {
        let what = format!("{:?}", command.get_args().collect::<Vec<_>>());
        let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("q runs");
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            // One that ends without reading breaks the pipe, which is its good right.
            thread::spawn(move || stdin.write_all(&input).ok());
        }
        Self { child, what }
    }

    /// One that was started with what it reads left open.
    pub(crate) fn of(child: Child) -> Self {
        Self { child, what: "what was started by hand".to_owned() }
    }

    /// The next line that it says on standard output.
    pub(crate) fn line(&mut self) -> String {
        let (mut line, mut byte) = (Vec::new(), [0]);
        let out = self.child.stdout.as_mut().expect("its output");
        while out.read(&mut byte).expect("its output") > 0 && byte != *b"\n" {
            line.extend(byte);
        }
        String::from_utf8(line).expect("text")
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        send(self.child.id(), signal);
    }

    /// Stops reading what it says on standard output.
    pub(crate) fn stop_reading(&mut self) {
        drop(self.child.stdout.take());
    }

    /// Reads it to its end.
    pub(crate) fn finish(self) -> Outcome {
        let Self { child, what } = self;
        let pid = child.id();
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(child.wait_with_output()));
        let Ok(output) = end.recv_timeout(PATIENCE) else {
            kill9(pid);
            panic!("{what} goes on after {PATIENCE:?}");
        };
        Outcome::of(output.expect("its output"), what)
    }
}

impl Outcome {
    fn of(output: Output, what: String) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr), what }
    }

    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn exited(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}: {self:#?}", self.what);
        self
    }

    /// Checks that it did what it was asked.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        self.exited(0)
    }

    /// Checks that standard error says something.
    #[track_caller]
    pub(crate) fn told(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{}: {text:?} is missing: {self:#?}", self.what);
        self
    }

    /// Checks that standard output says something.
    #[track_caller]
    pub(crate) fn said(self, text: &str) -> Self {
        assert!(self.out.contains(text), "{}: {text:?} is missing: {self:#?}", self.what);
        self
    }

    /// Standard output as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Sends a signal to a process.
pub(crate) fn send(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, signal).expect("a process to signal");
}
