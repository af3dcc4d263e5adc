//! What an empty screen says: what to type first.

use q_core::Mirror;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::page;
use crate::ui::Ui;

const NO_SESSION: &[&str] = &[
    "Welcome to q: many conversations in one terminal.",
    "",
    "Type a question below and press Enter. That opens your first session; it is named after what you ask.",
    "",
    "  /new NAME       open a session with a name of your choice",
    "  Ctrl+X          then a key: new, switch, list, close …; the keys are shown",
    "  /help, F1       everything q can do",
    "  Ctrl+D          leave; what runs goes on, and q brings you back",
    "",
    "No agent is needed to begin: the built-in guide answers questions about q itself, offline.",
];

const EMPTY_SESSION: &[&str] = &[
    "Nothing has been said here yet.",
    "",
    "Type a prompt and press Enter. Alt+Enter begins a new line.",
    "While an answer is on its way you can go on typing, or go to another session with Ctrl+X.",
];

const GUIDE: &str = "The guide answers here: it looks things up in q's manual, offline, and is not a language model. Try: how do I switch sessions?";

pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, mirror: &Mirror) {
    let session = ui.focus.and_then(|id| mirror.get(id));
    let mut lines: Vec<&str> = if session.is_some() { EMPTY_SESSION.to_vec() } else { NO_SESSION.to_vec() };
    if session.is_some_and(|session| session.summary.agent == "guide") {
        lines.extend(["", GUIDE]);
    }
    page::draw(buffer, area, &lines, None);
}
