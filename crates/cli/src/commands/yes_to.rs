//! `--yes-to`: a yes that is given before anything asks, for the tools that are named and as long as the command that has it
//! waits. Each call is answered by its own bytes, as a person would, and said; nothing of it is kept anywhere, so that nothing
//! outlives the command, whatever ends it. What a rule denies never asks, and is never answered here.

use q_core::{Answer, PendingCall, SessionId, Wants};
use q_term::command::table;
use q_term::sanitize::exact_line;
use q_term::suggest::nearest;
use q_term::words;
use q_tools::TOOLS;

use crate::client::Client;
use crate::error::CliError;
use crate::out;

/// What stands between a server's name and its tool's, in the names of tools that are not q's own: which there are only the
/// host knows.
const BETWEEN_NAMES: &str = "__";

/// Refuses a name that no tool has, for what wants one: a yes to nothing, or a rule that protects nothing.
pub(crate) fn known(name: &str, wanted_by: &str) -> Result<(), CliError> {
    if name.contains(BETWEEN_NAMES) || TOOLS.iter().any(|tool| tool.name == name) {
        return Ok(());
    }
    let why = format!("there is no tool `{}` that {wanted_by} could be for", exact_line(name));
    let names = || TOOLS.iter().map(|tool| tool.name);
    Err(CliError::usage(why).hint(match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the tools are {}", names().collect::<Vec<_>>().join(", ")),
    }))
}

/// The tools of which every call is allowed, and the calls that were.
#[derive(Debug, Default)]
pub(crate) struct YesTo {
    tools: Vec<String>,
    answered: Vec<PendingCall>,
}

impl YesTo {
    /// By names as they were typed. One that no tool has is a mistake: it would be a yes to nothing.
    pub(crate) fn of(tools: Vec<String>) -> Result<Self, CliError> {
        tools.iter().try_for_each(|name| known(name, "--yes-to"))?;
        Ok(Self { tools, answered: Vec::new() })
    }

    /// Allows what waits in that session and was not answered yet, as far as it is of these tools; says each.
    pub(crate) fn answer(&mut self, client: &mut Client, session: SessionId) -> Result<(), CliError> {
        let Some(here) = client.mirror.get(session) else { return Ok(()) };
        let is_meant = |pending: &&PendingCall| {
            pending.wants != Wants::Words
                && self.tools.contains(&pending.tool)
                && !self.answered.contains(pending)
        };
        let meant: Vec<PendingCall> = here.pending.iter().filter(is_meant).cloned().collect();
        for pending in meant {
            let asked = words::pending(&pending);
            let asked = words::hanging(asked.strip_prefix("asks: ").unwrap_or(&asked));
            out::note(&format!("q: allowed by --yes-to: {asked}"));
            client.request(table::answer(session, &pending, Answer::Once).into())?;
            self.answered.push(pending);
        }
        // What waits no longer is never meant again: numbers and digests are of their turn.
        let waits = client.mirror.get(session).map(|here| here.pending.as_slice()).unwrap_or_default();
        self.answered.retain(|pending| waits.contains(pending));
        Ok(())
    }

    /// Whether that call was allowed here, and only its end has not come.
    pub(crate) fn has(&self, pending: &PendingCall) -> bool {
        self.answered.contains(pending)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_yes_is_for_tools_that_there_are() {
        let of = |names: &[&str]| YesTo::of(names.iter().map(|&name| name.to_owned()).collect());
        assert!(of(&["read", "edit", "run", "files__read_text"]).is_ok());
        let told = of(&["edit", "exec"]).unwrap_err().on_one_line();
        assert!(told.contains("`exec`") && told.contains("read, list, search, write, edit"), "{told}");
    }
}
