//! What an empty screen says: what to type first.

use q_core::Mirror;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Action, Edit};
use crate::draw::page;
use crate::keymap::Keymap;
use crate::kinds::looks_only;
use crate::ui::Ui;
use crate::words::{self, GUIDE};

const TRY: &str = "Try: how do I switch sessions?";

/// What whoever has no model can have at once.
const OFFER: &str = "A small model for this machine, in the shell: q model pull smollm2";

pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, mirror: &Mirror) {
    let session = ui.focus.and_then(|id| mirror.get(id));
    let agent = session.map_or_else(|| ui.options.agent.clone(), |session| words::agent(&session.summary));
    let answers = words::who_answers(&agent);
    let said =
        if session.is_some() { in_session(&ui.options.keymap) } else { first_words(&ui.options.keymap) };
    let mut lines: Vec<&str> = said.iter().map(String::as_str).collect();
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

/// What is said where there is no session yet.
fn first_words(keymap: &Keymap) -> Vec<String> {
    let (send, leader) = (keymap.press(Action::Submit, false), keymap.leader());
    let help = keymap.at_once(Action::Help, true).map_or_else(String::new, |key| format!(", {key}"));
    let row = |way: String, what: &str| format!("  {way:<15} {what}");
    vec![
        "Welcome to q: many conversations in one terminal.".to_owned(),
        String::new(),
        format!(
            "Type a question below and press {send}. That opens your first session; it is named after what you ask."
        ),
        String::new(),
        row("/new NAME".to_owned(), "open a session with a name of your choice"),
        row(leader.to_string(), "then a key: new, switch, list, close …; the keys are shown"),
        row(format!("/help{help}"), "everything q can do"),
        row(keymap.press(Action::Detach, true), "leave; what runs goes on, and q brings you back"),
    ]
}

/// What is said in a session in which nothing was said.
fn in_session(keymap: &Keymap) -> Vec<String> {
    let (send, line) =
        (keymap.press(Action::Submit, false), keymap.press(Action::Edit(Edit::Newline), false));
    let leader = keymap.leader();
    vec![
        "Nothing has been said here yet.".to_owned(),
        String::new(),
        format!("Type a prompt and press {send}. {line} begins a new line."),
        format!(
            "While an answer is on its way you can go on typing, or go to another session with {leader}."
        ),
    ]
}
