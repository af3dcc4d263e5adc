//! Questions to a person at the terminal, answered by a line each: Enter means something, `?` says what it is about, and an answer
//! that means nothing is told why and asked for again.

use std::io::{self, BufRead as _, Read as _};

use q_term::sanitize::visible_line;
use q_term::typed;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::{CliError, ErrorKind};
use crate::out;

/// The longest answer, in bytes: more than any key or address has.
const MOST: u64 = 16 << 10;

/// A question that stands on one line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineQuestion<'a> {
    pub(crate) words: &'a str,
    /// What Enter alone means, in words.
    pub(crate) enter: &'a str,
    /// What is said to a `?`.
    pub(crate) about: &'a str,
    /// Whether the answer is a secret, which the terminal is not to show.
    pub(crate) is_secret: bool,
}

/// Asks until `read` makes something of an answer; it gets an empty one for Enter alone, and says what is wrong with any other.
/// Who ends the input leaves: that is an error.
pub(crate) async fn ask<T>(
    question: LineQuestion<'_>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, CliError> {
    loop {
        let answer = {
            let _shown_again = if question.is_secret { Some(HiddenInput::begin()?) } else { None };
            // Names of models come from servers.
            out::text(&visible_line(&format!("{} [{}]: ", question.words, question.enter)))?;
            line().await?.ok_or_else(left)?
        };
        let told = match answer.trim() {
            "?" => question.about.to_owned(),
            answer => match read(answer) {
                Ok(meant) => return Ok(meant),
                Err(why) => why,
            },
        };
        out::line(&format!("  {}", told.replace('\n', "\n  ")))?;
    }
}

/// Does it unless the person leaves meanwhile, or the terminal goes; either is an error, behind which the terminal is as it was.
pub(crate) async fn unless_left<T>(asking: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let listen =
        |kind| signal(kind).map_err(|error| CliError::failed(format!("no signals are told: {error}")));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let (mut terminate, mut hangup) = (listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    tokio::select! {
        done = asking => done,
        _ = interrupt.recv() => Err(left()),
        _ = terminate.recv() => Err(left()),
        _ = hangup.recv() => Err(left()),
    }
}

fn left() -> CliError {
    // The question stands there without an end.
    out::note("");
    CliError {
        kind: ErrorKind::Interrupted,
        message: "left; nothing was written".to_owned(),
        hints: Vec::new(),
    }
}

/// A line of what is typed; nothing at its end. Read in a thread, which is left to itself when nobody waits any more.
async fn line() -> Result<Option<String>, CliError> {
    let (send, read) = oneshot::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().take(MOST).read_until(b'\n', &mut bytes);
        send.send(read.map(|_| bytes))
    });
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let read = read.await.unwrap_or_else(|_| Err(gone()));
    let bytes = read.map_err(|error| CliError::failed(format!("no answer can be read: {error}")))?;
    Ok((!bytes.is_empty()).then(|| typed::text(&String::from_utf8_lossy(&bytes)).into_owned()))
}

/// A terminal that does not show what is typed, for as long as this lives.
struct HiddenInput(Termios);

impl HiddenInput {
    /// Fails where the terminal cannot do so: a secret is never typed in the open.
    fn begin() -> Result<Self, CliError> {
        let failed = |error| CliError::failed(format!("the terminal cannot hide what is typed: {error}"));
        let input = io::stdin();
        let before = tcgetattr(&input).map_err(failed)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(&input, OptionalActions::Now, &hidden).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for HiddenInput {
    fn drop(&mut self) {
        let _of_a_terminal_that_went = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
