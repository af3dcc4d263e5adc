//! What an empty screen says: what to type first.

use q_core::Mirror;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::draw::page;
use crate::kinds::looks_only;
use crate::ui::Ui;
use crate::words::{self, GUIDE};

const NO_SESSION: &[&str] = &[
    "",
    "Type a question and press Enter: that opens your first session. Or try",
    "",
    "  /new NAME       open one with a name of your choice",
    "  /switch NAME    go to another; what runs in this one goes on",
    "  /sessions       see them all",
    "",
    "/help: everything; Ctrl+X: the keys; Ctrl+D leaves, q brings you back.",
];

const EMPTY_SESSION: &[&str] = &[
    "Nothing has been said here yet.",
    "",
    "Type a prompt and press Enter. Alt+Enter begins a new line.",
    "While an answer is on its way you can go on typing, or go to another session with Ctrl+X.",
];

const TRY: &str = "Try: how do I switch sessions?";

/// What whoever has no model can have at once.
const OFFER: &str = "A model, in the shell: q setup (a small one here: q model pull smollm2)";

/// How somebody else is to answer.
const ANOTHER: &str = "Another agent, in the shell: q setup";

pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, mirror: &Mirror) {
    let Some(session) = ui.focus.and_then(|id| mirror.get(id)) else {
        let (answers, change) = first_answers(&ui.options.agent);
        let begins = [answers.as_str(), change];
        let lines: Vec<&str> = begins.into_iter().chain(NO_SESSION.iter().copied()).collect();
        return page::draw(buffer, area, &lines, None);
    };
    let agent = words::agent(&session.summary);
    let answers = words::who_answers(&agent);
    let mut lines: Vec<&str> = EMPTY_SESSION.to_vec();
    let tools = looks_only(&session.summary);
    lines.extend(["", &answers]);
    lines.extend(tools.as_deref());
    if agent == GUIDE {
        lines.push(TRY);
        // Not where another one answers in new sessions.
        if ui.options.agent == GUIDE {
            lines.push(OFFER);
        }
    }
    page::draw(buffer, area, &lines, None);
}

/// Who answers in a first session, and how that is changed: a line each, so that all of a first screen is read at once.
fn first_answers(agent: &str) -> (String, &'static str) {
    if agent == GUIDE {
        ("Welcome to q. The built-in guide answers, offline, about q alone: no model.".to_owned(), OFFER)
    } else {
        (format!("Welcome to q. {agent} answers."), ANOTHER)
    }
}
