//! The environment: read once, here, and passed on as a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use q_term::theme::ColourDepth;

use crate::process_group::ProcessGroup;

/// The variable that says that nothing is to move by itself.
pub(crate) const NO_MOTION: &str = "Q_NO_MOTION";

/// What `q` takes from the process it runs in.
#[derive(Clone, Debug)]
pub struct ProcessEnvironment {
    variables: BTreeMap<OsString, OsString>,
    /// Where it was started.
    pub directory: PathBuf,
    /// The program itself, to start the host from.
    pub program: PathBuf,
    /// Whether standard input is a terminal.
    pub input_is_terminal: bool,
    /// Whether standard output is a terminal.
    pub output_is_terminal: bool,
    /// The umask it was started with; what `q` itself makes is narrower.
    pub(crate) umask: u32,
    /// The device of the terminal, and the process that leads the shell's session in it.
    terminal: Option<(u64, i32)>,
}

/// Variables by which terminals and multiplexers tell their windows and panes apart.
const PANES: [&str; 18] = [
    "TMUX",
    "TMUX_PANE",
    "STY",
    "WINDOW",
    "ZELLIJ_SESSION_NAME",
    "ZELLIJ_PANE_ID",
    "KITTY_PID",
    "KITTY_WINDOW_ID",
    "WEZTERM_UNIX_SOCKET",
    "WEZTERM_PANE",
    "TERM_SESSION_ID",
    "ITERM_SESSION_ID",
    "WT_SESSION",
    "ALACRITTY_WINDOW_ID",
    "KONSOLE_DBUS_SERVICE",
    "KONSOLE_DBUS_SESSION",
    "GNOME_TERMINAL_SCREEN",
    "TILIX_ID",
];

impl ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_this_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("q")),
            input_is_terminal: std::io::stdin().is_terminal(),
            output_is_terminal: std::io::stdout().is_terminal(),
            umask: 0o077,
            terminal: terminal(),
        }
    }

    /// What tells this terminal from others: its device with the window or pane it is, or else with the shell
    /// in it, since the next window gets the number of a device that was closed. Nothing without a terminal.
    pub(crate) fn terminal_identity(&self) -> Option<Vec<u8>> {
        let (device, shell) = self.terminal?;
        let mut identity = device.to_le_bytes().to_vec();
        for name in PANES {
            if let Some(value) = self.text(name) {
                identity.extend([name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat());
            }
        }
        if identity.len() == size_of_val(&device) {
            identity.extend(shell.to_le_bytes());
        }
        Some(identity)
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
            umask: 0o022,
            terminal: None,
        }
    }

    /// The same with one more variable, of which no other process learns.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Where a program of that name is in a directory of `PATH`: a file beneath a whole path.
    pub(crate) fn program_on_path(&self, name: &str) -> Option<PathBuf> {
        let directories = self.path("PATH")?;
        let mut places = std::env::split_paths(&directories).map(|directory| directory.join(name));
        places.find(|place| place.is_absolute() && place.is_file())
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

    /// Whether the terminal breaks lines anew when it becomes narrower, as most do: nobody is asked, and these do not.
    pub(crate) fn reflows(&self) -> bool {
        let is_named = ["XTERM_VERSION", "STY"].into_iter().any(|name| self.text(name).is_some());
        let kind = self.text("TERM").unwrap_or_default();
        let is_plain = ["linux", "vt", "rxvt", "ansi"].into_iter().any(|begin| kind.starts_with(begin));
        self.text("TMUX").is_some() || !(is_named || is_plain)
    }

    /// How many colours the terminal shows.
    pub(crate) fn colour_depth(&self) -> ColourDepth {
        ColourDepth::told_by(self.text("COLORTERM"), self.text("TERM"))
    }

    /// Whether colours are welcome (`NO_COLOR`, `CLICOLOR=0`).
    pub fn wants_color(&self) -> bool {
        self.text("NO_COLOR").is_none() && self.text("CLICOLOR") != Some("0")
    }
}

/// The first of the standard files that is a terminal.
fn terminal() -> Option<(u64, i32)> {
    let device = |file: BorrowedFd<'_>| {
        let is_terminal = file.is_terminal();
        rustix::fs::fstat(file).ok().filter(|_| is_terminal).map(|found| found.st_rdev)
    };
    let (input, output, error) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let device = [input.as_fd(), output.as_fd(), error.as_fd()].into_iter().find_map(device)?;
    let shell = ProcessGroup::of_this_process().map_or(0, |own| own.session);
    Some((device, shell))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(variables: &[(&str, &str)], terminal: Option<(u64, i32)>) -> Option<Vec<u8>> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let here = ProcessEnvironment::of_this_process();
        ProcessEnvironment { variables: variables.collect(), terminal, ..here }.terminal_identity()
    }

    #[test]
    fn a_terminal_is_a_pane_or_a_shell_in_a_window() {
        let pane = |pane| [("TMUX", "/tmp/tmux-0/default,1,0"), ("TMUX_PANE", pane)];
        assert_eq!(identity(&pane("%1"), None), None, "what a script inherited is no terminal");
        assert_eq!(
            identity(&pane("%1"), Some((1, 7))),
            identity(&pane("%1"), Some((1, 8))),
            "whatever shell is in it"
        );
        for (one, other) in [
            (identity(&pane("%1"), Some((1, 7))), identity(&pane("%2"), Some((1, 7)))),
            (identity(&pane("%1"), Some((1, 7))), identity(&pane("%1"), Some((2, 7)))),
            (identity(&[], Some((1, 7))), identity(&[], Some((1, 8)))),
            (identity(&[("STY", "1")], Some((1, 7))), identity(&[("WINDOW", "1")], Some((1, 7)))),
            (
                identity(&[("STY", "1WINDOW=2")], Some((1, 7))),
                identity(&[("STY", "1"), ("WINDOW", "2")], Some((1, 7))),
            ),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(identity(&[("LANG", "C")], Some((1, 7))), identity(&[], Some((1, 7))));
    }
}
