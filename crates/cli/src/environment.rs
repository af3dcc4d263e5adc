//! The environment: read once, here, and passed on as a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// What `q` takes from the process it runs in.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    /// Where it was started.
    pub directory: PathBuf,
    /// The program itself, to start the host from.
    pub program: PathBuf,
    /// Whether standard input is a terminal.
    pub input_is_terminal: bool,
    /// Whether standard output is a terminal.
    pub output_is_terminal: bool,
}

impl Environment {
    /// This process's.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_this_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("q")),
            input_is_terminal: std::io::stdin().is_terminal(),
            output_is_terminal: std::io::stdout().is_terminal(),
        }
    }

    /// With these variables and nothing else, in that directory.
    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)], directory: &str) -> Self {
        let pair = |&(name, value): &(&str, &str)| (name.into(), value.into());
        Self {
            variables: variables.iter().map(pair).collect(),
            directory: directory.into(),
            program: "q".into(),
            input_is_terminal: false,
            output_is_terminal: false,
        }
    }

    /// A variable's text; nothing when it is unset, empty, or not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(&OsString::from(name))?.to_str().filter(|text| !text.is_empty())
    }

    /// A variable as a path; nothing when it is unset or empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(&OsString::from(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Whether the terminal can only be written line by line.
    pub fn wants_plain(&self) -> bool {
        !self.input_is_terminal
            || !self.output_is_terminal
            || matches!(self.text("TERM"), None | Some("dumb"))
    }

    /// Whether colours are welcome (`NO_COLOR`, `CLICOLOR=0`).
    pub fn wants_color(&self) -> bool {
        self.text("NO_COLOR").is_none() && self.text("CLICOLOR") != Some("0")
    }
}
