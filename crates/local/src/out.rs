//! Standard output and standard error: written here only, and nothing in it controls a terminal but the progress of a download.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::error::LocalError;
use crate::models::PullProgress;

/// A line of what was asked for. A reader that has gone away is no error.
pub(crate) fn line(text: &str) {
    let _nobody_reads = writeln!(io::stdout().lock(), "{}", visible(text));
}

/// A line beside it.
pub(crate) fn note(text: &str) {
    let _nobody_reads = writeln!(io::stderr().lock(), "{}", visible(text));
}

/// An error and its way out.
pub(crate) fn complain(error: &LocalError) {
    note(&format!("q: {}", error.what));
    if !error.way_out.is_empty() {
        note(&format!("   {}", error.way_out));
    }
}

/// A text that can be seen and controls nothing, whoever chose it: a name of a file, a server's words.
fn visible(text: &str) -> String {
    let shown = |c: char| if is_hidden(c) { format!("<U+{:04X}>", u32::from(c)) } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// One value of JSON, on one line, in which such characters are escapes: a reader gets each back.
pub(crate) fn json(value: &impl Serialize) -> Result<(), LocalError> {
    let text = serde_json::to_string(value).map_err(|error| LocalError::new(error.to_string()))?;
    let mut units = [0; 2];
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            line.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            line.push(c);
        }
    }
    let _nobody_reads = writeln!(io::stdout().lock(), "{line}");
    Ok(())
}

/// What controls a terminal, hides, or turns text around.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// How far a download is: on one line of a terminal, a line for each tenth elsewhere.
#[derive(Debug, Default)]
pub(crate) struct ProgressLine {
    told: Option<u64>,
}

impl ProgressLine {
    pub(crate) fn tell(&mut self, progress: PullProgress) {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        match progress {
            PullProgress::Resumes(there) => {
                note(&format!("goes on behind {:.1} MB that are here", megabytes(there)));
            }
            PullProgress::Came(there, whole) => {
                let is_terminal = io::stderr().is_terminal();
                let steps = if is_terminal { 1000 } else { 10 };
                let step = whole.map_or(there >> 20, |whole| there.saturating_mul(steps) / whole.max(1));
                if self.told.replace(step) == Some(step) {
                    return;
                }
                let of = whole.map_or(String::new(), |whole| {
                    format!(" of {:.1} MB ({} %)", megabytes(whole), there.saturating_mul(100) / whole.max(1))
                });
                let (before, after) = if is_terminal {
                    ("\r", if whole == Some(there) { "\n" } else { "" })
                } else {
                    ("", "\n")
                };
                let mut err = io::stderr().lock();
                let _nobody_reads =
                    write!(err, "{before}{:.1} MB{of}{after}", megabytes(there)).and_then(|()| err.flush());
            }
            PullProgress::Checks => note("all is here; looking whether it is what it should be"),
        }
    }
}
