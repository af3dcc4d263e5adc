//! What an empty screen says: what to type first.

use q_core::Mirror;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::draw::page;
use crate::kinds::looks_only;
use crate::ui::Ui;
use crate::words::{self, GUIDE};

const NO_SESSION: &[&str] = &[
    "Welcome to q: many conversations in one terminal.",
    "",
    "Type a question below and press Enter. That opens your first session; it is named after what you ask.",
    "",
    "  /new NAME       open a session with a name of your choice",
    "  Ctrl+X          then a key: new, switch, list, close …; the keys are shown",
    "  /help, F1       everything q can do",
    "  Ctrl+D          leave; what runs goes on, and q brings you back",
];

const EMPTY_SESSION: &[&str] = &[
    "Nothing has been said here yet.",
    "",
    "Type a prompt and press Enter. Alt+Enter begins a new line.",
    "While an answer is on its way you can go on typing, or go to another session with Ctrl+X.",
];

const TRY: &str = "Try: how do I switch sessions?";

/// What whoever has no model can have at once.
const OFFER: &str = "A small model for this machine, in the shell: q model pull smollm2";

pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, mirror: &Mirror) {
    let session = ui.focus.and_then(|id| mirror.get(id));
    let agent = session.map_or_else(|| ui.options.agent.clone(), |session| words::agent(&session.summary));
    let answers = words::who_answers(&agent);
    let mut lines: Vec<&str> = if session.is_some() { EMPTY_SESSION.to_vec() } else { NO_SESSION.to_vec() };
    let tools = session.and_then(|session| looks_only(&session.summary));
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
