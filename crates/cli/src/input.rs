//! What is said on the command line: words, with standard input behind them.

use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use q_core::Refusal;
use q_proto::MAX_FRAME;
use q_term::typed;

use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::named_files::{Base, FilledPrompt};
use crate::out;

/// Between the words and what standard input says.
const BETWEEN: &str = "\n\n";
/// After this long without an end of standard input it is said what is waited for.
const SAYS_SO_AFTER: Duration = Duration::from_secs(2);

/// A prompt as it was handed in.
#[derive(Debug)]
pub(crate) struct PromptInput {
    /// The words of the command line. Files are named by them alone: what is piped may be anybody's.
    words: String,
    text: String,
}

impl PromptInput {
    /// A prompt from its words and from standard input; from that alone where there are no words (or just `-`). A
    /// terminal is read only for a `-`.
    pub(crate) fn read(words: &[String], environment: &ProcessEnvironment) -> Result<Self, CliError> {
        let asked_for = words == ["-"];
        if environment.input_is_terminal && !asked_for {
            return match words {
                [] => Err(CliError::usage("there is no prompt")
                    .hint("give it as words, or on standard input: echo \"why?\" | q chat")),
                words => Self::of(&words.join(" "), None),
            };
        }
        let words = if asked_for { String::new() } else { words.join(" ") };
        let piped = standard_input(!words.is_empty())?;
        Self::of(&words, Some(&piped).filter(|piped| words.is_empty() || !piped.trim().is_empty()))
    }

    fn of(words: &str, piped: Option<&String>) -> Result<Self, CliError> {
        let words = typed::text(words).into_owned();
        let said = match piped {
            None => words.clone(),
            Some(piped) if words.is_empty() => piped.clone(),
            Some(piped) => [words.as_str(), typed::text(piped).as_ref()].join(BETWEEN),
        };
        Ok(Self { text: not_empty(&said)?, words })
    }

    /// The prompt with the files quoted behind it that its words name, unless none are wanted; says which. It is sent
    /// whole or not at all.
    pub(crate) fn with_files(
        self,
        no_files: bool,
        directory: &str,
        environment: &ProcessEnvironment,
    ) -> Result<FilledPrompt, CliError> {
        if no_files {
            return Ok(FilledPrompt { text: self.text, images: Vec::new() });
        }
        let files = Base::new(Path::new(directory), environment).files(&self.words);
        if let Some(fault) = files.fault() {
            return Err(CliError::usage(format!("{fault}; nothing was sent"))
                .hint("names begin where the session works; --no-files sends every @ as it is"));
        }
        for line in &files.lines {
            out::note(line);
        }
        Ok(files.behind(self.text))
    }
}

/// What is said in words or piped, and names no files.
pub(crate) fn prompt(words: &[String], environment: &ProcessEnvironment) -> Result<String, CliError> {
    PromptInput::read(words, environment).map(|said| said.text)
}

/// All that standard input says. Whoever gave words may not know that it is read, too.
fn standard_input(is_beside_words: bool) -> Result<String, CliError> {
    let (send, read) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // One byte more than may be: what just fits is told from what was cut.
        let outcome = io::stdin().lock().take(MAX_FRAME as u64 + 1).read_to_end(&mut bytes);
        send.send(outcome.map(|_| bytes))
    });
    let unreadable = |why: &dyn std::fmt::Display| {
        CliError::failed(format!("standard input cannot be read: {why}"))
            .hint("without any: q chat PROMPT < /dev/null")
    };
    let outcome = match read.recv_timeout(SAYS_SO_AFTER) {
        Err(mpsc::RecvTimeoutError::Timeout) if is_beside_words => {
            out::note("q: reading standard input up to its end, too; `< /dev/null` where there is none");
            read.recv().map_err(|error| unreadable(&error))?
        }
        Err(mpsc::RecvTimeoutError::Timeout) => read.recv().map_err(|error| unreadable(&error))?,
        outcome => outcome.map_err(|error| unreadable(&error))?,
    };
    let bytes = outcome.map_err(|error| unreadable(&error))?;
    if bytes.len() > MAX_FRAME {
        return Err(CliError::limit(format!(
            "standard input is too long to be sent: {MAX_FRAME} bytes are the limit; nothing was sent"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        CliError::usage(format!(
            "standard input is not UTF-8 text (byte {at} is the first that is not); nothing was sent"
        ))
        .hint("convert it first: iconv -f LATIN1 -t UTF-8 FILE | q chat")
    })
}

/// The text that was meant, unless it is empty: refused before anything is made for it.
fn not_empty(said: &str) -> Result<String, CliError> {
    let text = typed::text(said);
    if text.trim().is_empty() {
        Err(CliError::usage(Refusal::PromptEmpty.to_string()))
    } else {
        Ok(text.into_owned())
    }
}
