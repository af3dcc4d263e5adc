//! What stands around a call, in the words of its question: whether a command is held, and what a file takes the place of.

use q_core::Circumstance;

use crate::counted::counted;
use crate::sanitize;

/// What is said of a command that failed in the sandbox.
pub(crate) const DENIED: &str = "\n(it failed in the sandbox just now, which may have denied it)";

/// Whether a command runs in the sandbox, where there is one.
pub(crate) fn sandbox_of(is_sandboxed: bool, circumstance: &Circumstance) -> Option<&'static str> {
    let is_unheld = matches!(circumstance, Circumstance::Unheld | Circumstance::Denied);
    if is_sandboxed { Some("in a sandbox") } else { is_unheld.then_some("without a sandbox") }
}

/// What a file takes the place of: which lines go and come stands in front of all of it.
pub(crate) fn replaces(circumstance: &Circumstance) -> String {
    match circumstance {
        Circumstance::New => String::new(),
        Circumstance::Plain | Circumstance::Unheld | Circumstance::Denied => {
            " (what is there is replaced whole)".into()
        }
        Circumstance::Replaces(replaced) => {
            let difference = sanitize::exact(replaced.difference.trim_end_matches('\n'));
            let changed =
                if difference.is_empty() { " by the same".into() } else { format!(":\n{difference}") };
            format!(" It replaces {}{changed}\nall of it:", lines_of(replaced.lines))
        }
    }
}

/// So many lines, in words.
pub(crate) fn lines_of(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "line")
}
