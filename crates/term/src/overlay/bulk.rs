//! What is done to several sessions at once: which commands that can be, what is asked before, and what is said.

use q_core::SessionId;
use ratatui::style::Style;

use crate::command::{Action, UserCommand};
use crate::layout::wrap::{self, Row};
use crate::overlay::component::OverlayContext;
use crate::sanitize;
use crate::words::counted;

/// More than this are not marked: each is told by itself.
pub(super) const MOST: usize = 500;
/// Names that a question says; the others it counts.
const NAMED: usize = 5;

/// Whether a command is for several sessions as for one.
pub(super) fn is_for_several(command: &UserCommand) -> bool {
    let takes = &command.arguments;
    matches!(
        command.action,
        Action::Close
            | Action::Reopen
            | Action::Delete
            | Action::Pin
            | Action::Unpin
            | Action::Read
            | Action::Unread
    ) && takes.session.is_none()
        || command.action == Action::Tag && !takes.tags.is_empty()
}

/// What is asked before it is done to these; nothing where it can be taken back whole.
pub(super) fn question(
    command: &UserCommand,
    sessions: &[SessionId],
    context: &OverlayContext<'_>,
    width: usize,
) -> Option<Vec<Row>> {
    let question = command.action.question()?;
    let all = sessions.iter().filter_map(|id| context.session(*id));
    let working = all.clone().filter(|session| session.summary.activity.is_busy()).count();
    if working == 0 && command.action != Action::Delete {
        return None;
    }
    let names: Vec<_> = all.map(|session| sanitize::visible_line(session.summary.name.as_str())).collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let first = names.get(..names.len().min(NAMED)).unwrap_or_default().join(", ");
    let stops = match working {
        0 => String::new(),
        1 => " One of them is still working: its answer stops here.".to_owned(),
        count => format!(" {count} of them are still working: their answers stop here."),
    };
    let text = format!(
        "{} {}: {first}{more}?{stops} {}.",
        question.does,
        counted(names.len(), "session"),
        question.of_several
    );
    Some(wrap::plain(&text, width, Style::new()))
}
